"""What every verb does alike: lock, check, record, move, set the clocks, tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import Attachment, Complaint, Offer
from complaints.workflow import OPEN, BadInput, NotYours, State, Verb, next_state
from propman.accounts.models import User
from propman.common.text import legible
from propman.common.uploads import NewFile
from propman.community.models import Department, Employee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import record_event

from .attaching import facts_of_files, keep_files, texts_of_files
from .timing import DUE_COLUMNS, recompute_timers

LONGEST_TEXT = 5000


def cleaned(text: str, *, field: str, longest: int = LONGEST_TEXT, required: bool = True) -> str:
    """The text without control characters and direction marks. Raises BadInput when it is empty or too long."""
    text = legible(text)
    if required and not text:
        raise BadInput(field, _("Please write something."))
    if len(text) > longest:
        raise BadInput(
            field,
            _("Please shorten it to %(longest)d characters; it has %(length)d.") % {"longest": longest, "length": len(text)},
        )
    return text


def locked(complaint: Complaint, *, at: datetime) -> Complaint:
    """The complaint as it is at that moment, with its row locked until the transaction ends.

    A pause or a silence that is over by then ends first, at its own time: no verb depends on when the sweep came by.
    """
    # Locked first and joined afterwards: a join of the same statement would show the rows of before the wait.
    Complaint.objects.select_for_update().values_list("pk").get(pk=complaint.pk)
    return joined(complaint.pk, at=at)


def joined(pk: int, *, at: datetime) -> Complaint:
    """The complaint whose row the caller has locked, with what the verbs need of it."""
    related = ("handler", "department", "first_inquirer", "words", "category", "policy")
    found: Complaint = Complaint.objects.select_related(*related).get(pk=pk)
    if found.wakes_at is not None and found.wakes_at <= at:
        wake(found, at=at)
    return found


def wake(complaint: Complaint, *, at: datetime) -> None:
    """What time itself moves on a locked complaint: a pause is over, or silence closes what was resolved.

    The event says when it was due, whenever that is noticed.
    """
    due_at = complaint.wakes_at
    assert due_at is not None
    facts = {"due_at": due_at.isoformat()}
    if complaint.state == State.RESOLVED:
        closed_as = Complaint.ClosedAs.SILENT
        move(
            complaint,
            Verb.CLOSE,
            "complaint.closed",
            by=None,
            at=due_at,
            facts=facts,
            closed_at=due_at,
            closed_as=closed_as,
            wakes_at=None,
        )
        tell_asker(complaint, "complaint.closed", at=at, days=complaint.policy.silence_days)
    else:
        move(complaint, Verb.RESUME, "complaint.resumed", by=None, at=due_at, facts=facts, wakes_at=None)
        if complaint.handler:
            tell_employees(complaint, "complaint.resumed", [complaint.handler], at=at)


def is_centre(employee: Employee) -> bool:
    return employee.department.kind == Department.Kind.SERVICE_CENTRE


def ensure_handler(complaint: Complaint, by: Employee) -> None:
    """Raises NotYours unless the employee handles the complaint."""
    if complaint.handler_id != by.pk:
        raise NotYours(_("Only the handler can do this: %(name)s.") % {"name": complaint.handler or _("nobody yet")})


def ensure_waits_for(complaint: Complaint, by: Employee) -> None:
    """Raises NotYours unless the received complaint waits for this employee, or for anybody in the centre."""
    for_centre = complaint.handler_id is None or complaint.is_with_centre
    if complaint.handler_id != by.pk and not (for_centre and is_centre(by)):
        raise NotYours(_("It waits for %(name)s.") % {"name": complaint.handler or _("the service centre")})


def move(
    complaint: Complaint,
    verb: Verb,
    event: str,
    *,
    by: User | None,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    files: Sequence[NewFile] = (),
    side: Attachment.Side = Attachment.Side.STAFF,
    **columns: Any,
) -> Complaint:
    """Carry out the verb on a locked complaint: the event, then the state with it, then the clocks.

    `files` came with it, from that `side`. Raises MoveNotAllowed when the verb does not lead anywhere from its state, and
    BadInput for too many files.
    """
    state = next_state(complaint.state, verb)
    told = {"state": state, "number": complaint.number, **(facts or {}), **facts_of_files(files)}
    said = {**(texts or {}), **texts_of_files(files)}
    recorded = record_event(event, complaint, by=by, at=at, facts=told, texts=said)
    keep_files(complaint=complaint, event=recorded, side=side, files=files)
    complaint.state, complaint.event_position = state, recorded.position
    for name, value in columns.items():
        setattr(complaint, name, value)
    recompute_timers(complaint, at=at)
    complaint.save(update_fields=["state", "event_position", *columns, *DUE_COLUMNS])
    return complaint


def lapse_offer(complaint: Complaint, *, at: datetime) -> None:
    """An open offer ends without an answer when the complaint leaves the giver's hands."""
    Offer.objects.filter(complaint=complaint, closed_at=None).update(closed_at=at, outcome=Offer.Outcome.LAPSED)


def tell_asker(complaint: Complaint, event: str, *, at: datetime, **words: str | int | datetime) -> None:
    """A notice to the asker, and to the askers of the complaints merged into this one."""
    tell = [complaint]
    if complaint.state in OPEN or complaint.resolved_at:
        tell += Complaint.objects.filter(merged_into=complaint).select_related("words")
    notices = []
    for told in tell:
        details = told.words
        notices.append(
            NewNotice(
                event=event,
                user_id=told.asker_id,
                email=details.asker_email if details and told.asker_id is None else "",
                phone=details.asker_phone if details and told.asker_id is None else "",
                words={"number": told.number or "", "title": details.title if details else "", **words},
                path=f"/complaints/{told.number}/" if told.asker_id else "/follow/",
            )
        )
    queue_notices([notice for notice in notices if notice.user_id or notice.email or notice.phone], at=at)


def tell_employees(complaint: Complaint, event: str, employees: list[Employee], *, at: datetime, **words: str) -> None:
    """A notice to each employee who signs in."""
    title = complaint.words.title if complaint.words else ""
    queue_notices(
        [
            NewNotice(
                event=event,
                user_id=employee.user_id,
                words={"number": complaint.number or "", "title": title, **words},
                path=f"/complaints/{complaint.number}/",
            )
            for employee in employees
            if employee.user_id
        ],
        at=at,
    )
