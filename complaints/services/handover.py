"""Handing over is an offer: until it is taken, the giver keeps clock and liability."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Complaint, Offer
from complaints.workflow import BadInput, MoveNotAllowed, NotYours, Verb
from propman.community.models import Department, Employee

from .moving import cleaned, ensure_handler, is_centre, locked, move, tell_asker, tell_employees


@transaction.atomic
def hand_over_complaint(
    *,
    complaint: Complaint,
    by: Employee,
    at: datetime,
    reason: str,
    to_employee: Employee | None = None,
    to_department: Department | None = None,
) -> Offer:
    """Offer the complaint, with a reason, to a named employee or to a department.

    Raises BadInput without a reason or a receiver, MoveNotAllowed while another offer is open, NotYours.
    """
    reason = cleaned(reason, field="reason")
    if to_employee is not None:
        to_department = to_employee.department
        if to_employee.left_on is not None:
            raise BadInput("to_employee", _("%(name)s no longer works here.") % {"name": to_employee})
    if to_department is None:
        raise BadInput("to_employee", _("Choose an employee or a department."))
    if to_employee == by:
        raise BadInput("to_employee", _("You have it already."))
    complaint = locked(complaint, at=at)
    ensure_handler(complaint, by)
    if Offer.objects.filter(complaint=complaint, closed_at=None).exists():
        raise MoveNotAllowed(_("It has been offered to somebody already; wait for the answer."))
    move(
        complaint,
        Verb.HAND_OVER,
        "complaint.handed_over",
        by=by.user,
        at=at,
        facts={"to_employee": to_employee.pk if to_employee else None, "to_department": to_department.pk},
        texts={"text": reason},
    )
    offer = Offer.objects.create(
        complaint=complaint, giver=by, to_employee=to_employee, to_department=to_department, offered_at=at
    )
    receivers = [to_employee] if to_employee else [to_department.head] if to_department.head else []
    tell_employees(complaint, "complaint.handed_over", receivers, at=at, giver=by.name, reason=reason)
    return offer


def _open_offer(complaint: Complaint, by: Employee) -> Offer:
    offer: Offer | None = (
        Offer.objects.select_for_update(of=("self",))
        .select_related("giver__department", "to_employee", "to_department")
        .filter(complaint=complaint, closed_at=None)
        .first()
    )
    if offer is None:
        raise MoveNotAllowed(_("There is no open offer."))
    to_them = offer.to_employee_id == by.pk if offer.to_employee_id else offer.to_department_id == by.department_id
    if not to_them:
        raise NotYours(_("It was offered to %(name)s.") % {"name": offer.to_employee or offer.to_department})
    return offer


@transaction.atomic
def take_complaint(*, complaint: Complaint, by: Employee, at: datetime) -> Complaint:
    """Take the offer: the receiver becomes the handler, and the asker is told who that is. No clock changes.

    Raises MoveNotAllowed when the offer is gone, NotYours when it was made to somebody else.
    """
    complaint = locked(complaint, at=at)
    offer = _open_offer(complaint, by)
    Offer.objects.filter(pk=offer.pk).update(closed_at=at, closed_by=by, outcome=Offer.Outcome.TAKEN)
    move(
        complaint,
        Verb.TAKE,
        "complaint.taken",
        by=by.user,
        at=at,
        facts={"handler": by.pk, "giver": offer.giver_id},
        handler=by,
        department=by.department,
        is_with_centre=is_centre(by),
    )
    tell_asker(complaint, "complaint.taken", at=at, handler=by.name, phone=by.phone)
    tell_employees(complaint, "complaint.taken_from_you", [offer.giver], at=at, handler=by.name)
    return complaint


@transaction.atomic
def refuse_complaint(*, complaint: Complaint, by: Employee, at: datetime, reason: str) -> Complaint:
    """Refuse the offer with a reason; the giver still has it, and the refusal is counted. Raises as take_complaint."""
    reason = cleaned(reason, field="reason")
    complaint = locked(complaint, at=at)
    offer = _open_offer(complaint, by)
    Offer.objects.filter(pk=offer.pk).update(closed_at=at, closed_by=by, outcome=Offer.Outcome.REFUSED)
    move(
        complaint,
        Verb.REFUSE,
        "complaint.refused",
        by=by.user,
        at=at,
        facts={"giver": offer.giver_id, "refused_by": by.pk},
        texts={"text": reason},
        refusals=complaint.refusals + 1,
    )
    tell_employees(complaint, "complaint.refused", [offer.giver], at=at, receiver=by.name, reason=reason)
    return complaint
