"""The end of a shift: what an agent holds is offered to a colleague, and nothing stays with somebody who has gone."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Complaint, Offer, ShiftHandOver
from complaints.workflow import OPEN, BadInput, MoveNotAllowed, NotYours, State
from propman.community.models import Department, DutyShift, Employee

from .centre import ensure_centre
from .handover import hand_over_complaint, take_complaint
from .leaving import pass_on, successor_of
from .moving import cleaned, is_centre


@transaction.atomic
def hand_over_shift(*, by: Employee, to: Employee, note: str, at: datetime) -> ShiftHandOver:
    """Offer all that the agent holds to a colleague of the centre, with one note; it stays his until the colleague takes it.

    What was offered to somebody already waits for that answer. Raises BadInput when there is nothing to hand over.
    """
    ensure_centre(by)
    note = cleaned(note, field="note", longest=2000, required=False)
    if to == by or not is_centre(to) or to.left_on is not None:
        raise BadInput("to", _("Choose a colleague of the service centre."))
    held = Complaint.objects.filter(handler=by, state__in=OPEN).exclude(offers__closed_at=None, offers__isnull=False)
    given = []
    for complaint in held.order_by("pk"):  # one order for everybody who locks many: no deadlock
        if complaint.state == State.ACCEPTED:
            reason = note or _("The shift ends.")
            hand_over_complaint(complaint=complaint, by=by, at=at, reason=reason, to_employee=to)
        given.append(complaint.pk)
    if not given:
        raise BadInput("to", _("You hold nothing that could be handed over."))
    hand_over: ShiftHandOver = ShiftHandOver.objects.create(giver=by, receiver=to, note=note, complaints=given, given_at=at)
    return hand_over


@transaction.atomic
def take_shift(*, hand_over: ShiftHandOver, by: Employee, at: datetime) -> int:
    """Take everything of a shift that is still the giver's; returns how many complaints.

    Raises NotYours for anybody but the receiver, MoveNotAllowed when it was taken before.
    """
    hand_over = ShiftHandOver.objects.select_for_update(of=("self",)).select_related("giver", "receiver").get(pk=hand_over.pk)
    if hand_over.receiver_id != by.pk:
        raise NotYours(_("It was offered to %(name)s.") % {"name": hand_over.receiver})
    if hand_over.taken_at is not None:
        raise MoveNotAllowed(_("You have taken it already."))
    ShiftHandOver.objects.filter(pk=hand_over.pk).update(taken_at=at)
    taken = 0
    for complaint in Complaint.objects.filter(pk__in=hand_over.complaints, handler=hand_over.giver_id).order_by("pk"):
        if Offer.objects.filter(complaint=complaint, closed_at=None, to_employee=by).exists():
            take_complaint(complaint=complaint, by=by, at=at)
        elif complaint.state in OPEN:  # it waits or has just come in, so it could not be offered
            pass_on(complaint, by, "complaint.shift_ended", by=by.user, at=at)
        else:
            continue
        taken += 1
    return taken


@transaction.atomic
def end_shift(*, shift: DutyShift, at: datetime) -> int:
    """What an agent of the centre still holds when the shift has ended goes to whoever is to take over; returns how many.

    The receiver of the hand-over, if on duty, else the duty manager. Whoever is on duty again keeps what he has.
    """
    if shift.department.kind != Department.Kind.SERVICE_CENTRE or _is_on_duty(shift.employee, at):
        return 0
    waiting = ShiftHandOver.objects.select_related("receiver__department").filter(giver=shift.employee, taken_at=None)
    latest = waiting.order_by("-given_at").first()
    successor = latest.receiver if latest and _is_on_duty(latest.receiver, at) else successor_of(shift.employee, at)
    if successor is None or successor == shift.employee:
        return 0
    passed = 0
    for complaint in Complaint.objects.filter(handler=shift.employee, state__in=OPEN).order_by("pk"):
        pass_on(complaint, successor, "complaint.shift_ended", by=None, at=at)
        passed += 1
    waiting.update(taken_at=at)
    return passed


def _is_on_duty(employee: Employee, at: datetime) -> bool:
    return DutyShift.objects.filter(employee=employee, starts_at__lte=at, ends_at__gt=at).exists()
