"""One table of what a verb needs and which service carries it out; pages and API both act through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from propman.community.models import Employee

from . import services
from .clocks import Clock
from .models import Complaint
from .permissions import Viewer, complaint_for, verbs_of
from .selectors import Entry, thread_of
from .workflow import BadInput, NotYours, Verb

Data = dict[str, Any]


def _employee(viewer: Viewer) -> Employee:
    if viewer.employee is None:
        raise NotYours(_("Only employees can do this."))
    return viewer.employee


def _answer(complaint: Complaint, viewer: Viewer, at: datetime, data: Data) -> object:
    responsible = None
    if data.get("kind") == "responsible":
        responsible = services.Responsible(data["responsible_name"], data["responsible_phone"], data["responsible_by"])
    return services.answer_complaint(
        complaint=complaint,
        by=_employee(viewer),
        at=at,
        text=data["text"],
        responsible=responsible,
        files=data.get("files", ()),
    )


def _reply(complaint: Complaint, viewer: Viewer, at: datetime, data: Data) -> object:
    said = {"text": data["text"], "files": data.get("files", ())}
    if complaint.asker_id == viewer.user.pk:
        return services.reply_as_asker(complaint=complaint, by=viewer.user, at=at, **said)
    return services.reply_to_asker(complaint=complaint, by=_employee(viewer), at=at, **said)


def _by_employee(service: Callable[..., object], *names: str) -> Callable[[Complaint, Viewer, datetime, Data], object]:
    def act(complaint: Complaint, viewer: Viewer, at: datetime, data: Data) -> object:
        return service(complaint=complaint, by=_employee(viewer), at=at, **{name: data[name] for name in names if name in data})

    return act


def _by_asker(service: Callable[..., object], *names: str) -> Callable[[Complaint, Viewer, datetime, Data], object]:
    def act(complaint: Complaint, viewer: Viewer, at: datetime, data: Data) -> object:
        return service(complaint=complaint, by=viewer.user, at=at, **{name: data[name] for name in names if name in data})

    return act


def _merge(complaint: Complaint, viewer: Viewer, at: datetime, data: Data) -> object:
    try:
        into = complaint_for(viewer, data["into"].strip())
    except Http404:
        raise BadInput("into", _("There is no complaint with this number.")) from None
    return services.merge_complaint(complaint=complaint, into=into, by=_employee(viewer), at=at)


def _lengthen(complaint: Complaint, viewer: Viewer, at: datetime, data: Data) -> object:
    return services.lengthen_clock(
        complaint=complaint,
        clock=Clock(data["clock"]),
        to=timedelta(hours=data["hours"]),
        by=_employee(viewer),
        at=at,
        reason=data["reason"],
    )


ACTS: dict[Verb, Callable[[Complaint, Viewer, datetime, Data], object]] = {
    Verb.ACCEPT: _by_employee(services.accept_complaint),
    Verb.HAND_OVER: _by_employee(services.hand_over_complaint, "reason", "to_employee", "to_department"),
    Verb.TAKE: _by_employee(services.take_complaint),
    Verb.REFUSE: _by_employee(services.refuse_complaint, "reason"),
    Verb.ANSWER: _answer,
    Verb.REPLY: _reply,
    Verb.NOTE: _by_employee(services.note_on_complaint, "text", "files"),
    Verb.WAIT: _by_employee(services.wait_for_asker, "text", "until", "files"),
    Verb.DEFER: _by_employee(services.defer_complaint, "reason", "until"),
    Verb.RESOLVE: _by_employee(services.resolve_complaint, "text", "files"),
    Verb.CONFIRM: _by_asker(services.confirm_complaint),
    Verb.HALF_FIX: _by_asker(services.half_fix_complaint, "text", "files"),
    Verb.REOPEN: _by_asker(services.reopen_complaint, "text", "files"),
    Verb.URGE: _by_asker(services.urge_complaint, "text"),
    Verb.RATE: _by_asker(services.rate_complaint, "rating"),
    Verb.WITHDRAW: _by_asker(services.withdraw_complaint, "text"),
    Verb.MERGE: _merge,
    Verb.SKIP: _by_employee(services.skip_complaint, "reason"),
    Verb.TAKE_OVER: _by_employee(services.take_over_complaint),
    Verb.RECATEGORISE: _by_employee(services.recategorise_complaint, "category", "severity"),
    Verb.LENGTHEN: _lengthen,
    Verb.TELL: _by_asker(services.tell_first_asked, "helped", "asked", "text"),
    Verb.CALL_BACK: _by_employee(services.record_call_back, "helped", "asked", "text", "fixed"),
    Verb.ORDER_WORK: _by_employee(services.order_work, "orders", "gives_room", "is_over_allowed"),
    Verb.CORRECT: _by_employee(services.correct_complaint, "reason", "asker_name", "asker_phone"),
}


# Words that answer what the other side wrote: they wait when something new has arrived meanwhile.
CONVERSING = frozenset({Verb.ANSWER, Verb.REPLY, Verb.RESOLVE, Verb.WAIT})


def newer_words(complaint: Complaint, viewer: Viewer, read_until: int) -> list[Entry]:
    """What somebody else said after the version of the thread that was read.

    Locks the complaint first: of two who send at the same moment, the second one sees the words of the first.
    """
    Complaint.objects.select_for_update().values_list("pk").get(pk=complaint.pk)
    thread = thread_of(complaint, viewer=viewer)
    return [one for one in thread.entries if one.position > read_until and one.is_spoken and not one.is_mine]


@dataclass(frozen=True)
class Outcome:
    """What came of a verb: the complaint as it is now."""

    complaint: Complaint
    verb: Verb


def act(complaint: Complaint, verb: Verb, *, viewer: Viewer, at: datetime, data: Data) -> Outcome:
    """Carry out a verb on a complaint that the viewer may see.

    Raises NotYours when the verb belongs to somebody else, and what its service raises.
    """
    # Whatever the state: the service knows it under the lock, and says more than a plain refusal.
    if verb not in verbs_of(viewer, complaint):
        raise NotYours(_("This is not yours to do."))
    ACTS[verb](complaint, viewer, at, data)
    return Outcome(Complaint.objects.get(pk=complaint.pk), verb)
