"""Reading the lists of others: the phone system's call log, the mailbox, the visitors' book, each by a mapping.

A mapping is TOML:

    [columns]                       # the file's headings; those that are left out are found by their usual names
    time = "Start"                  # or date and time in two columns
    phone = "Caller"
    name = "Caller name"
    email = "From"
    office = "Line"                 # which office was called, written to or visited
    length = "Duration"             # seconds, m:ss or h:mm:ss
    note = "Answered by"
    direction = "Direction"

    [time]
    formats = ["%d.%m.%Y %H:%M:%S"] # beside ISO 8601
    zone = "Asia/Shanghai"          # of times without an offset; the company's is usual

    [offices]                       # what stands in the column: the address of a community or the name of a department
    "021-5550-1000" = "willow-court"
    "" = "Service centre"           # where the cell is empty

    skip = ["outgoing"]             # directions that are no contacts at all; at the top of the file
"""

import re
import tomllib
import zoneinfo
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.common.sheets import Column, Sheet, SheetRow, UnreadableFile
from propman.community.models import Community, Department
from propman.community.services.imports import CheckedRow, Outcome
from propman.tenancy.models import Company

from .models import LogEntry, LogSource

EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)  # beyond the zero of every clock, whatever its zone
AHEAD = timedelta(minutes=5)  # how far the clock of the other system may run ahead
LONGEST = {"name": 80, "phone": 40, "email": 254, "note": 300}

COLUMNS = (
    Column(
        "time",
        gettext_lazy("time"),
        ("start", "start time", "received", "datetime", "时间", "开始时间", "呼叫时间", "来访时间"),
        True,
    ),
    Column("date", gettext_lazy("date"), ("day", "日期")),
    Column(
        "phone", gettext_lazy("phone"), ("caller", "caller id", "from number", "telephone", "电话", "主叫", "主叫号码", "手机")
    ),
    Column("name", gettext_lazy("name"), ("caller name", "visitor", "sender name", "姓名", "来访人", "发件人姓名")),
    Column("email", gettext_lazy("e-mail"), ("from", "sender", "e-mail address", "发件人", "邮箱")),
    Column(
        "office", gettext_lazy("office"), ("line", "called", "to", "community", "location", "管理处", "被叫", "收件人", "小区")
    ),
    Column("length", gettext_lazy("length"), ("duration", "seconds", "talk time", "通话时长", "时长")),
    Column("note", gettext_lazy("note"), ("answered by", "subject", "purpose", "接听人", "主题", "事由")),
    Column("direction", gettext_lazy("direction"), ("type", "方向", "呼叫类型")),
)
NAMES = {column.name for column in COLUMNS}
PHONE_DIGITS = 9  # the last ones: with or without a country's code it is the same phone


class UnusableMapping(ValidationError):
    """The mapping is no TOML, or does not say what is needed."""


@dataclass(frozen=True)
class LogMapped:
    """What a mapping says."""

    columns: Mapping[str, Sequence[str]] | None = None
    formats: Sequence[str] = ()
    zone: zoneinfo.ZoneInfo | None = None
    offices: Mapping[str, str] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()


def read_mapping(text: str) -> LogMapped:
    """The mapping of a TOML text; an empty one finds the usual headings. Raises UnusableMapping."""
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UnusableMapping(_("The mapping is not TOML: %(error)s."), params={"error": error}) from error
    sections = {"columns": dict, "time": dict, "offices": dict, "skip": list}
    for name, kind in sections.items():
        if not isinstance(told.get(name, kind()), kind):
            raise UnusableMapping(_("“%(name)s” is written in another way; see the example."), params={"name": name})
    _ensure_known(told.keys() - sections.keys(), sections)
    columns = {name: [given] if isinstance(given, str) else given for name, given in told.get("columns", {}).items()}
    _ensure_known(columns.keys() - NAMES, NAMES)
    for name, headings in columns.items():
        if not isinstance(headings, list) or not all(isinstance(heading, str) for heading in headings):
            raise UnusableMapping(_("“%(name)s” is written in another way; see the example."), params={"name": name})
    time = told.get("time", {})
    _ensure_known(time.keys() - {"formats", "zone"}, {"formats", "zone"})
    formats = time.get("formats", [])
    if not isinstance(formats, list) or not all(isinstance(one, str) for one in formats):
        raise UnusableMapping(_("“%(name)s” is written in another way; see the example."), params={"name": "formats"})
    zone = time.get("zone")
    if zone is not None and (not isinstance(zone, str) or zone not in zoneinfo.available_timezones()):
        raise UnusableMapping(_("“%(name)s” is not a time zone, for example Asia/Shanghai."), params={"name": zone})
    return LogMapped(
        columns=columns or None,
        formats=tuple(formats),
        zone=zoneinfo.ZoneInfo(zone) if zone else None,
        offices={plain(key): str(value) for key, value in told.get("offices", {}).items()},
        skip=frozenset(plain(str(one)) for one in told.get("skip", [])),
    )


