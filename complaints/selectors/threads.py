"""What pages and API show of one complaint: the thread, the clocks, who would be told next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from complaints.clocks import LEVELS, Clock, Reading
from complaints.models import Attachment, Category, Complaint, WorkOrder
from complaints.models.history import was_on_time
from complaints.permissions import Viewer, is_colleague, may_erase, may_know_asker, may_open_file, may_see_file
from complaints.querysets import ComplaintQuerySet
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.common.templatetags.components import day, moment
from propman.community.models import Department, Employee
from propman.tenancy.events import facts_of, stream_of, texts_of
from propman.tenancy.models import Event

from . import dispatch
from .ladder import Ladder, Rung

ERASED = "complaint.file_erased"
STAFF_ONLY = frozenset(
    {
        "complaint.noted",
        "complaint.escalated",
        "complaint.gathered",
        "complaint.merged_on",
        "complaint.corrected",
        "complaint.skipped",
        "complaint.called_back",
        *dispatch.ICONS,
    }
)
ASKER_EVENTS = frozenset(
    {"complaint.asker_replied", "complaint.urged", "complaint.reopened", "complaint.half_fixed", "complaint.confirmed",
     "complaint.rated", "complaint.withdrawn", "complaint.told_first"}
)  # fmt: skip
SPOKEN = frozenset(
    {"complaint.received", "complaint.imported", "complaint.answered", "complaint.replied", "complaint.waiting",
     "complaint.deferred", "complaint.resolved", "complaint.asker_replied", "complaint.reopened", "complaint.half_fixed"}
)  # fmt: skip
ICONS = {
    "complaint.received": "send",
    "complaint.imported": "database-import",
    "complaint.accepted": "check",
    "complaint.handed_over": "arrow-forward-up",
    "complaint.taken": "arrows-right",
    "complaint.refused": "arrow-back-up",
    "complaint.taken_over": "headset",
    "complaint.handler_left": "door-exit",
    "complaint.shift_ended": "clock-off",
    "complaint.urged": "bell-ringing",
    "complaint.confirmed": "circle-check",
    "complaint.closed": "circle-check",
    "complaint.rated": "star",
    "complaint.withdrawn": "x",
    "complaint.merged": "git-merge",
    "complaint.gathered": "git-merge",
    "complaint.escalated": "stairs-up",
    "complaint.recategorised": "tag",
    "complaint.lengthened": "clock-plus",
    "complaint.resumed": "player-play",
    "complaint.corrected": "pencil",
    "complaint.file_erased": "eraser",
    "complaint.skipped": "player-skip-forward",
    "complaint.told_first": "message-question",
    "complaint.called_back": "phone-outgoing",
    **dispatch.ICONS,
}


@dataclass(frozen=True)
class ShownFile:
    """A photo or document as its viewer sees it; what he may know of but not open has no address."""

    attachment: Attachment
    event: int  # the position of its event
    label: str
    number: str  # of the complaint
    can_open: bool
    is_followed: bool  # by number and code
    order: str = ""  # the number of the work order on whose page it stands
    can_erase: bool = False

    @property
    def url(self) -> str:
        """A photo's page, a document itself."""
        return self._address("photo" if self.attachment.is_photo else "attachment")

    @property
    def content_url(self) -> str:
        return self._address("attachment")

    @property
    def preview_url(self) -> str:
        return self._address("preview")

    def _address(self, part: str) -> str:
        if not self.can_open:
            return ""
        if self.order:
            return reverse(f"complaints:order_{part}", args=[self.order, self.attachment.pk])
        if self.is_followed:
            return reverse(f"complaints:follow_{part}", args=[self.attachment.pk])
        return reverse(f"complaints:{part}", args=[self.number, self.attachment.pk])


@dataclass(frozen=True)
class ErasedFile:
    """The place of a file that was erased: when, by which role, why."""

    label: str
    is_erased: bool = True


@dataclass(frozen=True)
class Entry:
    """One line of a complaint's thread: words that somebody said, or something that happened."""

    name: str
    position: int
    at: datetime
    who: str
    says: str = ""
    text: str = ""
    about: str = ""
    icon: str = "point"
    is_spoken: bool = False
    is_mine: bool = False
    is_note: bool = False
    is_of_company: bool = False
    files: Sequence[ShownFile | ErasedFile] = ()

    @property
    def photos(self) -> list[ShownFile]:
        return [one for one in self.files if isinstance(one, ShownFile) and one.attachment.is_photo]

    @property
    def documents(self) -> list[ShownFile | ErasedFile]:
        """And what was erased, whatever it was."""
        return [one for one in self.files if isinstance(one, ErasedFile) or not one.attachment.is_photo]


