"""The queue: its views and filters, their counts, the rows under their headings, and what has come in since."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from complaints.models import Category, Complaint, Offer, Reader, SavedView, Skip
from complaints.permissions import Viewer
from complaints.querysets import ComplaintQuerySet
from complaints.workflow import State
from propman.common.keyset import Page, page_of
from propman.community.models import Community, Employee
from propman.tenancy.events import texts_of
from propman.tenancy.models import Event
from propman.tenancy.scope import current_company_id

from .rows import QueueRow, rows_in_order

VIEW_LABELS: dict[str, tuple[Any, str]] = {
    "mine": (_lazy("I handle"), "user"),
    "first_asked": (_lazy("I was asked first"), "user-question"),
    "offered": (_lazy("Offered to me"), "transfer"),
    "open": (_lazy("All open"), "inbox"),
    "nobody": (_lazy("Nobody yet"), "user-off"),
    "late": (_lazy("Late"), "alert-circle"),
    "urged": (_lazy("Urged"), "bell-ringing"),
    "reopened": (_lazy("Reopened"), "rotate"),
    "paused": (_lazy("Clock paused"), "player-pause"),
    "closed": (_lazy("Put right or closed"), "circle-check"),
}
VIEWS = tuple(VIEW_LABELS)
OWN_VIEWS = ("mine", "first_asked", "offered")
FOUND = "found"  # what a search without a view looks at: all that the viewer may see
PAGE = 30

# What brings a complaint into a view; "complaint.escalated" also says that a clock ran out.
TAKEN = frozenset(
    {
        "complaint.accepted",
        "complaint.taken",
        "complaint.taken_over",
        "complaint.handler_left",
        "complaint.escalated",
        "complaint.shift_ended",
    }
)
BACK = frozenset({"complaint.reopened", "complaint.half_fixed"})
ENTERS: dict[str, frozenset[str]] = {
    "mine": TAKEN | BACK | {"complaint.received", "complaint.resumed"},
    "first_asked": frozenset({"complaint.received", "complaint.accepted"}),
    "offered": frozenset({"complaint.handed_over"}),
    "open": BACK | {"complaint.received"},
    "nobody": frozenset({"complaint.received"}),
    "late": frozenset({"complaint.escalated"}),
    "urged": frozenset({"complaint.urged"}),
    "reopened": BACK,
    "paused": frozenset({"complaint.waiting", "complaint.deferred"}),
    "closed": frozenset(
        {"complaint.resolved", "complaint.confirmed", "complaint.closed", "complaint.merged", "complaint.withdrawn"}
    ),
}
MOST_NEW = 1000
PRESENT = timedelta(seconds=8)  # an open page says every two seconds that it is there
NUMBER = re.compile(r"(?:(\d{4})-)?(\d{1,7})")
NUMBER_OF_ROW = re.compile(r"[0-9]{1,18}")
SEARCHED_AT_ONCE, MOST_SEARCHED = 1000, 10_000


@dataclass(frozen=True)
class Wanted:
    """Which complaints the queue shows: a view, filters and words; every field is one that an address may name."""

    view: str
    words: str = ""
    community: str = ""
    category: str = ""
    severity: str = ""
    channel: str = ""
    after: str = ""

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.community or self.category or self.severity or self.channel)

    @property
    def newest_first(self) -> bool:
        return bool(self.words) or self.view in {"closed", FOUND}


def in_view(complaints: ComplaintQuerySet, view: str, viewer: Viewer, *, at: datetime) -> ComplaintQuerySet:
    """The complaints of one of the queue's views, the next due first."""
    employee = viewer.employee
    open_ones = complaints.open()
    match view:
        case "mine":
            return open_ones.filter(handler=employee)
        case "first_asked":
            return complaints.filter(first_inquirer=employee).exclude(state__in=[State.CLOSED, State.MERGED, State.WITHDRAWN])
        case "offered":
            return open_ones.filter(offered_to(employee))
        case "nobody":
            return open_ones.filter(state=State.RECEIVED, accepted_at=None)
        case "late":
            return open_ones.filter(next_due_at__lte=at)
        case "urged":
            return open_ones.filter(urges__gt=0)
        case "reopened":
            return open_ones.filter(Q(reopenings__gt=0) | Q(half_fixes__gt=0))
        case "paused":
            return complaints.filter(state__in=[State.WAITING, State.DEFERRED])
        case "closed":
            return complaints.filter(state__in=[State.RESOLVED, State.CLOSED, State.MERGED, State.WITHDRAWN])
        case "found":
            return complaints
        case _:
            return open_ones


