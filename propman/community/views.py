from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from .home import sections, what_waits


def home(request: HttpRequest) -> HttpResponse:
    """What waits for the person who signed in, the most urgent first."""
    now = timezone.now()
    context = {
        "waiting": what_waits(request),
        "sections": sections(request),
        "now": now,
        "today": timezone.localtime(now).date(),
    }
    return render(request, "community/home.html", context)