@dataclass(frozen=True)
class Thread:
    """The conversation, oldest first, and the internal notes apart; `version` is what a reply was written against."""

    entries: list[Entry]
    notes: list[Entry]
    version: int

    @property
    def newest_first(self) -> list[Entry]:
        return self.entries[::-1]

    @property
    def before_newest_words(self) -> list[Entry]:
        """Everything but the newest words, which stand above, newest first."""
        return [entry for entry in self.newest_first if entry is not self.newest_words]

    @property
    def newest_words(self) -> Entry | None:
        return next((entry for entry in reversed(self.entries) if entry.is_spoken), None)


def thread_of(complaint: Complaint, *, viewer: Viewer | None) -> Thread:
    """The thread as the viewer may see it; None is somebody who follows it by number and code."""
    events = list(Event.objects.filter(stream=stream_of(complaint)).order_by("position"))
    staff = is_colleague(viewer, complaint)
    texts = texts_of(events)
    files: dict[int, list[ShownFile | ErasedFile]] = {}
    if any('"files":' in event.canonical for event in events):
        for file in files_of(complaint, viewer=viewer):
            files.setdefault(file.event, []).append(file)
    for event in events:
        if event.name == ERASED:
            files.setdefault(facts_of(event)["of"], []).append(_erased(event, texts.get(event.pk, {})))
    people = _people(events)
    entries: list[Entry] = []
    notes: list[Entry] = []
    for event in events:
        if event.name in STAFF_ONLY and not staff:
            continue
        if event.name == ERASED and not staff and facts_of(event)["side"] == Attachment.Side.NOTE:
            continue
        entry = _entry(event, texts.get(event.pk, {}), complaint, viewer, people, files.get(event.position, ()))
        (notes if entry.is_note else entries).append(entry)
    return Thread(entries, notes, events[-1].position if events else 0)


def _erased(event: Event, texts: dict[str, str]) -> ErasedFile:
    said = {
        "day": day(event.at),
        "role": Role(facts_of(event)["role"]).label,
        "reason": texts.get("text") or _("These words have been erased."),
    }
    return ErasedFile(_("A file was erased on %(day)s by the %(role)s: %(reason)s") % said)


@dataclass
class People:
    """The names behind the ids in events, found with two queries for a whole thread."""

    by_user: dict[int, Employee] = field(default_factory=dict)
    by_id: dict[int, Employee] = field(default_factory=dict)
    departments: dict[int, Department] = field(default_factory=dict)

    def name(self, employee_id: Any) -> str:
        return self.by_id[employee_id].name if employee_id in self.by_id else ""


def _people(events: Iterable[Event]) -> People:
    users, ids, departments = set(), set(), set()
    for event in events:
        users.add(event.actor_id)
        facts = facts_of(event)
        ids |= {facts.get(key) for key in ("to", "to_employee", "handler", "giver", "before", "first_asked")}
        departments.add(facts.get("to_department"))
    found = Employee.objects.select_related("department").filter(Q(user__in=users - {None}) | Q(pk__in=ids - {None}))
    people = People()
    for employee in found:
        people.by_id[employee.pk] = employee
        if employee.user_id:
            people.by_user[employee.user_id] = employee
    if departments - {None}:
        people.departments = Department.objects.in_bulk(list(departments - {None}))
    return people


def files_of(complaint: Complaint, *, viewer: Viewer | None) -> list[ShownFile]:
    """The photos and documents of a complaint that exist for the viewer, in the order in which they came.

    The name that the asker gave one is a text about him, and hidden with the others.
    """
    rows = [
        row
        for row in Attachment.objects.filter(complaint=complaint).select_related("event").order_by("event", "position")
        if may_see_file(viewer, complaint, row)
    ]
    texts = texts_of(row.event for row in rows)
    knows_names = viewer is None or may_know_asker(viewer, complaint)
    shown, counted = [], {True: 0, False: 0}
    for row in rows:
        counted[row.is_photo] += 1
        label = _("Photo %(number)d") if row.is_photo else _("Document %(number)d")
        label = label % {"number": counted[row.is_photo]}
        if knows_names or row.side != Attachment.Side.ASKER:
            label = texts.get(row.event_id, {}).get(row.name_field, label)
        shown.append(
            ShownFile(
                attachment=row,
                event=row.event.position,
                label=label,
                number=complaint.number or "",
                can_open=may_open_file(viewer, complaint, row),
                is_followed=viewer is None,
                can_erase=viewer is not None and may_erase(viewer),
            )
        )
    return shown


