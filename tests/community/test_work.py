"""Departments, heads, employees who come and go, and the duty rota."""

from datetime import timedelta

import pytest

from propman.accounts.permissions import current_roles
from propman.accounts.roles import Role
from propman.community.models import Department, DutyShift, Employee
from propman.community.selectors import duty_manager, employee_of
from propman.community.services import staff
from propman.tenancy.events import broken_links
from propman.tenancy.models import Event
from tests.factories import BEGIN, make_employee, make_user

DAY = timedelta(days=1)


def put_on_duty(department, employee, starts_at, hours=8, *, is_lead=False):
    return staff.add_shift(
        department=department,
        employee=employee,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        is_lead=is_lead,
        by=None,
        at=BEGIN,
    )


def test_role_follows_the_head(scope, office, head, agent):
    staff.name_head(department=office, head=employee_of(agent), by=None, at=BEGIN)
    assert Role.DEPARTMENT_HEAD in current_roles(agent)
    assert Role.DEPARTMENT_HEAD not in current_roles(head)
    staff.name_head(department=office, head=None, by=None, at=BEGIN)
    assert Role.DEPARTMENT_HEAD not in current_roles(agent)


def test_head_of_two_departments_keeps_the_role(scope, office, centre, head):
    staff.name_head(department=centre, head=employee_of(head), by=None, at=BEGIN)
    staff.name_head(department=office, head=None, by=None, at=BEGIN)
    assert Role.DEPARTMENT_HEAD in current_roles(head)


def test_connected_account_gains_the_roles_of_the_work(scope, office):
    employee = staff.add_employee(number="7", name="Li", department=office, joined_on=BEGIN.date(), by=None, at=BEGIN)
    staff.name_head(department=office, head=employee, by=None, at=BEGIN)
    user = make_user("Li")
    staff.connect_employee(employee=employee, user=user, by=None, at=BEGIN)
    assert current_roles(user) == {Role.EMPLOYEE, Role.DEPARTMENT_HEAD}


def test_account_serves_one_employee_only(scope, office, agent):
    employee = staff.add_employee(number="7", name="Li", department=office, joined_on=BEGIN.date(), by=None, at=BEGIN)
    with pytest.raises(staff.EmployeeTaken):
        staff.connect_employee(employee=employee, user=agent, by=None, at=BEGIN)
    with pytest.raises(staff.EmployeeTaken):
        staff.add_employee(number="7", name="Wu", department=office, joined_on=BEGIN.date(), by=None, at=BEGIN)


def test_leaver_heads_nothing_and_is_signed_out(scope, office, head, centre, client_of):
    client = client_of(head)
    employee = employee_of(head)
    put_on_duty(centre, employee, BEGIN - DAY)
    put_on_duty(centre, employee, BEGIN + DAY)
    staff.end_employment(employee=employee, by=None, at=BEGIN)
    office.refresh_from_db()
    assert office.head is None
    assert not current_roles(head)
    assert DutyShift.objects.filter(employee=employee).count() == 1
    assert client.get("/lanting/").url.startswith("/accounts/login/")
    assert not list(broken_links())
    for verb in (
        lambda: staff.end_employment(employee=employee, by=None, at=BEGIN),
        lambda: staff.name_head(department=office, head=employee, by=None, at=BEGIN),
        lambda: put_on_duty(centre, employee, BEGIN + DAY),
    ):
        with pytest.raises(staff.HasLeft):
            verb()


def test_apps_take_what_the_leaver_holds(scope, agent, monkeypatch):
    taken = []
    monkeypatch.setattr(staff, "_on_leaving", [lambda employee, by, at: taken.append((employee.pk, employee.left_on))])
    employee = employee_of(agent)
    staff.end_employment(employee=employee, by=None, at=BEGIN)
    assert taken == [(employee.pk, None)]


def test_department_with_people_cannot_close(scope, office, head, centre):
    with pytest.raises(staff.DepartmentInUse):
        staff.close_department(department=office, by=None, at=BEGIN)
    staff.move_employee(employee=employee_of(head), department=centre, by=None, at=BEGIN)
    staff.close_department(department=office, by=None, at=BEGIN)
    assert Role.DEPARTMENT_HEAD not in current_roles(head)
    with pytest.raises(staff.DepartmentClosed):
        staff.move_employee(employee=employee_of(head), department=Department.objects.get(pk=office.pk), by=None, at=BEGIN)


@pytest.mark.parametrize(
    ("kind", "says"),
    [(Department.Kind.SERVICE_CENTRE, "service centre"), (Department.Kind.MANAGEMENT_OFFICE, "management office")],
)
def test_second_centre_or_office_is_refused(scope, centre, office, community, kind, says):
    with pytest.raises(staff.DepartmentTaken, match=says):
        staff.open_department(name="Another", kind=kind, community=community, by=None, at=BEGIN)


def test_overlapping_shift_is_refused_in_words(scope, centre, agent):
    employee = employee_of(agent)
    put_on_duty(centre, employee, BEGIN)
    with pytest.raises(staff.OnDutyAlready, match="2026-01-01 09:00 to 2026-01-01 17:00"):
        put_on_duty(centre, employee, BEGIN + timedelta(hours=7))
    put_on_duty(centre, employee, BEGIN + timedelta(hours=8))


@pytest.mark.parametrize("hours", [0, -1, 25])
def test_impossible_shift_is_refused(scope, centre, agent, hours):
    with pytest.raises(staff.ShiftNotPlannable):
        put_on_duty(centre, employee_of(agent), BEGIN, hours)


def test_lead_of_the_running_shift_is_duty_manager(scope, centre, agent):
    other = employee_of(make_employee(centre))
    put_on_duty(centre, employee_of(agent), BEGIN)
    shift = put_on_duty(centre, other, BEGIN, is_lead=True)
    assert duty_manager(at=BEGIN) == other
    assert duty_manager(at=BEGIN + timedelta(hours=8)) is None
    staff.remove_shift(shift=shift, by=None, at=BEGIN)
    assert duty_manager(at=BEGIN) is None
    assert Event.objects.filter(name="shift.removed").exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\u202eb", "tab\x00"])
def test_unusable_name_is_refused(scope, office, name):
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError):
        staff.open_department(name=name, kind=Department.Kind.OTHER, by=None, at=BEGIN)
    assert not Employee.objects.exists()
