"""What happens in a town in a month: each app adds a function that lives it by calling its services with past times.

A life is called once a month, in the company's scope and one transaction, in this order; it leaves alone whatever would
happen after `town.until` and counts what it made in `town.made`, for example `town.made["complaints"] += 1`.
"""

from collections.abc import Callable
from datetime import date

from propman.tenancy.scope import company_scope

from . import billing, cards, complaints, hr
from .town import Town

LIVES: list[Callable[[Town, date], None]] = [complaints.live_month, cards.live_month, billing.live_month, hr.live_month]


def live(town: Town, tell: Callable[[str], None] = lambda line: None) -> None:
    """Live through every month of the town."""
    for month in town.months():
        for life in LIVES:
            with company_scope(town.company.pk):
                life(town, month)
        tell(f"{month:%Y-%m}: {', '.join(f'{count} {what}' for what, count in sorted(town.made.items()))}")
