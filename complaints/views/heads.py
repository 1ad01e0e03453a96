"""The daily heads, for everybody: the list, the file that each is the hash of, and the script that checks them."""

from datetime import date
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from complaints import verify_heads
from complaints.models import DailyHead
from complaints.selectors import counting as selectors
from complaints.services.sealing import text_of
from propman.tenancy.middleware import company_of

SHOWN = 30


def day_or_none(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@require_GET
@login_not_required
def heads(request: HttpRequest) -> HttpResponse:
    """The heads of the last days, newest first."""
    days = selectors.sealed_days(before=day_or_none(request.GET.get("before", "")), at=timezone.now(), most=SHOWN + 1)
    context = {"days": days[:SHOWN], "before": days[SHOWN - 1].head.day if len(days) > SHOWN else None}
    return render(request, "complaints/heads.html", context)


@require_GET
@login_not_required
def head(request: HttpRequest, day: str) -> HttpResponse:
    """The list of a day, byte for byte what its head is the hash of."""
    wanted = day_or_none(day)
    if wanted is None:
        raise Http404
    found = get_object_or_404(DailyHead, day=wanted)
    return _file(text_of(found, company_of(request)), f"{found.day}.txt")


@require_GET
@login_not_required
def script(request: HttpRequest) -> HttpResponse:
    """The script that checks the lists, with the standard library alone."""
    return _file(Path(verify_heads.__file__).read_text(), "verify_heads.py")


def _file(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=headers)
