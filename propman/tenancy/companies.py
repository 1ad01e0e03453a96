"""Companies: opened by the operator of the platform."""

from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from .events import Actor, record_event
from .models import Company
from .scope import serving


class AddressTaken(ValidationError):
    """The address belongs to another company, or to the portal itself."""


@transaction.atomic
def open_company(
    *,
    address: str,
    name: str,
    zone: str = "Asia/Shanghai",
    currency: str = "CNY",
    language: str = "zh-hans",
    by: Actor | None,
    at: datetime,
) -> Company:
    """Open a company; its pages lie below `/<address>/`. Raises AddressTaken, ValidationError for unusable values."""
    if address in settings.RESERVED_ADDRESSES or Company.objects.filter(address=address).exists():
        raise AddressTaken(_("The address “%(address)s” is taken."), params={"address": address})
    company = Company(address=address, name=name, zone=zone, currency=currency, language=language, created_at=at)
    company.clean_fields()
    company.save(force_insert=True)
    with serving(company.pk):
        record_event("company.opened", company, by=by, at=at, facts={"address": address, "name": name})
    return company
