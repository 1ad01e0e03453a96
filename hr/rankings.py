"""The rankings that managers see: offices, employees, heads. Each list is one statement, trends included."""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db import connection
from django.db.models import Sum

from propman.tenancy.scope import current_company_id

from .models import Appraisal, AppraisalQuarter
from .scoring import shrunk_rate

TREND = 6  # quarters

PEOPLE = """
    SELECT result.id, result.appraisal_id, result.company_rank, result.total, result.unit_n, result.unit_sum,
        result.company_n, result.company_sum, result.numerator, result.denominator, employee.name, row.post,
        department.id, department.name, row.contacts, row.verified, row.on_time,
        (SELECT array_agg(ARRAY[past.period, past.numerator, past.denominator, past.company_rank] ORDER BY past.period)
         FROM hr_appraisalresult AS past
         WHERE past.company_id = result.company_id AND past.employee_id = result.employee_id AND past.unit_n >= 5
             AND past.is_heads = result.is_heads AND past.period BETWEEN %(first)s AND %(period)s),
        (SELECT count(company_rank) FROM hr_appraisalresult
         WHERE company_id = %(company)s AND quarter_id = %(quarter)s AND is_heads = %(heads)s)
    FROM hr_appraisalresult AS result
    JOIN hr_appraisal AS row ON row.company_id = result.company_id AND row.id = result.appraisal_id
    JOIN community_employee AS employee ON employee.company_id = result.company_id AND employee.id = result.employee_id
    JOIN community_department AS department
        ON department.company_id = result.company_id AND department.id = result.department_id
    WHERE result.company_id = %(company)s AND result.quarter_id = %(quarter)s AND result.is_heads = %(heads)s
        AND result.company_rank IS NOT NULL AND (result.company_rank, result.id) > (%(rank)s, %(id)s)
        AND (%(department)s::bigint IS NULL OR result.department_id = %(department)s)
        AND (%(post)s::text IS NULL OR row.post = %(post)s)
        AND (%(name)s::text IS NULL OR position(lower(%(name)s) IN lower(employee.name)) > 0)
    ORDER BY result.company_rank, result.id LIMIT %(most)s
"""

OFFICES = """
    SELECT result.id, result.department_id, department.name, result.rank, result.people, result.contacts, result.on_time,
        result.verified, result.reopened, result.ratings, result.rating_sum, result.company_numerator,
        result.company_denominator, result.numerator, result.denominator,
        (SELECT array_agg(ARRAY[past.period, past.numerator, past.denominator, past.rank] ORDER BY past.period)
         FROM hr_officeresult AS past
         WHERE past.company_id = result.company_id AND past.department_id = result.department_id
             AND past.rank IS NOT NULL AND past.period BETWEEN %(first)s AND %(period)s)
    FROM hr_officeresult AS result
    JOIN community_department AS department
        ON department.company_id = result.company_id AND department.id = result.department_id
    WHERE result.company_id = %(company)s AND result.quarter_id = %(quarter)s
        AND (coalesce(result.rank, 2147483647), result.id) > (%(rank)s, %(id)s)
        AND (%(name)s::text IS NULL OR position(lower(%(name)s) IN lower(department.name)) > 0)
    ORDER BY coalesce(result.rank, 2147483647), result.id LIMIT %(most)s
"""


@dataclass(frozen=True)
class Trend:
    """Adjusted figures of up to six quarters, and how many places were won since the quarter before (None: not ranked then)."""

    values: list[float]
    moved: int | None


@dataclass(frozen=True)
class Person:
    """One line of the ranking of employees or heads."""

    id: int
    appraisal: int
    rank: int
    total: int
    adjusted: Fraction
    unit_n: int
    unit_mean: Fraction
    company_n: int
    company_mean: Fraction
    name: str
    post: str
    department_id: int
    department: str
    contacts: int
    verified: int
    on_time: int
    rate: Fraction | None  # verified complaints per contact, drawn to the mean of the post
    trend: Trend
    ranked: int  # how many have a place in this order
    is_tie: bool = False

    @property
    def adjustment(self) -> Fraction:
        return self.adjusted - self.total


@dataclass(frozen=True)
class Office:
    """One line of the ranking of offices; figures of 100."""

    id: int
    department_id: int
    name: str
    rank: int | None
    people: int
    contacts: int
    on_time: int
    verified: int
    reopened: int
    ratings: int
    rating_sum: int
    company_mean: Fraction
    raw: Fraction
    adjusted: Fraction
    trend: Trend

    @property
    def adjustment(self) -> Fraction:
        return self.adjusted - self.raw

    @property
    def rating(self) -> Fraction | None:
        return Fraction(self.rating_sum, self.ratings) if self.ratings else None