def _ensure_known(unknown: Any, known: Any) -> None:
    if unknown:
        raise UnusableMapping(
            _("The mapping has unknown names: %(unknown)s. Known are: %(known)s."),
            params={"unknown": ", ".join(sorted(unknown)), "known": ", ".join(sorted(known))},
        )


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def digits_of(phone: str) -> str:
    """The digits by which two spellings of a phone number are the same; nothing where there are fewer than five."""
    digits = re.sub(r"\D", "", phone)
    return digits[-PHONE_DIGITS:] if len(digits) >= 5 else ""


@dataclass(frozen=True)
class NewEntry:
    """A row of the file, understood."""

    key: str
    occurred_at: datetime
    seconds: int | None
    office: int
    community: int | None
    name: str
    phone: str
    email: str
    note: str


class LogImporter:
    """One list of one company: says what would happen to each row; a row that is there already is left as it is."""

    columns: ClassVar[Sequence[Column]] = COLUMNS

    def __init__(self, *, company: Company, source: str, mapped: LogMapped, at: datetime) -> None:
        self.company, self.source, self.mapped, self.at = company, LogSource(source), mapped, at
        self.mapping = mapped.columns
        self.zone = mapped.zone or company.timezone
        self.offices = _offices()
        self.has_office = False
        self.seen: Counter[str] = Counter()

    def check_headings(self, sheet: Sheet) -> None:
        """Raises UnreadableFile when nothing says who it was."""
        self.has_office = bool(sheet.columns["office"])
        if not any(sheet.columns[name] for name in ("phone", "name", "email")):
            raise UnreadableFile(_("No column says who it was: name phone, name or e-mail in the mapping."))

    def check(self, rows: list[SheetRow]) -> list[CheckedRow]:
        checked = [self._checked(row) for row in rows]
        keys = [row.parsed.key for row in checked if row.parsed]
        found = LogEntry.objects.filter(source=self.source, key__in=keys).exclude(state=LogEntry.State.WITHDRAWN)
        there = set(found.values_list("key", flat=True))
        for row in checked:
            if row.parsed and row.parsed.key in there:
                row.outcome = Outcome.LEAVE
        return checked

    def _checked(self, row: SheetRow) -> CheckedRow:
        cells, problems = row.cells, list(row.problems)
        if self.mapped.skip and plain(cells["direction"]) in self.mapped.skip:
            return CheckedRow(row.line, problems, counts={"skipped": 1})
        occurred_at = self._time(cells, problems)
        office = self._office(cells["office"], problems)
        seconds = _seconds(cells["length"], problems)
        for name, longest in LONGEST.items():
            if len(cells[name]) > longest:
                problems.append(_("%(name)s: %(longest)d characters are the most.") % {"name": name, "longest": longest})
        email = _address(cells["email"], problems)
        if problems or occurred_at is None or office is None:
            return CheckedRow(row.line, problems)
        said = {name: cells[name] for name in ("name", "phone", "note")} | {"email": email}
        what = "|".join([occurred_at.isoformat(), str(office.pk), str(seconds), *(said[name] for name in sorted(said))])
        self.seen[what] += 1  # two lines that say the same are two calls
        key = salted_hmac("complaints.log", f"{self.source}|{self.seen[what]}|{what}", algorithm="sha256").hexdigest()
        entry = NewEntry(key, occurred_at, seconds, office.pk, office.community_id, **said)
        who = said["phone"] or said["name"] or email or _("withheld")
        when = occurred_at.astimezone(self.company.timezone).strftime("%Y-%m-%d %H:%M:%S")
        return CheckedRow(row.line, [], Outcome.CREATE, what=f"{when} · {who}", says=office.name, parsed=entry)

    def _time(self, cells: Mapping[str, str], problems: list[str]) -> datetime | None:
        text = " ".join(part for part in (cells["date"], cells["time"]) if part)
        if not text:
            problems.append(_("The time is missing."))
            return None
        found = self._parsed(text)
        if found is None:
            problems.append(_("“%(text)s” is no time of a known form; give its form in the mapping.") % {"text": text})
        elif found > self.at + AHEAD:
            problems.append(_("“%(text)s” lies in the future.") % {"text": text})
        return found

    def _parsed(self, text: str) -> datetime | None:
        for form in self.mapped.formats:
            try:
                return self._placed(datetime.strptime(text, form))  # noqa: DTZ007 (the zone is added)
            except (ValueError, OverflowError):
                continue
        if not re.search(r"\d[T ]\d", text):
            return None  # a day without a time says nothing about when
        try:
            return self._placed(datetime.fromisoformat(text.replace("/", "-")))
        except (ValueError, OverflowError):
            return None

    def _placed(self, found: datetime) -> datetime:
        """Raises ValueError for a time before any such list was kept, which other systems write where they know none."""
        placed = (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)
        if placed < EARLIEST:
            raise ValueError(placed)
        return placed

    def _office(self, text: str, problems: list[str]) -> Department | None:
        wanted = self.mapped.offices.get(plain(text), text)
        if not wanted:
            if not self.has_office and (centre := self.offices.get(CENTRE)):
                return centre
            problems.append(_("It does not say which office; give one for empty cells in the mapping."))
            return None
        office = self.offices.get(plain(wanted)) or self.offices.get(digits_of(wanted) or CENTRE * 2)
        if office is None:
            problems.append(_("“%(text)s” is no office, community or line that is known.") % {"text": wanted})
        return office


