"""The asker's own complaints."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from complaints import selectors
from complaints.permissions import viewer_of
from propman.common.keyset import page_of


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What the person has filed, newest first."""
    viewer = viewer_of(request)
    page = page_of(selectors.of_asker(viewer.user), keys=["-pk"], size=20, after=request.GET.get("after", ""))
    return render(request, "complaints/mine.html", {"page": page})
