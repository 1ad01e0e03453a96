"""The administrator's settings: the company, its departments and the duty rota."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts.permissions import role_required
from propman.accounts.roles import Role
from propman.tenancy.middleware import company_of

from ..forms.staff import CompanyForm, DepartmentChangeForm, DepartmentForm, EmployeeForm, HeadForm, ShiftForm
from ..models import Department, DutyShift, Employee
from ..selectors import duty_manager
from ..services import staff
from ..services.company import change_company
from .people import ADMINISTRATOR, said, sent, tried, user_of

ROTA = (Role.COMPANY_ADMINISTRATOR, Role.DUTY_MANAGER)


@role_required(ADMINISTRATOR)
def company(request: HttpRequest) -> HttpResponse:
    """Name, time zone, currency and language of the company."""
    form = CompanyForm(sent(request), instance=company_of(request))
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent and tried(form, lambda: change_company(**form.cleaned_data, by=user_of(request), at=timezone.now())):
        messages.success(request, _("Saved."))
        return redirect("community:company")
    return render(request, "community/settings/company.html", {"form": form}, status=422 if form.errors else 200)


@role_required(ADMINISTRATOR, Role.HR_OFFICER)
def departments(request: HttpRequest) -> HttpResponse:
    """Every department with its head; another one can be opened."""
    form = DepartmentForm(sent(request))
    if request.method == "POST" and form.is_valid():
        data = {**form.cleaned_data, "kind": Department.Kind(form.cleaned_data["kind"])}
        if tried(form, lambda: staff.open_department(**data, by=user_of(request), at=timezone.now())):
            messages.success(request, _("“%(name)s” was opened.") % {"name": data["name"]})
            return redirect("community:departments")
    rows = (
        Department.objects.filter(closed_on=None)
        .select_related("head", "community")
        .annotate(people=Count("employees", filter=Q(employees__left_on=None)))
        .order_by("kind", "name")
    )
    context = {"form": form, "departments": rows}
    return render(request, "community/settings/departments.html", context, status=422 if form.errors else 200)


@role_required(ADMINISTRATOR, Role.HR_OFFICER)
def department(request: HttpRequest, pk: int, *, forms_shown: dict[str, Any] | None = None) -> HttpResponse:
    """One department: its head, its employees, and what can be changed."""
    found = get_object_or_404(Department.objects.select_related("head", "community"), pk=pk)
    context = {
        "department": found,
        "employees": Employee.objects.filter(department=found, left_on=None).order_by("name", "pk"),
        "head_form": HeadForm(initial={"head": found.head_id}),
        "change_form": DepartmentChangeForm(initial={"name": found.name, "phone": found.phone}),
        "employee_form": EmployeeForm(auto_id="employee_%s", initial={"joined_on": company_of(request).today(timezone.now())}),
        **(forms_shown or {}),
    }
    return render(request, "community/settings/department.html", context, status=422 if forms_shown else 200)


@role_required(ADMINISTRATOR, Role.HR_OFFICER)
@require_POST
def name_head(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = get_object_or_404(Department, pk=pk), HeadForm(request.POST)
    if form.is_valid() and tried(
        form,
        lambda: staff.name_head(department=found, head=form.cleaned_data["head"], by=user_of(request), at=timezone.now()),
    ):
        messages.success(request, _("Saved."))
        return redirect("community:department", pk)
    return department(request, pk, forms_shown={"head_form": form})


@role_required(ADMINISTRATOR, Role.HR_OFFICER)
@require_POST
def change_department(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = get_object_or_404(Department, pk=pk), DepartmentChangeForm(request.POST)
    if form.is_valid() and tried(
        form,
        lambda: staff.change_department(department=found, **form.cleaned_data, by=user_of(request), at=timezone.now()),
    ):
        messages.success(request, _("Saved."))
        return redirect("community:department", pk)
    return department(request, pk, forms_shown={"change_form": form})


@role_required(ADMINISTRATOR, Role.HR_OFFICER)
@require_POST
def add_employee(request: HttpRequest, pk: int) -> HttpResponse:
    found, form = get_object_or_404(Department, pk=pk, closed_on=None), EmployeeForm(request.POST, auto_id="employee_%s")
    if form.is_valid() and tried(
        form, lambda: staff.add_employee(department=found, **form.cleaned_data, by=user_of(request), at=timezone.now())
    ):
        messages.success(request, _("%(name)s was added.") % {"name": form.cleaned_data["name"]})
        return redirect("community:department", pk)
    return department(request, pk, forms_shown={"employee_form": form})


@role_required(ADMINISTRATOR)
@require_POST
def close_department(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Department, pk=pk)
    said(
        request,
        lambda: staff.close_department(department=found, by=user_of(request), at=timezone.now()),
        _("“%(name)s” was closed.") % {"name": found.name},
    )
    return redirect("community:departments")


@role_required(*ROTA)
def duty(request: HttpRequest) -> HttpResponse:
    """The service centre's duty rota, a week at a time; overlapping shifts are refused in words."""
    at, zone = timezone.now(), company_of(request).timezone
    monday = monday_of(request.GET.get("week", ""), default=timezone.localtime(at, zone).date())
    centre = Department.objects.filter(kind=Department.Kind.SERVICE_CENTRE, closed_on=None).first()
    form = ShiftForm(sent(request), zone=zone, initial={"day": max(monday, timezone.localtime(at, zone).date())})
    if request.method == "POST" and centre and form.is_valid():
        data = form.cleaned_data
        if tried(
            form,
            lambda: staff.add_shift(
                department=centre,
                employee=data["employee"],
                is_lead=data["is_lead"],
                **form.times(),
                by=user_of(request),
                at=at,
            ),
        ):
            messages.success(request, _("%(name)s is on the rota.") % {"name": data["employee"].name})
            return redirect(f"{request.path}?week={monday.isoformat()}")
    context = {
        "form": form,
        "centre": centre,
        "manager": duty_manager(at=at),
        "days": days_of_week(centre, monday, zone) if centre else [],
        "monday": monday,
        "sunday": monday + timedelta(days=6),
        "before": (monday - timedelta(days=7)).isoformat(),
        "after": (monday + timedelta(days=7)).isoformat(),
        "now": at,
    }
    return render(request, "community/settings/duty.html", context, status=422 if form.errors else 200)


