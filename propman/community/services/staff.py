"""Who works here: departments and their heads, employees who come and go, and the duty rota of the service centre.

The roles of employee and department head follow from these rows: every verb here grants and ends them in its own transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from propman.accounts.models import Membership, User
from propman.accounts.roles import STAFF, Role
from propman.accounts.services import end_memberships, end_role, grant_role
from propman.common.text import tidy
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from ..models import Community, Department, DutyShift, Employee
from .places import named


class DepartmentTaken(ValidationError):
    """The company has a department of that name, a service centre, or an office for that community already."""


class DepartmentInUse(ValidationError):
    """Employees still belong to the department."""


class DepartmentClosed(ValidationError):
    """The department was closed."""


class HasLeft(ValidationError):
    """The employee does not work here any more."""


class EmployeeTaken(ValidationError):
    """The number belongs to another employee, or the account does."""


class OnDutyAlready(ValidationError):
    """The employee has another shift at that time."""


class ShiftNotPlannable(ValidationError):
    """A shift ends before it begins, is longer than a day, or stands in a closed department."""


OnLeaving = Callable[[Employee, User | None, datetime], None]
_on_leaving: list[OnLeaving] = []


def register_on_leaving(act: OnLeaving) -> None:
    """Let an app take from a leaver what he holds; called in AppConfig.ready().

    `act(employee, by, at)` runs in the transaction in which the employee leaves, while he still counts as one.
    """
    _on_leaving.append(act)


@transaction.atomic
def open_department(
    *,
    name: str,
    kind: Department.Kind,
    community: Community | None = None,
    phone: str = "",
    by: User | None,
    at: datetime,
) -> Department:
    """Open a department; a management office needs its community. Raises DepartmentTaken, ValidationError."""
    department = Department(name=named(name, 80), kind=kind, community=community, phone=tidy(phone, longest=32))
    if kind == Department.Kind.MANAGEMENT_OFFICE and community is None:
        raise ValidationError({"community": _("Say which community this office looks after.")})
    try:
        with transaction.atomic():
            department.save()
    except IntegrityError as error:
        raise _taken(error) from error
    facts = {"name": department.name, "kind": kind, "community": community.pk if community else None}
    record_event("department.opened", department, by=by, at=at, facts=facts)
    return department


@transaction.atomic
def change_department(*, department: Department, name: str, phone: str, by: User | None, at: datetime) -> Department:
    """Change the department's name or telephone. Raises DepartmentTaken, ValidationError."""
    department = Department.objects.select_for_update().get(pk=department.pk)
    department.name, department.phone = named(name, 80), tidy(phone, longest=32)
    try:
        with transaction.atomic():
            department.save(update_fields=["name", "phone"])
    except IntegrityError as error:
        raise _taken(error) from error
    record_event("department.changed", department, by=by, at=at, facts={"name": department.name, "phone": department.phone})
    return department


@transaction.atomic
def close_department(*, department: Department, by: User | None, at: datetime) -> Department:
    """Close the department for good; it has no head any more. Raises DepartmentInUse, DepartmentClosed."""
    department = Department.objects.select_for_update().get(pk=department.pk)
    if department.closed_on:
        raise DepartmentClosed(_("This department was closed already."))
    if Employee.objects.filter(department=department, left_on=None).exists():
        raise DepartmentInUse(_("Move its employees to other departments first."))
    if department.head_id:
        department = name_head(department=department, head=None, by=by, at=at)
    department.closed_on = _today(at)
    department.save(update_fields=["closed_on"])
    record_event("department.closed", department, by=by, at=at)
    return department


@transaction.atomic
def name_head(*, department: Department, head: Employee | None, by: User | None, at: datetime) -> Department:
    """Put an employee, or nobody, at the head of the department; the role of department head follows.

    Raises DepartmentClosed, HasLeft.
    """
    department = Department.objects.select_for_update().get(pk=department.pk)
    if department.closed_on:
        raise DepartmentClosed(_("This department was closed."))
    before = Employee.objects.filter(pk=department.head_id).first()
    if head is not None:
        head = _employed(head)
    department.head = head
    department.save(update_fields=["head"])
    facts = {"head": head.pk if head else None, "before": before.pk if before else None}
    record_event("department.head_named", department, by=by, at=at, facts=facts)
    for employee in (before, head):
        if employee is not None:
            _keep_roles_in_step(employee, by=by, at=at)
    return department


