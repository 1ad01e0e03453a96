"""The administrator's people: who holds which role, who is invited, whose second factor is to be removed."""

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts import selectors, services
from propman.accounts.models import Invitation, Membership, SecondFactorReset, User
from propman.accounts.permissions import has_role, role_required
from propman.accounts.roles import Role
from propman.common.keyset import listed

from ..forms.staff import GRANTABLE, GrantForm, InviteForm, PeopleFilter, ResetForm
from ..models import Employee
from ..services import access, staff

ADMINISTRATOR = Role.COMPANY_ADMINISTRATOR
SIGNERS = (Role.COMPANY_ADMINISTRATOR, Role.HR_OFFICER)


def user_of(request: HttpRequest) -> User:
    return cast(User, request.user)


def sent(request: HttpRequest) -> QueryDict | None:
    """What was sent, also when it is empty; nothing when the page is only looked at."""
    return request.POST if request.method == "POST" else None


def tried(form: forms.BaseForm, act: Callable[[], Any]) -> bool:
    """Whether the act was done; what it refuses stands in the form, beside what was typed."""
    try:
        act()
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


def said(request: HttpRequest, act: Callable[[], Any], done: str) -> None:
    """Do the act and say so, or say in words why not: for buttons without a form."""
    try:
        act()
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, done)


@role_required(*SIGNERS)
def people(request: HttpRequest) -> HttpResponse:
    """Everybody with a role in the company, by name; search and filters live in the URL."""
    form = PeopleFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {"q": "", "role": "", "who": ""}
    found = selectors.people(text=wanted.get("q", ""), role=wanted.get("role", ""), former=wanted.get("who") == "former")
    page = listed(request, found, by="name")
    context = {
        "form": form,
        "page": page,
        "rows": selectors.with_roles(page.rows),
        "is_filtered": any(wanted.values()),
        "invitations": Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()).count(),
        "resets": SecondFactorReset.objects.filter(decided_at=None).select_related("user", "asked_by").order_by("pk"),
    }
    return render(request, "community/settings/people.html", context)


@role_required(*SIGNERS)
def person(request: HttpRequest, pk: int, *, forms_shown: dict[str, Any] | None = None) -> HttpResponse:
    """One person: the roles, how they came about, and what can be done about them."""
    user = person_of_company(pk)
    (row,) = selectors.with_roles([user])
    context = {
        "person": user,
        "row": row,
        "employee": Employee.objects.select_related("department").filter(user=user).order_by("-pk").first(),
        "ending": [role for role in row.roles if role in GRANTABLE],
        "grant_form": GrantForm(held=row.roles),
        "reset_form": ResetForm(),
        "reset": SecondFactorReset.objects.filter(user=user, decided_at=None).select_related("asked_by").first(),
        "history": selectors.role_history(user),
        "may_grant": has_role(request, ADMINISTRATOR),
        **(forms_shown or {}),
    }
    return render(request, "community/settings/person.html", context, status=422 if forms_shown else 200)


@role_required(ADMINISTRATOR)
@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    user = person_of_company(pk)
    form = GrantForm(request.POST, held=selectors.with_roles([user])[0].roles)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        if tried(form, lambda: services.grant_role(user=user, role=role, by=user_of(request), at=timezone.now())):
            messages.success(request, _("%(name)s is %(role)s from now on.") % {"name": user.name, "role": role.label})
            return redirect("community:person", pk)
    return person(request, pk, forms_shown={"grant_form": form})


@role_required(ADMINISTRATOR)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    user = person_of_company(pk)
    role = next((role for role in GRANTABLE if role.value == request.POST.get("role")), None)
    if role is None:
        raise Http404
    said(
        request,
        lambda: services.end_role(user=user, role=role, by=user_of(request), at=timezone.now()),
        _("%(name)s is not %(role)s any more.") % {"name": user.name, "role": role.label},
    )
    return redirect("community:person", pk)


@role_required(*SIGNERS)
@require_POST
def ask_reset(request: HttpRequest, pk: int) -> HttpResponse:
    user = person_of_company(pk)
    form = ResetForm(request.POST)
    if form.is_valid() and tried(
        form,
        lambda: services.ask_second_factor_reset(
            user=user, reason=form.cleaned_data["reason"], by=user_of(request), at=timezone.now()
        ),
    ):
        messages.success(request, _("Asked. Another administrator or HR officer has to approve."))
        return redirect("community:person", pk)
    return person(request, pk, forms_shown={"reset_form": form})


@role_required(*SIGNERS)
@require_POST
def decide_reset(request: HttpRequest, pk: int) -> HttpResponse:
    reset = get_object_or_404(SecondFactorReset, pk=pk)
    approve = request.POST.get("decision") == "approve"
    said(
        request,
        lambda: services.decide_second_factor_reset(reset=reset, approve=approve, by=user_of(request), at=timezone.now()),
        _("The second factor was removed, and the person was signed out everywhere.") if approve else _("Refused."),
    )
    return redirect("community:person", reset.user_id)


@role_required(ADMINISTRATOR)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody: the link goes out by e-mail."""
    chosen = Employee.objects.filter(pk=request.GET.get("employee", "0"), user=None).first() if is_number(request) else None
    initial = {"employee": chosen, "name": chosen.name, "email": chosen.email} if chosen else None
    form = InviteForm(sent(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        at = timezone.now()
        if tried(
            form,
            lambda: access.invite_employee(
                email=data["email"],
                name=data["name"],
                roles=[Role(role) for role in data["roles"]],
                employee=data["employee"],
                by=user_of(request),
                at=at,
            ),
        ):
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": data["email"]})
            return redirect("community:invitations")
    return render(request, "community/settings/invite.html", {"form": form}, status=422 if form.errors else 200)


def is_number(request: HttpRequest) -> bool:
    return request.GET.get("employee", "").isdecimal() and len(request.GET["employee"]) < 19


@role_required(ADMINISTRATOR)
def invitations(request: HttpRequest) -> HttpResponse:
    """Invitations that nobody has accepted yet."""
    found = Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related("invited_by").order_by("-pk")[:200]
    return render(request, "community/settings/invitations.html", {"invitations": found, "now": timezone.now()})


@role_required(ADMINISTRATOR)
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation, pk=pk)
    said(
        request,
        lambda: services.revoke_invitation(invitation=invitation, by=user_of(request), at=timezone.now()),
        _("The invitation of %(name)s was taken back.") % {"name": invitation.name},
    )
    return redirect("community:invitations")


@role_required(*SIGNERS)
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """An employee leaves today: says what will happen, then does it."""
    employee = get_object_or_404(Employee.objects.select_related("department", "user"), pk=pk, left_on=None)
    if employee.user_id == user_of(request).pk:
        raise PermissionDenied
    if request.method == "POST":
        said(
            request,
            lambda: staff.end_employment(employee=employee, by=user_of(request), at=timezone.now()),
            _("%(name)s has left; nothing stays with them.") % {"name": employee.name},
        )
        return redirect("community:department", employee.department_id)
    return render(request, "community/settings/leave.html", {"employee": employee})


def person_of_company(pk: int) -> User:
    """Somebody who has or had a role here; everybody else does not exist."""
    if not Membership.objects.filter(user_id=pk).exists():
        raise Http404
    return get_object_or_404(User, pk=pk)
