"""The administrator's settings: categories, and the limits of the clocks."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints import selectors, services
from complaints.clocks import Clock
from complaints.forms.counting import CountingForm
from complaints.forms.policy import CategoryForm, PolicyForm
from complaints.models import ClockPolicy, CountingPolicy, Severity
from complaints.services.counting import publish_counting_policy
from complaints.workflow import BadInput
from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import Role


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@role_required(Role.COMPANY_ADMINISTRATOR)
def clocks(request: HttpRequest) -> HttpResponse:
    """The limits of each clock by category and severity; saving publishes a new version."""
    form = PolicyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            policy = services.publish_policy(
                rules=form.rules(), silence_days=form.cleaned_data["silence_days"], by=_user(request), at=timezone.now()
            )
        except BadInput as problem:
            form.add_error(None, str(problem))
        else:
            messages.success(
                request, _("Version %(version)d binds what is received from now on.") % {"version": policy.version}
            )
            return redirect("complaints:clocks")
    context = {
        "form": form,
        "versions": ClockPolicy.objects.order_by("-version")[:20],
        "clocks": list(Clock),
        "severities": list(Severity),
    }
    return render(request, "complaints/clocks.html", context, status=422 if form.errors else 200)


@role_required(Role.COMPANY_ADMINISTRATOR)
def counting(request: HttpRequest) -> HttpResponse:
    """How the counting is checked; saving publishes a new version."""
    form = CountingForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        policy = publish_counting_policy(**form.cleaned_data, by=_user(request), at=timezone.now())
        messages.success(request, _("Version %(version)d holds from now on.") % {"version": policy.version})
        return redirect("complaints:counting")
    context = {"form": form, "versions": CountingPolicy.objects.order_by("-version")[:20]}
    return render(request, "complaints/counting.html", context, status=422 if form.errors else 200)


@role_required(Role.COMPANY_ADMINISTRATOR)
def category_list(request: HttpRequest) -> HttpResponse:
    """The categories that askers choose from; one can be added, or retired so that it is offered no longer."""
    retire = request.POST.get("retire")
    if retire is not None:
        services.retire_category(code=retire.replace("\0", ""), by=_user(request), at=timezone.now())
        return redirect("complaints:categories")
    form = CategoryForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            services.add_category(**form.cleaned_data, by=_user(request), at=timezone.now())
        except BadInput as problem:
            form.add_error(problem.field, str(problem))
        else:
            return redirect("complaints:categories")
    context = {"form": form, "categories": selectors.categories()}
    return render(request, "complaints/categories.html", context, status=422 if form.errors else 200)
