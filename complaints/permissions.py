"""Who may see a complaint and do what with it; `complaint_for` is the only door to a row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.http import Http404, HttpRequest

from propman.accounts.models import User
from propman.accounts.permissions import current_roles
from propman.accounts.roles import CENTRE, STAFF, Role
from propman.community.models import Department, Employee
from propman.community.selectors import employee_of
from propman.notify.models import Notice
from propman.tenancy.models import Event

from .models import Attachment, Complaint, Offer, WorkOrder
from .order_workflow import OrderVerb, is_order_allowed
from .workflow import UNFINISHED, Verb, is_allowed

SEES_ALL = frozenset({Role.CENTRE_AGENT, Role.DUTY_MANAGER, Role.GENERAL_MANAGER})
SEES_FIGURES = SEES_ALL | {Role.COMPANY_ADMINISTRATOR, Role.DEPARTMENT_HEAD}
WORKS = SEES_ALL | {Role.DEPARTMENT_HEAD, Role.EMPLOYEE, Role.FINANCE_OFFICER}  # who may have to do with work orders
BUDGETS = frozenset({Role.FINANCE_OFFICER, Role.GENERAL_MANAGER, Role.DUTY_MANAGER, Role.DEPARTMENT_HEAD})

ASKER_VERBS = frozenset({Verb.REPLY, Verb.CONFIRM, Verb.HALF_FIX, Verb.REOPEN, Verb.URGE, Verb.RATE, Verb.WITHDRAW, Verb.TELL})
HANDLER_VERBS = frozenset(
    {Verb.HAND_OVER, Verb.ANSWER, Verb.REPLY, Verb.WAIT, Verb.DEFER, Verb.RESOLVE, Verb.RECATEGORISE, Verb.CORRECT}
)
CENTRE_VERBS = frozenset(
    {Verb.TAKE_OVER, Verb.MERGE, Verb.LENGTHEN, Verb.RECATEGORISE, Verb.REPLY, Verb.CORRECT, Verb.DEFER, Verb.CALL_BACK}
)


@dataclass(frozen=True)
class Viewer:
    """Somebody who looks at complaints: the user, the roles held in the company, and the employee that the user is."""

    user: User
    roles: frozenset[str]
    employee: Employee | None

    @property
    def sees_all(self) -> bool:
        return bool(self.roles & SEES_ALL)

    @property
    def is_centre(self) -> bool:
        return self.employee is not None and self.employee.department.kind == Department.Kind.SERVICE_CENTRE

    @property
    def is_agent(self) -> bool:
        """Works the centre's queue: takes the next one, calls and shifts. The centre's head may be none."""
        return self.is_centre and bool(self.roles & CENTRE)

    @property
    def is_finance(self) -> bool:
        return Role.FINANCE_OFFICER in self.roles


def viewer_of(request: HttpRequest) -> Viewer:
    """Who asks. Raises Http404 for somebody who is not signed in."""
    if not isinstance(request.user, User):
        raise Http404
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    return Viewer(request.user, roles, employee_of(request.user) if roles & STAFF else None)


def viewer_as(user: User) -> Viewer:
    """The same for whoever asked for something that a worker does now."""
    roles = current_roles(user)
    return Viewer(user, roles, employee_of(user) if roles & STAFF else None)


def offices_counted_for(viewer: Viewer) -> tuple[int, ...] | None:
    """The offices whose figures the viewer sees: None for all of the company, a head's own. Raises Http404 without any."""
    if viewer.roles & (SEES_ALL | {Role.COMPANY_ADMINISTRATOR}):
        return None
    if viewer.employee is None or Role.DEPARTMENT_HEAD not in viewer.roles:
        raise Http404
    headed = tuple(Department.objects.filter(head=viewer.employee, closed_on=None).order_by("pk").values_list("pk", flat=True))
    if not headed:
        raise Http404
    return headed


def may_read_counted(viewer: Viewer) -> bool:
    """Whether what he may count he may also read: an administrator sees numbers, never what an asker wrote."""
    return viewer.sees_all or Role.DEPARTMENT_HEAD in viewer.roles


def verbs_of(viewer: Viewer, complaint: Complaint) -> frozenset[Verb]:
    """The verbs that are the viewer's, in whatever state the complaint is; the services check the same under the lock."""
    verbs: set[Verb] = set()
    if complaint.asker_id == viewer.user.pk:
        verbs |= ASKER_VERBS
    if viewer.employee is not None:
        verbs |= _verbs_of_employee(viewer, viewer.employee, complaint)
    return frozenset(verbs)


