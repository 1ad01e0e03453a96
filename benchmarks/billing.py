"""A bill run of a million households, its floor, and the run that finds nothing to do."""

import os
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection
from django.db.models import Sum

from benchmarks.measure import Figure, seconds
from benchmarks.scratch import analyze, owner_cursor
from billing.models import Account, Bill, FeeAgreement, Survey, SurveyResult
from billing.quarters import Quarter
from billing.services.runs import run_bills
from propman.community.models import Building, Community, Entrance
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories.people import make_user
from tests.factories.places import make_community, make_company

HOUSEHOLDS = int(os.environ.get("BENCH_HOUSEHOLDS", "1000000"))
AT = datetime(2026, 4, 6, 1, tzinfo=UTC)
QUARTER = Quarter(2026, 1)

TOWN = [
    """INSERT INTO community_room (company_id, community_id, entrance_id, name, label, area)
       SELECT %(company)s, %(community)s, %(entrance)s, n, '1-1-' || n, 50 + n %% 9000 / 100.0
       FROM generate_series(1, %(count)s) AS n""",
    """INSERT INTO community_household (company_id, community_id, room_id, started_on)
       SELECT company_id, community_id, id, '2020-01-01' FROM community_room WHERE company_id = %(company)s""",
    """INSERT INTO community_person (company_id, name, phone, email)
       SELECT %(company)s, 'P' || n, '', '' FROM generate_series(1, %(count)s + %(count)s / 100) AS n""",
    """INSERT INTO community_occupancy (company_id, household_id, person_id, kind, starts_on, ends_on)
       SELECT %(company)s, home.id, person.id, 'owner', '2020-01-01', CASE WHEN home.place %% 100 = 0 THEN date '2026-02-01' END
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS place
             FROM community_household WHERE company_id = %(company)s) AS home
       JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM community_person WHERE company_id = %(company)s) AS person
           USING (place)""",
    """INSERT INTO community_occupancy (company_id, household_id, person_id, kind, starts_on)
       SELECT %(company)s, home.id, person.id, 'owner', '2026-02-01'
       FROM (SELECT id, row_number() OVER (ORDER BY id) AS place
             FROM community_household WHERE company_id = %(company)s) AS home
       JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM community_person WHERE company_id = %(company)s) AS person
           ON person.place = %(count)s + home.place / 100 AND home.place %% 100 = 0""",
]


def town() -> tuple[Company, Community]:
    """A company with one community; one household in a hundred was sold in the quarter."""
    company = make_company("million")
    community = make_community(company, "million")
    user = make_user("Proposer")
    with company_scope(company.pk):
        building = Building.objects.create(community=community, name="1")
        entrance = Entrance.objects.create(building=building, name="1")
        agreement = FeeAgreement.objects.create(
            community=community, version=1, starts_quarter="2026Q1", currency="CNY", price=240, formula="proportional",
            floor_bp=8000, non_answers="excluded", minimum_sheets=5, below_minimum="last_quarter", default_bp=9000,
            terms_hash="", proposed_by=user, proposed_at=AT, signed_at=AT,
        )  # fmt: skip
        survey = Survey.objects.create(
            community=community, quarter=str(QUARTER), agreement=agreement, households=HOUSEHOLDS,
            opens_at=AT.replace(day=1), closes_at=AT, counted_at=AT,
        )  # fmt: skip
        SurveyResult.objects.create(
            survey=survey, sheets=9, rate_points=923, rate_maximum=1000, basis="measured", canonical="", hash="", counted_at=AT
        )
    values = {"company": company.pk, "community": community.pk, "entrance": entrance.pk, "count": HOUSEHOLDS}
    with owner_cursor() as cursor:
        for statement in TOWN:
            cursor.execute(statement, values)
    analyze()
    return company, community


def floor(company: Company) -> float:
    """The same bills and transfers, by INSERT..SELECT into tables with the same keys, checks and foreign keys."""
    with owner_cursor() as cursor:
        for table in ("billing_bill", "billing_transfer"):
            cursor.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [table],
            )
            for name, definition in cursor.fetchall():
                cursor.execute(f"ALTER TABLE bench_{table} ADD CONSTRAINT bench_{name} {definition}")
    taken = seconds(copy)
    with owner_cursor() as cursor:
        cursor.execute("DROP TABLE bench_billing_transfer, bench_billing_bill")
    return taken


def copy() -> None:
    columns = ", ".join(field.column for field in Bill._meta.fields)
    with owner_cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(f"INSERT INTO bench_billing_bill ({columns}) SELECT {columns} FROM billing_bill")
        cursor.execute("INSERT INTO bench_billing_transfer SELECT * FROM billing_transfer")


def peak_mb(pid: int | str) -> float:
    """The largest resident memory of a process since it was last cleared."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def run() -> list[Figure]:
    company, community = town()

    def bill() -> None:
        with company_scope(company.pk):
            run_bills(community=community, quarter=QUARTER, at=AT)

    Path("/proc/self/clear_refs").write_text("5")
    value = seconds(bill)
    memory = peak_mb("self")
    again = seconds(bill)
    with company_scope(company.pk):
        bills = Bill.objects.count()
        total = Bill.objects.aggregate(total=Sum("amount"))["total"]
        exact = bills == HOUSEHOLDS + HOUSEHOLDS // 100 and total == Account.objects.get(kind="receivables").balance
    connection.close()
    least = floor(company)
    name = f"bill run of {HOUSEHOLDS:,} households"
    return [
        Figure(name, value, "s", least, "3 times the floor", exact and value <= 3 * least,
               "floor: INSERT..SELECT of the same bills and transfers into the same constraints"),
        Figure(f"{name}: memory", memory, "MB", None, "under 500 MB", memory < 500),
        Figure(f"{name}: again, nothing changed", again, "s", None, "2 s or less", again <= 2),
    ]  # fmt: skip
