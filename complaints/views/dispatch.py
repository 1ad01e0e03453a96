"""The dispatch board, one work order, and every verb of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from complaints import services
from complaints.forms.dispatch import ORDER_FORMS, BoardForm, OrderVerbForm
from complaints.models import Complaint, WorkOrder
from complaints.order_workflow import OrderVerb, OverBudget
from complaints.permissions import (
    BUDGETS,
    WORKS,
    Viewer,
    may_know_contact,
    may_know_room,
    may_order_work,
    order_file_for,
    order_for,
    order_verbs,
    viewer_of,
)
from complaints.selectors import dispatch as selectors
from complaints.selectors import files_of_order
from complaints.selectors.costs import lines_with_use
from complaints.sending import sent
from complaints.workflow import BadInput, NotYours, Refused
from propman.accounts.permissions import role_required
from propman.common.keyset import listed
from propman.tenancy.idempotency import once

from .queue import employee_or_404

ON_PAGE = (OrderVerb.ALLOW, OrderVerb.ACCEPT, OrderVerb.FINISH)  # what a thumb reaches; the others fold away
SERVICES = {
    OrderVerb.ALLOW: services.allow_order,
    OrderVerb.ACCEPT: services.accept_order,
    OrderVerb.REFUSE: services.refuse_order,
    OrderVerb.CHANGE: services.change_order,
    OrderVerb.FINISH: services.finish_order,
    OrderVerb.CANCEL: services.cancel_order,
}


@require_GET
@role_required(*WORKS)
def board(request: HttpRequest) -> HttpResponse:
    """The work orders that the viewer may see: as columns, or one view as a list with everything in it."""
    viewer, at = viewer_of(request), timezone.now()
    form = BoardForm(request.GET)
    rows = form.narrowed(WorkOrder.objects.visible_to(viewer))
    view = next((one for one in selectors.VIEWS if one.name == form.cleaned_data.get("view")), None)
    kept = request.GET.copy()
    for name in ("after", "view"):
        kept.pop(name, None)
    context: dict[str, Any] = {
        "form": form,
        "view": view,
        "views": selectors.VIEWS,
        "keep": f"&{kept.urlencode()}" if kept else "",
        "now": at,
        "may_order": may_order_work(viewer),
        "shows_budgets": bool(viewer.roles & BUDGETS),
    }
    if view is None:
        context["columns"] = selectors.board(rows, at=at)
        context["others"] = [(one, count) for one, count in _others(rows, at=at) if count]
    else:
        shown = selectors.with_people(selectors.in_view(rows, view.name, at=at))
        context["page"] = listed(request, shown, by=view.order_by)
    return render(request, "complaints/work_orders.html", context)


def _others(rows: Any, *, at: Any) -> list[tuple[selectors.BoardView, int]]:
    counted = selectors.counts(rows, at=at)
    return [(one, counted[one.name]) for one in selectors.VIEWS if not one.is_column]


@require_GET
@role_required(*WORKS)
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order: what, where, by when, and what the viewer can do with it."""
    viewer = viewer_of(request)
    return _page(request, viewer, order_for(viewer, number))


@require_http_methods(["GET", "POST"])
@role_required(*WORKS)
@once
def act(request: HttpRequest, number: str, verb: OrderVerb) -> HttpResponse:
    """One verb of an order; a form that failed comes back with what was typed."""
    viewer = viewer_of(request)
    found = order_for(viewer, number)
    employee = employee_or_404(viewer)
    if request.method == "GET":
        if verb not in order_verbs(viewer, found):
            raise Http404
        return redirect("complaints:work_order", number=number)
    form = ORDER_FORMS[verb](request.POST, request.FILES, verb=verb, order=found, by=employee, auto_id=f"{verb.value}_%s")
    if not form.is_valid():
        return _page(request, viewer, found, failed=form, status=422)
    data = {name: value for name, value in form.cleaned_data.items() if name != "idempotency_key"}
    try:
        SERVICES[verb](order=found, by=employee, at=timezone.now(), **data)  # type: ignore[operator]
    except BadInput as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return _page(request, viewer, found, failed=form, status=422)
    except OverBudget as problem:
        form.add_error("over_budget", str(problem))
        return _page(request, viewer, found, failed=form, status=409)
    except NotYours as problem:
        form.add_error(None, str(problem))
        return _page(request, viewer, found, failed=form, status=403)
    except Refused as problem:
        form.add_error(None, str(problem))
        return _page(request, viewer, order_for(viewer, number), failed=form, status=409)
    messages.success(request, _("Done: %(verb)s.") % {"verb": verb.label})
    return redirect("complaints:work_order", number=number)


def _page(
    request: HttpRequest, viewer: Viewer, found: WorkOrder, *, failed: OrderVerbForm | None = None, status: int = 200
) -> HttpResponse:
    verbs = order_verbs(viewer, found)
    forms = {
        verb: ORDER_FORMS[verb](verb=verb, order=found, by=viewer.employee, auto_id=f"{verb.value}_%s")
        for verb in sorted(verbs, key=list(OrderVerb).index)
    }
    if failed is not None:
        forms = {verb: failed if verb == failed.verb else form for verb, form in forms.items()}
    line = None
    if found.budget is not None and (viewer.sees_all or viewer.is_finance or _is_of_department(viewer, found)):
        line = lines_with_use(type(found.budget).objects.filter(pk=found.budget_id))[0]
    context = {
        "order": found,
        "complaint": found.complaint,
        "may_open": Complaint.objects.visible_to(viewer).filter(pk=found.complaint_id).exists(),
        "knows_room": may_know_room(viewer, found),
        "knows_contact": may_know_contact(viewer, found),
        "people": services.people_of(found),
        "steps": selectors.steps_of(found),
        "files": files_of_order(found),
        "line": line,
        "main_forms": [form for verb, form in forms.items() if verb in ON_PAGE],
        "more_forms": [form for verb, form in forms.items() if verb not in ON_PAGE],
        "failed": failed,
        "failed_apart": failed is not None and failed.verb not in forms,
        "now": timezone.now(),
    }
    return render(request, "complaints/work_order.html", context, status=status)


def _is_of_department(viewer: Viewer, found: WorkOrder) -> bool:
    return viewer.employee is not None and viewer.employee.department_id == found.department_id


@require_safe
@role_required(*WORKS)
def photo(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """One photo of what was done, with the way to the ones before and after it."""
    found = order_for(viewer_of(request), number)
    photos = [one for one in files_of_order(found) if one.attachment.is_photo]
    place = next((index for index, one in enumerate(photos) if one.attachment.pk == pk), None)
    if place is None:
        raise Http404
    context = {
        "complaint": found,
        "photo": photos[place],
        "place": place + 1,
        "photos": photos,
        "before": photos[place - 1] if place else None,
        "after": photos[place + 1] if place + 1 < len(photos) else None,
        "back": reverse("complaints:work_order", args=[number]),
    }
    return render(request, "complaints/photo.html", context)


@require_safe
@role_required(*WORKS)
def attachment(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The photo or document itself."""
    found = order_for(viewer_of(request), number)
    return sent(found.complaint, order_file_for(found, pk))


@require_safe
@role_required(*WORKS)
def preview(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """The small picture of a photo."""
    found = order_for(viewer_of(request), number)
    return sent(found.complaint, order_file_for(found, pk), is_small=True)
