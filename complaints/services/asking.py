"""The verbs of the asker, signed in or with number and tracking code."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Attachment, Complaint
from complaints.workflow import BadInput, State, TooLate, Verb
from propman.accounts.models import User
from propman.common.uploads import NewFile

from .dispatch import drop_orders
from .moving import cleaned, lapse_offer, locked, move, tell_employees

REOPEN_WITHIN = timedelta(days=30)


def _tell_handler(complaint: Complaint, event: str, *, at: datetime, **words: str) -> None:
    if complaint.handler:
        tell_employees(complaint, event, [complaint.handler], at=at, **words)


@transaction.atomic
def reply_as_asker(
    *, complaint: Complaint, by: User | None, at: datetime, text: str, files: Sequence[NewFile] = ()
) -> Complaint:
    """The asker writes: a complaint that waited for him goes on, and the silence after a solution begins anew."""
    text = cleaned(text, field="text")
    complaint = locked(complaint, at=at)
    was_waiting = complaint.state == State.WAITING
    wakes_at = {State.WAITING: None, State.RESOLVED: at + complaint.policy.silence}.get(
        State(complaint.state), complaint.wakes_at
    )
    move(
        complaint,
        Verb.RESUME if was_waiting else Verb.REPLY,
        "complaint.asker_replied",
        by=by,
        at=at,
        texts={"text": text},
        files=files,
        side=Attachment.Side.ASKER,
        wakes_at=wakes_at,
    )
    _tell_handler(complaint, "complaint.asker_replied", at=at, text=text)
    return complaint


@transaction.atomic
def confirm_complaint(*, complaint: Complaint, by: User | None, at: datetime) -> Complaint:
    """It is fixed: the asker's own word closes it."""
    complaint = locked(complaint, at=at)
    move(
        complaint,
        Verb.CONFIRM,
        "complaint.confirmed",
        by=by,
        at=at,
        closed_at=at,
        closed_as=Complaint.ClosedAs.CONFIRMED,
        wakes_at=None,
    )
    _tell_handler(complaint, "complaint.confirmed", at=at)
    return complaint


@transaction.atomic
def half_fix_complaint(
    *, complaint: Complaint, by: User | None, at: datetime, text: str, files: Sequence[NewFile] = ()
) -> Complaint:
    """Half fixed: back to the same handler, counted. Raises as reopen_complaint."""
    return _come_back(complaint, Verb.HALF_FIX, "complaint.half_fixed", by=by, at=at, text=text, files=files)


@transaction.atomic
def reopen_complaint(
    *, complaint: Complaint, by: User | None, at: datetime, text: str, files: Sequence[NewFile] = ()
) -> Complaint:
    """Not fixed: back to the same handler with its original age.

    Raises TooLate when it was closed more than 30 days ago, BadInput without words on what is still wrong.
    """
    return _come_back(complaint, Verb.REOPEN, "complaint.reopened", by=by, at=at, text=text, files=files)


def _come_back(
    complaint: Complaint,
    verb: Verb,
    event: str,
    *,
    by: User | None,
    at: datetime,
    text: str,
    files: Sequence[NewFile],
) -> Complaint:
    text = cleaned(text, field="text")
    complaint = locked(complaint, at=at)
    if complaint.closed_at and at > complaint.closed_at + REOPEN_WITHIN:
        raise TooLate(_("It was closed more than 30 days ago; please file a new complaint."))
    counted: dict[str, Any] = (
        {"half_fixes": complaint.half_fixes + 1} if verb == Verb.HALF_FIX else {"reopenings": complaint.reopenings + 1}
    )
    move(
        complaint,
        verb,
        event,
        by=by,
        at=at,
        texts={"text": text},
        files=files,
        side=Attachment.Side.ASKER,
        resolved_at=None,
        closed_at=None,
        closed_as="",
        wakes_at=None,
        **counted,
    )
    _tell_handler(complaint, event, at=at, text=text)
    return complaint


@transaction.atomic
def urge_complaint(*, complaint: Complaint, by: User | None, at: datetime, text: str = "") -> Complaint:
    """The asker asks for more haste; counted and told to the handler, no clock changes."""
    text = cleaned(text, field="text", required=False)
    complaint = locked(complaint, at=at)
    move(complaint, Verb.URGE, "complaint.urged", by=by, at=at, texts={"text": text}, urges=complaint.urges + 1)
    _tell_handler(complaint, "complaint.urged", at=at, text=text)
    return complaint


@transaction.atomic
def rate_complaint(*, complaint: Complaint, by: User | None, at: datetime, rating: int) -> Complaint:
    """One to five for how it was handled; the last word counts. Raises BadInput for any other number."""
    if not 1 <= rating <= 5:
        raise BadInput("rating", _("Choose 1 to 5."))
    complaint = locked(complaint, at=at)
    return move(complaint, Verb.RATE, "complaint.rated", by=by, at=at, facts={"rating": rating}, rating=rating)


@transaction.atomic
def withdraw_complaint(*, complaint: Complaint, by: User | None, at: datetime, text: str = "") -> Complaint:
    """The asker no longer wants it; it stays counted. Work that no department has accepted yet is cancelled with it."""
    text = cleaned(text, field="text", required=False)
    complaint = locked(complaint, at=at)
    lapse_offer(complaint, at=at)
    move(
        complaint,
        Verb.WITHDRAW,
        "complaint.withdrawn",
        by=by,
        at=at,
        texts={"text": text},
        closed_at=at,
        closed_as="",
        wakes_at=None,
    )
    drop_orders(complaint, at=at)
    _tell_handler(complaint, "complaint.withdrawn", at=at)
    return complaint
