"""The room list of a community: a room a row with its owner, or a building a row with its number of units."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from unicodedata import normalize

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.accounts.models import User
from propman.common.sheets import Column, Sheet, SheetRow, UnreadableFile
from propman.common.text import tidy

from ..models import Building, Community, Entrance, Import, Occupancy, Room
from .imports import CheckedRow, Made, Outcome, as_decimal, changes
from .places import NewRoom, add_rooms, checked_area, label_of
from .residents import NewResident, move_in_many, people_noted

MOST_UNITS = 5000
PHONE = re.compile(r"\+?[\d][\d\s()./-]{3,30}")
Key = tuple[str, str, str]


@dataclass
class RoomRow:
    """What a row asks for: one room with its owner, or (without a room) so many units of a building."""

    building: str
    entrance: str
    room: str
    units: int
    area: Decimal
    owner: str = ""
    phone: str = ""
    email: str = ""
    is_assumed: bool = False  # the file says no area

    def rooms(self) -> list[NewRoom]:
        names = [self.room] if self.room else [unit_name(number) for number in range(1, self.units + 1)]
        return [NewRoom(self.building, self.entrance, name, self.area, self.is_assumed) for name in names]


@dataclass
class RoomsImporter:
    """Rooms of one community; `area` (m²) is for rows that name none, `mapping` for files with foreign headings."""

    community: Community
    area: Decimal | None = None
    mapping: Mapping[str, Sequence[str]] | None = None
    seen: dict[int, int] = field(default_factory=dict)  # hash of the key -> line: small however long the file is

    kind: ClassVar[str] = Import.Kind.ROOMS
    columns: ClassVar[Sequence[Column]] = (
        Column(
            "building",
            gettext_lazy("building"),
            ("楼栋", "楼号", "楼幢", "栋号", "幢号", "block", "address", "site address"),
            True,
        ),
        Column("entrance", gettext_lazy("entrance"), ("单元", "单元号", "stairs", "staircase")),
        Column(
            "room", gettext_lazy("room"), ("房号", "房间", "房间号", "房屋", "室号", "flat", "apartment", "unit", "room number")
        ),
        Column("units", gettext_lazy("units"), ("户数", "套数", "number of units", "confirmed units", "no of units")),
        Column("area", gettext_lazy("area in m²"), ("面积", "建筑面积", "房屋面积", "floor area", "m²", "sqm")),
        Column("owner", gettext_lazy("owner"), ("业主", "业主姓名", "户主", "owner name", "name", "姓名")),
        Column("phone", gettext_lazy("phone"), ("电话", "手机", "手机号", "联系电话", "mobile", "telephone")),
        Column("email", gettext_lazy("e-mail"), ("邮箱", "电子邮箱", "电子邮件", "mail")),
    )

    def lock(self) -> None:
        Community.objects.select_for_update().get(pk=self.community.pk)

    def check_headings(self, sheet: Sheet) -> None:
        if not sheet.columns["room"] and not sheet.columns["units"]:
            raise UnreadableFile(
                _("A column is missing: room (房号), or units (户数) where each row is a building. The file has: %(has)s."),
                params={"has": ", ".join(sheet.headings)[:600]},
            )

    def check(self, rows: list[SheetRow]) -> list[CheckedRow]:
        checked = [self._checked(row) for row in rows]
        for part in by_weight([row for row in checked if not row.problems]):
            self._compare(part)
        return checked

    def _checked(self, row: SheetRow) -> CheckedRow:
        checked = CheckedRow(row.line, list(row.problems))
        if not checked.problems:
            checked.parsed = RoomReader(row.cells, checked.problems).read()
        if not checked.problems:
            self._ensure_first(checked)
        return checked

    def _ensure_first(self, checked: CheckedRow) -> None:
        row: RoomRow = checked.parsed
        checked.what = label_of(row.building, row.entrance, row.room) if row.room else row.building
        line = self.seen.setdefault(hash((row.building, row.entrance, row.room)), checked.line)
        if line != checked.line:
            checked.problems.append(_("%(what)s stands in row %(line)d already.") % {"what": checked.what, "line": line})

    def _compare(self, checked: list[CheckedRow]) -> None:
        """Say what each row would change, by one look at the rooms that are there and one at their owners."""
        there = self._rooms_there([room for row in checked for room in row.parsed.rooms()])
        owners = self._owners_of(there) if any(row.parsed.owner for row in checked) else {}
        for row in checked:
            self._compare_row(row, there, owners)

    def _compare_row(self, row: CheckedRow, there: dict[Key, Room], owners: dict[int, set[str]]) -> None:
        asked: RoomRow = row.parsed
        new = [room for room in asked.rooms() if room.key not in there]
        old = [there[room.key] for room in asked.rooms() if room.key in there]
        other = [room for room in old if asked.area and room.area != asked.area]
        if not asked.area:
            asked.area, asked.is_assumed = self.area or Decimal(0), True
        if new and not asked.area:
            row.problems.append(_("The area is missing."))
            return
        names = owners.get(old[0].pk, set()) if old else set()
        if asked.owner and names and asked.owner not in names:
            belongs = {"room": row.what, "name": ", ".join(sorted(names))}
            row.problems.append(_("%(room)s belongs to %(name)s; let them move out first.") % belongs)
            return
        moves_in = bool(asked.owner) and not names
        row.counts = {"rooms": len(new), "areas": len(other), "owners": int(moves_in)}
        row.outcome = Outcome.CREATE if new else Outcome.CHANGE if other or moves_in else Outcome.LEAVE
        row.says = ", ".join(self._says(asked, len(new), other, asked.owner if moves_in else ""))

    def _says(self, asked: RoomRow, new: int, other: list[Room], owner: str) -> list[str]:
        says = []
        if new == 1:
            says.append(_("%(area)s m²") % {"area": asked.area})
        elif new:
            says.append(_("%(count)d rooms of %(area)s m²") % {"count": new, "area": asked.area})
        if other:
            says.append(_("%(before)s → %(after)s m²") % {"before": other[0].area, "after": asked.area})
        return [*says, owner] if owner else says

    def _rooms_there(self, rooms: list[NewRoom]) -> dict[Key, Room]:
        """The rooms that exist, by three plain look-ups: their join is planned badly on tables that have just grown."""
        buildings = dict(
            Building.objects.filter(community=self.community, name__in={room.building for room in rooms}).values_list(
                "pk", "name"
            )
        )
        entrances = {
            pk: (buildings[building], name)
            for pk, building, name in Entrance.objects.filter(building__in=buildings).values_list("pk", "building_id", "name")
        }
        wanted = {room.key for room in rooms}
        found = Room.objects.filter(entrance__in=entrances, name__in={room.name for room in rooms})
        by_key = {(*entrances[room.entrance_id], room.name): room for room in found}
        return {key: room for key, room in by_key.items() if key in wanted}

    def _owners_of(self, there: dict[Key, Room]) -> dict[int, set[str]]:
        owners: dict[int, set[str]] = {}
        for room, name, kind in people_noted([room.pk for room in there.values()]):
            if kind == Occupancy.Kind.OWNER:
                owners.setdefault(room, set()).add(name)
        return owners

    def write(self, rows: list[CheckedRow], *, by: User | None, at: datetime) -> list[Made]:
        return [self._write(part, by=by, at=at) for part in by_weight(rows)]

    def _write(self, rows: list[CheckedRow], *, by: User | None, at: datetime) -> Made:
        asked = [room for row in rows for room in row.parsed.rooms()]
        added = add_rooms(community=self.community, rooms=asked, by=by, at=at)
        now = {room.pk: room.area for room in added.rooms.values()}
        made = Made({"building": added.new_buildings, "entrance": added.new_entrances, "room": added.new_rooms})
        made.changed["room"] = {pk: changes({"area": old}, {"area": now[pk]}) for pk, old in added.before.items()}
        owners = [
            NewResident(added.rooms[row.parsed.rooms()[0].key].pk, row.parsed.owner, row.parsed.phone, row.parsed.email)
            for row in rows
            if row.parsed.owner
        ]
        if owners:
            on = self.community.company.today(at)
            moved = move_in_many(community=self.community, residents=owners, on=on, by=by, at=at)
            made.ids["person"] = [person.pk for person in moved.people]
            made.ids["household"] = [household.pk for household in moved.households]
            made.ids["occupancy"] = [occupancy.pk for occupancy in moved.occupancies]
        return made


def by_weight(rows: list[CheckedRow]) -> Iterator[list[CheckedRow]]:
    """Parts of the batch with at most MOST_UNITS rooms or one row each: a row may stand for thousands of rooms."""
    part: list[CheckedRow] = []
    weight = 0
    for row in rows:
        if part and weight + row.parsed.units > MOST_UNITS:
            yield part
            part, weight = [], 0
        part.append(row)
        weight += row.parsed.units
    if part:
        yield part


@dataclass
class RoomReader:
    """Reads one row's cells; what is wrong goes to `problems`."""

    cells: Mapping[str, str]
    problems: list[str]

    def read(self) -> RoomRow | None:
        building, entrance, room = self._name("building", 60), self._name("entrance", 30), self._name("room", 30)
        if not building:
            self.problems.append(_("The building is missing."))
        units = 1 if room else self._units()
        row = RoomRow(building, entrance, room, units, self._area(), self._text("owner", 80), self._phone(), self._email())
        if row.owner and not room:
            self.problems.append(_("An owner belongs to a room, not to a building."))
        return None if self.problems else row

    def _units(self) -> int:
        text = self.cells["units"]
        if not text:
            self.problems.append(_("The room is missing."))
            return 0
        count = as_decimal(text)
        if count is None or count != int(count) or not 1 <= count <= MOST_UNITS:
            limits = {"units": text, "most": MOST_UNITS}
            self.problems.append(_("“%(units)s” is no number of units from 1 to %(most)d.") % limits)
            return 0
        return int(count)

    def _area(self) -> Decimal:
        text = self.cells["area"]
        if not text:
            return Decimal(0)
        area = as_decimal(text)
        if area is None:
            self.problems.append(_("“%(text)s” is not an area in m².") % {"text": text})
            return Decimal(0)
        try:
            return checked_area(area)
        except ValidationError as error:
            self.problems.extend(error.messages)
            return Decimal(0)

    def _name(self, column: str, longest: int) -> str:
        return self._text(column, longest, normalize("NFKC", self.cells[column]))  # １２０１ is 1201

    def _text(self, column: str, longest: int, text: str | None = None) -> str:
        try:
            return tidy(self.cells[column] if text is None else text, longest=longest)
        except ValidationError as error:
            self.problems.extend(error.messages)
            return ""

    def _phone(self) -> str:
        phone = self._text("phone", 32)
        if phone and not PHONE.fullmatch(phone):
            self.problems.append(_("“%(phone)s” is not a phone number.") % {"phone": phone})
        return phone

    def _email(self) -> str:
        email = self._text("email", 254)
        if email:
            try:
                validate_email(email)
            except ValidationError:
                self.problems.append(_("“%(email)s” is not an e-mail address.") % {"email": email})
        return email


def unit_name(number: int) -> str:
    """The name of a building's nth unit where a file only counts them."""
    return f"{number:04}"