CENTRE = "\0centre"


def _offices() -> dict[str, Department]:
    """Departments by what a list may call them: name, phone, the community's name and address."""
    found: dict[str, Department] = {}
    places = {place.pk: place for place in Community.objects.all()}
    # Later names win, so that an office of a community stands before a department that is closed or of another kind.
    order = {Department.Kind.MANAGEMENT_OFFICE: 2, Department.Kind.SERVICE_CENTRE: 1}
    for one in sorted(Department.objects.all(), key=lambda one: (one.closed_on is None, order.get(one.kind, 0))):
        found[plain(one.name)] = one
        if digits_of(one.phone):
            found[digits_of(one.phone)] = one
        if one.kind == Department.Kind.SERVICE_CENTRE:
            found[CENTRE] = one
        if one.kind == Department.Kind.MANAGEMENT_OFFICE and one.community_id in places:
            place = places[one.community_id]
            found[plain(place.name)] = found[plain(place.address)] = one
    return found


def _seconds(text: str, problems: list[str]) -> int | None:
    """A length in seconds: 242, 4:02 or 0:04:02."""
    if not text:
        return None
    if re.fullmatch(r"\d{1,6}", text):
        return int(text)
    if match := re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)", text):
        hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return hours * 3600 + minutes * 60 + seconds
    problems.append(_("“%(text)s” is no length; write seconds, m:ss or h:mm:ss.") % {"text": text})
    return None


def _address(text: str, problems: list[str]) -> str:
    """The address in a sender as mail programs write it: “Li Na <li.na@example.com>”."""
    if not text:
        return ""
    match = re.search(r"<([^<>]+)>\s*$", text)
    address = (match.group(1) if match else text).strip()
    try:
        validate_email(address)
    except ValidationError:
        problems.append(_("“%(text)s” is no e-mail address.") % {"text": text})
    return address
