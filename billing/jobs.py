"""What the clock starts: sheets out and in, then the bills of the quarter."""

from collections.abc import Iterator
from datetime import datetime

from billing.models import Survey
from billing.quarters import midnight
from billing.services.runs import run_bills
from billing.services.surveys import count_survey, open_due_surveys, remind_due_surveys
from propman.tenancy.jobrun import Job, Period
from propman.tenancy.models import Company


def today(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """One period a day. Missed days need none of their own: each does all that is due by then."""
    begins = midnight(company.today(at), company.timezone)
    if since < begins:
        yield Period(begins.date().isoformat(), begins)


def hand_out_sheets(company: Company, period: str, at: datetime) -> None:
    """Send out the sheets that are due, and remind of those that end soon."""
    open_due_surveys(company=company, at=at)
    remind_due_surveys(at=at)


def surveys_to_count(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """One period for each survey that ended; an extended one gets another when it ends again."""
    for survey in Survey.objects.filter(counted_at=None, closes_at__lte=at).order_by("quarter", "pk"):
        yield Period(f"{survey.pk}:{survey.closes_at:%Y-%m-%d}", survey.closes_at)


def count_and_bill(company: Company, period: str, at: datetime) -> None:
    """Count one survey and issue the bills that follow from it, in one transaction for each community."""
    survey = count_survey(survey_id=int(period.partition(":")[0]), company=company, at=at)
    if survey is not None:
        run_bills(community=survey.community, quarter=survey.period, at=at)


JOBS = (
    Job("billing.sheets", today, hand_out_sheets),
    Job("billing.count", surveys_to_count, count_and_bill),
)
