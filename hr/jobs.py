"""What the clock starts: opening a quarter once a quarter, and everything that falls due after it."""

from collections.abc import Iterator
from datetime import datetime, time

from django.db import connection

from propman.tenancy.jobrun import Job, Period
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from .models import AppraisalQuarter
from .services import advance_quarter, open_quarter
from .workflow import QuarterKey


def quarters_to_open(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """Every quarter that ended in (since, at], due at the first moment of the next one."""
    key = QuarterKey.of(company.today(since))
    while True:
        due_at = datetime.combine(key.after, time(), company.timezone)
        if due_at > at:
            return
        if due_at > since:
            yield Period(str(key), due_at)
        key = QuarterKey.at_index(key.index + 1)


def run_opening(company: Company, period: str, at: datetime) -> None:
    open_quarter(key=QuarterKey.parse(period), at=at)


OPENING = Job("hr.open_quarter", quarters_to_open, run_opening)


def advance_due_quarters(at: datetime) -> int:
    """Move every open quarter of every company on to where it should be by now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT hr_companies_with_due_appraisals(%s)", [at])
        companies = [row[0] for row in cursor.fetchall()]
    moved = 0
    for company_id in companies:
        with company_scope(company_id):
            for quarter in AppraisalQuarter.objects.filter(locked_at=None, next_due_at__lte=at).order_by("period"):
                advance_quarter(quarter=quarter, at=at)
                moved += 1
    return moved
