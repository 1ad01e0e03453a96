"""Communities, buildings, entrances and rooms: opened, added, renamed; many rooms at once by `add_rooms`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from propman.common.text import printable, tidy
from propman.tenancy.events import Actor, record_event

from ..models import Building, Community, Entrance, Room

SUFFIX = re.compile("(号楼|栋|幢|座|楼|单元|号|室)$")
NOT_A_COMMUNITYS = {"heads", "imports", "new", "staff"}  # addresses of pages beside those of the communities
LARGEST_AREA = Decimal("999999.99")


class NameTaken(ValidationError):
    """The company, community, building or entrance already has something of that name."""


def name_taken(name: str) -> NameTaken:
    return NameTaken(_("There is already one called “%(name)s”."), params={"name": printable(name)})


@transaction.atomic
def open_community(*, address: str, name: str, street: str = "", by: Actor | None, at: datetime) -> Community:
    """Open a community of the current company; `address` is its part of web addresses (small letters, digits, hyphens).

    Raises NameTaken when the company has one of that address or name, ValidationError for an unusable address or name.
    """
    community = Community(address=address, name=named(name, 120), street=tidy(street, longest=200))
    community.clean_fields(exclude=["company"])
    if address in NOT_A_COMMUNITYS:
        raise ValidationError({"address": _("This address is taken by a page of the portal; choose another.")})
    _save_new(community, community.name)
    record_event("community.opened", community, by=by, at=at, facts={"address": address, "name": community.name})
    return community


@transaction.atomic
def rename_community(*, community: Community, name: str, street: str, by: Actor | None, at: datetime) -> Community:
    """Change the community's name or street; its web address stays. Raises NameTaken, ValidationError."""
    community = Community.objects.select_for_update().get(pk=community.pk)
    community.name, community.street = named(name, 120), tidy(street, longest=200)
    _save_changed(community, ["name", "street"])
    record_event("community.renamed", community, by=by, at=at, facts={"name": community.name, "street": community.street})
    return community


@transaction.atomic
def add_building(*, community: Community, name: str, by: Actor | None, at: datetime) -> Building:
    """Add a building to the community. Raises NameTaken, ValidationError."""
    building = Building(community=community, name=named(name, 60))
    _save_new(building, building.name)
    record_event("building.added", building, by=by, at=at, facts={"community": community.pk, "name": building.name})
    return building


@transaction.atomic
def rename_building(*, building: Building, name: str, by: Actor | None, at: datetime) -> Building:
    """Rename the building; its rooms' labels follow. Raises NameTaken, ValidationError."""
    building = Building.objects.select_for_update().get(pk=building.pk)
    building.name = named(name, 60)
    _save_changed(building, ["name"])
    _label_again(Room.objects.filter(entrance__building=building))
    record_event("building.renamed", building, by=by, at=at, facts={"name": building.name})
    return building


@transaction.atomic
def add_entrance(*, building: Building, name: str, by: Actor | None, at: datetime) -> Entrance:
    """Add an entrance to the building. Raises NameTaken, ValidationError."""
    entrance = Entrance(building=building, name=named(name, 30))
    _save_new(entrance, entrance.name)
    record_event("entrance.added", entrance, by=by, at=at, facts={"building": building.pk, "name": entrance.name})
    return entrance


@transaction.atomic
def rename_entrance(*, entrance: Entrance, name: str, by: Actor | None, at: datetime) -> Entrance:
    """Rename the entrance; its rooms' labels follow. Raises NameTaken, ValidationError."""
    entrance = Entrance.objects.select_for_update().get(pk=entrance.pk)
    entrance.name = named(name, 30)
    _save_changed(entrance, ["name"])
    _label_again(Room.objects.filter(entrance=entrance))
    record_event("entrance.renamed", entrance, by=by, at=at, facts={"name": entrance.name})
    return entrance


@transaction.atomic
def add_room(*, entrance: Entrance, name: str, area: Decimal, by: Actor | None, at: datetime) -> Room:
    """Add a room of `area` m² at the entrance. Raises NameTaken, ValidationError."""
    entrance = Entrance.objects.select_related("building__community").get(pk=entrance.pk)
    name = named(name, 30)
    room = Room(
        community=entrance.building.community,
        entrance=entrance,
        name=name,
        label=label_of(entrance.building.name, entrance.name, name),
        area=checked_area(area),
    )
    _save_new(room, room.label)
    record_event("room.added", room, by=by, at=at, facts={"label": room.label, "area": str(room.area)})
    return room


@transaction.atomic
def change_room(*, room: Room, name: str, area: Decimal, by: Actor | None, at: datetime) -> Room:
    """Put the room's name or area (m²) right. Raises NameTaken, ValidationError."""
    room = Room.objects.select_for_update(of=("self",)).select_related("entrance__building").get(pk=room.pk)
    before = {"name": room.name, "area": str(room.area)}
    room.name, room.area = named(name, 30), checked_area(area)
    room.label = label_of(room.entrance.building.name, room.entrance.name, room.name)
    _save_changed(room, ["name", "label", "area"])
    record_event("room.changed", room, by=by, at=at, facts={"name": room.name, "area": str(room.area), "before": before})
    return room