def allowed_verbs(viewer: Viewer, complaint: Complaint) -> frozenset[Verb]:
    """What the viewer may do with the complaint now."""
    return frozenset(verb for verb in verbs_of(viewer, complaint) if is_allowed(complaint.state, verb))


def _verbs_of_employee(viewer: Viewer, employee: Employee, complaint: Complaint) -> set[Verb]:
    verbs = {Verb.NOTE}
    if viewer.is_centre:
        verbs |= CENTRE_VERBS
    if may_order_work(viewer):
        verbs.add(Verb.ORDER_WORK)
    if complaint.handler_id == employee.pk:
        verbs |= HANDLER_VERBS | {Verb.ACCEPT}
    elif viewer.is_centre and (complaint.handler_id is None or complaint.is_with_centre):
        verbs.add(Verb.ACCEPT)
    if viewer.is_centre and complaint.handler_id is None:
        verbs.add(Verb.SKIP)
    offer = open_offer(complaint)
    if offer is not None:
        verbs.discard(Verb.HAND_OVER)
        to_them = (
            offer.to_employee_id == employee.pk if offer.to_employee_id else offer.to_department_id == employee.department_id
        )
        if to_them:
            verbs |= {Verb.TAKE, Verb.REFUSE}
    return verbs


def open_offer(complaint: Complaint) -> Offer | None:
    """The offer that waits for an answer; asked for once per complaint."""
    if complaint.state not in UNFINISHED:
        return None
    if not hasattr(complaint, "_open_offer"):
        complaint._open_offer = (  # type: ignore[attr-defined]
            Offer.objects.select_related("giver", "to_employee", "to_department")
            .filter(complaint=complaint, closed_at=None)
            .first()
        )
    offer: Offer | None = complaint._open_offer  # type: ignore[attr-defined]
    return offer


def complaint_for(viewer: Viewer, number: str) -> Complaint:
    """The complaint with that number, if the viewer may see it. Raises Http404: not there and not yours look alike."""
    complaint: Complaint | None = (
        Complaint.objects.visible_to(viewer)
        .for_list()
        .select_related("department__head", "policy")
        .filter(number=number)
        .first()
    )
    if complaint is None:
        raise Http404
    return complaint


def openable(viewer: Viewer, complaints: Iterable[Complaint]) -> set[int]:
    """The ids of those that the viewer may open, of a list that others may count."""
    ids = [complaint.pk for complaint in complaints]
    return set(Complaint.objects.visible_to(viewer).filter(pk__in=ids).values_list("pk", flat=True))


def may_know_asker(viewer: Viewer, complaint: Complaint) -> bool:
    """Of a confidential complaint only the centre, and the asker himself, see name, phone and room."""
    return may_know(viewer, is_confidential=complaint.contact.is_confidential, asker_id=complaint.asker_id)


def may_know(viewer: Viewer, *, is_confidential: bool, asker_id: int | None) -> bool:
    """The same, of a complaint of which only this is known."""
    return not is_confidential or viewer.is_centre or asker_id == viewer.user.pk


def is_colleague(viewer: Viewer | None, complaint: Complaint) -> bool:
    """Whether the viewer reads what stands there for colleagues: an employee, but not of his own complaint."""
    return viewer is not None and viewer.employee is not None and complaint.asker_id != viewer.user.pk


def may_see_file(viewer: Viewer | None, complaint: Complaint, attachment: Attachment) -> bool:
    """Whether a file of a complaint that the viewer may see exists for him; None follows it by number and code.

    What came with an internal note is for colleagues.
    """
    return attachment.side != Attachment.Side.NOTE or is_colleague(viewer, complaint)


def may_open_file(viewer: Viewer | None, complaint: Complaint, attachment: Attachment) -> bool:
    """Whether he may open it too: a document of a confidential asker only the centre.

    A photo was drawn anew; a document may name its author inside.
    """
    if not may_see_file(viewer, complaint, attachment):
        return False
    may_tell = attachment.side == Attachment.Side.ASKER and not attachment.is_photo
    return not may_tell or viewer is None or may_know_asker(viewer, complaint)


def file_for(viewer: Viewer | None, complaint: Complaint, pk: int) -> Attachment:
    """The file of the complaint, if the viewer may open it. Raises Http404: not there and not yours look alike."""
    attachment: Attachment | None = Attachment.objects.select_related("event").filter(complaint=complaint, pk=pk).first()
    if attachment is None or not may_open_file(viewer, complaint, attachment):
        raise Http404
    return attachment


