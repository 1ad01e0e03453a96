"""The operators of the platform: its companies, who supervises them, and officials who lost their second factor."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts import selectors, services
from propman.accounts.models import Membership, SecondFactorReset, User
from propman.accounts.permissions import operator_required
from propman.accounts.roles import OFFICIALS, Role
from propman.common.keyset import listed
from propman.tenancy.models import Company
from propman.tenancy.scope import serving

from ..forms.staff import ResetForm, SuperviseForm
from .people import said, sent, tried, user_of


@operator_required
def companies(request: HttpRequest) -> HttpResponse:
    """Every company of the platform, by name."""
    wanted = request.GET.get("q", "").replace("\0", "").strip()[:120]
    found = Company.objects.filter(name__icontains=wanted) if wanted else Company.objects.all()
    return render(request, "community/platform/companies.html", {"page": listed(request, found, by="name"), "q": wanted})


@operator_required
def supervision(request: HttpRequest, address: str) -> HttpResponse:
    """Who supervises the company; an operator appoints, ends, and with a second operator resets a second factor."""
    company = get_object_or_404(Company, address=address)
    form = SuperviseForm(sent(request))
    if request.method == "POST" and form.is_valid():
        with serving(company.pk):
            if tried(form, lambda: appoint(form.cleaned_data, by=user_of(request))):
                done = _("%(name)s supervises the company from now on, or once the invitation is accepted.")
                messages.success(request, done % {"name": form.cleaned_data["name"]})
                return redirect("platform:supervision", address)
    return shown(request, company, form=form)


def appoint(data: dict[str, Any], *, by: User) -> None:
    """Grant the role to whoever has an account, invite anybody else. Raises ConflictingRoles, RoleHeld."""
    role, at = Role(data["role"]), timezone.now()
    user = User.objects.filter(email__iexact=data["email"]).first()
    if user is None:
        services.invite(email=data["email"], name=data["name"], roles=[role], by=by, at=at)
    else:
        services.grant_role(user=user, role=role, by=by, at=at)


def shown(request: HttpRequest, company: Company, *, form: SuperviseForm, reset_form: ResetForm | None = None) -> HttpResponse:
    with serving(company.pk):
        held = Membership.objects.current().filter(role__in=OFFICIALS).order_by().values_list("user_id", flat=True)
        officials = selectors.with_roles(list(User.objects.filter(pk__in=list(held)).order_by("name", "pk")))
        pending = SecondFactorReset.objects.filter(decided_at=None, user__in=[row.user for row in officials])
        resets = {reset.user_id: reset for reset in pending.select_related("asked_by")}
        context = {
            "supervised": company,
            "form": form,
            "rows": [(row, resets.get(row.user.pk)) for row in officials],
            "reset_form": reset_form or ResetForm(),
        }
        is_wrong = bool(form.errors or (reset_form and reset_form.errors))
        return render(request, "community/platform/supervision.html", context, status=422 if is_wrong else 200)


@operator_required
@require_POST
def end(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, address=address)
    role = next((role for role in OFFICIALS if role == request.POST.get("role")), None)
    with serving(company.pk):
        user = official_of_company(pk)
        if role is None:
            raise Http404
        said(
            request,
            lambda: services.end_role(user=user, role=Role(role), by=user_of(request), at=timezone.now()),
            _("%(name)s is not %(role)s any more.") % {"name": user.name, "role": Role(role).label},
        )
    return redirect("platform:supervision", address)


@operator_required
@require_POST
def ask_reset(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, address=address)
    form = ResetForm(request.POST)
    with serving(company.pk):
        user = official_of_company(pk)
        if form.is_valid() and tried(
            form,
            lambda: services.ask_second_factor_reset(
                user=user, reason=form.cleaned_data["reason"], by=user_of(request), at=timezone.now()
            ),
        ):
            messages.success(request, _("Asked. Another operator has to approve."))
            return redirect("platform:supervision", address)
    return shown(request, company, form=SuperviseForm(), reset_form=form)


@operator_required
@require_POST
def decide_reset(request: HttpRequest, address: str, pk: int) -> HttpResponse:
    company = get_object_or_404(Company, address=address)
    approve = request.POST.get("decision") == "approve"
    with serving(company.pk):
        reset = get_object_or_404(SecondFactorReset, pk=pk)
        said(
            request,
            lambda: services.decide_second_factor_reset(reset=reset, approve=approve, by=user_of(request), at=timezone.now()),
            _("The second factor was removed, and the person was signed out everywhere.") if approve else _("Refused."),
        )
    return redirect("platform:supervision", address)


def official_of_company(pk: int) -> User:
    """Somebody who supervises the current company. Raises Http404 for anybody else."""
    if not Membership.objects.current().filter(user=pk, role__in=OFFICIALS).exists():
        raise Http404
    return User.objects.get(pk=pk)