@transaction.atomic
def add_employee(
    *,
    number: str,
    name: str,
    department: Department,
    joined_on: date,
    phone: str = "",
    email: str = "",
    post: str = "",
    sex: Employee.Sex = Employee.Sex.NOT_SAID,
    born_on: date | None = None,
    contract: str = "",
    by: User | None,
    at: datetime,
) -> Employee:
    """Note somebody as an employee; he signs in once an account is connected. Raises EmployeeTaken, ValidationError."""
    employee = Employee(
        number=tidy(number, longest=20),
        name=named(name, 80),
        phone=tidy(phone, longest=32),
        email=tidy(email, longest=254),
        department=department,
        post=tidy(post, longest=80),
        sex=sex,
        born_on=born_on,
        contract=tidy(contract, longest=40),
        joined_on=joined_on,
    )
    employee.clean_fields(exclude=["company", "department", "user"])
    try:
        with transaction.atomic():
            employee.save()
    except IntegrityError as error:
        raise EmployeeTaken(_("Another employee has this number.")) from error
    record_event("employee.added", employee, by=by, at=at, facts={"department": department.pk}, texts={"name": employee.name})
    return employee


@transaction.atomic
def move_employee(*, employee: Employee, department: Department, by: User | None, at: datetime) -> Employee:
    """Put the employee into another department. Raises HasLeft, DepartmentClosed."""
    employee = _employed(employee)
    if department.closed_on:
        raise DepartmentClosed(_("This department was closed."))
    before = employee.department_id
    employee.department = department
    employee.save(update_fields=["department"])
    record_event("employee.moved", employee, by=by, at=at, facts={"before": before, "department": department.pk})
    return employee


@transaction.atomic
def connect_employee(*, employee: Employee, user: User, by: User | None, at: datetime) -> Employee:
    """Let the employee sign in as that user, with the roles that follow from his work. Raises HasLeft, EmployeeTaken."""
    employee = _employed(employee)
    if employee.user_id == user.pk:
        return employee
    if employee.user_id is not None:
        raise EmployeeTaken(_("This employee has an account already."))
    employee.user = user
    try:
        with transaction.atomic():
            employee.save(update_fields=["user"])
    except IntegrityError as error:
        raise EmployeeTaken(_("This account belongs to another employee.")) from error
    record_event("employee.account_connected", employee, by=by, at=at, facts={"user": user.pk})
    _keep_roles_in_step(employee, by=by, at=at)
    return employee


@transaction.atomic
def end_employment(*, employee: Employee, by: User | None, at: datetime) -> Employee:
    """The employee leaves today: he heads nothing, has no shift to come, holds nothing, and is signed out everywhere.

    First every app takes from him what he holds (see register_on_leaving), then his company roles end.
    Raises HasLeft, LastAdministrator.
    """
    employee = _employed(employee)
    for act in _on_leaving:
        act(employee, by, at)
    for department in Department.objects.filter(head=employee).order_by("pk"):
        name_head(department=department, head=None, by=by, at=at)
    DutyShift.objects.filter(employee=employee, ends_at__gt=at).delete()
    employee.left_on = max(_today(at), employee.joined_on)
    employee.save(update_fields=["left_on"])
    record_event("employee.left", employee, by=by, at=at, facts={"left_on": employee.left_on.isoformat()})
    if employee.user:
        end_memberships(user=employee.user, roles=STAFF, by=by, at=at)
    return employee


@transaction.atomic
def add_shift(
    *,
    department: Department,
    employee: Employee,
    starts_at: datetime,
    ends_at: datetime,
    is_lead: bool,
    by: User | None,
    at: datetime,
) -> DutyShift:
    """Put the employee on duty for [starts_at, ends_at); the lead of a shift is the duty manager of that time.

    Raises ShiftNotPlannable, HasLeft, OnDutyAlready (the sentence says when and where).
    """
    if ends_at <= starts_at:
        raise ShiftNotPlannable({"ends_at": _("A shift ends after it begins.")})
    if (ends_at - starts_at).total_seconds() > 24 * 3600:
        raise ShiftNotPlannable({"ends_at": _("A shift lasts 24 hours at most.")})
    if department.closed_on:
        raise ShiftNotPlannable(_("This department was closed."))
    employee = _employed(employee)
    overlapping = DutyShift.objects.filter(employee=employee, starts_at__lt=ends_at, ends_at__gt=starts_at)
    try:
        with transaction.atomic():
            shift = DutyShift.objects.create(
                department=department, employee=employee, starts_at=starts_at, ends_at=ends_at, is_lead=is_lead
            )
    except IntegrityError as error:
        raise OnDutyAlready(_on_duty(overlapping.select_related("department").first(), employee)) from error
    facts = {
        "department": department.pk,
        "employee": employee.pk,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "is_lead": is_lead,
    }
    record_event("shift.added", shift, by=by, at=at, facts=facts)
    return shift


