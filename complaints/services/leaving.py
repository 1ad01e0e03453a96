"""Nothing stays with somebody who leaves: the service centre takes over what he holds."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from complaints.models import Complaint, Offer
from complaints.selectors.ladder import Ladder
from complaints.workflow import OPEN, UNFINISHED, State, Verb
from propman.accounts.models import User
from propman.community.models import Department, Employee

from .moving import lapse_offer, locked, move, tell_asker, tell_employees

REOPENS_WITHIN = timedelta(days=30)


class NobodyTakesOver(ValidationError):
    """The leaver holds complaints, and neither the service centre nor the management has anybody else."""


def take_from_leaver(employee: Employee, by: User | None, at: datetime) -> None:
    """Give every complaint that the leaver handles, or that could be reopened to him, to the centre; offers to him lapse.

    Clocks go on. For register_on_leaving. Raises NobodyTakesOver.
    """
    Offer.objects.filter(to_employee=employee, closed_at=None).update(closed_at=at, outcome=Offer.Outcome.LAPSED)
    held = Complaint.objects.filter(
        Q(state__in=UNFINISHED) | Q(state=State.CLOSED, closed_at__gt=at - REOPENS_WITHIN), handler=employee
    )
    for complaint in held.order_by("pk"):
        successor = successor_of(employee, at)
        if successor is None:
            raise NobodyTakesOver(
                _("%(name)s still handles complaints, and there is nobody in the service centre to take them over.")
                % {"name": employee.name}
            )
        pass_on(complaint, successor, "complaint.handler_left", by=by, at=at)


def pass_on(complaint: Complaint, successor: Employee, event: str, *, by: User | None, at: datetime) -> None:
    """The complaint goes to somebody of the centre without being offered; both the successor and the asker are told."""
    complaint = locked(complaint, at=at)
    before, is_open = complaint.handler, complaint.state in OPEN
    lapse_offer(complaint, at=at)
    move(
        complaint,
        Verb.NOTE,  # keeps the state, whichever it is
        event,
        by=by,
        at=at,
        facts={"handler": successor.pk, "before": before.pk if before else None},
        handler=successor,
        department=successor.department,
        is_with_centre=True,
    )
    if is_open:
        tell_employees(complaint, "complaint.left_to_you", [successor], at=at, leaver=before.name if before else "")
        tell_asker(complaint, "complaint.taken", at=at, handler=successor.name, phone=successor.phone)


def successor_of(leaver: Employee, at: datetime) -> Employee | None:
    """Who of the centre takes over now: the duty manager, its head, a colleague, else the general manager."""
    ladder = Ladder.at(at)
    colleagues = Employee.objects.filter(
        department__kind=Department.Kind.SERVICE_CENTRE, left_on=None, user__isnull=False
    ).order_by("pk")
    candidates = [ladder.duty_manager, ladder.centre.head if ladder.centre else None, *colleagues[:2], ladder.general_manager]
    return next((one for one in candidates if one is not None and one.pk != leaver.pk), None)
