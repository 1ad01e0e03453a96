"""Cases: what waits for one and what concerns one, the list of all for those who lead, and the page of one."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF, Role
from propman.common.keyset import listed
from propman.community.models import Department
from propman.tenancy.middleware import company_of

from . import actions
from .forms import FORMS, PolicyForm, VerbForm
from .models import Case, CasePolicy
from .permissions import Viewer, allowed_verbs, case_for, part_of, verbs_of, viewer_of, visible_cases, waits_for
from .selectors import SUBJECTS, counts_by_state, evidence_of, filtered, steps_of
from .services import judge_within, publish_case_policy
from .workflow import BadInput, Measure, Part, Refused, State, Verb

ORDER = list(actions.VERBS)


@require_GET
@role_required(*STAFF)
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the employee, then the cases that he may see, newest first."""
    viewer = viewer_of(request)
    rows = visible_cases(viewer)
    page = listed(request, filtered(rows, request.GET), by="-drafted_at")
    context = {
        "waiting": [] if viewer.employee is None else [(case, part_of(viewer, case)) for case in waits_for(viewer.employee)],
        "rows": page.rows,
        "next_url": page.next_url,
        "first_url": page.first_url,
        "me": viewer.employee,
        "is_reader": viewer.is_reader,
        "counts": counts_by_state(rows) if viewer.is_reader else [],
        "states": State.choices,
        "measures": Measure.choices,
        "departments": Department.objects.order_by("name").values_list("pk", "name") if viewer.is_reader else [],
        "query": {name: request.GET.get(name, "") for name in ("q", "state", "measure", "department")},
        "is_filtered": any(request.GET.get(name) for name in ("q", "state", "measure", "department")),
    }
    return render(request, "cases/list.html", context)


@role_required(Role.COMPANY_ADMINISTRATOR)
def policy(request: HttpRequest) -> HttpResponse:
    """How long a head has for a draft; saving publishes a new version."""
    at = timezone.now()
    form = PolicyForm(request.POST or None, initial={"judge_days": judge_within(drafted_at=at).days})
    if request.method == "POST" and form.is_valid() and isinstance(request.user, User):
        publish_case_policy(judge_days=form.cleaned_data["judge_days"], by=request.user, at=at)
        messages.success(request, _("It binds what is drafted from now on."))
        return redirect("cases:settings")
    context = {"form": form, "versions": CasePolicy.objects.order_by("-version")[:20]}
    return render(request, "cases/settings.html", context, status=422 if form.errors else 200)


@require_GET
def case(request: HttpRequest, key: int) -> HttpResponse:
    """Evidence, what has happened, and the next step of whoever's turn it is."""
    viewer = viewer_of(request)
    return render_case(request, viewer, case_for(viewer, key))


@require_POST
def act(request: HttpRequest, key: int, verb: Verb) -> HttpResponse:
    """One verb; a form that failed comes back with what was typed."""
    viewer = viewer_of(request)
    found = case_for(viewer, key)
    if verb not in verbs_of(viewer, found):
        raise PermissionDenied
    form = FORMS[verb](request.POST, verb=verb, case=found, currency=company_of(request).currency)
    if not form.is_valid():
        return render_case(request, viewer, found, failed=form, status=422)
    try:
        actions.act(found, verb, viewer=viewer, at=timezone.now(), data=form.cleaned_data)
    except BadInput as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return render_case(request, viewer, found, failed=form, status=422)
    except Refused as problem:
        form.add_error(None, str(problem))
        return render_case(request, viewer, case_for(viewer, key), failed=form, status=409)
    messages.success(request, _("Done: %(verb)s.") % {"verb": verb.label})
    return redirect("cases:case", key)


def render_case(
    request: HttpRequest, viewer: Viewer, found: Case, *, failed: VerbForm | None = None, status: int = 200
) -> HttpResponse:
    company = company_of(request)
    verbs = allowed_verbs(viewer, found)
    forms: list[VerbForm] = []
    for verb in sorted(verbs, key=ORDER.index):
        is_failed = failed is not None and failed.verb == verb
        forms.append(failed if is_failed and failed else FORMS[verb](verb=verb, case=found, currency=company.currency))
    subject_url = SUBJECTS[found.subject_kind](request, found.subject) if found.subject_kind in SUBJECTS else ""
    context: dict[str, Any] = {
        "case": found,
        "part": part_of(viewer, found),
        "is_own": part_of(viewer, found) == Part.ACCUSED,
        "evidence": evidence_of(found),
        "steps": steps_of(found),
        "forms": forms,
        "failed": failed if failed is not None and failed.verb not in verbs else None,
        "currency": company.currency,
        "subject_url": subject_url,
        "second": visible_cases(viewer).filter(about=found).first(),
        "may_open_about": found.about_id is not None and visible_cases(viewer).filter(pk=found.about_id).exists(),
    }
    return render(request, "cases/case.html", context, status=status)
