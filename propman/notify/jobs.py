from celery import shared_task
from django.utils import timezone

from propman.tenancy.tasks import CompanyTask

from .delivery import deliver_due


@shared_task(base=CompanyTask, serves_all_companies=True)
def deliver_soon(company_id: int) -> None:
    """Woken when somebody waits for a notice; the sweep would find it a little later."""
    deliver_due(company_id, at=timezone.now())
