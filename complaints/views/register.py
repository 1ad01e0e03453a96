"""The public register of a community, and whether a number is in it."""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from complaints.forms.counting import NumberForm
from complaints.models import DailyHead
from complaints.selectors import counting as selectors
from propman.common.tries import too_many_tries
from propman.community.models import Community
from propman.tenancy.middleware import company_of

TRIES, TRY_WINDOW = 60, timedelta(minutes=15)  # more numbers than anybody has


@require_GET
@login_not_required
def register(request: HttpRequest, community: str) -> HttpResponse:
    """Counts and shares by month; with ?number= whether that number is in the chain, and nothing about it."""
    place, company, at = get_object_or_404(Community, address=community), company_of(request), timezone.now()
    form = NumberForm(request.GET if "number" in request.GET else None)
    found, status = None, 200
    if form.is_bound and form.is_valid():
        if too_many_tries(request, f"register:{company.pk}", most=TRIES, within=TRY_WINDOW):
            form.add_error(None, _("Too many tries; wait a quarter of an hour, or call the service centre."))
            status = 429
        else:
            found = selectors.in_chain(form.cleaned_data["number"].strip().replace("\0", ""), company)
            if found is None:
                form.add_error("number", _("This number is not in the register. Look at your receipt, or call the centre."))
    if form.errors and status == 200:
        status = 422
    context = {
        "community": place,
        "months": selectors.register_of(place, company, at=at),
        "gaps": selectors.published_gaps(place, company, at=at),
        "form": form,
        "found": found,
        "newest": DailyHead.objects.order_by("-day").first(),
        "few": selectors.FEW,
    }
    return render(request, "complaints/register.html", context, status=status)
