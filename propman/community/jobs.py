"""What the clock starts: roles that begin or end on a day to come."""

from collections.abc import Iterator
from datetime import datetime

from propman.tenancy.jobrun import Job, Period, register_job
from propman.tenancy.models import Company

from .services.residents import keep_roles_in_step


def new_day(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """Today's beginning in the company's zone; missed days need no catching up."""
    begins_at = datetime.combine(company.today(at), datetime.min.time(), company.timezone)
    if since < begins_at:
        yield Period(begins_at.date().isoformat(), begins_at)


def run_roles(company: Company, period: str, at: datetime) -> None:
    keep_roles_in_step(by=None, at=at)


def register() -> None:
    """Called from AppConfig.ready()."""
    register_job(Job("community.roles", new_day, run_roles))
