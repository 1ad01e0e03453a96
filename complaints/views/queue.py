"""The queue of centre, offices and every employee: its page, what is fetched apart, and take-next."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from complaints import services
from complaints.forms.queue import LiveForm, QueueForm, SaveViewForm, SkipForm, query_of
from complaints.models import Complaint, SavedView
from complaints.permissions import Viewer, complaint_for, viewer_of
from complaints.selectors import queue as selectors
from complaints.selectors import thread_of
from complaints.selectors.rows import queue_rows
from complaints.selectors.wallboard import shift_of, shifts_for
from complaints.services.bulk import BULK_VERBS
from complaints.workflow import BadInput, Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import CENTRE, MANAGERS, STAFF
from propman.community.models import Community, Employee


def swaps(request: HttpRequest, target: str) -> bool:
    """Whether a script asks for one part of the page only."""
    return request.headers.get("HX-Target") == target


def employee_or_404(viewer: Viewer) -> Employee:
    if viewer.employee is None:
        raise Http404
    return viewer.employee


@require_GET
@role_required(*STAFF)
def queue(request: HttpRequest) -> HttpResponse:
    """What the employee may see, in one of the views; the next due first."""
    context = queue_context(request, viewer_of(request), at=timezone.now())
    if swaps(request, "rows"):
        shown = request.GET.get("open", "")
        context["complaint"] = next((row for row in context["page"].rows if row.number == shown), None)
        return render(request, "complaints/_queue_rows.html", context)
    if swaps(request, "case"):
        return render(request, "complaints/_no_case.html", {"is_part": True})
    return render(request, "complaints/queue.html", context)


def wanted_by(viewer: Viewer, query: QueryDict) -> tuple[QueueForm, selectors.Wanted]:
    form = QueueForm(query)
    return form, form.wanted(usual="open" if viewer.sees_all else "mine", after=query.get("after", ""))


def queue_context(request: HttpRequest, viewer: Viewer, *, at: datetime) -> dict[str, Any]:
    """Views and rows of the queue, also beside an open complaint. Raises Http404 for somebody who is no employee."""
    if viewer.employee is None and not viewer.sees_all:
        raise Http404
    form, wanted = wanted_by(viewer, request.GET)
    page = selectors.queue_page(wanted, viewer, at=at)
    views = selectors.labelled_views()
    query = query_of(wanted)
    return {
        "viewer": viewer,
        "page": page,
        "wanted": wanted,
        "form": form,
        "view": next(
            (one for one in views if one.name == wanted.view), selectors.QueueView("", _("Search"), "search", None, False)
        ),
        "query": query,
        "views": views,
        "groups": selectors.grouped(page.rows, wanted, at=at),
        "since": selectors.last_event(),
        "drawn": timezone.localtime(at).strftime("%H:%M"),
        "at": at,
        "is_choosing": request.GET.get("choose") == "1",
        "bulk_verbs": [(verb.value, verb.label) for verb in BULK_VERBS],
    }


@require_GET
@role_required(*STAFF)
def counts(request: HttpRequest) -> HttpResponse:
    """How many stand in each view and office, fetched apart from the page."""
    viewer = viewer_of(request)
    if viewer.employee is None and not viewer.sees_all:
        raise Http404
    at = timezone.now()
    _form, wanted = wanted_by(viewer, request.GET)
    counted = selectors.open_counts(viewer, at=at)
    views = selectors.labelled_views(counted.views)
    context = {
        "viewer": viewer,
        "wanted": wanted,
        "views": views,
        "count": next((one.count for one in views if one.name == wanted.view), None),
        "offices": counted.offices if viewer.sees_all else [],
        "next": selectors.next_in_line(viewer),
        "shift": shift_of(viewer.employee, at=at) if viewer.is_agent else None,
        "left_to_me": shifts_for(viewer.employee) if viewer.is_agent and viewer.employee else [],
        "held": next((one.count for one in views if one.name == "mine"), 0),
        "saved_views": selectors.saved_views(viewer.employee),
        "query": query_of(wanted),
        "is_fetched": True,
    }
    return render(request, "complaints/_queue_views.html", context)


@require_GET
@role_required(*STAFF)
def filters(request: HttpRequest) -> HttpResponse:
    """The form of filters, fetched when it is opened; without a script a page of its own."""
    viewer = viewer_of(request)
    _form, wanted = wanted_by(viewer, request.GET)
    context = {
        "wanted": wanted,
        "query": query_of(wanted),
        "form": _form,
        "communities": Community.objects.order_by("name"),
        "categories": selectors.categories_in_use(),
        "is_part": swaps(request, "filters"),
    }
    return render(request, "complaints/_queue_filters.html" if context["is_part"] else "complaints/queue_filters.html", context)


@require_POST
@role_required(*STAFF)
def live(request: HttpRequest) -> HttpResponse:
    """What has changed since the page was drawn; it takes note of who reads, and moves nothing."""
    viewer = viewer_of(request)
    form = LiveForm(request.POST)
    if not form.is_valid():
        return HttpResponse(status=422)
    data, at = form.cleaned_data, timezone.now()
    _form, wanted = wanted_by(viewer, QueryDict(data["query"]))
    rows: list[str] = data["rows"]
    context: dict[str, Any] = {
        "count": selectors.come_in(wanted, viewer, since=data["since"], shown=rows, at=at),
        "drawn": data["drawn"],
        "now": at,
        "query": data["query"],
        "viewer": viewer,
    }
    if data["open"]:
        complaint = complaint_for(viewer, data["open"])
        if viewer.employee is not None:
            services.note_reader(complaint=complaint, by=viewer.employee, at=at, is_typing=data["is_typing"])
        context |= {"complaint": complaint, "arrived": newer_words(complaint, viewer, data["version"])}
    context["readers"] = selectors.readers_of({*rows, data["open"]} - {""}, viewer, at=at)
    context["reading"] = context["readers"].get(data["open"], [])
    context["rows"] = rows
    if data["clocks"]:
        context["clocks"] = queue_rows(Complaint.objects.visible_to(viewer).filter(number__in=rows), viewer)
    return render(request, "complaints/_live.html", context)


def newer_words(complaint: Complaint, viewer: Viewer, read_until: int | None) -> list[Any]:
    """What somebody else said after the version that the reader has before him."""
    if read_until is None or complaint.event_position <= read_until:
        return []
    thread = thread_of(complaint, viewer=viewer)
    return [entry for entry in thread.entries if entry.position > read_until and entry.is_spoken and not entry.is_mine]


@require_POST
@role_required(*CENTRE)
def take_next(request: HttpRequest) -> HttpResponse:
    """Accept the most urgent complaint that nobody has; two agents never get the same one."""
    employee = employee_or_404(viewer_of(request))
    try:
        complaint = services.take_next_complaint(by=employee, at=timezone.now())
    except Refused as problem:
        messages.error(request, str(problem))
        return redirect("complaints:queue")
    if complaint is None:
        messages.info(request, _("Nothing waits for the centre."))
        return redirect("complaints:queue")
    messages.success(request, _("Yours now: %(number)s.") % {"number": complaint.number})
    return redirect(f"{reverse('complaints:detail', args=[complaint.number])}?view=mine")


@require_POST
@role_required(*CENTRE)
def skip_next(request: HttpRequest) -> HttpResponse:
    """Pass over the one that comes next, with a reason, and take the one after it."""
    viewer = viewer_of(request)
    employee = employee_or_404(viewer)
    form = SkipForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say why you skip it; the supervisors read it."))
        return redirect("complaints:queue")
    complaint = complaint_for(viewer, form.cleaned_data["number"])
    try:
        services.skip_complaint(complaint=complaint, by=employee, at=timezone.now(), reason=form.cleaned_data["reason"])
    except Refused as problem:
        messages.error(request, str(problem))
        return redirect("complaints:queue")
    return take_next(request)


@require_GET
@role_required(*MANAGERS)
def skipped(request: HttpRequest) -> HttpResponse:
    """What agents passed over and why, newest first."""
    page = selectors.skipped_page(viewer_of(request), after=request.GET.get("after", ""))
    return render(request, "complaints/skipped.html", {"page": page})


@require_POST
@role_required(*STAFF)
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the search that stands in the address under a name."""
    viewer = viewer_of(request)
    form = SaveViewForm(request.POST)
    _form, wanted = wanted_by(viewer, QueryDict(request.POST.get("query", "")))
    query = query_of(wanted)
    try:
        if not form.is_valid():
            raise BadInput("name", _("Give the view a name of at most 40 characters."))
        services.save_view(by=employee_or_404(viewer), name=form.cleaned_data["name"], query=query)
    except BadInput as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, _("Kept as “%(name)s”.") % {"name": form.cleaned_data["name"]})
    return redirect(f"{reverse('complaints:queue')}?{query}")


@require_POST
@role_required(*STAFF)
def remove_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of one's own views."""
    employee = employee_or_404(viewer_of(request))
    services.remove_view(by=employee, pk=get_object_or_404(SavedView.objects.filter(employee=employee), pk=pk).pk)
    return redirect("complaints:queue")