@dataclass(frozen=True)
class NewRoom:
    """A room to be added where it is missing; `area` in m². An empty entrance is the building's only one.

    A room that is there already takes over the area, unless `is_assumed`.
    """

    building: str
    entrance: str
    name: str
    area: Decimal
    is_assumed: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        return self.building, self.entrance, self.name


@dataclass
class AddedRooms:
    """What `add_rooms` made; `rooms` has every room asked for by its key, new or not. `before` holds old areas by room id."""

    rooms: dict[tuple[str, str, str], Room] = field(default_factory=dict)
    new_rooms: list[int] = field(default_factory=list)
    new_entrances: list[int] = field(default_factory=list)
    new_buildings: list[int] = field(default_factory=list)
    before: dict[int, Decimal] = field(default_factory=dict)


@transaction.atomic
def add_rooms(*, community: Community, rooms: Sequence[NewRoom], by: Actor | None, at: datetime) -> AddedRooms:
    """Add the rooms that are missing, with their buildings and entrances, and put other areas right; names must be tidy.

    A handful of statements for any number of rooms; one event on the community counts them. Doing it again changes nothing.
    """
    Community.objects.select_for_update().get(pk=community.pk)  # two imports into one community wait for each other
    added = AddedRooms()
    buildings = _buildings_for({room.building for room in rooms}, community, added)
    entrances = _entrances_for({(room.building, room.entrance) for room in rooms}, buildings, added)
    wanted = {(entrances[room.building, room.entrance].pk, room.name): room for room in rooms}
    there = _rooms_at({entrance for entrance, _name in wanted}, {name for _entrance, name in wanted})
    missing = [
        Room(
            company_id=community.company_id,
            community=community,
            entrance_id=entrance,
            name=name,
            label=label_of(*room.key),
            area=room.area,
        )
        for (entrance, name), room in wanted.items()
        if (entrance, name) not in there
    ]
    changed = []
    for key, room in wanted.items():
        if (old := there.get(key)) and old.area != room.area and not room.is_assumed:
            added.before[old.pk], old.area = old.area, room.area
            changed.append(old)
    for new in Room.objects.bulk_create(missing, batch_size=2000):
        there[new.entrance_id, new.name] = new
        added.new_rooms.append(new.pk)
    Room.objects.bulk_update(changed, ["area"], batch_size=500)
    added.rooms = {room.key: there[key] for key, room in wanted.items()}
    if missing or changed:
        facts = {"rooms": len(missing), "buildings": len(added.new_buildings), "areas_changed": len(changed)}
        record_event("community.rooms_added", community, by=by, at=at, facts=facts)
    return added


def _buildings_for(names: set[str], community: Community, added: AddedRooms) -> dict[str, Building]:
    found = {building.name: building for building in Building.objects.filter(community=community, name__in=names)}
    missing = [
        Building(company_id=community.company_id, community=community, name=name) for name in sorted(names - found.keys())
    ]
    for building in Building.objects.bulk_create(missing):
        found[building.name] = building
        added.new_buildings.append(building.pk)
    return found


def _entrances_for(
    wanted: set[tuple[str, str]], buildings: dict[str, Building], added: AddedRooms
) -> dict[tuple[str, str], Entrance]:
    building_of = {building.pk: building for building in buildings.values()}
    found = {
        (building_of[entrance.building_id].name, entrance.name): entrance
        for entrance in Entrance.objects.filter(building__in=list(building_of))
    }
    missing = [
        Entrance(company_id=buildings[building].company_id, building=buildings[building], name=name)
        for building, name in sorted(wanted - found.keys())
    ]
    for entrance in Entrance.objects.bulk_create(missing):
        found[building_of[entrance.building_id].name, entrance.name] = entrance
        added.new_entrances.append(entrance.pk)
    return found


def _rooms_at(entrances: set[int], names: set[str]) -> dict[tuple[int, str], Room]:
    return {(room.entrance_id, room.name): room for room in Room.objects.filter(entrance__in=entrances, name__in=names)}


def named(name: str, longest: int) -> str:
    """The tidy name. Raises ValidationError when nothing is left of it."""
    name = tidy(name, longest=longest)
    if not name:
        raise ValidationError(_("A name is missing."))
    return name


def checked_area(area: Decimal) -> Decimal:
    """The area in m² to two places. Raises ValidationError unless it is above zero and below a million."""
    if not area.is_finite() or not 0 < area <= LARGEST_AREA or not (area := round(area, 2)):
        raise ValidationError(_("An area lies between 0.01 and 999,999.99 m²."))
    return area


def label_of(building: str, entrance: str, room: str) -> str:
    """The short way to say where a room is: 3栋, 2单元, 1201室 is 3-2-1201."""
    return "-".join(part for text in (building, entrance, room) if (part := SUFFIX.sub("", text) or text))


def _label_again(rooms: QuerySet[Room]) -> None:
    changed = []
    for room in rooms.select_related("entrance__building"):
        room.label = label_of(room.entrance.building.name, room.entrance.name, room.name)
        changed.append(room)
    Room.objects.bulk_update(changed, ["label"], batch_size=500)


def _save_new(row: Model, name: str) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise name_taken(name) from error


def _save_changed(row: Model, fields: list[str]) -> None:
    try:
        with transaction.atomic():
            row.save(update_fields=fields)
    except IntegrityError as error:
        raise name_taken(str(row)) from error
