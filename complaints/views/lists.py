"""Lists: the asker's own complaints, and the queue of centre, offices and every employee."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from complaints import selectors, services
from complaints.models import Complaint
from complaints.permissions import Viewer, viewer_of
from complaints.workflow import Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import CENTRE, STAFF
from propman.common.keyset import page_of

PAGE = 50


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What the person has filed, newest first."""
    viewer = viewer_of(request)
    page = page_of(selectors.of_asker(viewer.user), keys=["-pk"], size=20, after=request.GET.get("after", ""))
    return render(request, "complaints/mine.html", {"page": page})


@require_GET
@role_required(*STAFF)
def queue(request: HttpRequest) -> HttpResponse:
    """What the employee may see, in one of the views; the next due first."""
    return render(request, "complaints/queue.html", queue_context(request, viewer_of(request), at=timezone.now()))


def queue_context(request: HttpRequest, viewer: Viewer, *, at: datetime) -> dict[str, Any]:
    """Views and rows of the queue, also beside an open ticket. Raises Http404 for somebody who is no employee."""
    if viewer.employee is None and not viewer.sees_all:
        raise Http404
    view = request.GET.get("view", "")
    if view not in selectors.VIEWS:
        view = "open" if viewer.sees_all else "mine"
    words = request.GET.get("q", "").strip()[:60]
    found = selectors.in_view(Complaint.objects.visible_to(viewer), view, viewer, at=at).for_list()
    if words:
        found = selectors.search(found, words)
    keys = ["-pk"] if view == "closed" or words else ["next_due_at", "pk"]
    page = page_of(found, keys=keys, size=PAGE, after=request.GET.get("after", ""))
    views = selectors.labelled_views(viewer, at=at)
    return {
        "viewer": viewer,
        "page": page,
        "view": next(one for one in views if one.name == view),
        "words": words,
        "views": views,
        "groups": selectors.grouped_by_due(page.rows, at=at),
    }


@require_POST
@role_required(*CENTRE)
def take_next(request: HttpRequest) -> HttpResponse:
    """Accept the most urgent complaint that nobody has; two agents never get the same one."""
    viewer = viewer_of(request)
    if viewer.employee is None:
        raise Http404
    try:
        complaint = services.take_next_complaint(by=viewer.employee, at=timezone.now())
    except Refused as problem:
        messages.error(request, str(problem))
        return redirect("complaints:queue")
    if complaint is None:
        messages.info(request, _("Nothing waits for the centre."))
        return redirect("complaints:queue")
    return redirect("complaints:detail", number=complaint.number)
