"""What the home page says of the cards."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.accounts.permissions import has_role
from propman.accounts.roles import Role
from propman.community.home import Section, Waiting
from propman.tenancy.middleware import company_of

from .models import RollEntry, Round
from .results import figures_by_round, percent
from .selectors import open_rounds, voting_households
from .workflow import State

MOST_COMMUNITIES = 12


def waiting(request: HttpRequest) -> Iterator[Waiting]:
    """The open round of each household that the person owns or rents, whether or not its cards are cast: nobody knows."""
    if not has_role(request, Role.OWNER, Role.TENANT) or not isinstance(request.user, User):
        return
    at = timezone.now()
    households = voting_households(request.user, on=company_of(request).today(at))
    entries = RollEntry.objects.filter(round__in=open_rounds(at), household__in=households)
    for entry in entries.select_related("round", "household__room").order_by("round__closes_at", "pk")[:5]:
        yield Waiting(
            title=_("Your cards for %(month)s") % {"month": entry.round.month_name},
            meta=f"{entry.round.place} {entry.household.room.label}",
            url=f"{reverse('cards:mine')}?household={entry.household_id}",
            icon="cards",
            due_at=entry.round.closes_at,
            started_at=entry.round.opened_at,
        )


def counted_section(request: HttpRequest) -> Section | None:
    """For the general manager: the cards cast for the company in the last month that was counted, and when the next is."""
    if not has_role(request, Role.GENERAL_MANAGER):
        return None
    last = Round.objects.filter(state=State.PUBLISHED).order_by("-month").first()
    if last is None:
        return None
    rounds = list(Round.objects.filter(state=State.PUBLISHED, month=last.month).select_related("community"))
    figures = figures_by_round(rounds)
    lines = [{"round": one, "figures": figures[one.pk], "lanes": figures[one.pk].results[0].lanes} for one in rounds]
    lines.sort(key=lambda line: -line["figures"].results[0].satisfied)
    issued = sum(one.issued - one.void for one in figures.values())
    following = Round.objects.filter(closes_at__gt=timezone.now()).order_by("closes_at").first()
    shown = {
        "lines": lines[:MOST_COMMUNITIES],
        "month": last.month,
        "turnout": round(percent(sum(one.cast for one in figures.values()), issued)),
        "counted_on": last.closes_at,
        "next": following,
    }
    return Section("cards/_home_counted.html", shown, 20, is_figures=True)
