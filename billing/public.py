"""What the public page of a community says of its owners' satisfaction."""

from datetime import datetime

from billing.formula import percent
from billing.selectors.results import results_of
from propman.community.home import Section
from propman.community.models import Community
from propman.tenancy.models import Company


def last_result(place: Community, company: Company, at: datetime) -> Section:
    """The last counted quarter and the one before it; a quarter whose sheets are still out has no result."""
    newest, before = [*results_of(place.pk), None, None][:2]
    shown = {
        "community": place,
        "result": newest,
        "rate": percent(newest.rate) if newest else "",
        "before": before,
        "rate_before": percent(before.rate) if before else "",
    }
    return Section("billing/_public.html", shown, order=40)
