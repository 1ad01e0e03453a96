"""For HR officer and general manager: board of departments, standards, days of leave, deputies, forms, report of outcomes."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from propman.accounts.permissions import role_required
from propman.accounts.roles import STAFF, Role
from propman.tenancy.middleware import company_of

from .. import fairness, services
from ..defaults import default_criteria
from ..forms import DeputyForm, SpanForm, StandardForm, TransferForm
from ..models import (
    AppraisalObjection,
    AppraisalQuarter,
    AppraisalResult,
    AppraisalStandard,
    AppraisalUnit,
    Deputy,
    EmploymentSpan,
    Transfer,
)
from ..pdf import sheet_as_pdf
from ..permissions import READERS, sheet_for, user_of, viewer_of
from ..rankings import locked_quarters
from ..selectors import criteria_of, rows_of
from ..workflow import QuarterKey, UnitState


def quarter_asked_for(request: HttpRequest, quarters: list[AppraisalQuarter]) -> AppraisalQuarter | None:
    """The quarter in the address, or the newest. Raises Http404 for one that is not there."""
    if not (asked := request.GET.get("quarter", "")):
        return quarters[0] if quarters else None
    try:
        index = QuarterKey.parse(asked).index
    except ValueError:
        raise Http404 from None
    found = next((quarter for quarter in quarters if quarter.period == index), None)
    if found is None:
        raise Http404
    return found


@role_required(*READERS)
def board(request: HttpRequest) -> HttpResponse:
    """Every unit's sheet by state: who scores, until when, how many have answered."""
    quarters = list(AppraisalQuarter.objects.order_by("-period"))
    quarter = quarter_asked_for(request, quarters)
    if (state := request.GET.get("state", "")) not in {"", *UnitState.values}:
        raise Http404
    units: list[AppraisalUnit] = []
    if quarter is not None:
        units = list(
            AppraisalUnit.objects.filter(quarter=quarter)
            .select_related("department", "scorer", "quarter")
            .annotate(
                people=Count("appraisals"),
                ranked=Count("appraisals", filter=Q(appraisals__reason="")),
                agreed=Count("appraisals", filter=Q(appraisals__answer="agreed")),
                objected=Count("appraisals", filter=Q(appraisals__answer="objected")),
            )
            .order_by("state", "due_at", "department__name")
        )
    waiting = AppraisalObjection.objects.filter(quarter=quarter, replied_at=None).select_related(
        "appraisal__employee", "reviewer"
    )
    context = {
        "quarters": quarters,
        "quarter": quarter,
        "units": [unit for unit in units if not state or unit.state == state],
        "states": [
            (f"?quarter={quarter}&state={state}", state.label, sum(unit.state == state for unit in units))
            for state in UnitState
        ],
        "state": state,
        "objections": waiting.order_by("filed_at"),
    }
    return render(request, "hr/board.html", context)


