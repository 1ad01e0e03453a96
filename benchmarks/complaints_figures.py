"""The figures of a year with a hundred thousand complaints, split each way, beside the bare count of the same rows."""

import statistics
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from benchmarks.complaints_queue import answered, centre_of
from benchmarks.measure import Figure, seconds
from benchmarks.scratch import analyze, owner_cursor
from complaints.models import Category
from complaints.selectors.figures import DIMENSIONS
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories.complaints import make_category
from tests.factories.people import make_employee
from tests.factories.places import make_community, make_department

COMPLAINTS, OPEN = 100_000, 2_000
OFFICES, CATEGORIES = 40, 12
DAYS = 364
TIMES = 15

# Spread over the year, the offices, categories and channels; one in six has a clock that ran out, one in three was rated.
SPREAD = """
    UPDATE complaints_complaint AS complaint SET received_at = %(at)s - (complaint.id %% 36400) * interval '864 seconds',
        office_id = (%(offices)s::bigint[])[1 + complaint.id %% %(n_offices)s],
        community_id = (%(communities)s::bigint[])[1 + complaint.id %% %(n_offices)s],
        category_id = (%(categories)s::bigint[])[1 + complaint.id %% %(n_categories)s],
        rating = CASE WHEN complaint.id %% 3 = 0 THEN 1 + complaint.id %% 5 END, reopenings = (complaint.id %% 25 = 0)::int
    WHERE company_id = %(company)s;
    UPDATE complaints_contact AS contact SET channel = (ARRAY['web', 'phone', 'visit', 'letter', 'email'])[1 + contact.id %% 5]
    WHERE company_id = %(company)s;
    INSERT INTO complaints_timer (company_id, complaint_id, epoch, clock, level, limit_seconds, due_at, fired_at)
    SELECT company_id, id, 0, (ARRAY['accept', 'first_answer', 'next_update', 'resolve'])[1 + (id / 6) %% 4], 100, 3600,
        received_at + interval '1 hour', received_at + interval '1 hour'
    FROM complaints_complaint WHERE company_id = %(company)s AND id %% 6 = 0;
"""
FLOOR = """
    SELECT office_id, count(*) FROM complaints_complaint
    WHERE company_id = %s AND received_at >= %s AND NOT is_imported GROUP BY office_id
"""


def year_of(name: str) -> Company:
    """A company whose complaints are spread over a year, forty offices and twelve categories."""
    company, _agents = centre_of(name, COMPLAINTS, OPEN)
    communities = [make_community(company, f"{name}-{n}") for n in range(OFFICES)]
    offices = [make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=one) for one in communities]
    with company_scope(company.pk):
        for number in range(CATEGORIES):
            make_category(f"kind-{number}", f"Kind {number}", f"类别 {number}")
        categories = list(Category.objects.values_list("pk", flat=True)[:CATEGORIES])
    values = {
        "company": company.pk, "at": timezone.now(), "offices": [one.pk for one in offices], "n_offices": OFFICES,
        "communities": [one.pk for one in communities], "categories": categories, "n_categories": CATEGORIES,
    }  # fmt: skip
    with owner_cursor() as cursor:
        for statement in SPREAD.split(";\n")[:-1]:
            cursor.execute(statement, values)
    analyze()
    return company


def bare_count(company: Company) -> None:
    with company_scope(company.pk), connection.cursor() as cursor:
        cursor.execute(FLOOR, [company.pk, timezone.now() - timedelta(days=DAYS)])
        cursor.fetchall()


def run() -> list[Figure]:
    """Half a second: the next click of somebody who compares offices should still belong to the same thought."""
    company = year_of("year")
    office = make_department(company, Department.Kind.OTHER, name="Head office")
    desk = signed_in(make_employee(office, Role.GENERAL_MANAGER, name="Manager"))
    today = company.today(timezone.now())
    since = today - timedelta(days=DAYS)
    page = f"/{company.address}/complaints/figures/?since={since}&until={today}"
    times: dict[str, list[float]] = {name: [] for name in DIMENSIONS}
    floor = []
    for turn in range(TIMES + 2):  # turn by turn, so that whatever else the machine does weighs on all
        bare = seconds(lambda: bare_count(company)) * 1000
        taken = {name: seconds(lambda name=name: answered(desk, f"{page}&by={name}")) * 1000 for name in DIMENSIONS}
        if turn >= 2:
            floor.append(bare)
            for name in DIMENSIONS:
                times[name].append(taken[name])
    p95 = {name: statistics.quantiles(taken, n=20)[-1] for name, taken in times.items()}
    slowest = max(p95, key=lambda name: p95[name])
    told = ", ".join(f"{name} {statistics.median(taken):.0f}" for name, taken in times.items())
    return [
        Figure(
            f"figures page, {COMPLAINTS:,} complaints of a year, slowest split, p95",
            p95[slowest],
            "ms",
            statistics.median(floor),
            "500 ms or less",
            p95[slowest] <= 500,
            f"by {slowest}; medians: {told}; floor: SELECT count(*) GROUP BY office over the same rows",
        )
    ]
