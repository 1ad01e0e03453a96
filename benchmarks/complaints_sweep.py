"""The sweep of the timers: idle, ten thousand at once, a hundred thousand with four workers."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

from django.db import connection

from benchmarks.measure import Figure, median_ms, seconds
from benchmarks.scratch import analyze, owner_cursor
from complaints import services
from complaints.models import Timer
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.tenancy.models import Company, Event
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_complaint, make_policy
from tests.factories.people import make_employee
from tests.factories.places import make_community, make_company, make_department, make_household

AT = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
PENDING, COMPANIES = 120_000, 1_000

COPIED = """
    company_id, tracking_digest, community_id, office_id, asker_id, policy_id, received_at, is_imported, state, room_id,
    words_id, category_id, severity, handler_id, first_inquirer_id, department_id, is_with_centre, closed_as, deferrals,
    urges, reopenings, half_fixes, refusals, event_position, next_due_at, next_due_clock
"""
COPY_COMPLAINTS = f"""
    INSERT INTO complaints_complaint (contact_id, number, {COPIED})
    SELECT contact_id + n::bigint * 1000000, 'b-' || n || '-' || id, {COPIED}
    FROM complaints_complaint, generate_series(1, %s) AS n WHERE id = %s RETURNING id
"""


def many_overdue(count: int, name: str) -> Company:
    """A company with that many received complaints whose accept clock is at 80 %, beside their first events."""
    company = make_company(name)
    community = make_community(company, "willow")
    office = make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=community, name="Office")
    centre = make_department(company, Department.Kind.SERVICE_CENTRE, name="Centre")
    make_employee(office, Role.DEPARTMENT_HEAD, name="Head")
    agent = make_employee(centre, Role.CENTRE_AGENT, name="Agent")
    household = make_household(community)
    with company_scope(company.pk):
        make_policy(AT - timedelta(days=2))
        first = make_complaint(household=household, at=AT - timedelta(minutes=49))
    with owner_cursor() as cursor:
        cursor.execute(
            "UPDATE community_department SET head_id = (SELECT id FROM community_employee WHERE user_id = %s) WHERE id = %s",
            [agent.pk, centre.pk],
        )
        cursor.execute(COPY_COMPLAINTS, [count, first.pk])
        ids = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """
            INSERT INTO tenancy_event (company_id, stream, position, name, at, actor_id, canonical, previous_hash, hash)
            SELECT event.company_id, 'complaint:' || copy.id, 1, event.name, event.at, event.actor_id, event.canonical,
                   event.previous_hash, event.hash
            FROM tenancy_event AS event, unnest(%s::bigint[]) AS copy (id) WHERE event.stream = %s
            """,
            [ids, f"complaint:{first.pk}"],
        )
        cursor.execute(
            """
            INSERT INTO complaints_timer (company_id, complaint_id, epoch, clock, level, limit_seconds, due_at)
            SELECT %s, copy.id, 1, 'accept', 80, 3600, %s FROM unnest(%s::bigint[]) AS copy (id)
            """,
            [company.pk, AT - timedelta(minutes=1), ids],
        )
        cursor.execute("DELETE FROM complaints_timer WHERE complaint_id = %s", [first.pk])
    analyze()
    return company


def idle() -> Figure:
    with owner_cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO complaints_timer (company_id, complaint_id, epoch, clock, level, limit_seconds, due_at)
            SELECT 1000000 + n %% %s, n, 1, 'accept', 80, 3600, %s + n * interval '1 second' FROM generate_series(1, %s) AS n
            """,
            [COMPANIES, AT + timedelta(hours=1), PENDING],
        )
    analyze()
    value = median_ms(lambda: services.fire_due_timers(AT), times=50)
    with connection.cursor() as cursor:
        floor = median_ms(lambda: cursor.execute("SELECT 1"), times=50)
    with owner_cursor() as cursor:
        cursor.execute("DELETE FROM complaints_timer")
    return Figure("idle sweep, 120,000 timers of 1,000 companies", value, "ms", floor, "5 ms or less", value <= 5)


def ten_thousand() -> Figure:
    company = many_overdue(10_000, "ten-thousand")
    fired: list[int] = []
    value = seconds(lambda: fired.append(services.fire_due_timers(AT)))
    with company_scope(company.pk):
        exact = fired == [10_000] and Event.objects.filter(name="complaint.escalated").count() == 10_000
    with owner_cursor() as cursor:
        cursor.execute("CREATE TABLE bench_event (LIKE tenancy_event INCLUDING ALL)")
        floor = seconds(
            lambda: cursor.execute(
                "INSERT INTO bench_event SELECT * FROM tenancy_event WHERE company_id = %s AND name = 'complaint.escalated'",
                [company.pk],
            )
        )
        cursor.execute("DROP TABLE bench_event")
    return Figure("10,000 due at once, with events and notices", value, "s", floor, "1.5 s or less", exact and value <= 1.5,
                  "floor: the events alone by INSERT..SELECT")  # fmt: skip


def hundred_thousand() -> Figure:
    company = many_overdue(100_000, "hundred-thousand")
    name = connection.settings_dict["NAME"]
    command = [sys.executable, "-m", "tests.complaints.sweep_worker", name, AT.isoformat(), "0", "1000"]

    def sweep() -> None:
        workers = [subprocess.Popen(command) for _worker in range(4)]
        codes = [worker.wait() for worker in workers]
        if any(codes):
            raise RuntimeError(f"A worker failed: {codes}")

    value = seconds(sweep)
    with company_scope(company.pk):
        events = Event.objects.filter(name="complaint.escalated").count()
        exact = events == 100_000 and not Timer.objects.filter(fired_at=None, due_at__lte=AT).exists()
    return Figure("100,000 overdue with 4 workers, each exactly once", value, "s", None, "60 s or less", exact and value <= 60)


def run() -> list[Figure]:
    return [idle(), ten_thousand(), hundred_thousand()]
