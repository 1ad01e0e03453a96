"""What happens in a town in a month: each app adds a function that lives it by calling its services with past times.

A life is called once a month, in the company's scope and one transaction, in this order; it leaves alone whatever would
happen after `town.until` and counts what it made in `town.made`, for example `town.made["complaints"] += 1`.
"""

from collections.abc import Callable
from datetime import date, timedelta

from django.db.models import F

from propman.notify.models import Notice
from propman.tenancy.scope import company_scope

from . import announcements, billing, cards, cases, complaints, counting, hr
from .town import Town

RECENT = timedelta(days=3)
LIVES: list[Callable[[Town, date], None]] = [
    counting.live_month,  # plans nights and mornings, which the complaints then live through
    complaints.live_month,
    cases.live_month,
    cards.live_month,
    billing.live_month,
    hr.live_month,
    announcements.live_month,
]


def live(town: Town, tell: Callable[[str], None] = lambda line: None) -> None:
    """Live through every month of the town."""
    for month in town.months():
        for life in LIVES:
            with company_scope(town.company.pk):
                life(town, month)
        tell(f"{month:%Y-%m}: {', '.join(f'{count} {what}' for what, count in sorted(town.made.items()))}")
    settle_notices(town)


def settle_notices(town: Town) -> None:
    """What was told in a simulated past was read long ago: nobody gets an e-mail about it now."""
    with company_scope(town.company.pk):
        Notice.objects.filter(planned_at=None).update(planned_at=F("at"))
        Notice.objects.filter(read_at=None, at__lt=town.until - RECENT).update(read_at=F("at"))
