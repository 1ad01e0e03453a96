"""What everybody may see, without signing in: rounds, published counts, their files, and what is promised."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from cards import archive
from cards.calendar import parse_month
from cards.models import Count, CountSignature, Round
from cards.results import figures_by_round, polyline, trend
from cards.selectors import opinions_of
from cards.workflow import State
from propman.community.models import Community

OPINIONS_SHOWN = 200


@require_GET
@login_not_required
def bulletins(request: HttpRequest, community: str) -> HttpResponse:
    """The rounds of a community: what is issued with its fingerprint, and what is published with its figures."""
    place = get_object_or_404(Community, address=community)
    rounds = list(Round.objects.filter(community=place).exclude(state=State.ISSUING).order_by("-month")[:60])
    figures = figures_by_round(rounds)
    return render(
        request,
        "cards/bulletins.html",
        {"community": place, "rounds": [{"round": one, "figures": figures.get(one.pk)} for one in rounds]},
    )


@require_GET
@login_not_required
def bulletin(request: HttpRequest, community: str, month: str) -> HttpResponse:
    """The published count of a month; a month that is not published yet does not exist here."""
    round = published_round(community, month)
    points = trend(round)
    return render(
        request,
        "cards/bulletin.html",
        {
            "community": round.community,
            "round": round,
            "figures": figures_by_round([round])[round.pk],
            "signatures": CountSignature.objects.filter(round=round).order_by("at", "pk"),
            "trend": points,
            "company_line": polyline([point.company for point in points]),
            "committee_line": polyline([point.committee for point in points]),
            "opinions": opinions_shown(round),
            "hall": Count.objects.get(round=round).hall,
            "files": archive.LISTS if archive.is_ready(round) else [],
            "fingerprint": [round.root[at : at + 8] for at in range(0, 64, 8)],
            "squares": fingerprint_squares(round.root),
        },
    )


def opinions_shown(round: Round) -> list[dict[str, Any]]:
    first = next(opinions_of(round), [])
    return [{"card": card, "words": words} for _line, card, words in first[:OPINIONS_SHOWN]]


def fingerprint_squares(root: str) -> list[dict[str, Any]]:
    """Eight by eight squares, one for each bit of the fingerprint's first 16 digits."""
    bits = f"{int(root[:16], 16):064b}"
    return [{"x": n % 8 * 8, "y": n // 8 * 8, "is_on": bit == "1"} for n, bit in enumerate(bits)]


def published_round(community: str, month: str) -> Round:
    """Raises Http404."""
    place = get_object_or_404(Community, address=community)
    try:
        first = parse_month(month)
    except ValueError:
        raise Http404 from None
    rounds = Round.objects.select_related("community").filter(state=State.PUBLISHED)
    return get_object_or_404(rounds, community=place, month=first)


@require_GET
@login_not_required
def download(request: HttpRequest, community: str, month: str, name: str) -> HttpResponseBase:
    """One file of a published count."""
    round = published_round(community, month)
    if name not in archive.FILES or not archive.is_ready(round):
        raise Http404
    file = default_storage.open(archive.path_of(round, name))
    return FileResponse(file, as_attachment=True, filename=f"{community}-{month}-{name}")


@require_GET
@login_not_required
def promises(request: HttpRequest, community: str) -> HttpResponse:
    """In plain words: what is promised of the cards and what is not."""
    return render(request, "cards/promises.html", {"community": get_object_or_404(Community, address=community)})
