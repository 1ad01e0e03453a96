"""The queue with a million complaints, forty thousand of them open, beside a thousand: page, search, take-next."""

import statistics
import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.measure import Figure, seconds
from benchmarks.scratch import analyze, owner_cursor
from complaints import services
from complaints.models import Complaint
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories.complaints import make_complaint, make_policy
from tests.factories.people import make_employee
from tests.factories.places import make_community, make_company, make_department, make_household

MANY, OPEN_OF_MANY = 1_000_000, 40_000
FEW, OPEN_OF_FEW = 1_000, 100  # a full page of open ones there too
AGENTS = 32
TIMES = 60

# Texts of five thousand kinds: 漏水 stands in a tenth of them, each name in one of two thousand.
KINDS = 5_000
TEXTS = """
    CREATE TEMPORARY TABLE kinds AS
    SELECT n, CASE n %% 10 WHEN 0 THEN '卫生间顶棚漏水' WHEN 1 THEN '二号电梯停运' WHEN 2 THEN '夜间施工噪声'
           ELSE '楼道照明不亮' END || ' ' || n AS title,
           '今天早上发现的，请尽快派人来看，编号 ' || n AS said,
           chr(20000 + n %% 2000) || chr(22000 + n %% 1999) AS asker, '139' || lpad((n * 7919)::text, 8, '0') AS phone
    FROM generate_series(0, %s - 1) AS n;
    ALTER TABLE kinds ADD lexemes tsvector;
    UPDATE kinds SET lexemes = complaints_lexemes(%s, false, title, said, '3-2-1201', asker, phone);
    CREATE UNIQUE INDEX ON kinds (n);
"""
COPY = """
    INSERT INTO complaints_contact (id, company_id, kind, channel, received_at, recorded_at, community_id, room_id, office_id,
        is_confidential, words_commitment)
    SELECT %(base)s + n, company_id, kind, channel, received_at, recorded_at, community_id, room_id, office_id, false,
        words_commitment
    FROM complaints_contact, generate_series(1, %(count)s) AS n WHERE id = %(contact)s;
    INSERT INTO complaints_contactwords (id, company_id, contact_id, version, title, text, asker_name, asker_phone,
        asker_email, salt)
    SELECT %(base)s + i, %(company)s, %(base)s + i, 1, title, said, asker, phone, '', '00'
    FROM generate_series(1, %(count)s) AS i JOIN kinds ON kinds.n = i %% %(kinds)s;
    INSERT INTO complaints_complaint (id, company_id, contact_id, words_id, number, tracking_digest, community_id, office_id,
        policy_id, received_at, is_imported, state, room_id, category_id, severity, handler_id, first_inquirer_id,
        department_id, is_with_centre, accepted_at, closed_at, closed_as, deferrals, urges, reopenings, half_fixes, refusals,
        event_position,
        next_due_at, next_due_clock)
    SELECT %(base)s + n, company_id, %(base)s + n, %(base)s + n, '2025-' || lpad(n::text, 7, '0'), tracking_digest,
        community_id, office_id, policy_id, %(at)s - n * interval '1 minute', false,
        CASE WHEN open THEN 'accepted' ELSE 'closed' END, room_id, category_id, severity, %(agent)s, %(agent)s,
        %(centre)s, false, %(at)s, CASE WHEN open THEN NULL ELSE %(at)s END,
        CASE WHEN open THEN '' ELSE 'confirmed' END, 0, (n %% 50 = 0)::int, (n %% 70 = 0)::int, 0, 0, 1,
        CASE WHEN open THEN %(at)s + (n %% 20000 - 300) * interval '1 minute' END, CASE WHEN open THEN 'resolve' ELSE '' END
    FROM complaints_complaint, LATERAL (SELECT n, n %% (%(count)s / %(open)s) = 0 AS open
        FROM generate_series(1, %(count)s) AS n) AS copy WHERE id = %(complaint)s;
    INSERT INTO complaints_searchentry (company_id, complaint_id, lexemes)
    SELECT %(company)s, %(base)s + i, lexemes FROM generate_series(1, %(count)s) AS i JOIN kinds ON kinds.n = i %% %(kinds)s;
"""


def centre_of(name: str, count: int, opened: int) -> tuple[Company, list[Employee]]:
    """A company with so many complaints of which so many are open, and thirty-two agents."""
    now = timezone.now()
    company = make_company(name)
    community = make_community(company, f"{name}-court")
    make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=community, name=f"{name} office")
    centre = make_department(company, Department.Kind.SERVICE_CENTRE, name=f"{name} centre")
    users = [make_employee(centre, Role.CENTRE_AGENT, name=f"{name} agent {n}") for n in range(AGENTS)]
    household = make_household(community)
    with company_scope(company.pk):
        make_policy(now - timedelta(days=900))
        first = make_complaint(household=household, at=now - timedelta(minutes=30))
        agents = list(Employee.objects.select_related("department", "user").filter(user__in=users).order_by("pk"))
    with owner_cursor() as cursor:
        cursor.execute(TEXTS, [KINDS, company.pk])
        cursor.execute("SELECT coalesce(max(id), 0) + 1000 FROM complaints_contact")
        values = {
            "base": cursor.fetchone()[0], "count": count, "open": opened, "kinds": KINDS, "company": company.pk,
            "contact": first.contact_id, "complaint": first.pk, "agent": agents[0].pk, "centre": centre.pk, "at": now,
        }  # fmt: skip
        for statement in COPY.split(";\n")[:-1]:
            cursor.execute(statement, values)
        for table in ("contact", "contactwords", "complaint"):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('complaints_{table}', 'id'), (SELECT max(id) FROM complaints_{table}))"
            )
        cursor.execute("DROP TABLE kinds")
    return company, agents