def offered_to(employee: Employee | None) -> Q:
    """The complaints that were offered to the employee or to the department as a whole, and wait for an answer."""
    if employee is None:
        return Q(pk__in=[])
    offers = Offer.objects.filter(
        Q(to_employee=employee) | Q(to_employee=None, to_department_id=employee.department_id), closed_at=None
    )
    return Q(pk__in=offers.values("complaint_id"))


def matching(wanted: Wanted, viewer: Viewer, *, at: datetime) -> ComplaintQuerySet:
    """What the viewer may see in the view and under its filters, but for the words."""
    found = in_view(Complaint.objects.visible_to(viewer), wanted.view, viewer, at=at)
    if wanted.community:
        found = found.filter(community__address=wanted.community)
    if wanted.category:
        found = found.filter(category__code=wanted.category)
    if wanted.severity:
        found = found.filter(severity=wanted.severity)
    if wanted.channel:
        found = found.filter(contact__channel=wanted.channel)
    return found


def queue_page(wanted: Wanted, viewer: Viewer, *, at: datetime) -> Page:
    """One page of the queue, the next due first; what is over or was searched for comes newest first."""
    if wanted.words:
        return found_page(wanted, viewer, at=at)
    keys = ["-pk"] if wanted.newest_first else ["next_due_at", "pk"]
    page = page_of(matching(wanted, viewer, at=at).only("next_due_at"), keys=keys, size=PAGE, after=wanted.after)
    return Page(rows_in_order([row.pk for row in page.rows], viewer), page.after, page.is_first)


def found_page(wanted: Wanted, viewer: Viewer, *, at: datetime) -> Page:
    """The newest complaints that hold the words; looks through the newest ten thousand of a frequent word.

    Of a confidential complaint only the centre finds name, phone and room.
    """
    rows = matching(wanted, viewer, at=at)
    if (numbered := by_number(rows, wanted.words)) and not wanted.after:
        return Page(rows_in_order(numbered, viewer), "", is_first=True)
    before = int(wanted.after) if NUMBER_OF_ROW.fullmatch(wanted.after) else None
    found: list[int] = []
    searched, beyond = 0, before
    while len(found) <= PAGE and searched < MOST_SEARCHED:
        ids, is_all = matching_ids(wanted.words, viewer, before=beyond)
        found += rows.filter(pk__in=ids).order_by("-pk").values_list("pk", flat=True)[: PAGE + 1 - len(found)]
        searched += len(ids)
        if is_all or not ids:
            break
        beyond = ids[-1]
    more, found = len(found) > PAGE, found[:PAGE]
    return Page(rows_in_order(found, viewer), str(found[-1]) if more else "", is_first=before is None)


def by_number(rows: ComplaintQuerySet, words: str) -> list[int]:
    """The id of the complaint whose number was typed, whole or only its end, of this year or the three before."""
    if (typed := NUMBER.fullmatch(words)) is None:
        return []
    year, count = typed[1], typed[2].zfill(6)
    this = timezone.localdate().year
    years = [year] if year else [str(this - back) for back in range(4)]
    return list(rows.filter(number__in=[f"{one}-{count}" for one in years]).order_by("-pk").values_list("pk", flat=True))


