"""Periodic work: a tick inserts the missing periods, workers claim them and do the work and the done-mark in one transaction.

Two beats, killed workers and missed months change nothing: (company, job, period) is unique, and a period that was
missed is simply still missing at the next tick.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from .models import Company, JobRun
from .scope import company_scope, current_company_id

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Period:
    """A period of a job, such as "2026-11", and the moment from which it is due."""

    name: str
    due_at: datetime


@dataclass(frozen=True)
class Job:
    """What the clock starts for every company.

    `periods(company, since, at)` gives the periods that fell due in (since, at]; `since` is the company's beginning or
    the last period done. `run(company, period, at)` does one of them, in the company's scope and one transaction.
    """

    name: str
    periods: Callable[[Company, datetime, datetime], Iterable[Period]]
    run: Callable[[Company, str, datetime], None]


JOBS: dict[str, Job] = {}
SWEEPS: dict[str, Callable[[datetime], int]] = {}


def register_job(job: Job) -> None:
    """Called from an app's AppConfig.ready()."""
    JOBS[job.name] = job


def register_sweep(name: str, sweep: Callable[[datetime], int]) -> None:
    """A sweep looks over all companies for what is due at a moment and returns how much it did."""
    SWEEPS[name] = sweep


def each_day(company: Company, since: datetime, at: datetime) -> Iterator[Period]:
    """Periods of a daily job that catches nothing up: today's beginning in the company's zone."""
    begins_at = datetime.combine(company.today(at), datetime.min.time(), company.timezone)
    if since < begins_at:
        yield Period(begins_at.date().isoformat(), begins_at)


def insert_due_periods(at: datetime) -> int:
    """Insert every missing period of every job of every company up to now; the catch-up after downtime is the same thing."""
    inserted = 0
    for company in Company.objects.order_by("pk"):
        with company_scope(company.pk):
            last = dict(
                JobRun.objects.order_by("job", "-due_at").distinct("job").values_list("job", "due_at")  # newest per job
            )
            rows = [
                JobRun(company=company, job=job.name, period=period.name, due_at=period.due_at)
                for job in JOBS.values()
                for period in job.periods(company, last.get(job.name, company.created_at), at)
            ]
            inserted += len(JobRun.objects.bulk_create(rows, ignore_conflicts=True))
    return inserted


def companies_with_due_jobs(at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenancy_companies_with_due_jobs(%s)", [at])
        return [row[0] for row in cursor.fetchall()]


def run_due_jobs(at: datetime) -> int:
    """Do every due period; a failing one is noted on its row and does not stop the others."""
    done = 0
    for company_id in companies_with_due_jobs(at):
        done += sum(1 for _run in _run_company(company_id, at))
    return done


def _run_company(company_id: int, at: datetime) -> Iterator[JobRun]:
    failed: list[int] = []
    while True:
        with company_scope(company_id):
            run = (
                JobRun.objects.select_for_update(skip_locked=True)
                .filter(done_at=None, due_at__lte=at, job__in=JOBS)
                .exclude(pk__in=failed)
                .order_by("due_at", "pk")
                .first()
            )
            if run is None:
                return
            company = Company.objects.get(pk=current_company_id())
            run.attempts += 1
            try:
                with transaction.atomic():
                    JOBS[run.job].run(company, run.period, at)
                run.done_at, run.error = at, ""
            except Exception as error:
                log.exception("job %s of %s for %s failed", run.job, run.period, company.address)
                failed.append(run.pk)
                run.error = f"{type(error).__name__}: {error}"
            run.save(update_fields=["done_at", "attempts", "error"])
        if run.done_at:
            yield run


def run_everything_due(at: datetime) -> dict[str, int]:
    """What beat would start by now: periods, jobs and sweeps of all companies."""
    done = {"periods": insert_due_periods(at), "jobs": run_due_jobs(at)}
    for name, sweep in SWEEPS.items():
        done[name] = sweep(at)
    return done