def p95_ms(work: Callable[[], object], times: int = TIMES) -> float:
    work()
    work()
    return statistics.quantiles([seconds(work) * 1000 for _time in range(times)], n=20)[-1]


def answered(client: object, path: str) -> None:
    response = client.get(path)  # type: ignore[attr-defined]
    if response.status_code != 200:
        raise RuntimeError(f"{path} answered {response.status_code}")


def take_at_once(company: Company, agents: list[Employee]) -> tuple[float, float, bool]:
    """Every agent takes one at the same moment: seconds in all, the slowest agent's, and whether none was given twice."""
    start, taken, slow = threading.Barrier(AGENTS + 1), [], []

    def take(agent: Employee) -> None:
        with company_scope(company.pk):
            Complaint.objects.first()  # the connection is open
        start.wait(timeout=120)
        spent = seconds(lambda: taken.append(take_one(company, agent)))
        slow.append(spent)
        connection.close()

    workers = [threading.Thread(target=take, args=[agent], daemon=True) for agent in agents]
    for worker in workers:
        worker.start()
    start.wait(timeout=120)
    spent = seconds(lambda: [worker.join() for worker in workers])
    return spent, max(slow), None not in taken and len(set(taken)) == AGENTS


def take_one(company: Company, agent: Employee) -> int | None:
    with company_scope(company.pk):
        complaint = services.take_next_complaint(by=agent, at=timezone.now())
        return complaint.pk if complaint else None


def run() -> list[Figure]:
    few, agents_of_few = centre_of("few", FEW, OPEN_OF_FEW)
    many, agents = centre_of("many", MANY, OPEN_OF_MANY)
    analyze()
    figures = []

    desk, small_desk = signed_in(agents[0].user), signed_in(agents_of_few[0].user)
    page, small_page = (f"/{company.address}/complaints/queue/" for company in (many, few))
    # Turn by turn, so that whatever else the machine does weighs on both.
    pairs = [
        (seconds(lambda: answered(desk, page)), seconds(lambda: answered(small_desk, small_page))) for _time in range(TIMES + 5)
    ][5:]
    large, small = ([pair[side] * 1000 for pair in pairs] for side in (0, 1))
    value, floor = (statistics.quantiles(times, n=20)[-1] for times in (large, small))
    growth = statistics.median(large) / statistics.median(small)
    with CaptureQueriesContext(connection) as caught:
        answered(desk, page)
    control = ("SET LOCAL", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    asked = len([query for query in caught.captured_queries if not query["sql"].startswith(control)])
    figures.append(Figure("queue page, 1,000,000 complaints, 40,000 open, p95", value, "ms", floor,
        "50 ms or less, 10 queries or fewer, 1.3 x of 1,000", value <= 50 and asked <= 10 and growth <= 1.3,
        f"{asked} queries; {growth:.2f} x at the median; floor: the same page with 1,000"))  # fmt: skip

    deep = f"{page}?view=closed"
    value = p95_ms(lambda: answered(desk, deep))
    figures.append(Figure("the view of 960,000 closed ones, p95", value, "ms", floor, "50 ms or less", value <= 50))

    with company_scope(many.pk):
        name = Complaint.objects.filter(number="2025-0777777").values_list("words__asker_name", flat=True)[0]
    for label, words in [
        ("frequent", "漏水"),
        ("name", name),
        ("phone", "0007919"),
        ("rare", "漏水 4990"),
        ("nowhere", "飞碟"),
    ]:
        value = p95_ms(lambda words=words: answered(desk, f"{page}?q={words}"), 30)
        figures.append(
            Figure(f"search among 1,000,000: {label} ({words}), p95", value, "ms", None, "100 ms or less", value <= 100)
        )

    with company_scope(many.pk):
        filed = [make_complaint(at=timezone.now(), title=f"waits {n}") for n in range(AGENTS * 4)]
    with company_scope(many.pk):
        alone = [seconds(lambda agent=agent: take_one(many, agent)) * 1000 for agent in agents]
    spent, slowest, exact = take_at_once(many, agents)
    value = spent * 1000 / AGENTS
    figures.append(Figure("take-next, 32 agents at once, none twice: each", value, "ms", statistics.median(alone),
        "30 ms or less", exact and value <= 30 and len(filed) == AGENTS * 4,
        f"the slowest of the 32 waited {slowest * 1000:.0f} ms; floor: one alone"))  # fmt: skip
    return figures