@dataclass(frozen=True)
class NewShift:
    """A shift to be planned: [starts_at, ends_at)."""

    employee: Employee
    starts_at: datetime
    ends_at: datetime
    is_lead: bool = False


@transaction.atomic
def plan_shifts(*, department: Department, shifts: Sequence[NewShift], by: User | None, at: datetime) -> list[DutyShift]:
    """Put many people on duty at once, as a whole rota; one event on the department counts them.

    Raises ShiftNotPlannable, OnDutyAlready when one of them stands on the rota at that time; then none is planned.
    """
    if any(shift.ends_at <= shift.starts_at for shift in shifts):
        raise ShiftNotPlannable({"ends_at": _("A shift ends after it begins.")})
    if any((shift.ends_at - shift.starts_at).total_seconds() > 24 * 3600 for shift in shifts):
        raise ShiftNotPlannable({"ends_at": _("A shift lasts 24 hours at most.")})
    if department.closed_on:
        raise ShiftNotPlannable(_("This department was closed."))
    for employee in {shift.employee for shift in shifts}:
        _employed(employee)
    rows = [
        DutyShift(
            company_id=department.company_id,
            department=department,
            employee=shift.employee,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            is_lead=shift.is_lead,
        )
        for shift in shifts
    ]
    try:
        with transaction.atomic():
            planned = DutyShift.objects.bulk_create(rows, batch_size=1000)
    except IntegrityError as error:
        raise OnDutyAlready(_("Somebody on this rota has another shift at the same time.")) from error
    record_event("department.rota_planned", department, by=by, at=at, facts={"shifts": len(planned)})
    return planned


@transaction.atomic
def remove_shift(*, shift: DutyShift, by: User | None, at: datetime) -> None:
    """Take a shift off the rota."""
    shift = DutyShift.objects.select_for_update().get(pk=shift.pk)
    record_event("shift.removed", shift, by=by, at=at, facts={"employee": shift.employee_id})
    shift.delete()


def _employed(employee: Employee) -> Employee:
    employee = Employee.objects.select_for_update().get(pk=employee.pk)
    if employee.left_on:
        raise HasLeft(_("%(name)s does not work here any more."), params={"name": employee.name})
    return employee


def _keep_roles_in_step(employee: Employee, *, by: User | None, at: datetime) -> None:
    if employee.user is None or employee.left_on:
        return
    held = set(Membership.objects.current().filter(user=employee.user).values_list("role", flat=True))
    if Role.EMPLOYEE not in held:
        grant_role(user=employee.user, role=Role.EMPLOYEE, by=by, at=at)
    heads = Department.objects.filter(head=employee).exists()
    if heads and Role.DEPARTMENT_HEAD not in held:
        grant_role(user=employee.user, role=Role.DEPARTMENT_HEAD, by=by, at=at)
    if not heads and Role.DEPARTMENT_HEAD in held:
        end_role(user=employee.user, role=Role.DEPARTMENT_HEAD, by=by, at=at)


def _today(at: datetime) -> date:
    return Company.objects.get(pk=current_company_id()).today(at)


def _taken(error: IntegrityError) -> DepartmentTaken:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    said = {
        "community_department_one_centre": _("The company has a service centre already."),
        "community_department_one_office": _("This community has a management office already."),
    }
    return DepartmentTaken(said.get(constraint) or _("There is a department of this name already."))


def _on_duty(shift: DutyShift | None, employee: Employee) -> str:
    if shift is None:
        return _("%(name)s has another shift at that time.") % {"name": employee.name}
    zone = Company.objects.get(pk=current_company_id()).timezone
    return _("%(name)s is on duty already from %(start)s to %(end)s (%(department)s).") % {
        "name": employee.name,
        "start": f"{timezone.localtime(shift.starts_at, zone):%Y-%m-%d %H:%M}",
        "end": f"{timezone.localtime(shift.ends_at, zone):%Y-%m-%d %H:%M}",
        "department": shift.department.name,
    }
