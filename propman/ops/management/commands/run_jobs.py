from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from propman.common.commands import ReportingCommand
from propman.tenancy.jobrun import companies_with_due_jobs, run_everything_due
from propman.tenancy.models import Company, JobRun
from propman.tenancy.scope import company_scope


def moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return timezone.make_aware(at) if timezone.is_naive(at) else at


def failed_runs(at: datetime) -> Iterator[str]:
    """A sentence for every job run that is due and has failed."""
    for company_id in companies_with_due_jobs(at):
        with company_scope(company_id):
            company = Company.objects.get(pk=company_id)
            for run in JobRun.objects.filter(done_at=None, due_at__lte=at).exclude(error="").order_by("due_at", "pk"):
                yield f"{company.address}: {run.job} of {run.period} failed: {run.error}"


class Command(ReportingCommand):
    help = "Does now what beat would have done by now: periods, jobs, sweeps. Running it again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--at", type=moment, help="as if it were that moment, e.g. 2026-12-01T09:00+08:00")

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or timezone.now()
        done = run_everything_due(at)
        failed = list(failed_runs(at))
        if failed:
            self.refuse("\n".join(failed), at=at, done=done, failed=failed)
        self.report({"at": at, "done": done, "failed": failed}, *(f"{name}: {count}" for name, count in done.items()))