def form(request: HttpRequest, key: int) -> HttpResponse:
    """The locked sheet of a unit as a PDF for the office's files."""
    unit = sheet_for(viewer_of(request), key)
    if not unit.quarter.is_locked:
        raise Http404
    results = {result.appraisal_id: result for result in AppraisalResult.objects.filter(unit=unit)}
    rows = [(row, results.get(row.pk)) for row in rows_of(unit)]
    rows.sort(
        key=lambda pair: (
            pair[1] is None or pair[1].unit_rank is None,
            pair[1].unit_rank if pair[1] else 0,
            pair[0].employee.number,
        )
    )
    sheet = sheet_as_pdf(company=company_of(request), unit=unit, criteria=criteria_of(unit.quarter), rows=rows)
    response = HttpResponse(sheet, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="appraisal-{unit.quarter.key}-{unit.pk}.pdf"'
    return response


@role_required(*STAFF)
def standards(request: HttpRequest) -> HttpResponse:
    """The five criteria, open to everybody who works here; the HR officer publishes new ones for quarters to come."""
    published = AppraisalStandard.objects.prefetch_related("criteria").order_by("-published_at", "-pk")
    may_publish = Role.HR_OFFICER in request.roles  # type: ignore[attr-defined]
    newest = published.first()
    known = (
        [services.NewCriterion(each.name, each.meaning) for each in newest.criteria.order_by("position")]
        if newest
        else default_criteria()
    )
    sent = StandardForm(request.POST or None, initial=known)
    status = 200
    if request.method == "POST":
        if not may_publish:
            raise Http404
        if sent.is_valid():
            try:
                services.publish_standard(criteria=sent.criteria(), by=user_of(request), at=timezone.now())
                messages.success(request, _("Published. The criteria bind every quarter that begins from now on."))
                return redirect("hr:standards")
            except ValueError as refused:
                sent.add_error(None, str(refused))
        status = 422
    lists = [(standard, sorted(standard.criteria.all(), key=lambda each: each.position)) for standard in published[:12]]
    return render(request, "hr/standards.html", {"published": lists, "form": sent if may_publish else None}, status=status)


@role_required(Role.HR_OFFICER)
def staff(request: HttpRequest) -> HttpResponse:
    """Leave and probation, moves between departments, deputies: what decides who is ranked, where and by whom."""
    kinds: dict[str, Any] = {"span": SpanForm, "transfer": TransferForm, "deputy": DeputyForm}
    forms = {act: kind(auto_id=f"{act}_%s") for act, kind in kinds.items()}
    status = 200
    if request.method == "POST":
        act = request.POST.get("act", "")
        if act not in forms:
            raise Http404
        forms[act] = sent = kinds[act](request.POST, auto_id=f"{act}_%s")
        if sent.is_valid() and _record(request, act, sent):
            return redirect("hr:staff")
        status = 422
    context = {
        "today": company_of(request).today(timezone.now()),
        "forms": forms,
        "spans": EmploymentSpan.objects.select_related("employee").order_by("-starts_on", "-pk")[:50],
        "transfers": Transfer.objects.select_related("employee", "from_department", "to_department").order_by(
            "-moved_on", "-pk"
        )[:50],
        "deputies": Deputy.objects.select_related("department", "employee").order_by("department__name"),
    }
    return render(request, "hr/staff.html", context, status=status)


def _record(request: HttpRequest, act: str, sent: Any) -> bool:
    services_by_act = {"span": services.record_span, "transfer": services.transfer_employee, "deputy": services.appoint_deputy}
    try:
        with transaction.atomic():
            services_by_act[act](**sent.cleaned_data, by=user_of(request), at=timezone.now())  # type: ignore[operator]
    except IntegrityError:
        sent.add_error(None, _("These days are recorded already for this employee."))
        return False
    except ValueError as refused:
        sent.add_error(None, str(refused))
        return False
    messages.success(request, _("Recorded."))
    return True


@require_POST
@role_required(Role.HR_OFFICER)
def end_span(request: HttpRequest, key: int) -> HttpResponse:
    """Let leave or probation end today, or take it back when it has not begun."""
    span = get_object_or_404(EmploymentSpan.objects.select_related("employee"), pk=key)
    today = company_of(request).today(timezone.now())
    if today < span.ends_on:
        services.end_span(span=span, ends_on=today, by=user_of(request), at=timezone.now())
    messages.success(request, _("Recorded."))
    return redirect("hr:staff")


@role_required(*STAFF)
def outcome_report(request: HttpRequest) -> HttpResponse:
    """Outcomes by size of unit, sex, age and contract, open to everybody who works here; small groups are hidden."""
    quarters = locked_quarters()
    quarter = quarter_asked_for(request, quarters)
    dimensions = fairness.report(fairness.outcomes(quarter)) if quarter else []
    return render(request, "hr/fairness.html", {"quarters": quarters, "quarter": quarter, "dimensions": dimensions})
