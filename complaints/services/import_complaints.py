"""The complaint history of another system: visible and searchable, never escalated, counted in nobody's figures.

Its rows cannot be put right by whoever imports them, so those that are wrong are named, all of them at once, and left out;
the others come in, in one transaction. What is there already is left as it is. Each gets a number of our own gapless
series, taken by the last statement; the number that it had stays a text.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from complaints.models import Category, ClockPolicy, Complaint, Contact, ContactWords, ImportedComplaint
from complaints.models.complaint import number_sql
from complaints.models.history import was_on_time
from complaints.workflow import State
from propman.accounts.models import User
from propman.common.sheets import Column, SheetRow, open_sheet
from propman.community.models import Community, Department
from propman.community.services.imports import batches, digest_of
from propman.tenancy.events import NewEvent, commitment, record_event, record_events
from propman.tenancy.models import Company
from propman.tenancy.numbers import block_sql
from propman.tenancy.scope import current_company_id

from .filing import SERIES, new_tracking_code, receipt_facts, tracking_digest
from .timing import current_policy

COLUMNS = (
    Column("number", _lazy("number"), (), True),
    Column("opened", _lazy("opened"), (), True),
    Column("category", _lazy("category")),
    Column("title", _lazy("title")),
    Column("place", _lazy("place")),
    Column("community", _lazy("community")),
    Column("channel", _lazy("channel")),
    Column("state", _lazy("state")),
    Column("closed", _lazy("closed")),
    Column("due", _lazy("due")),
)
STATES = ("open", "closed")
MOST_PROBLEMS = 10_000
SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")

# The numbers of a whole import, oldest first: one statement under the lock of the series, the last of the transaction.
TAKE_NUMBERS = f"""
    WITH filed AS (SELECT id, extract(year FROM %(at)s::timestamptz AT TIME ZONE zone)::int AS year
                   FROM tenancy_company WHERE id = %(company)s),
    new AS (SELECT id, row_number() OVER (ORDER BY received_at, id) AS place FROM complaints_complaint
            WHERE company_id = %(company)s AND number IS NULL AND is_imported),
    taken AS ({block_sql("SELECT id, %(series)s, year, (SELECT count(*) FROM new) FROM filed")})
    UPDATE complaints_complaint AS complaint
    SET number = filed.year || '-' || {number_sql("taken.last - (SELECT count(*) FROM new) + new.place")}
    FROM filed, taken, new WHERE complaint.company_id = filed.id AND complaint.id = new.id
"""  # noqa: S608 (constants)


class UnusableMapping(ValidationError):
    """The mapping does not say what is needed."""


@dataclass(frozen=True)
class Choice:
    """What the file's words mean: ours by their patterns, in this order; `rest` for everything else that is said."""

    patterns: Sequence[tuple[str, str]] = ()
    rest: str = ""

    def of(self, word: str) -> str:
        """Ours for the file's word, "" where the mapping does not know it."""
        plain = word.casefold()
        return next((ours for pattern, ours in self.patterns if fnmatchcase(plain, pattern.casefold())), self.rest)


@dataclass(frozen=True)
class Mapped:
    """What a mapping file says: the file's headings by column, its time formats and zone, and what its words mean."""

    source: str
    columns: Mapping[str, Sequence[str]]
    zone: ZoneInfo
    formats: Sequence[str]
    categories: Choice
    channels: Choice
    states: Choice
    communities: Choice


