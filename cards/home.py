"""What the home page says of the cards."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.accounts.permissions import has_role
from propman.accounts.roles import Role
from propman.community.home import Waiting
from propman.tenancy.middleware import company_of

from .models import RollEntry
from .selectors import open_rounds, voting_households


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
