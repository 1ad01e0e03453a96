"""Call-backs drawn at random: whom to call, what to ask, and what came of it by office."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from complaints.models import CallBack
from complaints.permissions import SEES_ALL, viewer_of
from complaints.selectors import counting as selectors
from complaints.selectors.counting import counting_policy
from complaints.services.drawing import MOST_ATTEMPTS, record_not_reached
from complaints.workflow import Refused
from propman.accounts.permissions import role_required
from propman.accounts.roles import CENTRE

from .reconciling import agent_or_404

SHOWN = 50


@require_GET
@role_required(*SEES_ALL)
def call_backs(request: HttpRequest) -> HttpResponse:
    """The drawn call-backs for the centre; their results by office for the managers too."""
    viewer, at = viewer_of(request), timezone.now()
    waiting = selectors.open_call_backs() if viewer.is_centre else None
    context = {
        "viewer": viewer,
        "call_backs": list(waiting[:SHOWN]) if waiting is not None else [],
        "count": CallBack.objects.filter(outcome="").count(),
        "results": selectors.call_back_results(at=at),
        "percent": counting_policy().call_back_percent,
        "most_attempts": MOST_ATTEMPTS,
    }
    return render(request, "complaints/call_backs.html", context)


@require_POST
@role_required(*CENTRE)
def not_reached(request: HttpRequest, pk: int) -> HttpResponse:
    """Nobody answered: counted, and tried again."""
    employee = agent_or_404(viewer_of(request))
    call_back = get_object_or_404(CallBack.objects.select_related("complaint"), pk=pk)
    try:
        tried = record_not_reached(call_back=call_back, by=employee, at=timezone.now())
    except Refused as problem:
        messages.error(request, str(problem))
    else:
        words = {"count": tried.attempts, "most": MOST_ATTEMPTS}
        messages.success(request, _("Not reached: attempt %(count)d of %(most)d.") % words)
    return redirect("complaints:call_backs")