def matching_ids(
    words: str, viewer: Viewer, *, before: int | None = None, most: int = SEARCHED_AT_ONCE
) -> tuple[list[int], bool]:
    """The ids of the newest complaints of the company that hold the words, visible or not; and whether these are all."""
    alternatives = {words}
    if re.fullmatch(r"[\d\s+()-]+", words):
        alternatives.add(re.sub(r"\D", "", words))  # a room is written with hyphens, a phone number in any way
    found: set[int] = set()
    reached, is_all = 0, True
    with connection.cursor() as cursor:
        for said in alternatives:
            cursor.execute(
                "SELECT * FROM complaints_search(%s, %s, %s, %s, %s)",
                [current_company_id(), said, viewer.is_centre, before or 2**62, most],
            )
            ids = [row[0] for row in cursor.fetchall()]
            if ids[-1:] != [0]:
                is_all, reached = False, max(reached, *ids[-1:])
            found |= set(ids) - {0}
    # Of two ways to write it only as far back as both have been looked through.
    return sorted((pk for pk in found if pk >= reached), reverse=True), is_all


@dataclass(frozen=True)
class QueueView:
    """One of the queue's views, with how many stand in it once they have been counted; closed ones are not counted."""

    name: str
    label: Any
    icon: str
    count: int | None
    is_own: bool


SEARCH = QueueView("", _lazy("Search"), "search", None, False)


def labelled_views(counts: dict[str, int] | None = None) -> list[QueueView]:
    counts = counts or {}
    return [QueueView(name, label, icon, counts.get(name), name in OWN_VIEWS) for name, (label, icon) in VIEW_LABELS.items()]


@dataclass(frozen=True)
class OfficeCount:
    """What is open at one community, and how much of it is late."""

    address: str
    name: str
    count: int
    late: int


@dataclass(frozen=True)
class OpenCounts:
    """How many complaints stand in each view of open ones, and what is open at each community, the most first."""

    views: dict[str, int]
    offices: list[OfficeCount]


def open_counts(viewer: Viewer, *, at: datetime) -> OpenCounts:
    """What is open, counted by one pass over the index of open ones: by community, and the views are their sums."""
    visible = Complaint.objects.visible_to(viewer).open()
    employee = viewer.employee
    counted: dict[str, Any] = {
        "open": Count("pk"),
        "mine": Count("pk", filter=Q(handler=employee)),
        "nobody": Count("pk", filter=Q(state=State.RECEIVED, accepted_at=None)),
        "late": Count("pk", filter=Q(next_due_at__lte=at)),
        "urged": Count("pk", filter=Q(urges__gt=0)),
        "reopened": Count("pk", filter=Q(reopenings__gt=0) | Q(half_fixes__gt=0)),
        "paused": Count("pk", filter=Q(state__in=[State.WAITING, State.DEFERRED])),
        "first_asked": Count("pk", filter=Q(first_inquirer=employee)),
    }
    rows: list[Any] = list(visible.order_by().values("community_id").annotate(**counted))
    views = {name: sum(row[name] for row in rows) for name in counted}
    views["offered"] = visible.filter(offered_to(employee)).count()
    places = {row["community_id"]: row for row in rows if row["community_id"]}
    found = Community.objects.filter(pk__in=places).values_list("pk", "address", "name")
    offices = [OfficeCount(address, name, places[pk]["open"], places[pk]["late"]) for pk, address, name in found]
    return OpenCounts(views, sorted(offices, key=lambda office: (-office.count, office.name)))


def categories_in_use() -> list[Category]:
    return list(Category.objects.filter(retired_at=None).order_by("position", "pk"))


def saved_views(employee: Employee | None) -> list[SavedView]:
    return list(SavedView.objects.filter(employee=employee).order_by("name")) if employee else []


@dataclass(frozen=True)
class Group:
    """Rows under one heading of the queue."""

    label: str
    rows: list[QueueRow]


def grouped(rows: Iterable[QueueRow], wanted: Wanted, *, at: datetime) -> list[Group]:
    """By when they are due; what comes newest first stands under one heading."""
    if wanted.newest_first:
        listed = list(rows)
        return [Group(_("Newest first"), listed)] if listed else []
    return grouped_by_due(rows, at=at)