def read_mapping(told: Mapping[str, Any]) -> Mapped:
    """The mapping of a parsed TOML file: source, [columns], [times], [categories], [channels], [states], [communities].

    Raises UnusableMapping.
    """
    columns, known = told.get("columns"), {column.name for column in COLUMNS}
    if not isinstance(columns, Mapping) or not {"number", "opened"} <= columns.keys():
        raise UnusableMapping(_("The mapping needs [columns] with number and opened."))
    if unknown := sorted(columns.keys() - known):
        raise UnusableMapping(
            _("The mapping has unknown columns: %(unknown)s. Known are: %(known)s."),
            params={"unknown": ", ".join(unknown), "known": ", ".join(sorted(known))},
        )
    source = told.get("source", "")
    if not isinstance(source, str) or not SOURCE.fullmatch(source):
        raise UnusableMapping(_("The mapping needs a source: a short name of the other system, such as city311."))
    headings = {name: [given] if isinstance(given, str) else list(given) for name, given in columns.items()}
    times = told.get("times", {})
    try:
        zone = ZoneInfo(times.get("zone", "UTC"))
    except (OSError, ValueError, KeyError) as error:  # KeyError: there is none of that name
        raise UnusableMapping(_("There is no time zone “%(zone)s”."), params={"zone": times.get("zone")}) from error
    channels = _choice(told, "channels", allowed=set(Contact.Channel.values), rest=Contact.Channel.IMPORT)
    return Mapped(
        source=source,
        columns=headings | {name: [] for name in known - headings.keys()},
        zone=zone,
        formats=[str(one) for one in times.get("formats", [])],
        categories=_choice(told, "categories", allowed=set(Category.objects.values_list("code", flat=True)), rest=""),
        channels=channels,
        states=_choice(told, "states", allowed=set(STATES), rest=""),
        communities=_choice(told, "communities", allowed=set(Community.objects.values_list("address", flat=True)), rest=""),
    )


def _choice(told: Mapping[str, Any], table: str, *, allowed: set[str], rest: str) -> Choice:
    """A table of ours = [theirs, ...]; `rest` names ours for what no pattern matches."""
    given = dict(told.get(table, {}))
    rest = given.pop("rest", rest)
    named = {*given, *([rest] if rest else [])}
    if unknown := sorted(named - allowed):
        raise UnusableMapping(
            _("[%(table)s] of the mapping names what the company does not have: %(unknown)s. There are: %(known)s."),
            params={"table": table, "unknown": ", ".join(unknown), "known": ", ".join(sorted(allowed)) or "-"},
        )
    pairs = [(str(one), ours) for ours, theirs in given.items() for one in ([theirs] if isinstance(theirs, str) else theirs)]
    return Choice(pairs, rest)


@dataclass
class History:
    """What importing did, or would do: counts of rows, every row that was left out, and what was on time at that moment."""

    rows: int = 0
    created: int = 0
    left: int = 0
    refused: int = 0
    open: int = 0
    on_time: int = 0
    overdue: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


class RowsRefused(ValidationError):
    """Rows of the file are wrong, and none may be; `history` lists every one of them, and nothing was written."""

    def __init__(self, history: History) -> None:
        super().__init__(_("%(count)d rows are wrong; nothing was imported."), params={"count": history.refused})
        self.history = history


@dataclass(frozen=True)
class Old:
    """One complaint of the other system, understood."""

    reference: str
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    category: str
    channel: str
    community: str
    title: str
    place: str


@transaction.atomic
def import_complaints(
    *, file: BinaryIO, mapping: Mapped, by: User | None, at: datetime, dry_run: bool = False, strict: bool = False
) -> History:
    """Bring in the complaints of another system; running it again changes nothing.

    Raises UnreadableFile, RowsRefused when `strict` and any row is wrong, and NoPolicy before the company has clocks.
    """
    sheet = open_sheet(file, COLUMNS, mapping=mapping.columns)
    done, found = History(unused=sheet.unused), []
    lines: dict[str, int] = {}
    for row in sheet.rows():
        done.rows += 1
        old, says = _understood(row, mapping, at=at)
        if old is not None and old.reference in lines:
            says.append(
                _("The number %(number)s stands in row %(line)d too.") % {"number": old.reference, "line": lines[old.reference]}
            )
        if old is None or says:
            done.refused += 1
            if len(done.problems) < MOST_PROBLEMS:
                done.problems.append({"line": row.line, "says": says})
            continue
        lines[old.reference] = row.line
        found.append(old)
    for one in found:
        on_time = was_on_time(due_at=one.due_at, closed_at=one.closed_at, at=at)
        done.on_time, done.overdue = done.on_time + on_time, done.overdue + (not on_time)
        done.open += one.closed_at is None
    if strict and done.refused:
        raise RowsRefused(done)
    known = set(ImportedComplaint.objects.filter(source=mapping.source).values_list("reference", flat=True))
    new = [one for one in found if one.reference not in known]
    done.created, done.left = len(new), len(found) - len(new)
    if new and not dry_run:
        _write(new, mapping, by=by, at=at)
        facts = {"source": mapping.source, "created": done.created, "digest": digest_of(file)}
        company = Company.objects.get(pk=current_company_id())
        record_event("complaints.imported", company, by=by, at=at, facts=facts)
        with connection.cursor() as cursor:
            cursor.execute(TAKE_NUMBERS, {"at": at, "company": company.pk, "series": SERIES})
    return done


