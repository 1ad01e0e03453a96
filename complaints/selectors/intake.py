"""Who calls, what is open there already, and what is like it: for the phone and for merging."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q

from complaints.models import Complaint
from complaints.permissions import Viewer, may_know_asker
from complaints.workflow import State
from propman.community.models import Occupancy, Room

MOST_CALLERS = 8
LOOKED_BACK = timedelta(days=365)
ALIKE_WITHIN = timedelta(days=3)


@dataclass(frozen=True)
class Caller:
    """A resident who may be calling, in one of the homes."""

    occupancy: Occupancy
    is_this_number: bool

    @property
    def key(self) -> str:
        return str(self.occupancy.pk)


def callers(said: str, *, on: date) -> list[Caller]:
    """Residents whose phone, name or room holds what was typed, those of exactly this number first."""
    said = said.strip()
    if len(said) < 2 and not re.match(r"[㐀-鿿]", said):
        return []
    digits = re.sub(r"\D", "", said)
    wanted = Q(person__name__icontains=said) | Q(household__room__label__icontains=said)
    if len(digits) >= 3 and digits == re.sub(r"[\s+()-]", "", said):
        wanted |= Q(person__phone__contains=digits) | Q(person__phone__contains=said)
    rows = (
        Occupancy.objects.select_related("person", "household__room", "household__community")
        .filter(wanted, Q(ends_on=None) | Q(ends_on__gt=on), starts_on__lte=on)
        .order_by("person__name", "pk")[: MOST_CALLERS * 3]
    )
    found = [Caller(row, bool(digits) and re.sub(r"\D", "", row.person.phone) == digits) for row in rows]
    return sorted(found, key=lambda one: not one.is_this_number)[:MOST_CALLERS]


def caller_of(key: str, *, on: date) -> Occupancy | None:
    """The resident in the home that was chosen, while it is theirs."""
    if not re.fullmatch(r"[0-9]{1,18}", key):
        return None
    found: Occupancy | None = (
        Occupancy.objects.select_related("person__user", "household__room__entrance", "household__community")
        .filter(Q(ends_on=None) | Q(ends_on__gt=on), pk=key, starts_on__lte=on)
        .first()
    )
    return found


def open_for(room: Room, viewer: Viewer) -> list[Complaint]:
    """What is open for the room, and for shared places and neighbours of its building, the room's own first."""
    rows = Complaint.objects.visible_to(viewer).open().for_list()
    own = list(rows.filter(room=room).order_by("next_due_at", "pk")[:8])
    building = Q(room__entrance__building_id=room.entrance.building_id)
    near = list(rows.filter(building).exclude(room=room).order_by("-received_at", "-pk")[:8])
    return [one for one in [*own, *near] if may_know_asker(viewer, one)]


def closed_for(room: Room, viewer: Viewer, *, at: datetime) -> list[Complaint]:
    """What was closed for the room within twelve months, newest first."""
    rows = Complaint.objects.visible_to(viewer).for_list().filter(room=room, state=State.CLOSED)
    return list(rows.filter(received_at__gt=at - LOOKED_BACK).order_by("-closed_at", "-pk")[:5])


def alike(complaint: Complaint, viewer: Viewer) -> list[Complaint]:
    """Open complaints of the same category from the same building within three days: perhaps one and the same trouble.

    Without a room, those of the same community that name none either. Only the centre merges, so only it is asked.
    """
    if not viewer.is_centre or not complaint.is_open or complaint.community_id is None:
        return []
    window = (complaint.received_at - ALIKE_WITHIN, complaint.received_at + ALIKE_WITHIN)
    rows = Complaint.objects.visible_to(viewer).open().for_list().exclude(pk=complaint.pk)
    rows = rows.filter(community_id=complaint.community_id, category_id=complaint.category_id, received_at__range=window)
    if complaint.room_id is None:
        rows = rows.filter(room=None)
    else:
        building = Room.objects.filter(pk=complaint.room_id).values("entrance__building_id")
        rows = rows.filter(room__entrance__building_id__in=building)
    return list(rows.order_by("received_at", "pk")[:20])


@dataclass(frozen=True)
class Gathered:
    """A complaint that goes on inside another one; without `room` for those who may not know whose it is."""

    complaint: Complaint
    room: Room | None
    is_visible: bool


def gathered(complaint: Complaint, viewer: Viewer) -> list[Gathered]:
    """The complaints that were merged into this one: each asker is still told of everything."""
    rows = list(Complaint.objects.for_list().filter(merged_into=complaint).order_by("pk")[:200])
    visible = set(Complaint.objects.visible_to(viewer).filter(merged_into=complaint).values_list("pk", flat=True))
    return [Gathered(one, one.room if may_know_asker(viewer, one) else None, one.pk in visible) for one in rows]
