"""The queue with a million complaints, forty thousand of them open, beside a thousand: page, search, take-next."""

import json
import multiprocessing
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from benchmarks.measure import Figure, seconds
from benchmarks.scratch import analyze, owner_cursor
from benchmarks.serving import Post, rounds_of
from complaints import services
from complaints.models import Complaint
from complaints.models.complaint import number_sql
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
ROUNDS = 5

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
COPY = f"""
    INSERT INTO complaints_contact (id, company_id, kind, channel, received_at, recorded_at, community_id, room_id, office_id,
        is_confidential, words_commitment)
    SELECT %(base)s + n, company_id, kind, channel, received_at, recorded_at, community_id, room_id, office_id, false,
        words_commitment
    FROM complaints_contact, generate_series(1, %(count)s) AS n WHERE id = %(contact)s;
    INSERT INTO complaints_contactwords (id, company_id, contact_id, version, title, text, asker_name, asker_phone,
        asker_email, salt)
    SELECT %(base)s + i, %(company)s, %(base)s + i, 1, title, said, asker, phone, '', '00'
    FROM generate_series(1, %(count)s) AS i JOIN kinds ON kinds.n = i %% %(kinds)s ORDER BY i;
    INSERT INTO complaints_complaint (id, company_id, contact_id, words_id, number, tracking_digest, community_id, office_id,
        policy_id, received_at, is_imported, state, room_id, category_id, severity, handler_id, first_inquirer_id,
        department_id, is_with_centre, accepted_at, closed_at, closed_as, deferrals, urges, reopenings, half_fixes, refusals,
        event_position,
        next_due_at, next_due_clock)
    SELECT %(base)s + n, company_id, %(base)s + n, %(base)s + n, '2025-' || {number_sql("n")}, tracking_digest,
        community_id, office_id, policy_id, %(at)s - n * interval '1 minute', false,
        CASE WHEN open THEN 'accepted' ELSE 'closed' END, room_id, category_id, severity, %(agent)s, %(agent)s,
        %(centre)s, false, %(at)s, CASE WHEN open THEN NULL ELSE %(at)s END,
        CASE WHEN open THEN '' ELSE 'confirmed' END, 0, (n %% 50 = 0)::int, (n %% 70 = 0)::int, 0, 0, 1,
        CASE WHEN open THEN %(at)s + (n %% 20000 - 300) * interval '1 minute' END, CASE WHEN open THEN 'resolve' ELSE '' END
    FROM complaints_complaint, LATERAL (SELECT n, n %% (%(count)s / %(open)s) = 0 AS open
        FROM generate_series(1, %(count)s) AS n) AS copy WHERE id = %(complaint)s;
    INSERT INTO complaints_searchentry (company_id, complaint_id, lexemes)
    SELECT %(company)s, %(base)s + i, lexemes FROM generate_series(1, %(count)s) AS i JOIN kinds ON kinds.n = i %% %(kinds)s
    ORDER BY i;
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


def take_at_once(company: Company, agents: list[Employee]) -> tuple[list[list[float]], bool]:
    """Every agent, a process each, takes one at the same moment, again and again.

    Seconds from that moment to each one's answer, by round; and whether everybody got one and nobody the same. The first
    round, in which the connections are opened, is left out.
    """
    fork = multiprocessing.get_context("fork")
    start, told = fork.Barrier(len(agents)), fork.Queue()
    connections.close_all()  # a connection does not survive in two processes

    def take(agent: Employee) -> None:
        for number in range(ROUNDS + 1):
            start.wait(timeout=120)
            begin = time.perf_counter()
            taken = take_one(company, agent)
            told.put((number, begin, time.perf_counter(), taken))

    people = [fork.Process(target=take, args=(agent,), daemon=True) for agent in agents]
    for person in people:
        person.start()
    answers = [told.get(timeout=120) for _answer in range(len(agents) * (ROUNDS + 1))]
    for person in people:
        person.join()
    rounds = []
    for number in range(1, ROUNDS + 1):
        times = [(begin, end) for when, begin, end, _pk in answers if when == number]
        pressed = min(begin for begin, _end in times)
        rounds.append([end - pressed for _begin, end in times])
    taken = [pk for *_times, pk in answers]
    return rounds, None not in taken and len(set(taken)) == len(taken)


def take_over_http(company: Company, agents: list[Employee]) -> tuple[list[list[float]], bool]:
    """The same as they do it: a POST to the portal, served by a worker for each core."""
    posts = []
    for agent in agents:
        desk = signed_in(agent.user)
        desk.get(f"/{company.address}/complaints/queue/")
        cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in desk.cookies.items())
        body = f"csrfmiddlewaretoken={desk.cookies[settings.CSRF_COOKIE_NAME].value}"
        posts.append(Post(f"/{company.address}/complaints/take-next/", body, cookies, expects=302))
    with company_scope(company.pk):
        before = held_by(agents)
    rounds = rounds_of("propman.wsgi", posts, rounds=ROUNDS, workers=os.cpu_count() or 1)
    with company_scope(company.pk):
        return rounds, held_by(agents) - before == len(agents) * (ROUNDS + 1)


def held_by(agents: list[Employee]) -> int:
    return Complaint.objects.filter(handler__in=agents).count()


def told_of(rounds: list[list[float]]) -> tuple[float, str]:
    """Milliseconds a take in the median round, and what an agent felt of the crowd."""
    each = statistics.median(max(times) * 1000 / len(times) for times in rounds)
    waits = sorted(wait * 1000 for times in rounds for wait in times)
    return each, f"answered after {statistics.median(waits):.0f} ms at the median, {waits[-1]:.0f} ms at most"


def take_one(company: Company, agent: Employee) -> int | None:
    with company_scope(company.pk):
        complaint = services.take_next_complaint(by=agent, at=timezone.now())
        return complaint.pk if complaint else None


@contextmanager
def helpdesk() -> Iterator[Callable[[str], dict[str, float]]]:
    """django-helpdesk with its tickets; asked for its list or a search it tells the milliseconds and queries."""
    python = settings.BASE_DIR / "var/peers/bin/python"
    owner = settings.DATABASE_OWNER
    url = f"postgres://{owner['USER']}:{owner['PASSWORD']}@{owner['HOST']}:{owner['PORT']}/{owner['NAME']}"
    peer = subprocess.Popen(
        [python, "-W", "ignore", "-m", "benchmarks.helpdesk"],
        env={**os.environ, "HELPDESK_DATABASE_URL": url},
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def ask(what: str) -> dict[str, float]:
        peer.stdin.write(f"{what}\n")
        peer.stdin.flush()
        return json.loads(peer.stdout.readline())

    try:
        json.loads(peer.stdout.readline())  # its tickets are laid out
        yield ask
    finally:
        peer.stdin.close()
        peer.wait(timeout=60)


def page_figures(desk: Client, page: str, small_desk: Client, small_page: str, peer: Callable[[str], dict]) -> list[Figure]:
    """Turn by turn, so that whatever else the machine does weighs on all."""
    large, small, theirs, computing = [], [], [], []
    for turn in range(TIMES + 5):
        begin = time.process_time()
        times = (seconds(lambda: answered(desk, page)), time.process_time() - begin)
        beside, other = seconds(lambda: answered(small_desk, small_page)), peer("list")
        if turn >= 5:
            large.append(times[0] * 1000)
            computing.append(times[1] * 1000)
            small.append(beside * 1000)
            theirs.append(other)
    value, floor = (statistics.quantiles(times, n=20)[-1] for times in (large, small))
    growth = statistics.median(large) / statistics.median(small)
    with CaptureQueriesContext(connection) as caught:
        answered(desk, page)
    control = ("SET LOCAL", "SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")
    asked = len([query for query in caught.captured_queries if not query["sql"].startswith(control)])
    peer_p95 = statistics.quantiles([other["ms"] for other in theirs], n=20)[-1]
    return [
        Figure("queue page, 1,000,000 complaints, 40,000 open, p95", value, "ms", floor,
            "50 ms or less, 10 queries or fewer, 1.3 x of 1,000", value <= 50 and asked <= 10 and growth <= 1.3,
            f"{asked} queries; {growth:.2f} x at the median; {statistics.median(computing):.0f} ms of it computing; "
            "floor: the same page with 1,000"),
        Figure("peer: list of django-helpdesk, 100,000 tickets, p95", peer_p95, "ms", value, "ours takes no longer",
            value <= peer_p95, f"{theirs[-1]['queries']} queries; floor: our page"),
    ]  # fmt: skip


def take_figures(company: Company, agents: list[Employee]) -> list[Figure]:
    with company_scope(company.pk):
        for number in range(AGENTS * (2 * ROUNDS + 3)):
            make_complaint(at=timezone.now(), title=f"waits {number}")
    alone = statistics.median(seconds(lambda agent=agent: take_one(company, agent)) * 1000 for agent in agents)
    figures = []
    for how, taking in [("a process each", take_at_once), (f"over HTTP, {os.cpu_count()} workers", take_over_http)]:
        rounds, exact = taking(company, agents)
        value, felt = told_of(rounds)
        figures.append(
            Figure(
                f"take-next, {AGENTS} agents at once, {how}: each",
                value,
                "ms",
                alone,
                "30 ms or less, none twice",
                exact and value <= 30,
                f"{felt}{'' if exact else '; somebody got none, or the same'}; floor: one alone",
            )
        )
    return figures


def run() -> list[Figure]:
    few, agents_of_few = centre_of("few", FEW, OPEN_OF_FEW)
    many, agents = centre_of("many", MANY, OPEN_OF_MANY)
    analyze()

    desk, small_desk = signed_in(agents[0].user), signed_in(agents_of_few[0].user)
    page, small_page = (f"/{company.address}/complaints/queue/" for company in (many, few))
    with helpdesk() as peer:
        figures = page_figures(desk, page, small_desk, small_page, peer)
        theirs = statistics.quantiles([peer("search")["ms"] for _time in range(12)][2:], n=20)[-1]

    value = p95_ms(lambda: answered(desk, f"{page}?view=closed"))
    figures.append(Figure("the view of 960,000 closed ones, p95", value, "ms", None, "50 ms or less", value <= 50))
    value = p95_ms(lambda: answered(desk, f"{page}counts/"), 20)
    figures.append(
        Figure("counts of views and offices, 40,000 open, p95", value, "ms", None, "fetched apart: 250 ms", value <= 250)
    )

    with company_scope(many.pk):
        name = Complaint.objects.filter(number="2025-777777").values_list("words__asker_name", flat=True)[0]
    for label, words in [
        ("frequent", "漏水"),
        ("name", name),
        ("phone", "0007919"),
        ("rare", "漏水 4990"),
        ("nowhere", "飞碟"),
    ]:
        value = p95_ms(lambda words=words: answered(desk, f"{page}?q={words}"), 30)
        floor = theirs if label == "rare" else None
        note = "floor: the same search in django-helpdesk, among 100,000" if floor else ""
        figures.append(
            Figure(f"search among 1,000,000: {label} ({words}), p95", value, "ms", floor, "100 ms or less", value <= 100, note)
        )
    return figures + take_figures(many, agents)
