"""An employee's own row, and the objections to it."""

from typing import Any

from django.contrib import messages
from django.db.models import Case, Q, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.figures import FIGURES_OF_EMPLOYEE, complaints_of_employee
from complaints.permissions import openable
from complaints.permissions import viewer_of as complaint_viewer_of
from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF
from propman.tenancy.middleware import company_of

from .. import services
from ..facts import span_of
from ..forms import AnswerForm, ObjectionForm, ReviewerForm
from ..models import Appraisal, AppraisalObjection, AppraisalResult, AppraisalUnit
from ..permissions import (
    READERS,
    Viewer,
    appraisal_for,
    employee_required,
    may_see_scores,
    objection_for,
    own_appraisal_for,
    row_with_facts_for,
    user_of,
    viewer_of,
)
from ..rankings import post_sums
from ..selectors import criteria_of
from ..workflow import MoveNotAllowed, UnitState, Verdict
from .chips import chips_of

PAGE = 50


@role_required(*STAFF)
def home(request: HttpRequest) -> HttpResponse:
    """What waits for the employee: sheets to score, objections to answer, and his own rows by quarter."""
    me = employee_required(request)
    units = AppraisalUnit.objects.filter(scorer=me, state=UnitState.OPEN).select_related("quarter", "department")
    objections = AppraisalObjection.objects.filter(reviewer=me, replied_at=None).select_related(
        "quarter", "appraisal__employee"
    )
    waits = Q(unit__state=UnitState.SUBMITTED, answer="", unit__answers_until__gt=timezone.now(), quarter__locked_at=None)
    rows = (
        Appraisal.objects.filter(employee=me)
        .select_related("quarter", "unit__department")
        .annotate(is_waiting=Case(When(waits, then=True), default=False))
        .order_by("-quarter__period")
    )
    context = {"units": units.order_by("due_at"), "objections": objections.order_by("filed_at"), "rows": rows[:24]}
    return render(request, "hr/home.html", context)


def appraisal(request: HttpRequest, key: int) -> HttpResponse:
    """One row: facts, scores, answer, and after the lock how the order came about."""
    viewer = viewer_of(request)
    return render(request, "hr/appraisal.html", row_context(viewer, appraisal_for(viewer, key)))


def row_context(viewer: Viewer, row: Appraisal, form: ObjectionForm | None = None) -> dict[str, Any]:
    is_own = viewer.employee is not None and row.employee_id == viewer.employee.pk
    objection = row.objections.select_related("reviewer").first()
    knows_objection = objection is not None and (
        is_own or viewer.is_reader or objection.reviewer_id == (viewer.employee and viewer.employee.pk)
    )
    may_answer = (
        is_own and row.unit.state == UnitState.SUBMITTED and not row.answer and row.unit.answers_until is not None
        and timezone.now() < row.unit.answers_until and not row.quarter.is_locked
    )  # fmt: skip
    return {
        "row": row,
        "quarter": row.quarter,
        "unit": row.unit,
        "is_own": is_own,
        "chips": chips_of(row, post_sums(row.quarter)),
        "scores": list(zip(criteria_of(row.quarter), row.scores, strict=True)) if may_see_scores(viewer, row) else [],
        "may_answer": may_answer,
        "form": (form or ObjectionForm()) if may_answer else None,
        "objection": objection if knows_objection else None,
        "result": AppraisalResult.objects.filter(appraisal=row).first() if row.quarter.is_locked else None,
    }


@require_POST
def agree(request: HttpRequest, key: int) -> HttpResponse:
    viewer = viewer_of(request)
    row = own_appraisal_for(viewer, key)
    try:
        services.agree_to_appraisal(appraisal=row, by=viewer.me, at=timezone.now())
        messages.success(request, _("You agreed to your appraisal."))
    except MoveNotAllowed as refused:
        messages.error(request, str(refused))
    return redirect("hr:appraisal", key)


