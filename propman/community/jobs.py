"""What a new day brings: roles that begin or end with it, and files that were never confirmed are forgotten."""

from datetime import datetime

from propman.tenancy.jobrun import Job, each_day, register_job
from propman.tenancy.models import Company

from .services.imports import forget_uploads
from .services.residents import keep_roles_in_step


def run_day(company: Company, period: str, at: datetime) -> None:
    keep_roles_in_step(by=None, at=at)
    forget_uploads(at=at)


def register() -> None:
    """Called from AppConfig.ready()."""
    register_job(Job("community.roles", each_day, run_day))