def may_erase(viewer: Viewer) -> bool:
    """The duty manager of the service centre erases files: never the office complained of."""
    return viewer.is_centre and Role.DUTY_MANAGER in viewer.roles


def may_order_work(viewer: Viewer) -> bool:
    """The service centre, the duty manager and the general manager order work."""
    return viewer.employee is not None and (viewer.is_centre or viewer.sees_all)


def order_for(viewer: Viewer, number: str) -> WorkOrder:
    """The work order with that number, if the viewer may see it. Raises Http404: not there and not yours look alike."""
    order: WorkOrder | None = (
        WorkOrder.objects.visible_to(viewer)
        .for_list()
        .select_related("complaint__words", "ordered_by", "accepted_by")
        .filter(number=number)
        .first()
    )
    if order is None:
        raise Http404
    return order


def order_file_for(order: WorkOrder, pk: int) -> Attachment:
    """A file that came when the order was done; whoever may see the order may open it. Raises Http404."""
    attachment: Attachment | None = Attachment.objects.select_related("event").filter(work_order=order, pk=pk).first()
    if attachment is None:
        raise Http404
    return attachment


def is_ordered(employee: Employee | None, order: WorkOrder) -> bool:
    """Whether the order is the employee's to accept and to do: head of the department, or named; anybody where no head is."""
    if employee is None:
        return False
    if order.department.head_id is None and order.department_id == employee.department_id:
        return True
    if order.department.head_id == employee.pk:
        return True
    named = getattr(order, "named", None)  # fetched for a whole list at once
    if named is None:
        return order.people.filter(employee=employee).exists()
    return any(one.employee_id == employee.pk for one in named)


def order_verbs(viewer: Viewer, order: WorkOrder) -> frozenset[OrderVerb]:
    """What the viewer may do with the order now; the services check the same under the lock."""
    verbs: set[OrderVerb] = set()
    if may_order_work(viewer):
        verbs |= {OrderVerb.CHANGE, OrderVerb.CANCEL}
    if is_ordered(viewer.employee, order):
        verbs |= {OrderVerb.ACCEPT, OrderVerb.REFUSE, OrderVerb.FINISH}
    if viewer.employee is not None and Role.GENERAL_MANAGER in viewer.roles and order.waits_for_manager:
        verbs.add(OrderVerb.ALLOW)
    return frozenset(verb for verb in verbs if is_order_allowed(order.state, verb))


def may_know_room(viewer: Viewer, order: WorkOrder) -> bool:
    """The room of a confidential asker: only for the centre, unless it gave the room with the order."""
    return order.gives_room or viewer.is_centre


def may_know_contact(viewer: Viewer, order: WorkOrder) -> bool:
    """Name and phone of the asker: for the centre, and unless he is confidential for the department that is to come."""
    if viewer.is_centre:
        return True
    if order.complaint.contact.is_confidential or viewer.employee is None:
        return False
    return viewer.sees_all or order.department_id == viewer.employee.department_id or is_ordered(viewer.employee, order)


def notices_of_hidden_askers(reader: User) -> QuerySet[Notice]:
    """Notices of which the reader of the log may not learn that they went to an asker: those about a confidential complaint.

    The service centre knows him. Of a notice whose words are erased nobody can say any more whom it would name.
    """
    employee = employee_of(reader)
    if employee is not None and employee.department.kind == Department.Kind.SERVICE_CENTRE:
        return Notice.objects.none()
    notices = Notice.objects.filter(Q(event__startswith="complaint.") | Q(event__startswith="work_order."))
    notices = notices.annotate(about=KeyTextTransform("number", "words"))
    to_asker = Q(asker=OuterRef("user")) | Q(asker=None)
    hidden = Complaint.objects.filter(to_asker, number=OuterRef("about"), contact__is_confidential=True)
    found: QuerySet[Notice] = notices.filter(Q(about=None) | Exists(hidden))
    return found


LEADS_TO_ASKER = frozenset({"contact", "room", "household", "person", "user", "logged_by"})


def told_facts(event: Event, facts: dict[str, Any]) -> dict[str, Any]:
    """What other programs of the company hear of an event: of a confidential complaint nothing that leads to its asker."""
    pk = int(event.stream.partition(":")[2])
    if not Complaint.objects.filter(pk=pk, contact__is_confidential=True).exists():
        return facts
    return {name: value for name, value in facts.items() if name not in LEADS_TO_ASKER}
