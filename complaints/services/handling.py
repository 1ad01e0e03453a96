"""The verbs of the one who handles it: accept, answer, reply, note, wait, defer, resolve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Attachment, Complaint
from complaints.workflow import BadInput, NotYours, Verb
from propman.common.uploads import NewFile
from propman.community.models import Employee

from .moving import (
    cleaned,
    ensure_handler,
    ensure_waits_for,
    is_centre,
    lapse_offer,
    locked,
    move,
    tell_asker,
    tell_employees,
)

LONGEST_WAIT = timedelta(days=3)
LONGEST_DEFERRAL = timedelta(days=30)


@dataclass(frozen=True)
class Responsible:
    """Who solves it: the name and phone that the asker is told, and by when."""

    name: str
    phone: str
    by: datetime


@transaction.atomic
def accept_complaint(*, complaint: Complaint, by: Employee, at: datetime) -> Complaint:
    """Take responsibility; stops the accept clock, and on the web makes the agent the first inquirer.

    Raises MoveNotAllowed if somebody was first, NotYours if it waits for somebody else.
    """
    return accept_locked(locked(complaint, at=at), by=by, at=at)


def accept_locked(complaint: Complaint, *, by: Employee, at: datetime) -> Complaint:
    """The same for a complaint whose row the caller has locked."""
    ensure_waits_for(complaint, by)
    move(
        complaint,
        Verb.ACCEPT,
        "complaint.accepted",
        by=by.user,
        at=at,
        facts={"handler": by.pk},
        accepted_at=at,
        handler=by,
        first_inquirer=complaint.first_inquirer or by,
        department=by.department,
    )
    tell_asker(complaint, "complaint.accepted", at=at, handler=by.name, phone=by.phone)
    return complaint


@transaction.atomic
def answer_complaint(
    *,
    complaint: Complaint,
    by: Employee,
    at: datetime,
    text: str,
    responsible: Responsible | None = None,
    files: Sequence[NewFile] = (),
) -> Complaint:
    """Tell the asker the solution, or who is responsible, with phone and time; nothing else counts as an answer.

    Raises BadInput without a text, or with a responsible person whose name, phone or future time is missing.
    """
    text = cleaned(text, field="text")
    facts: dict[str, object] = {"kind": "solution"}
    texts = {"text": text}
    if responsible is not None:
        if responsible.by <= at:
            raise BadInput("responsible_by", _("Give a time in the future."))
        texts["name"] = cleaned(responsible.name, field="responsible_name", longest=80)
        texts["phone"] = cleaned(responsible.phone, field="responsible_phone", longest=32)
        facts = {"kind": "responsible", "by": responsible.by.isoformat()}
    complaint = locked(complaint, at=at)
    ensure_handler(complaint, by)
    columns: dict[str, Any] = {"wakes_at": None}
    if complaint.first_answered_at is None:
        columns["first_answered_at"] = at
    if complaint.accepted_at is None:
        columns["accepted_at"] = at
    if complaint.first_inquirer is None:  # taken over from the queue, and answered before it was accepted
        columns["first_inquirer"] = by
    move(complaint, Verb.ANSWER, "complaint.answered", by=by.user, at=at, facts=facts, texts=texts, files=files, **columns)
    tell_asker(complaint, "complaint.answered", at=at, text=text)
    return complaint


@transaction.atomic
def reply_to_asker(*, complaint: Complaint, by: Employee, at: datetime, text: str, files: Sequence[NewFile] = ()) -> Complaint:
    """A public message that is not yet an answer; begins the next-update clock anew. For the handler and the centre."""
    text = cleaned(text, field="text")
    complaint = locked(complaint, at=at)
    if not is_centre(by):
        ensure_handler(complaint, by)
    move(complaint, Verb.REPLY, "complaint.replied", by=by.user, at=at, texts={"text": text}, files=files)
    tell_asker(complaint, "complaint.replied", at=at, text=text)
    return complaint


@transaction.atomic
def note_on_complaint(
    *, complaint: Complaint, by: Employee, at: datetime, text: str, files: Sequence[NewFile] = ()
) -> Complaint:
    """An internal note; the asker never sees it nor its files, and no clock notices it."""
    text = cleaned(text, field="text")
    complaint = locked(complaint, at=at)
    move(
        complaint,
        Verb.NOTE,
        "complaint.noted",
        by=by.user,
        at=at,
        texts={"text": text},
        files=files,
        side=Attachment.Side.NOTE,
    )
    return complaint


@transaction.atomic
def wait_for_asker(
    *,
    complaint: Complaint,
    by: Employee,
    at: datetime,
    text: str,
    until: datetime | None = None,
    files: Sequence[NewFile] = (),
) -> Complaint:
    """Ask the asker something and wait, three days at most; then it comes back by itself.

    Raises BadInput when `until` is not within the next three days.
    """
    text = cleaned(text, field="text")
    until = until or at + LONGEST_WAIT
    if not at < until <= at + LONGEST_WAIT:
        raise BadInput("until", _("Choose a time within the next 3 days."))
    complaint = locked(complaint, at=at)
    ensure_handler(complaint, by)
    move(
        complaint,
        Verb.WAIT,
        "complaint.waiting",
        by=by.user,
        at=at,
        facts={"until": until.isoformat()},
        texts={"text": text},
        files=files,
        wakes_at=until,
    )
    tell_asker(complaint, "complaint.waiting", at=at, text=text)
    return complaint


@transaction.atomic
def defer_complaint(*, complaint: Complaint, by: Employee, at: datetime, reason: str, until: datetime) -> Complaint:
    """Put it off with a reason, 30 days at most; a second time only by the service centre.

    Raises BadInput when `until` is not within the next 30 days, NotYours for a second deferral by anybody else.
    """
    reason = cleaned(reason, field="reason")
    if not at < until <= at + LONGEST_DEFERRAL:
        raise BadInput("until", _("Choose a time within the next 30 days."))
    complaint = locked(complaint, at=at)
    if complaint.deferrals and not is_centre(by):
        raise NotYours(_("It was deferred once; a second time only the service centre can do it."))
    if not is_centre(by):
        ensure_handler(complaint, by)
    move(
        complaint,
        Verb.DEFER,
        "complaint.deferred",
        by=by.user,
        at=at,
        facts={"until": until.isoformat()},
        texts={"text": reason},
        wakes_at=until,
        deferrals=complaint.deferrals + 1,
    )
    tell_asker(complaint, "complaint.deferred", at=at, text=reason)
    return complaint


@transaction.atomic
def resolve_complaint(
    *, complaint: Complaint, by: Employee, at: datetime, text: str, files: Sequence[NewFile] = ()
) -> Complaint:
    """Tell the asker how it was solved and ask for his word; silent for as long as the policy says, it closes itself.

    The text is a typed answer (a solution), so a resolved complaint has always been answered.
    """
    text = cleaned(text, field="text")
    complaint = locked(complaint, at=at)
    ensure_handler(complaint, by)
    lapse_offer(complaint, at=at)
    columns: dict[str, Any] = {}
    if complaint.first_answered_at is None:
        columns["first_answered_at"] = at
    move(
        complaint,
        Verb.RESOLVE,
        "complaint.resolved",
        by=by.user,
        at=at,
        texts={"text": text},
        files=files,
        resolved_at=at,
        wakes_at=at + complaint.policy.silence,
        **columns,
    )
    tell_asker(complaint, "complaint.resolved", at=at, text=text, days=complaint.policy.silence_days)
    if complaint.first_inquirer and complaint.first_inquirer != by:
        tell_employees(complaint, "complaint.resolved_by_other", [complaint.first_inquirer], at=at, handler=by.name)
    return complaint
