"""What the public page of a community says of announcements: those to the whole of it that hold now, or soon will."""

from datetime import datetime

from propman.community.home import Section
from propman.community.models import Community
from propman.tenancy.models import Company

from .selectors import told_to_all

MOST = 3


def current(place: Community, company: Company, at: datetime) -> Section:
    """The next of them; what concerns one building or entrance is told to its households only."""
    rows = list(told_to_all(place, at=at)[: MOST + 1])
    shown = {
        "community": place,
        "rows": [{"announcement": one, "state": one.state_at(at)} for one in rows[:MOST]],
        "has_more": len(rows) > MOST,
    }
    return Section("announcements/_public.html", shown, order=10)
