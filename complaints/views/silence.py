"""The silence alarm: every office with what was to be expected of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from complaints.permissions import SEES_ALL
from complaints.selectors import counting as selectors
from complaints.selectors.counting import counting_policy
from complaints.services.listening import in_words
from complaints.silence import HISTORY_WEEKS, PRIOR_WEEKS
from propman.accounts.permissions import role_required


@require_GET
@role_required(*SEES_ALL)
def silence(request: HttpRequest) -> HttpResponse:
    """The offices of one week, the least likely first; without one the newest that was checked."""
    weeks = selectors.silence_weeks()
    wanted = request.GET.get("week", "")
    week = next((one for one in weeks if one.isoformat() == wanted), weeks[0] if weeks else None)
    checks = selectors.silence_of(week) if week else []
    context = {
        "weeks": weeks,
        "week": week,
        "checks": [(check, in_words(check)) for check in checks],
        "alarms": sum(check.is_alarm for check in checks),
        "limit": counting_policy().alarm_per_mille,
        "prior_weeks": PRIOR_WEEKS,
        "history_weeks": HISTORY_WEEKS,
    }
    return render(request, "complaints/silence.html", context)
