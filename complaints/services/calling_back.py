"""Whom the asker asked first and whether he was helped: in his own words, or as he says when the centre calls back."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.workflow import BadInput, MoveNotAllowed, Verb, is_allowed
from propman.accounts.models import User
from propman.cases.workflow import BREACHES
from propman.community.models import Employee
from propman.tenancy.events import stream_of
from propman.tenancy.models import Event

from .asking import REOPEN_WITHIN, reopen_complaint
from .centre import ensure_centre
from .drawing import finish_call_backs
from .moving import cleaned, locked, move

HELPED = "yes"
FIXED, NOT_FIXED = "yes", "no"


@transaction.atomic
def tell_first_asked(
    *, complaint: Complaint, by: User | None, at: datetime, helped: str, asked: str = "", text: str = ""
) -> Complaint:
    """The asker's own word, given once: `helped` is "yes" or the breach that he met with. A breach drafts a case.

    Raises BadInput for anything else, MoveNotAllowed when he has said so already.
    """
    complaint = locked(complaint, at=at)
    if Event.objects.filter(stream=stream_of(complaint), name="complaint.told_first").exists():
        raise MoveNotAllowed(_("You have told us already."))
    return _record(complaint, Verb.TELL, "complaint.told_first", by=by, at=at, helped=helped, asked=asked, text=text)


@transaction.atomic
def record_call_back(
    *, complaint: Complaint, by: Employee, at: datetime, helped: str, asked: str = "", text: str = "", fixed: str = ""
) -> Complaint:
    """An agent of the centre has called the asker and writes down the answer; it ends a call-back that was drawn.

    `fixed` is "yes", "no" or empty when it was not asked. A closed complaint that is not put right is reopened in the asker's
    name, as he would himself, within the time in which he could. Raises NotYours, BadInput.
    """
    ensure_centre(by)
    if fixed not in {"", FIXED, NOT_FIXED}:
        raise BadInput("fixed", _("Say whether it is put right."))
    if fixed == NOT_FIXED:
        text = cleaned(text, field="text")
    complaint = locked(complaint, at=at)
    _record(
        complaint,
        Verb.CALL_BACK,
        "complaint.called_back",
        by=by.user,
        at=at,
        helped=helped,
        asked=asked,
        text=text,
        **({"fixed": fixed} if fixed else {}),
    )
    finish_call_backs(complaint, is_verified=helped == HELPED and fixed != NOT_FIXED, by=by.user, at=at)
    can_come_back = complaint.closed_at is None or at <= complaint.closed_at + REOPEN_WITHIN
    if fixed == NOT_FIXED and can_come_back and is_allowed(complaint.state, Verb.REOPEN):
        return reopen_complaint(complaint=complaint, by=by.user, at=at, text=text)
    return complaint


def _record(
    complaint: Complaint,
    verb: Verb,
    event: str,
    *,
    by: User | None,
    at: datetime,
    helped: str,
    asked: str,
    text: str,
    **more: str,
) -> Complaint:
    if helped != HELPED and helped not in BREACHES:
        raise BadInput("helped", _("Say whether you were helped."))
    asked = cleaned(asked, field="asked", longest=80, required=False)
    employee = _employee_asked(complaint, asked)
    facts = {"breach": "" if helped == HELPED else helped, "employee": employee.pk if employee else None, **more}
    texts = {"text": cleaned(text, field="text", required=False), "asked": asked}
    return move(complaint, verb, event, by=by, at=at, facts=facts, texts=texts)


def _employee_asked(complaint: Complaint, asked: str) -> Employee | None:
    """Who bears that name; for a name that nobody or more than one bears, the head who answers for the office."""
    if not asked:
        return complaint.first_inquirer or complaint.handler
    named = list(Employee.objects.filter(name__iexact=asked, left_on=None)[:2])
    if len(named) == 1:
        return named[0]
    unit = complaint.office or complaint.department
    return unit.head if unit else None