def grouped_by_due(rows: Iterable[QueueRow], *, at: datetime) -> list[Group]:
    """Late, within the hour, today, later, and those whose clock stands still."""
    headings = [_("Late"), _("Next hour"), _("Later today"), _("Later"), _("No clock runs")]
    today = timezone.localtime(at).date()
    groups: dict[str, list[QueueRow]] = {heading: [] for heading in headings}
    for row in rows:
        due_at = row.next_due_at if row.is_open else None
        if due_at is None:
            place = 4
        elif due_at <= at:
            place = 0
        elif due_at <= at + timedelta(hours=1):
            place = 1
        else:
            place = 2 if timezone.localtime(due_at).date() == today else 3
        groups[headings[place]].append(row)
    return [Group(label, found) for label, found in groups.items() if found]


def last_event() -> int:
    """The mark of a drawn list: what is recorded after it has come in since."""
    return Event.objects.aggregate(last=Max("pk"))["last"] or 0


def come_in(wanted: Wanted, viewer: Viewer, *, since: int, shown: Collection[str], at: datetime) -> int:
    """How many complaints have entered the view since the event `since`, and do not stand on the page already."""
    if wanted.words or wanted.view not in ENTERS:
        return 0
    events = Event.objects.filter(pk__gt=since, name__in=ENTERS[wanted.view], stream__startswith="complaint:")
    streams = events.order_by("-pk").values_list("stream", flat=True)[:MOST_NEW]
    ids = {int(stream.partition(":")[2]) for stream in streams}
    if not ids:
        return 0
    return matching(wanted, viewer, at=at).filter(pk__in=ids).exclude(number__in=list(shown)).count()


@dataclass(frozen=True)
class Presence:
    """Somebody else who has the complaint open."""

    name: str
    is_typing: bool


def readers_of(numbers: Collection[str], viewer: Viewer, *, at: datetime) -> dict[str, list[Presence]]:
    """Who else reads or writes, by number; only those who said so within the last seconds."""
    present = Reader.objects.filter(complaint__number__in=list(numbers), seen_at__gt=at - PRESENT)
    if viewer.employee is not None:
        present = present.exclude(employee=viewer.employee)
    found: dict[str, list[Presence]] = {}
    rows = present.order_by("seen_at", "pk").values_list("complaint__number", "employee__name", "is_typing")
    for number, name, is_typing in rows:
        found.setdefault(number, []).append(Presence(name, is_typing))
    return found


def next_in_line(viewer: Viewer) -> Complaint | None:
    """What the agent would be given next."""
    if viewer.employee is None or not viewer.is_agent:
        return None
    skipped = Skip.objects.filter(complaint=OuterRef("pk"), employee=viewer.employee)
    waiting: Complaint | None = (
        Complaint.objects.select_related("words")
        .filter(~Exists(skipped), state=State.RECEIVED, handler=None)
        .order_by("next_due_at", "pk")
        .first()
    )
    return waiting


@dataclass(frozen=True)
class Skipped:
    """A complaint that an agent passed over, and why."""

    skip: Skip
    reason: str


@dataclass
class SkippedPage:
    rows: list[Skipped] = field(default_factory=list)
    after: str = ""


def skipped_page(viewer: Viewer, *, after: str) -> SkippedPage:
    """What was passed over in the centre, newest first, for its supervisors."""
    skips = Skip.objects.select_related("complaint__words", "complaint__handler", "employee", "event")
    visible = Complaint.objects.visible_to(viewer).values("pk")
    page = page_of(skips.filter(complaint__in=visible), keys=["-pk"], size=PAGE, after=after)
    texts = texts_of([skip.event for skip in page.rows])
    return SkippedPage([Skipped(skip, texts.get(skip.event_id, {}).get("text", "")) for skip in page.rows], page.after)