def _understood(row: SheetRow, mapping: Mapped, *, at: datetime) -> tuple[Old | None, list[str]]:
    """The row, and everything that is wrong with it."""
    cells, says = row.cells, list(row.problems)
    if not (reference := cells["number"]):
        says.append(_("The number is missing."))
    elif len(reference) > 80:
        says.append(_("The number is longer than 80 characters."))
    opened = _moment(cells["opened"], "opened", mapping, says, last=time())
    closed = _moment(cells["closed"], "closed", mapping, says, last=time.max)
    due = _moment(cells["due"], "due", mapping, says, last=time.max)
    if not cells["opened"]:
        says.append(_("It does not say when it was opened."))
    if opened and opened > at:
        says.append(_("It was opened in the future."))
    if closed and closed > at and _is_day(closed) and closed.date() == at.astimezone(mapping.zone).date():
        closed = at  # today, which is not over
    if closed and closed > at:
        says.append(_("It was closed in the future."))
    if opened and closed and closed < opened:
        says.append(_("It was closed before it was opened."))
    if opened and due and due < opened:
        says.append(_("It was due before it was opened."))
    says += _against_state(cells, mapping)
    category = mapping.categories.of(cells["category"])
    if not category:
        says.append(_("The mapping does not know the category “%(said)s”.") % {"said": cells["category"]})
    if says or opened is None:
        return None, says
    old = Old(
        reference=reference,
        opened_at=opened,
        closed_at=closed,
        due_at=due,
        category=category,
        channel=mapping.channels.of(cells["channel"]),
        community=mapping.communities.of(cells["community"]) if cells["community"] else "",
        title=": ".join(part for part in (cells["category"], cells["title"]) if part)[:120] or reference,
        place=cells["place"],
    )
    return old, says


def _against_state(cells: Mapping[str, str], mapping: Mapped) -> list[str]:
    """What the state says against the time of closing; without a word on the state that time tells it."""
    if not cells["state"]:
        return []
    match mapping.states.of(cells["state"]), bool(cells["closed"]):
        case "", _closed:
            return [_("The mapping does not know the state “%(said)s”.") % {"said": cells["state"]}]
        case "closed", False:
            return [_("It is closed, and does not say when.")]
        case "open", True:
            return [_("It is open, and says when it was closed.")]
        case _known:
            return []


def _moment(said: str, column: str, mapping: Mapped, says: list[str], *, last: time) -> datetime | None:
    """The moment that a cell tells in one of the formats or as ISO 8601; a day without a time means `last` of that day."""
    if not said:
        return None
    for pattern in mapping.formats:
        try:
            told = datetime.strptime(said, pattern)  # noqa: DTZ007 - the mapping names the zone
        except ValueError:
            continue
        is_day = not re.search(r"%[HIMSpXcTR]", pattern)
        return _placed(told.date() if is_day else told, mapping.zone, last)
    try:
        return _placed(date.fromisoformat(said) if len(said) == 10 else datetime.fromisoformat(said), mapping.zone, last)
    except ValueError:
        says.append(_("“%(said)s” is no time that the mapping knows (%(column)s).") % {"said": said, "column": column})
        return None


