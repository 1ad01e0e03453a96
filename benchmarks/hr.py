"""Locking a quarter of 10,000 employees in 300 departments, and the ranking pages at that size with four years behind them."""

import os
import statistics
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.measure import Figure, seconds
from benchmarks.scratch import analyze, owner_cursor
from hr.defaults import default_criteria
from hr.models import AppraisalQuarter, AppraisalResult
from hr.services import lock_quarter, open_quarter, publish_standard
from hr.workflow import QuarterKey
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories import make_company, make_department, make_employee

EMPLOYEES = int(os.environ.get("BENCH_EMPLOYEES", "10000"))
DEPARTMENTS = 300
QUARTERS = 16
TIMES = 60
LAST = QuarterKey(2026, 3)

TOWN = [
    """INSERT INTO community_community (company_id, address, name, street)
       SELECT %(company)s, 'c' || n, 'Community ' || n, '' FROM generate_series(1, %(departments)s) AS n""",
    """INSERT INTO community_department (company_id, name, kind, community_id, phone)
       SELECT company_id, 'Office ' || id, 'management_office', id, ''
       FROM community_community WHERE company_id = %(company)s""",
    """INSERT INTO community_employee
           (company_id, number, name, phone, email, department_id, post, sex, born_on, contract, joined_on)
       SELECT %(company)s, 'B' || n, 'Person ' || n, '', 'b' || n || '@example.test', unit.ids[1 + n %% %(departments)s],
           'Post ' || n %% 12, CASE WHEN n %% 2 = 0 THEN 'female' ELSE 'male' END,
           date '1970-01-01' + n %% 11000, 'open-ended', '2015-01-01'
       FROM generate_series(1, %(employees)s) AS n,
       (SELECT array_agg(id ORDER BY id) AS ids FROM community_department
        WHERE company_id = %(company)s AND kind = 'management_office') AS unit""",
]

SCORED = [
    """UPDATE hr_appraisal SET score1 = 1 + id %% 5, score2 = 1 + id / 5 %% 5, score3 = 1 + id / 7 %% 5,
           score4 = 1 + id / 11 %% 5, score5 = 1 + id / 13 %% 5, contacts = id %% 90,
           verified = id %% 4, on_time = id %% 90 * 9 / 10
       WHERE company_id = %(company)s AND quarter_id = %(quarter)s""",
    """UPDATE hr_appraisalunit SET state = 'submitted', submitted_at = %(at)s, answers_until = %(at)s
       WHERE company_id = %(company)s AND quarter_id = %(quarter)s""",
]

# Earlier quarters are the last one laid out again with other scores; the first places move as in life.
PAST = """
    WITH past AS (
        INSERT INTO hr_appraisalquarter
            (company_id, year, number, period, standard_id, opened_at, closes_at, lock_at, locked_at, digest)
        SELECT company_id, %(year)s, %(number)s, %(period)s, standard_id, opened_at, closes_at, lock_at, locked_at, digest
        FROM hr_appraisalquarter WHERE company_id = %(company)s AND id = %(quarter)s RETURNING id
    ), results AS (
        INSERT INTO hr_appraisalresult (company_id, quarter_id, period, is_heads, unit_id, appraisal_id, employee_id,
            department_id, total, unit_n, unit_sum, company_n, company_sum, numerator, denominator, unit_rank, company_rank)
        SELECT result.company_id, past.id, %(period)s, is_heads, unit_id, appraisal_id + %(step)s * 1000000, employee_id,
            department_id, total, unit_n, unit_sum, company_n, company_sum, numerator + employee_id %% 97, denominator,
            unit_rank, 1 + (company_rank + employee_id * %(step)s) %% company_n
        FROM hr_appraisalresult AS result, past WHERE company_id = %(company)s AND quarter_id = %(quarter)s
    )
    INSERT INTO hr_officeresult (company_id, quarter_id, period, department_id, contacts, on_time, verified, reopened, ratings,
        rating_sum, people, company_numerator, company_denominator, numerator, denominator, rank)
    SELECT office.company_id, past.id, %(period)s, department_id, contacts, on_time, verified, reopened, ratings, rating_sum,
        people, company_numerator, company_denominator, numerator + department_id %% 7, denominator, rank
    FROM hr_officeresult AS office, past WHERE company_id = %(company)s AND quarter_id = %(quarter)s
"""

