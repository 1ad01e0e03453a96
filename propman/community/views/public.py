"""What everybody may know of a community, without signing in: the page that leads to all the others."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from propman.accounts.permissions import has_role
from propman.accounts.roles import RESIDENTS
from propman.common.keyset import listed
from propman.common.text import legible
from propman.tenancy.middleware import company_of

from ..models import Community
from ..public import public_sections
from ..selectors import communities_named, phones_of


@require_GET
@login_not_required
def communities(request: HttpRequest) -> HttpResponse:
    """The communities of the company, found by name or street, each leading to its page."""
    wanted = legible(request.GET.get("q", ""))
    page = listed(request, communities_named(wanted), by="name")
    return render(
        request,
        "community/public_list.html",
        {"rows": page.rows, "q": wanted, "next_url": page.next_url, "first_url": page.first_url},
    )


@require_GET
@login_not_required
def community(request: HttpRequest, community: str) -> HttpResponse:
    """The community in figures; each section is an app's, and leads to the page with the rest."""
    place, company, at = get_object_or_404(Community, address=community), company_of(request), timezone.now()
    sections = public_sections(place, company, at=at)
    return render(
        request,
        "community/public.html",
        {
            "community": place,
            "sections": [section for section in sections if not section.is_aside],
            "beside": [section for section in sections if section.is_aside],
            "phones": phones_of(place),
            "is_at_work": request.user.is_authenticated and not has_role(request, *RESIDENTS),
        },
    )
