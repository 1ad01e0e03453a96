from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from propman.accounts.models import User
from propman.announcements.models import Announcement
from propman.announcements.selectors import Places
from propman.announcements.services import NewAnnouncement, write_announcement
from propman.community.models import Building, Community, Department, Entrance, Household, Room
from propman.tenancy.scope import company_scope
from tests.factories import make_household

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # 12:00 in Shanghai, a Monday
TWO = datetime(2026, 3, 2, 6, tzinfo=UTC)
FIVE = datetime(2026, 3, 2, 9, tzinfo=UTC)


def new(**fields) -> NewAnnouncement:
    """No water on Monday from 14:00 to 17:00."""
    given = {
        "kind": "water",
        "title": "No water in building 1",
        "text": "The pump is changed.",
        "starts_at": TWO,
        "ends_at": FIVE,
    }
    return NewAnnouncement(**{**given, **fields})


def home_in(community: Community, building: str, entrance: str = "1") -> Household:
    """A household behind that door."""
    with company_scope(community.company_id):
        home = make_household(community)
        house, _made = Building.objects.get_or_create(company_id=community.company_id, community=community, name=building)
        door, _made = Entrance.objects.get_or_create(company_id=community.company_id, building=house, name=entrance)
        room = Room.objects.create(
            community=community, entrance=door, name=f"h{home.pk}", label=f"{building}-{entrance}-{home.pk}", area=80
        )
        return Household.objects.create(community=community, room=room, started_on=home.started_on)


@pytest.fixture
def tell(office: Department, head: User, community: Community) -> Callable[..., Announcement]:
    """The office tells its whole community, or other places."""

    def told(to: Places | None = None, *, at: datetime = NOON, publish_at: datetime | None = None, **fields) -> Announcement:
        with company_scope(community.company_id):
            return write_announcement(
                new=new(**fields),
                to=to or Places(communities=frozenset({community.pk})),
                department=office,
                by=head,
                at=at,
                publish_at=publish_at,
            )

    return told