OFFICES = """
    INSERT INTO hr_officeresult (company_id, quarter_id, period, department_id, contacts, on_time, verified, reopened, ratings,
        rating_sum, people, company_numerator, company_denominator, numerator, denominator, rank)
    SELECT company_id, %(quarter)s, %(period)s, id, 100 + id %% 300, 90 + id %% 9, 60 + id %% 30, 5, 40, 170, 33, 85, 1,
        80000 + id, 1000, row_number() OVER (ORDER BY id DESC)
    FROM community_department WHERE company_id = %(company)s AND kind = 'management_office'
"""

PAGES = ("", "?of=offices", "?of=employees", "?of=employees&q=person 77", "?of=heads")


def town() -> tuple[Company, AppraisalQuarter, object]:
    company = make_company("tenthousand")
    office = make_department(company, Department.Kind.COMPANY_OFFICE, name="Company office")
    manager = make_employee(office, Role.GENERAL_MANAGER, name="Manager")
    values = {"company": company.pk, "departments": DEPARTMENTS, "employees": EMPLOYEES}
    with owner_cursor() as cursor:
        for statement in TOWN:
            cursor.execute(statement, values)
    analyze()
    with company_scope(company.pk):
        publish_standard(criteria=default_criteria(), by=None, at=datetime(2020, 1, 1, tzinfo=UTC))
        quarter = open_quarter(key=LAST, at=datetime(2026, 10, 1, tzinfo=UTC))
    if quarter is None:
        raise RuntimeError("The quarter did not open.")
    with owner_cursor() as cursor:
        for statement in SCORED:
            cursor.execute(statement, {"company": company.pk, "quarter": quarter.pk, "at": quarter.closes_at})
    analyze()
    return company, quarter, manager


def floor(company: Company) -> float:
    """The same 10,000 result rows, copied by INSERT..SELECT into a table with the same keys and checks."""
    with owner_cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE bare (LIKE hr_appraisalresult INCLUDING ALL) ON COMMIT DROP")
        return seconds(
            lambda: cursor.execute(
                "INSERT INTO bare OVERRIDING SYSTEM VALUE SELECT * FROM hr_appraisalresult WHERE company_id = %s", [company.pk]
            )
        )


def lay_out_the_past(company: Company, quarter: AppraisalQuarter) -> None:
    with owner_cursor() as cursor:
        cursor.execute(OFFICES, {"company": company.pk, "quarter": quarter.pk, "period": quarter.period})
        for step in range(1, QUARTERS):
            key = QuarterKey.at_index(quarter.period - step)
            cursor.execute(
                PAST,
                {
                    "company": company.pk, "quarter": quarter.pk, "step": step, "period": key.index, "year": key.year,
                    "number": key.number,
                },
            )  # fmt: skip
    analyze()


def run() -> list[Figure]:
    company, quarter, manager = town()
    at = quarter.lock_at + timedelta(hours=1)
    with company_scope(company.pk):
        took = seconds(lambda: lock_quarter(quarter=quarter, at=at))
        ranked = AppraisalResult.objects.count()
        quarter.refresh_from_db()
    lay_out_the_past(company, quarter)
    figures = [
        Figure(
            f"lock a quarter of {ranked} employees in {DEPARTMENTS} departments",
            took, "s", floor(company), "2 s", took <= 2, "floor: the bare result rows",
        )
    ]  # fmt: skip
    client = signed_in(manager)
    base = f"/{company.address}/hr"
    for page in PAGES:
        lean, _queries = p95_of(client, f"{base}/standards/")
        p95, queries = p95_of(client, f"{base}/rankings/{page}")
        name = f"rankings{page or ' overview'}"
        note = "floor: our page that lists nothing; Horilla at 1,000: 262 ms"
        figures.append(Figure(f"{name}, four years: p95", p95, "ms", lean, "50 ms", p95 <= 50, note))
        figures.append(Figure(f"{name}: queries", queries, "", None, "10", queries <= 10, "Horilla: 275"))
    return figures


def p95_of(client: Client, path: str) -> tuple[float, int]:
    """Milliseconds of server time of a warm page, and how many queries it asks."""
    client.get(path)
    times: list[float] = []
    for _time in range(TIMES):
        with CaptureQueriesContext(connection) as asked:
            times.append(1000 * seconds(lambda: client.get(path)))
    around = ("SAVEPOINT", "RELEASE", "SET LOCAL", "BEGIN", "COMMIT")
    return statistics.quantiles(times, n=20)[-1], sum(not query["sql"].startswith(around) for query in asked)
