from celery import shared_task
from django.utils import timezone

from propman.tenancy import jobrun

from .health import note_heartbeat


@shared_task(serves_all_companies=True)
def tick() -> None:
    """Beat's call every 15 s: notes that beat and a worker live, then starts every sweep as a task of its own."""
    note_heartbeat(timezone.now())
    for name in jobrun.SWEEPS:
        sweep.apply_async([name], expires=15)


@shared_task(serves_all_companies=True)
def sweep(name: str) -> int:
    """Do what is due now in one sweep; a second one at the same time finds its rows locked and skips them."""
    return jobrun.SWEEPS[name](timezone.now())


@shared_task(serves_all_companies=True)
def run_jobs() -> None:
    """Insert the missing periods of every job, then do what is due."""
    at = timezone.now()
    jobrun.insert_due_periods(at)
    jobrun.run_due_jobs(at)
