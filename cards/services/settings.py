"""The company's settings of its rounds."""

from datetime import datetime, time

from django.db import transaction

from cards.models import CardSettings
from propman.accounts.models import User
from propman.tenancy.events import record_event
from propman.tenancy.scope import current_company_id


@transaction.atomic
def change_card_settings(*, count_time: time, remind_days: int, by: User, at: datetime) -> CardSettings:
    """Say when counts begin and how many days before the households are reminded; binds rounds that are issued from now on."""
    settings, _created = CardSettings.objects.select_for_update().get_or_create(company_id=current_company_id())
    settings.count_time, settings.remind_days = count_time, remind_days
    settings.save(update_fields=["count_time", "remind_days"])
    facts = {"count_time": count_time.isoformat("minutes"), "remind_days": remind_days}
    record_event("cardsettings.changed", settings, by=by, at=at, facts=facts)
    return settings
