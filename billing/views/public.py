"""What everybody may read of a community's satisfaction, without signing in."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from billing.formula import percent
from billing.selectors.results import result_of, results_of
from propman.community.models import Community

from .residents import result_words


@login_not_required
@require_GET
def satisfaction(request: HttpRequest, community: str) -> HttpResponse:
    """The last results of a community: rates, three ways of counting, items; no comments, no cells under five."""
    place = get_object_or_404(Community, address=community)
    outcomes = results_of(place.pk)
    newest = result_of(place.pk, outcomes[0].survey.quarter, with_comments=False) if outcomes else None
    shown = {
        "community": place,
        "history": [(outcome, percent(outcome.rate)) for outcome in outcomes],
        **(result_words(newest) if newest else {}),
    }
    return render(request, "billing/public.html", shown)
