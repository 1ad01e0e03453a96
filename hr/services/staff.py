from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.community.models import Department, Employee
from propman.tenancy.events import record_event

from ..models import Deputy, EmploymentSpan, Transfer


class NotOutside(ValueError):
    """Nobody scores a unit that he belongs to."""


@transaction.atomic
def record_span(
    *, employee: Employee, kind: str, starts_on: date, ends_on: date, by: User | None, at: datetime
) -> EmploymentSpan:
    """Record days of leave or probation, [starts_on, ends_on). Raises IntegrityError when they overlap recorded ones."""
    span = EmploymentSpan.objects.create(employee=employee, kind=kind, starts_on=starts_on, ends_on=ends_on)
    facts = {"kind": str(kind), "from": starts_on.isoformat(), "until": ends_on.isoformat()}
    record_event("employee.span_recorded", employee, by=by, at=at, facts=facts)
    return span


@transaction.atomic
def end_span(*, span: EmploymentSpan, ends_on: date, by: User | None, at: datetime) -> None:
    """Let leave or probation end on another day; on its first day or before, it never was."""
    facts = {"kind": span.kind, "from": span.starts_on.isoformat(), "until": ends_on.isoformat()}
    if ends_on > span.starts_on:
        span.ends_on = ends_on
        span.save(update_fields=["ends_on"])
    else:
        span.delete()
    record_event("employee.span_ended", span.employee, by=by, at=at, facts=facts)


@transaction.atomic
def transfer_employee(*, employee: Employee, to: Department, moved_on: date, by: User | None, at: datetime) -> Transfer:
    """Move the employee to another department; the appraisal counts days in each. Raises ValueError when already there."""
    employee = Employee.objects.select_for_update().get(pk=employee.pk)
    if employee.department_id == to.pk:
        raise ValueError(_("%(name)s already works there.") % {"name": employee.name})
    transfer = Transfer.objects.create(
        employee=employee, from_department_id=employee.department_id, to_department=to, moved_on=moved_on
    )
    facts = {"from": employee.department_id, "to": to.pk, "on": moved_on.isoformat()}
    employee.department = to
    employee.save(update_fields=["department"])
    record_event("employee.transferred", employee, by=by, at=at, facts=facts)
    return transfer


@transaction.atomic
def appoint_deputy(*, department: Department | None, employee: Employee, by: User | None, at: datetime) -> Deputy:
    """Name who scores the department when its head is late; without a department, who scores the heads.

    Raises NotOutside for an employee of that department, or for a head who would score the heads.
    """
    inside = (
        employee.department_id == department.pk
        if department
        else Department.objects.filter(head=employee, closed_on=None).exists()
    )
    if inside:
        raise NotOutside(_("%(name)s belongs to the unit. Name somebody from outside it.") % {"name": employee.name})
    deputy, _created = Deputy.objects.update_or_create(department=department, defaults={"employee": employee})
    record_event("deputy.appointed", deputy, by=by, at=at, facts={"employee": employee.pk})
    return deputy
