from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ..home import sections, what_waits


def home(request: HttpRequest) -> HttpResponse:
    """What waits for the person who signed in, the most urgent first, and what else each app has to show."""
    waiting = what_waits(request)
    shown = {"waiting": waiting, "first": waiting[0] if waiting else None, "rest": waiting[1:]}
    found = sections(request)
    if panels := [section for section in found if section.is_figures]:
        pairs = [panels[first : first + 2] for first in range(1, len(panels), 2)]
        return render(request, "community/dashboard.html", {"waiting": waiting, "beside": panels[0], "pairs": pairs})
    return render(request, "community/home.html", {**shown, "sections": found, "now": timezone.now()})