def files_of_order(order: WorkOrder) -> list[ShownFile]:
    """The photos and documents that came when the order was done, for everybody who may see the order."""
    rows = list(Attachment.objects.filter(work_order=order).select_related("event").order_by("event", "position"))
    texts = texts_of(row.event for row in rows)
    return [
        ShownFile(
            attachment=row,
            event=row.event.position,
            label=texts.get(row.event_id, {}).get(row.name_field) or _("Photo %(number)d") % {"number": row.position},
            number=order.number,
            can_open=True,
            is_followed=False,
            order=order.number,
        )
        for row in rows
    ]


def _entry(
    event: Event,
    texts: dict[str, str],
    complaint: Complaint,
    viewer: Viewer | None,
    people: People,
    files: Sequence[ShownFile | ErasedFile] = (),
) -> Entry:
    facts = facts_of(event)
    text = texts.get("text", "")
    by_asker = event.name in ASKER_EVENTS or event.name == "complaint.received"
    employee = people.by_user.get(event.actor_id) if event.actor_id else None
    # the asker's word stays the asker's, whoever wrote it down on the phone
    is_mine = viewer.user.pk == (complaint.asker_id if by_asker else event.actor_id) if viewer else by_asker
    if by_asker:
        who = asker_name(complaint, viewer)
    elif employee is not None:
        who = employee.name
    else:
        who = ""
    if event.name == "complaint.imported":
        who = facts["source"]
    if event.name in {"complaint.received", "complaint.imported"}:
        text = complaint.words.text if complaint.words else _("These words have been erased.")
    return Entry(
        name=event.name,
        position=event.position,
        at=event.at,
        who=_("You") if is_mine else who,
        says=_says(event, facts, texts, people, is_mine=is_mine),
        text=text,
        about=employee.department.name if employee and not by_asker else "",
        icon=ICONS.get(event.name, "point"),
        is_spoken=event.name in SPOKEN and bool(text or files),
        is_mine=is_mine,
        is_note=event.name == "complaint.noted",
        is_of_company=not by_asker,
        files=files,
    )


def _imported(facts: dict[str, Any], at: datetime) -> str:
    """Where it comes from, and whether the other system kept to its time."""
    says = _("brought in from another system, number there %(number)s") % {"number": facts["reference"]}
    if not facts["due_at"]:
        return says
    due_at, closed_at = (datetime.fromisoformat(told) if told else None for told in (facts["due_at"], facts["closed_at"]))
    due = moment(due_at)
    if was_on_time(due_at=due_at, closed_at=closed_at, at=at):
        return _("%(says)s, due %(due)s, on time") % {"says": says, "due": due}
    return _("%(says)s, due %(due)s, overdue") % {"says": says, "due": due}


def _says(event: Event, facts: dict[str, Any], texts: dict[str, str], people: People, *, is_mine: bool) -> str:
    """What happened, after the name of who did it, or after "You"."""
    if event.name in dispatch.ICONS:
        unit = people.departments.get(facts["to_department"])
        return dispatch.says(event.name, facts, texts, unit.name if unit else "")
    to = people.name(facts.get("to_employee"))
    if not to and facts.get("to_department") in people.departments:
        to = people.departments[facts["to_department"]].name
    match event.name:
        case "complaint.received":
            return _("filed it")
        case "complaint.imported":
            return _imported(facts, event.at)
        case "complaint.accepted":
            return _("took it")
        case "complaint.handed_over":
            return _("offered it to %(name)s: %(reason)s") % {"name": to, "reason": texts.get("text", "")}
        case "complaint.taken":
            return _("took it from %(name)s") % {"name": people.name(facts.get("giver"))}
        case "complaint.refused":
            return _("did not take it: %(reason)s") % {"reason": texts.get("text", "")}
        case "complaint.handler_left":
            return _("gave it to %(name)s, as %(before)s leaves") % {
                "name": people.name(facts.get("handler")),
                "before": people.name(facts.get("before")),
            }
        case "complaint.shift_ended":
            return _("It went to %(name)s: the shift of %(before)s ended.") % {
                "name": people.name(facts.get("handler")),
                "before": people.name(facts.get("before")),
            }
        case "complaint.taken_over":
            return _("of the service centre took it over")
        case "complaint.answered" if facts.get("kind") == "responsible":
            by = datetime.fromisoformat(facts["by"])
            return _("responsible: %(name)s, %(phone)s, by %(time)s") % {
                "name": texts.get("name", ""),
                "phone": texts.get("phone", ""),
                "time": moment(by),
            }
        case "complaint.waiting":
            return _("ask, and wait") if is_mine else _("asks, and waits")
        case "complaint.deferred":
            until = datetime.fromisoformat(facts["until"])
            return _("put it off until %(time)s") % {"time": moment(until)}
        case "complaint.resumed":
            return _("It goes on.")
        case "complaint.resolved":
            return _("say it is put right") if is_mine else _("says it is put right")
        case "complaint.confirmed":
            return _("confirmed that it is fixed")
        case "complaint.closed":
            return _("Closed: nobody said otherwise.")
        case "complaint.reopened":
            return _("say it is not fixed") if is_mine else _("says it is not fixed")
        case "complaint.half_fixed":
            return _("say it is half fixed") if is_mine else _("says it is half fixed")
        case "complaint.urged":
            return _("urged it")
        case "complaint.rated":
            return _("gave %(rating)s of 5") % {"rating": facts.get("rating")}
        case "complaint.withdrawn":
            return _("withdrew it")
        case "complaint.merged":
            return _("put it together with %(number)s") % {"number": facts.get("into")}
        case "complaint.gathered":
            return _("put %(number)s together with it") % {"number": facts.get("from")}
        case "complaint.recategorised":
            return _("changed category or severity")
        case "complaint.lengthened":
            return _("allowed more time: %(reason)s") % {"reason": texts.get("text", "")}
        case "complaint.told_first":
            if facts.get("breach"):
                return _("say that nobody helped") if is_mine else _("says that nobody helped")
            return _("say that somebody helped") if is_mine else _("says that somebody helped")
        case "complaint.file_erased":
            return _("erased a file: %(reason)s") % {"reason": texts.get("text", "")}
        case "complaint.called_back":
            return _("called back")
        case "complaint.corrected":
            return _("corrected a detail: %(reason)s") % {"reason": texts.get("text", "")}
        case "complaint.skipped":
            return _("skipped it: %(reason)s") % {"reason": texts.get("text", "")}
        case "complaint.escalated":
            told = people.name(facts.get("to")) or _("nobody")
            share = {"clock": Clock(facts["clock"]).label, "level": facts["level"], "name": told}
            if "handler" in facts:
                return _("%(clock)s, %(level)s %%: the service centre took it over, told %(name)s") % share
            return _("%(clock)s, %(level)s %%: told %(name)s") % share
        case _:
            return ""


