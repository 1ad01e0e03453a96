"""What only the 24-hour service centre does: take the next one, take over, merge, put right, allow more time."""

import secrets
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from complaints.clocks import Clock
from complaints.models import Category, Complaint, ContactWords, Severity, Skip
from complaints.workflow import OPEN, BadInput, NotYours, State, Verb, ensure_allowed
from propman.community.models import Employee, Room
from propman.tenancy.events import commitment
from propman.tenancy.scope import current_company_id

from .dispatch import lead_orders_on
from .handling import accept_locked
from .moving import cleaned, ensure_handler, is_centre, joined, lapse_offer, locked, move, tell_asker, tell_employees
from .timing import limits_as_facts, limits_for, read


def ensure_centre(by: Employee) -> None:
    """Raises NotYours unless the employee works in the service centre."""
    if not is_centre(by):
        raise NotYours(_("Only the service centre can do this."))


@transaction.atomic
def take_next_complaint(*, by: Employee, at: datetime) -> Complaint | None:
    """Accept the most urgent complaint that waits for the centre; two agents never get the same one. None when none waits.

    What this agent has skipped waits for the others.
    """
    ensure_centre(by)
    waiting: int | None = (
        Complaint.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(~Exists(Skip.objects.filter(complaint=OuterRef("pk"), employee=by)), state=State.RECEIVED, handler=None)
        .order_by("next_due_at", "pk")
        .values_list("pk", flat=True)
        .first()
    )
    return accept_locked(joined(waiting, at=at), by=by, at=at) if waiting else None


@transaction.atomic
def take_over_complaint(*, complaint: Complaint, by: Employee, at: datetime) -> Complaint:
    """An agent of the centre becomes the handler; no clock changes. A received complaint still has to be accepted."""
    ensure_centre(by)
    complaint = locked(complaint, at=at)
    before = complaint.handler
    lapse_offer(complaint, at=at)
    move(
        complaint,
        Verb.TAKE_OVER,
        "complaint.taken_over",
        by=by.user,
        at=at,
        facts={"handler": by.pk, "before": before.pk if before else None},
        handler=by,
        department=by.department,
        is_with_centre=True,
    )
    if before and before != by:
        tell_employees(complaint, "complaint.taken_from_you", [before], at=at, handler=by.name)
    tell_asker(complaint, "complaint.taken", at=at, handler=by.name, phone=by.phone)
    return complaint


def lock_merging() -> None:
    """One merge after the other: each also locks those that were merged before, wherever they stand in the order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"merge {current_company_id()}"])


@transaction.atomic
def merge_complaint(*, complaint: Complaint, into: Complaint, by: Employee, at: datetime) -> Complaint:
    """Let one complaint go on inside another; its asker is still told of every answer, and it stays counted.

    What was ordered for it goes on for the other one.

    Raises BadInput when the other one is the same, or no longer open.
    """
    ensure_centre(by)
    if complaint.pk == into.pk:
        raise BadInput("into", _("A complaint cannot be merged into itself."))
    lock_merging()
    first, second = sorted([complaint, into], key=lambda row: row.pk)  # one order for everybody: no deadlock
    rows = {first.pk: locked(first, at=at), second.pk: locked(second, at=at)}
    complaint, into = rows[complaint.pk], rows[into.pk]
    if into.state not in OPEN:
        raise BadInput("into", _("Number %(number)s is no longer open.") % {"number": into.number})
    ensure_allowed(complaint.state, Verb.MERGE)
    lapse_offer(complaint, at=at)
    move(into, Verb.NOTE, "complaint.gathered", by=by.user, at=at, facts={"from": complaint.number})
    move(
        complaint,
        Verb.MERGE,
        "complaint.merged",
        by=by.user,
        at=at,
        facts={"into": into.number},
        merged_into=into,
        closed_at=at,
        wakes_at=None,
    )
    for follower in Complaint.objects.select_for_update().filter(merged_into=complaint).order_by("pk"):
        move(follower, Verb.NOTE, "complaint.merged_on", by=by.user, at=at, facts={"into": into.number}, merged_into=into)
    lead_orders_on(complaint, at=at)
    tell_asker(complaint, "complaint.merged", at=at, into=into.number or "")
    return complaint


@transaction.atomic
def recategorise_complaint(*, complaint: Complaint, category: Category, severity: str, by: Employee, at: datetime) -> Complaint:
    """Put the category or severity right; the elapsed time stays. Only the centre may thereby lengthen a clock.

    Raises NotYours when a clock would get longer by somebody else's hand, BadInput for an unknown severity.
    """
    if severity not in Severity.values:
        raise BadInput("severity", _("Choose how urgent it is."))
    complaint = locked(complaint, at=at)
    if not is_centre(by):
        ensure_handler(complaint, by)
    facts: dict[str, object] = {"category": category.pk, "severity": severity}
    if complaint.policy_id:
        limits = limits_for(complaint.policy_id, category.pk, severity)
        longer = [clock for clock, reading in read(complaint).items() if limits.get(clock, reading.limit) > reading.limit]
        if longer and not is_centre(by):
            raise NotYours(_("This would allow more time; only the service centre can do that."))
        facts["limits"] = limits_as_facts(limits)
    return move(
        complaint,
        Verb.RECATEGORISE,
        "complaint.recategorised",
        by=by.user,
        at=at,
        facts=facts,
        category=category,
        severity=severity,
    )


@transaction.atomic
def lengthen_clock(*, complaint: Complaint, clock: Clock, to: timedelta, by: Employee, at: datetime, reason: str) -> Complaint:
    """Allow a clock more time in all, with a reason; only the centre. Raises BadInput unless it is longer than now."""
    reason = cleaned(reason, field="reason")
    ensure_centre(by)
    complaint = locked(complaint, at=at)
    reading = read(complaint).get(clock)
    if reading is None or to <= reading.limit:
        raise BadInput("to", _("Choose a longer time than now."))
    return move(
        complaint,
        Verb.LENGTHEN,
        "complaint.lengthened",
        by=by.user,
        at=at,
        facts={"limits": limits_as_facts({clock: to})},
        texts={"text": reason},
    )


@transaction.atomic
def correct_complaint(
    *,
    complaint: Complaint,
    by: Employee,
    at: datetime,
    reason: str,
    room: Room | None = None,
    asker_name: str = "",
    asker_phone: str = "",
) -> Complaint:
    """Put a wrong room, name or phone right: the contact's facts stay as they were, the correction stands beside them."""
    reason = cleaned(reason, field="reason")
    complaint = locked(complaint, at=at)
    if not is_centre(by):
        ensure_handler(complaint, by)
    old = complaint.words
    if old is None:
        raise BadInput("asker_name", _("The asker's details have been erased."))
    words = ContactWords(
        contact_id=complaint.contact_id,
        version=old.version + 1,
        title=old.title,
        text=old.text,
        asker_name=cleaned(asker_name, field="asker_name", longest=80, required=False) or old.asker_name,
        asker_phone=cleaned(asker_phone, field="asker_phone", longest=32, required=False) or old.asker_phone,
        asker_email=old.asker_email,
        salt=secrets.token_hex(16),
    )
    words.save(force_insert=True)
    return move(
        complaint,
        Verb.CORRECT,
        "complaint.corrected",
        by=by.user,
        at=at,
        facts={
            "room": room.pk if room else complaint.room_id,
            "words": commitment(words.salt, words.committed_text()),
            "version": words.version,
        },
        texts={"text": reason},
        room=room or complaint.room,
        words=words,
    )