@dataclass(frozen=True)
class Filters:
    """What the address asks for; `rank` and `id` of the last line before."""

    department: int | None = None
    post: str | None = None
    name: str | None = None
    rank: int = 0
    id: int = 0


def locked_quarters() -> list[AppraisalQuarter]:
    """Newest first."""
    return list(AppraisalQuarter.objects.filter(locked_at__isnull=False).order_by("-period"))


def people(
    quarter: AppraisalQuarter,
    *,
    heads: bool,
    most: int,
    filters: Filters | None = None,
    posts: dict[str, tuple[int, int]] | None = None,
) -> list[Person]:
    """The ranked employees, or heads, in order; `posts` are post_sums(), if the caller has them already."""
    filters = filters or Filters()
    rows = _fetch(
        PEOPLE,
        quarter,
        most,
        heads=heads,
        department=filters.department,
        post=filters.post,
        name=filters.name,
        rank=filters.rank,
        id=filters.id,
    )
    posts = post_sums(quarter) if posts is None else posts
    ties = Counter(row[2] for row in rows)
    return [_person(row, posts, quarter.period, is_tie=ties[row[2]] > 1) for row in rows]


def offices(quarter: AppraisalQuarter, *, most: int, filters: Filters | None = None) -> list[Office]:
    filters = filters or Filters()
    rows = _fetch(OFFICES, quarter, most, name=filters.name, rank=filters.rank, id=filters.id)
    return [_office(row, quarter.period) for row in rows]


def post_sums(quarter: AppraisalQuarter) -> dict[str, tuple[int, int]]:
    """Verified complaints and contacts of everybody in a post."""
    rows = Appraisal.objects.filter(quarter=quarter).order_by().values_list("post").annotate(Sum("verified"), Sum("contacts"))
    return {post: (verified, contacts) for post, verified, contacts in rows}


@dataclass(frozen=True)
class Handled:
    """What somebody in a post handled."""

    post: str
    verified: int
    contacts: int


def rate_of(row: Handled | Appraisal, posts: dict[str, tuple[int, int]]) -> Fraction | None:
    """Verified complaints per contact of a row with post, verified and contacts, drawn to the mean of its post.

    None for somebody who handled no contact: the mean of the post says nothing of him.
    """
    if not row.contacts:
        return None
    verified, contacts = posts.get(row.post, (0, 0))
    return shrunk_rate(verified=row.verified, contacts=row.contacts, post_verified=verified, post_contacts=contacts)


def _fetch(sql: str, quarter: AppraisalQuarter, most: int, **more: Any) -> list[tuple[Any, ...]]:
    parameters = {
        "company": current_company_id(),
        "quarter": quarter.pk,
        "period": quarter.period,
        "first": quarter.period - TREND + 1,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, {**parameters, **more})
        return list(cursor.fetchall())


def _person(row: tuple[Any, ...], posts: dict[str, tuple[int, int]], period: int, *, is_tie: bool) -> Person:
    (
        key,
        appraisal,
        rank,
        total,
        un,
        us,
        cn,
        cs,
        num,
        den,
        name,
        post,
        department_id,
        department,
        contacts,
        verified,
        on_time,
        past,
        ranked,
    ) = row
    return Person(
        id=key,
        appraisal=appraisal,
        rank=rank,
        total=total,
        adjusted=Fraction(num, den),
        unit_n=un,
        unit_mean=Fraction(us, un),
        company_n=cn,
        company_mean=Fraction(cs, cn),
        name=name,
        post=post,
        department_id=department_id,
        department=department,
        contacts=contacts,
        verified=verified,
        on_time=on_time,
        rate=rate_of(Handled(post, verified, contacts), posts),
        trend=_trend(past, period),
        ranked=ranked,
        is_tie=is_tie,
    )


def _office(row: tuple[Any, ...], period: int) -> Office:
    (
        key,
        department_id,
        name,
        rank,
        people,
        contacts,
        on_time,
        verified,
        reopened,
        ratings,
        rating_sum,
        cnum,
        cden,
        num,
        den,
        past,
    ) = row
    return Office(
        id=key,
        department_id=department_id,
        name=name,
        rank=rank,
        people=people,
        contacts=contacts,
        on_time=on_time,
        verified=verified,
        reopened=reopened,
        ratings=ratings,
        rating_sum=rating_sum,
        company_mean=Fraction(cnum, cden),
        raw=Fraction(100 * (on_time + verified), 2 * contacts),
        adjusted=Fraction(num, den),
        trend=_trend(past, period),
    )


def _trend(past: list[list[int]] | None, period: int) -> Trend:
    past = past or []
    before = next((rank for when, _num, _den, rank in past if when == period - 1), None)
    now = next((rank for when, _num, _den, rank in past if when == period), None)
    moved = before - now if before is not None and now is not None else None
    return Trend([num / den for _when, num, den, _rank in past], moved)