@role_required(*ROTA)
@require_POST
def remove_shift(request: HttpRequest, pk: int) -> HttpResponse:
    shift = get_object_or_404(DutyShift.objects.select_related("employee"), pk=pk)
    day = timezone.localtime(shift.starts_at, company_of(request).timezone).date()
    said(
        request,
        lambda: staff.remove_shift(shift=shift, by=user_of(request), at=timezone.now()),
        _("The shift of %(name)s was taken off the rota.") % {"name": shift.employee.name},
    )
    return redirect(f"{request.path.rsplit('/', 3)[0]}/?week={(day - timedelta(days=day.weekday())).isoformat()}")


def monday_of(text: str, *, default: date) -> date:
    """The Monday of the week in which the day lies; of this week when the text is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = default
    day = day if 2000 <= day.year <= 2100 else default
    return day - timedelta(days=day.weekday())


def days_of_week(centre: Department, monday: date, zone: Any) -> list[dict[str, Any]]:
    begin = timezone.make_aware(datetime.combine(monday, datetime.min.time()), zone)
    shifts = (
        DutyShift.objects.filter(department=centre, starts_at__gte=begin, starts_at__lt=begin + timedelta(days=7))
        .select_related("employee")
        .order_by("starts_at", "pk")
    )
    by_day: dict[date, list[DutyShift]] = {}
    for shift in shifts:
        by_day.setdefault(timezone.localtime(shift.starts_at, zone).date(), []).append(shift)
    days = [monday + timedelta(days=number) for number in range(7)]
    return [{"day": day, "shifts": by_day.get(day, [])} for day in days]
