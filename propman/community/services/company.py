from datetime import datetime

from django.db import transaction

from propman.accounts.models import User
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from .places import named


@transaction.atomic
def change_company(*, name: str, zone: str, currency: str, language: str, by: User | None, at: datetime) -> Company:
    """Change the current company's name, time zone, currency or language; its web address stays. Raises ValidationError."""
    company = Company.objects.select_for_update().get(pk=current_company_id())
    company.name, company.zone, company.currency, company.language = named(name, 120), zone, currency.upper(), language
    company.clean_fields(exclude=["address"])
    company.save(update_fields=["name", "zone", "currency", "language"])
    facts = {"name": company.name, "zone": zone, "currency": company.currency, "language": language}
    record_event("company.changed", company, by=by, at=at, facts=facts)
    return company