def asker_name(complaint: Complaint, viewer: Viewer | None) -> str:
    """The asker's name, unless he is confidential to this viewer."""
    if viewer is not None and not may_know_asker(viewer, complaint):
        return _("Name withheld")
    return (complaint.words.asker_name if complaint.words else "") or _("The asker")


@dataclass(frozen=True)
class ClockFace:
    """One of the four clocks as a page shows it."""

    clock: Clock
    limit: timedelta
    started_at: datetime
    due_at: datetime
    is_paused: bool
    met_at: datetime | None

    @property
    def label(self) -> str:
        return str(self.clock.label)


def clock_faces(readings: dict[Clock, Reading], *, at: datetime) -> list[ClockFace]:
    """The clocks that have started, in their order; a stopped one says how long it took."""
    faces = []
    for clock, reading in readings.items():
        if reading.epoch == 0:
            continue
        elapsed = reading.elapsed_at(at)
        faces.append(
            ClockFace(
                clock=clock,
                limit=reading.limit,
                started_at=at - elapsed,
                due_at=at - elapsed + reading.limit,
                is_paused=reading.is_paused,
                met_at=at if reading.is_stopped else None,
            )
        )
    return faces


def next_rungs(complaint: Complaint, readings: dict[Clock, Reading], *, at: datetime) -> list[Rung]:
    """The coming levels of the clock that is due first, with the people who would be told."""
    running = [reading for reading in readings.values() if reading.running_since]
    if not running:
        return []
    first = min(running, key=lambda reading: reading.due_at() or at)
    ladder = Ladder.at(at, handlers={complaint.handler_id}, departments={complaint.department_id})
    rungs = []
    for level in LEVELS:
        due_at = first.due_at(level)
        person = ladder.person(
            level, state=complaint.state, handler_id=complaint.handler_id, department_id=complaint.department_id
        )
        if due_at is not None and due_at > at and person is not None:
            rungs.append(Rung(due_at, person.name))
    return rungs[:3]


def of_asker(user: User) -> ComplaintQuerySet:
    """The asker's own complaints, newest first."""
    mine: ComplaintQuerySet = Complaint.objects.filter(asker=user).for_list().order_by("-pk")
    return mine


def categories() -> QuerySet[Category]:
    return Category.objects.filter(retired_at=None).order_by("position", "pk")


def also_open(complaint: Complaint, viewer: Viewer) -> list[Complaint]:
    """What else is open for the same room, as far as the viewer may see it and know that it is for this room."""
    if complaint.room_id is None or not may_know_asker(viewer, complaint):
        return []
    others = Complaint.objects.visible_to(viewer).open().for_list()
    rows = others.filter(room_id=complaint.room_id).exclude(pk=complaint.pk).order_by("next_due_at", "pk")[:20]
    return [one for one in rows if may_know_asker(viewer, one)][:5]
