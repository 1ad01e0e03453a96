"""What work orders cost, and the budgets that they are paid from."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from complaints import services
from complaints.forms.dispatch import SENT, BoardForm, BudgetForm, CostForm
from complaints.models import WorkOrder
from complaints.permissions import BUDGETS, viewer_of
from complaints.selectors import costs as selectors
from complaints.services.budgets import SETS_BUDGETS
from complaints.workflow import BadInput, Refused
from propman.accounts.permissions import role_required
from propman.tenancy.idempotency import once
from propman.tenancy.middleware import company_of

from .queue import employee_or_404

MOST_GROUPS = 200


@require_GET
@role_required(*BUDGETS)
def costs(request: HttpRequest) -> Any:
    """Costs of a year by department, community, month or complaint; every figure opens its orders."""
    viewer, company = viewer_of(request), company_of(request)
    this_year = timezone.localdate().year
    by, year = CostForm(request.GET).wanted(this_year=this_year)
    narrow = BoardForm(request.GET)
    rows = narrow.narrowed(WorkOrder.objects.visible_to(viewer)).filter(ordered_at__year=year)
    found = selectors.cost_rows(selectors.costs(rows, by=by)[:MOST_GROUPS], by=by)
    total = selectors.total_of(found)
    context = {
        "by": by,
        "by_label": dict(CostForm.BY)[by],
        "year": year,
        "years": [this_year + step for step in (0, -1, -2)],
        "choices": CostForm.BY,
        "rows": [(row, row.share_of(total), _addresses(row, by=by, year=year, kept=narrow.kept)) for row in found],
        "total": total,
        "is_cut": len(found) == MOST_GROUPS,
        "query": urlencode({"by": by, "year": year, **_narrowed(narrow.kept)}),
        "narrow": narrow,
        "currency": company.currency,
        "shows": "costs",
    }
    return render(request, "complaints/costs.html", context)


def _narrowed(kept: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in kept.items() if name in {"department", "community"}}


def _addresses(row: selectors.CostRow, *, by: str, year: int, kept: dict[str, str]) -> dict[str, str]:
    """Where the orders behind each figure of a row stand."""
    key = {by: row.key} if row.key else {"nowhere": "1"}
    whole = {"view": "all", "year": year, **_narrowed(kept), **key}
    board = reverse("complaints:work_orders")
    return {sent: f"{board}?{urlencode({**whole, 'sent': sent})}" for sent in SENT}


@require_http_methods(["GET", "POST"])
@role_required(*BUDGETS)
@once
def budgets(request: HttpRequest) -> HttpResponse:
    """The budget lines of a year with what is used and left; finance and the general manager set them."""
    viewer, company = viewer_of(request), company_of(request)
    this_year = timezone.localdate().year
    _by, year = CostForm(request.GET).wanted(this_year=this_year)
    may_set = bool(viewer.roles & SETS_BUDGETS) and viewer.employee is not None
    form = BudgetForm(request.POST if request.method == "POST" else None, currency=company.currency, initial={"year": year})
    status = 200
    if request.method == "POST":
        employee = employee_or_404(viewer)
        status = 422
        if form.is_valid():
            data = {name: form.cleaned_data[name] for name in ("department", "year", "line", "amount")}
            try:
                budget = services.set_budget(by=employee, at=timezone.now(), **data)
            except BadInput as problem:
                form.add_error(problem.field, str(problem))
            except Refused as problem:
                form.add_error(None, str(problem))
                status = 403
            else:
                messages.success(request, _("Set: %(unit)s, %(line)s.") % {"unit": budget.department, "line": budget.line})
                return redirect("complaints:budgets")
    context = {
        "lines": selectors.lines_of(viewer, year=year),
        "year": year,
        "years": [this_year + step for step in (1, 0, -1)],
        "form": form if may_set or form.errors else None,
        "may_set": may_set,
        "shows": "budgets",
    }
    return render(request, "complaints/budgets.html", context, status=status)