@require_POST
def object_to(request: HttpRequest, key: int) -> HttpResponse:
    viewer = viewer_of(request)
    row = own_appraisal_for(viewer, key)
    form = ObjectionForm(request.POST)
    if not form.is_valid():
        return render(request, "hr/appraisal.html", row_context(viewer, row, form), status=422)
    try:
        services.object_to_appraisal(appraisal=row, words=form.cleaned_data["words"], by=viewer.me, at=timezone.now())
        messages.success(request, _("Your objection is filed. Somebody who did not score you answers it."))
    except MoveNotAllowed as refused:
        messages.error(request, str(refused))
    return redirect("hr:appraisal", key)


def facts(request: HttpRequest, key: int, figure: str) -> HttpResponse:
    """The complaints behind one figure of a row, as they stand now."""
    row = row_with_facts_for(viewer_of(request), key)
    if figure not in FIGURES_OF_EMPLOYEE:
        raise Http404
    since, until = span_of(row.quarter.key, company_of(request).timezone)
    complaints = complaints_of_employee(row.employee_id, figure, since, until).select_related("community", "category")[:500]
    context = {
        "row": row,
        "figure": figure,
        "kept": getattr(row, figure),
        "complaints": complaints,
        "openable": openable(complaint_viewer_of(request), complaints),
        "figures": list(FIGURES_OF_EMPLOYEE),
    }
    return render(request, "hr/facts.html", context)


def objection(request: HttpRequest, key: int) -> HttpResponse:
    """Answer an objection with a reason, keep or change the scores; readers may give it to somebody else."""
    viewer = viewer_of(request)
    found = objection_for(viewer, key)
    row = found.appraisal
    criteria = criteria_of(found.quarter) if row.is_ranked else []
    may_answer = found.replied_at is None and viewer.employee is not None and found.reviewer_id == viewer.employee.pk
    is_own = viewer.employee is not None and row.employee_id == viewer.employee.pk
    may_appoint = viewer.is_reader and not is_own and found.replied_at is None and not found.quarter.is_locked
    form = AnswerForm(request.POST or None, criteria=[criterion.name for criterion in criteria], scores=row.scores)
    status = 200
    if request.method == "POST" and may_answer:
        if form.is_valid() and _answer(request, viewer, found, form):
            return redirect("hr:objection", key)
        status = 422
    context = {
        "objection": found,
        "row": row,
        "quarter": found.quarter,
        "chips": chips_of(row, post_sums(found.quarter)),
        "scores": list(zip(criteria, row.scores, strict=True)) if row.is_ranked else [],
        "form": form if may_answer else None,
        "reviewer_form": ReviewerForm(objection=found) if may_appoint else None,
    }
    return render(request, "hr/objection.html", context, status=status)


def _answer(request: HttpRequest, viewer: Viewer, found: AppraisalObjection, form: AnswerForm) -> bool:
    verdict = form.cleaned_data["verdict"]
    try:
        services.answer_objection(
            objection=found,
            verdict=verdict,
            reply=form.cleaned_data["reply"],
            scores=form.scores() if verdict == Verdict.CHANGED else None,
            by=viewer.me,
            at=timezone.now(),
        )
    except (MoveNotAllowed, ValueError) as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, _("Your answer is sent."))
    return True


@require_POST
@role_required(*READERS)
def reviewer(request: HttpRequest, key: int) -> HttpResponse:
    """Give an objection to somebody else."""
    found = objection_for(viewer_of(request), key)
    form = ReviewerForm(request.POST, objection=found)
    if form.is_valid():
        try:
            services.appoint_reviewer(
                objection=found, reviewer=form.cleaned_data["reviewer"], by=user_of(request), at=timezone.now()
            )
            messages.success(request, _("Somebody else answers the objection now."))
        except (MoveNotAllowed, ValueError) as refused:
            messages.error(request, str(refused))
    else:
        messages.error(request, _("Choose somebody."))
    return redirect("hr:objection", key)
