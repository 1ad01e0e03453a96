"""What the public page of a community says of the cards: the last published count, and when the next box is opened."""

from datetime import datetime

from propman.community.home import Section
from propman.community.models import Community
from propman.tenancy.models import Company

from .models import Round
from .results import figures_by_round
from .workflow import State


def last_count(place: Community, company: Company, at: datetime) -> Section:
    """Of a round that is not published, nothing but its month and the hour of its count."""
    rounds = Round.objects.filter(community=place)
    last = rounds.filter(state=State.PUBLISHED).order_by("-month").first()
    shown = {
        "community": place,
        "round": last,
        "figures": figures_by_round([last])[last.pk] if last else None,
        "next": rounds.filter(state__in=[State.ISSUED, State.OPEN], closes_at__gt=at).order_by("month").first(),
    }
    return Section("cards/_public.html", shown, order=30)
