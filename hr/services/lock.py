from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Max

from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.notify.services import queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company

from .. import facts, notices
from ..models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalUnit, OfficeResult
from ..scoring import SHOWN_FROM, UNIT_PRIOR, adjusted_office_index, competition_ranks, office_index
from ..selectors import employees_with
from ..workflow import UnitState

# The same arithmetic as scoring.standings(), over whole numbers: a fraction in lowest terms is equal exactly when it is the
# same pair, and 40 digits keep any two different ones apart.
RANK = """
    INSERT INTO hr_appraisalresult (company_id, quarter_id, period, is_heads, unit_id, appraisal_id, employee_id, department_id,
        total, unit_n, unit_sum, company_n, company_sum, numerator, denominator, unit_rank, company_rank)
    WITH scored AS (
        SELECT row.id, row.unit_id, row.employee_id, row.department_id, row.total::bigint AS total,
            unit.department_id IS NULL AS is_heads
        FROM hr_appraisal AS row
        JOIN hr_appraisalunit AS unit ON unit.company_id = row.company_id AND unit.id = row.unit_id
        WHERE row.company_id = %(company)s AND row.quarter_id = %(quarter)s AND row.reason = '' AND row.total IS NOT NULL
            AND unit.state = 'submitted'
    ), summed AS (
        SELECT *, count(*) OVER unit AS un, (sum(total) OVER unit)::bigint AS us,
            count(*) OVER everybody AS cn, (sum(total) OVER everybody)::bigint AS cs
        FROM scored WINDOW unit AS (PARTITION BY unit_id), everybody AS (PARTITION BY is_heads)
    ), fraction AS (
        SELECT *, (total * (un + %(prior)s) - us) * cn + un * cs AS num, (un + %(prior)s) * cn AS den FROM summed
    ), reduced AS (
        SELECT *, num / gcd(num, den) AS low_num, den / gcd(num, den) AS low_den, un >= %(shown)s AS shown FROM fraction
    )
    SELECT %(company)s, %(quarter)s, %(period)s, is_heads, unit_id, id, employee_id, department_id,
        total, un, us, cn, cs, low_num, low_den,
        CASE WHEN shown THEN rank() OVER (PARTITION BY unit_id ORDER BY total DESC) END,
        CASE WHEN shown THEN
            rank() OVER (PARTITION BY is_heads, shown ORDER BY div(low_num * 1e40::numeric, low_den) DESC)
        END
    FROM reduced ORDER BY id
"""

DIGEST = """
    SELECT encode(sha256(convert_to(coalesce(string_agg(
        concat_ws(' ', appraisal_id, total, unit_n, unit_sum, company_n, company_sum, numerator, denominator,
            coalesce(unit_rank::text, '-'), coalesce(company_rank::text, '-')),
        E'\\n' ORDER BY appraisal_id), ''), 'UTF8')), 'hex'), count(*)
    FROM hr_appraisalresult WHERE company_id = %(company)s AND quarter_id = %(quarter)s
"""


class QuarterNotReady(Exception):
    """Sheets, answers or objections are still open; `until` is when to look again."""

    def __init__(self, until: datetime) -> None:
        super().__init__("The quarter cannot be locked yet.")
        self.until = until


@transaction.atomic
def lock_quarter(*, quarter: AppraisalQuarter, at: datetime) -> AppraisalQuarter:
    """Fix the order for ever and tell everybody; the company office gets its report. After this nothing changes.

    Raises QuarterNotReady while a sheet is being scored, an employee may still answer, an objection waits, or before the
    day of the lock. Returns a locked quarter as it is.
    """
    quarter = AppraisalQuarter.objects.select_for_update(of=("self",)).get(pk=quarter.pk)
    if quarter.is_locked:
        return quarter
    ensure_ready(quarter, at)
    ids = {"company": quarter.company_id, "quarter": quarter.pk}
    with connection.cursor() as cursor:
        cursor.execute(RANK, {**ids, "period": quarter.period, "prior": UNIT_PRIOR, "shown": SHOWN_FROM})
        cursor.execute(DIGEST, ids)
        quarter.digest, ranked = cursor.fetchone()
    rank_offices(quarter)
    quarter.locked_at, quarter.next_due_at = at, None
    quarter.save(update_fields=["locked_at", "next_due_at", "digest"])
    told = {"quarter": str(quarter.key), "digest": quarter.digest, "ranked": ranked}
    record_event("appraisal.locked", quarter, by=None, at=at, facts=told)
    _tell_everybody(quarter, ranked, at)
    return quarter


