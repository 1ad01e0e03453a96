"""What the clock starts: roles that begin or end on a day to come."""

from datetime import datetime

from propman.tenancy.jobrun import Job, each_day, register_job
from propman.tenancy.models import Company

from .services.residents import keep_roles_in_step


def run_roles(company: Company, period: str, at: datetime) -> None:
    keep_roles_in_step(by=None, at=at)


def register() -> None:
    """Called from AppConfig.ready()."""
    register_job(Job("community.roles", each_day, run_roles))
