"""An announcement to the building of a household in a community that nobody of the cast looks after but centre and managers."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from propman.announcements.selectors import Places
from propman.announcements.services import NewAnnouncement, write_announcement
from propman.community.models import Department
from tests.factories import make_community, make_department, make_household

RESIDENTS_AND_OFFICIALS = ["owner", "rival_owner", "official"]
EVERY_MEMBER = {"announcements:list", "api-announcement-list"}
PUBLIC = {"announcements_public:current"}
FORBIDDEN = {
    "announcements:detail": [*RESIDENTS_AND_OFFICIALS, "head"],
    "announcements:read": [*RESIDENTS_AND_OFFICIALS, "head", "agent", "manager"],
    "announcements:write": [*RESIDENTS_AND_OFFICIALS, "administrator"],
    "announcements:parts": [*RESIDENTS_AND_OFFICIALS, "head", "administrator"],
    "announcements:kept": [*RESIDENTS_AND_OFFICIALS, "head"],
    "announcements:paper": [*RESIDENTS_AND_OFFICIALS, "head"],
    **{
        f"announcements:{verb}": [*RESIDENTS_AND_OFFICIALS, "head", "administrator"]
        for verb in ("correct", "withdraw", "clear")
    },
    "api-announcement-detail": [*RESIDENTS_AND_OFFICIALS, "head"],
    "api-announcement-read": [*RESIDENTS_AND_OFFICIALS, "head"],
    **{
        f"api-announcement-{verb}": [*RESIDENTS_AND_OFFICIALS, "head", "administrator"]
        for verb in ("correct", "withdraw", "clear")
    },
}


def samples(cast: SimpleNamespace) -> dict[str, dict[str, Any]]:
    place = make_community(cast.company, "elsewhere")
    home = make_household(place)
    office = make_department(cast.company, Department.Kind.MANAGEMENT_OFFICE, community=place, name="Office elsewhere")
    now = timezone.now()
    told = write_announcement(
        new=NewAnnouncement("lift", "Lift stands", "It is repaired.", now - timedelta(hours=1), now + timedelta(hours=1)),
        to=Places(buildings=frozenset({home.room.entrance.building_id})),
        department=office,
        by=cast.manager,
        at=now - timedelta(hours=2),
    )
    names = ("detail", "read", "kept", "paper", "correct", "withdraw", "clear")
    return {
        **{f"announcements:{name}": {"pk": told.pk} for name in names},
        "announcements:parts": {"community": place.address},
        "announcements_public:current": {"community": place.address},
        **{f"api-announcement-{name}": {"pk": told.pk} for name in ("detail", "read", "correct", "withdraw", "clear")},
    }