def rank_offices(quarter: AppraisalQuarter) -> list[OfficeResult]:
    """Offices by contacts answered in time and solutions verified, a small volume drawn to the company's mean.

    An office of fewer than five people has no rank.
    """
    zone = Company.objects.get(pk=quarter.company_id).timezone
    told = facts.offices_in(quarter.key, zone)
    company_index = office_index(
        contacts=sum(office.contacts for office in told.values()),
        on_time=sum(office.on_time for office in told.values()),
        verified=sum(office.verified for office in told.values()),
    )
    if company_index is None:
        return []
    people = dict(
        Appraisal.objects.filter(quarter=quarter, department__in=told)
        .order_by()
        .values_list("department")
        .annotate(n=Count("pk"))
    )
    indexes = {
        office: adjusted_office_index(
            contacts=seen.contacts, on_time=seen.on_time, verified=seen.verified, company_index=company_index
        )
        for office, seen in told.items()
    }
    ranks = competition_ranks({office: index for office, index in indexes.items() if people.get(office, 0) >= SHOWN_FROM})
    return OfficeResult.objects.bulk_create(
        OfficeResult(
            company_id=quarter.company_id,
            quarter=quarter,
            period=quarter.period,
            department_id=office,
            people=people.get(office, 0),
            company_numerator=company_index.numerator,
            company_denominator=company_index.denominator,
            numerator=indexes[office].numerator,
            denominator=indexes[office].denominator,
            rank=ranks.get(office),
            **asdict(seen),
        )
        for office, seen in sorted(told.items())
    )


def ensure_ready(quarter: AppraisalQuarter, at: datetime) -> None:
    """Raises QuarterNotReady while somebody still has something to do."""
    if at < quarter.lock_at:
        raise QuarterNotReady(quarter.lock_at)
    units = AppraisalUnit.objects.filter(quarter=quarter)
    open_until = units.filter(state=UnitState.OPEN).aggregate(until=Max("due_at"))["until"]
    answers_until = units.filter(answers_until__gt=at).aggregate(until=Max("answers_until"))["until"]
    if until := max(filter(None, [open_until, answers_until]), default=None):
        raise QuarterNotReady(until)
    if AppraisalObjection.objects.filter(quarter=quarter, replied_at=None).exists():
        raise QuarterNotReady(at + timedelta(days=1))


def _tell_everybody(quarter: AppraisalQuarter, ranked: int, at: datetime) -> None:
    key = str(quarter.key)
    people = ("employee__name", "employee__email", "employee__user_id", "employee__left_on")
    rows = Appraisal.objects.filter(quarter=quarter).select_related("employee").only("employee_id", *people).order_by("pk")
    told = [
        notice for row in rows for notice in notices.tell("locked", [row.employee], path=notices.row_path(row.pk), quarter=key)
    ]
    office = Department.objects.filter(kind=Department.Kind.COMPANY_OFFICE, closed_on=None, head__isnull=False)
    readers: dict[int, Employee] = {}
    for person in [*employees_with(Role.HR_OFFICER), *employees_with(Role.GENERAL_MANAGER)]:
        readers[person.pk] = person
    for department in office.select_related("head"):
        readers.setdefault(department.head.pk, department.head)
    missed = AppraisalUnit.objects.filter(quarter=quarter, state=UnitState.MISSED).count()
    told += notices.tell(
        "reported",
        readers.values(),
        path=f"/hr/board/?quarter={key}",
        quarter=key,
        ranked=ranked,
        missed=missed,
        rows=len(rows),
    )
    queue_notices(told, at=at)