def _placed(told: date | datetime, zone: ZoneInfo, last: time) -> datetime:
    if not isinstance(told, datetime):
        return datetime.combine(told, last, zone)
    return told if told.tzinfo else told.replace(tzinfo=zone)


def _is_day(moment: datetime) -> bool:
    return moment.time() == time.max


def _write(new: Sequence[Old], mapping: Mapped, *, by: User | None, at: datetime) -> None:
    """Batch by batch: contacts, words, complaints, where they came from, and the first event of each."""
    policy = current_policy()
    categories = {category.code: category for category in Category.objects.all()}
    communities = {community.address: community for community in Community.objects.all()}
    offices = {
        office.community_id: office
        for office in Department.objects.filter(kind=Department.Kind.MANAGEMENT_OFFICE, closed_on=None)
    }
    for batch in batches(new):
        _write_batch(batch, mapping, policy, categories, communities, offices, by=by, at=at)


def _write_batch(
    batch: Sequence[Old],
    mapping: Mapped,
    policy: ClockPolicy,
    categories: Mapping[str, Category],
    communities: Mapping[str, Community],
    offices: Mapping[int | None, Department],
    *,
    by: User | None,
    at: datetime,
) -> None:
    company = current_company_id()
    contacts, words, complaints = [], [], []
    for old in batch:
        community = communities.get(old.community)
        office = offices.get(community.pk) if community else None
        said = ContactWords(company_id=company, title=old.title, text=_text(old, mapping), salt=secrets.token_hex(16))
        words.append(said)
        contact = Contact(
            company_id=company,
            channel=old.channel,
            received_at=old.opened_at,
            recorded_at=at,
            community=community,
            office=office,
            words_commitment=commitment(said.salt, said.committed_text()),
        )
        contacts.append(contact)
        complaints.append(
            Complaint(
                company_id=company,
                tracking_digest=tracking_digest(new_tracking_code()),
                community=community,
                office=office,
                department=office,
                policy=policy,
                received_at=old.opened_at,
                is_imported=True,
                state=State.CLOSED if old.closed_at else State.RECEIVED,
                closed_at=old.closed_at,
                closed_as=Complaint.ClosedAs.IMPORTED if old.closed_at else "",
                category=categories[old.category],
                event_position=1,
            )
        )
    Contact.objects.bulk_create(contacts)
    for said, contact in zip(words, contacts, strict=True):
        said.contact = contact
    ContactWords.objects.bulk_create(words)
    for complaint, said, contact in zip(complaints, words, contacts, strict=True):
        complaint.words, complaint.contact = said, contact
    Complaint.objects.bulk_create(complaints)
    ImportedComplaint.objects.bulk_create(
        ImportedComplaint(
            company_id=company, complaint=complaint, source=mapping.source, reference=old.reference, due_at=old.due_at
        )
        for complaint, old in zip(complaints, batch, strict=True)
    )
    record_events(list(_first_events(batch, complaints, mapping.source)), by=by, at=at)


def _text(old: Old, mapping: Mapped) -> str:
    """What the search finds besides the title: the place, and the number that it had."""
    return "\n".join(part for part in (old.place, f"{mapping.source} {old.reference}") if part)


def _first_events(batch: Sequence[Old], complaints: Sequence[Complaint], source: str) -> Iterator[NewEvent]:
    for old, complaint in zip(batch, complaints, strict=True):
        facts = receipt_facts(complaint.contact, complaint)
        facts |= {"source": source, "reference": old.reference}
        facts |= {"due_at": old.due_at.isoformat() if old.due_at else None}
        facts |= {"closed_at": old.closed_at.isoformat() if old.closed_at else None}
        yield NewEvent(f"complaint:{complaint.pk}", "complaint.imported", facts)
