from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ..home import sections, what_waits


def home(request: HttpRequest) -> HttpResponse:
    """What waits for the person who signed in, the most urgent first, and what else each app has to show."""
    waiting = what_waits(request)
    shown = {"waiting": waiting, "first": waiting[0] if waiting else None, "rest": waiting[1:]}
    return render(request, "community/home.html", {**shown, "sections": sections(request), "now": timezone.now()})
