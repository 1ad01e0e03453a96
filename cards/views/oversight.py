"""The officials' pages: the calendar of rounds over all companies that they supervise, and the count with its stage."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import wraps
from typing import Any
from unicodedata import east_asian_width

from django.conf import settings
from django.contrib import messages
from django.db import models
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cards import services
from cards.calendar import next_month, parse_month
from cards.forms import HallForm, SignForm
from cards.models import Count, CountSignature, Round, Tally
from cards.refusals import refusal
from cards.results import Figures, figures_by_round, figures_of, percent
from cards.selectors import opinion_of, tally_cards
from cards.workflow import Card, Colour, MoveNotAllowed, State, Subject
from propman.accounts.models import User
from propman.accounts.permissions import official_required
from propman.accounts.roles import COUNTING
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope, oversight_scope

MONTHS_SHOWN = 4
LATE_AFTER = timedelta(days=1)
TO_COUNT = (State.CLOSED, State.COUNTING, State.COUNTED)
AT_ONCE = (1, 10, 100)
MARKS_IN_FULL = 180  # strokes of a lane that fit the stage at their full size

officials = official_required(*COUNTING)


@dataclass(frozen=True)
class Cell:
    """A round in the calendar."""

    round: Round
    figures: Figures | None
    is_late: bool
    url: str

    @property
    def is_to_count(self) -> bool:
        return self.round.state in TO_COUNT


@require_GET
@officials
def rounds(request: HttpRequest) -> HttpResponse:
    """All rounds of four months, by company and community; first what is to be counted."""
    at = timezone.now()
    last = last_month(request.GET.get("month", ""), at)
    months = [last]
    while len(months) < MONTHS_SHOWN:
        months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    supervised: list[int] = request.supervised  # type: ignore[attr-defined]
    companies = {company.pk: company for company in Company.objects.filter(pk__in=supervised).order_by("name")}
    with oversight_scope(supervised):
        shown = list(Round.unscoped.filter(month__range=(months[0], last)).exclude(state=State.ISSUING).order_by("place", "pk"))
        waiting = list(Round.unscoped.filter(state__in=TO_COUNT).order_by("closes_at", "place", "pk")[:30])
        figures = figures_by_round(shown, tallies=Tally.unscoped.all())
        numbers = numbers_of(Round.unscoped.exclude(state__in=[State.ISSUING, State.PUBLISHED]), at)
    context = {
        "months": months,
        "groups": [(company, rows_of(company, shown, months, figures, at)) for company in companies.values()],
        "waiting": [cell_of(round, companies[round.company_id], {}, at) for round in waiting],
        "earlier": months[0],
        "later": next_month(next_month(next_month(last))),
        "numbers": numbers,
    }
    return render(request, "cards/oversight.html", context)


def numbers_of(rounds: QuerySet[Round], at: datetime) -> dict[str, int]:
    """How many rounds are issued, open, to be counted, and late."""
    return rounds.aggregate(
        issued=models.Count("pk", filter=Q(state=State.ISSUED)),
        open=models.Count("pk", filter=Q(state=State.OPEN)),
        to_count=models.Count("pk", filter=Q(state__in=TO_COUNT)),
        late=models.Count("pk", filter=Q(closes_at__lte=at - LATE_AFTER)),
    )


def last_month(name: str, at: datetime) -> date:
    """The last month shown: the one asked for, else the next one. Raises Http404."""
    if not name:
        return next_month(timezone.localdate(at))
    try:
        month = parse_month(name)
    except ValueError:
        raise Http404 from None
    if not 2000 <= month.year < 3000:  # the months beside it are shown too
        raise Http404
    return month


def rows_of(
    company: Company, shown: list[Round], months: list[date], figures: dict[int, Figures], at: datetime
) -> list[tuple[str, int, list[Cell | None]]]:
    """Name, households and cells of every community of the company."""
    by_place: dict[int, dict[date, Round]] = {}
    names: dict[int, str] = {}
    for round in shown:
        if round.company_id == company.pk:
            by_place.setdefault(round.community_id, {})[round.month] = round
            names[round.community_id] = round.place
    return [
        (
            names[place],
            found[max(found)].households,
            [cell_of(found[month], company, figures, at) if month in found else None for month in months],
        )
        for place, found in by_place.items()
    ]


def cell_of(round: Round, company: Company, figures: dict[int, Figures], at: datetime) -> Cell:
    return Cell(
        round=round,
        figures=figures.get(round.pk),
        is_late=not round.is_published and round.closes_at + LATE_AFTER <= at,
        url=reverse("cards_oversight:count", args=[company.address, round.pk]),
    )


View = Callable[..., HttpResponse]


def of_round(view: View) -> View:
    """Give the view the round that the address names, in its company's scope; 404 for a company that is not supervised."""

    @officials
    @wraps(view)
    def scoped(request: HttpRequest, company: str, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
        found = Company.objects.filter(address=company, pk__in=request.supervised).first()  # type: ignore[attr-defined]
        if found is None:
            raise Http404
        with company_scope(found.pk), timezone.override(found.timezone):
            round = Round.objects.exclude(state=State.ISSUING).filter(pk=pk).first()
            if round is None:
                raise Http404
            return view(request, round, *args, **kwargs)

    return scoped


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def address(round: Round, name: str = "count") -> str:
    return reverse(f"cards_oversight:{name}", args=[round.name.partition("/")[0], round.pk])


@require_GET
@of_round
def count(request: HttpRequest, round: Round) -> HttpResponse:
    """One round for the officials: who is there, what to do next, and the way to the stage."""
    return count_page(request, round, SignForm(), HallForm())


def count_page(request: HttpRequest, round: Round, sign: SignForm, hall: HallForm) -> HttpResponse:
    found = Count.objects.select_related("dealer", "witness").filter(round=round).first()
    company, community, month = round.name.split("/")
    user, signed = _user(request), list(CountSignature.objects.filter(round=round).order_by("at", "pk"))
    context = {
        "round": round,
        "count": found,
        "signatures": signed,
        "is_present": bool(found and user.pk in (found.dealer_id, found.witness_id)),
        "has_signed": any(one.user_id == user.pk for one in signed),
        "figures": figures_by_round([round]).get(round.pk),
        "sign_form": sign,
        "hall_form": hall,
        "bulletin_url": f"/{company}{reverse('cards_public:bulletin', settings.COMPANY_URLCONF, [community, month])}",
        "company": None,
    }
    return render(request, "cards/count.html", context, status=422 if sign.errors or hall.errors else 200)


@require_POST
@of_round
def open_count(request: HttpRequest, round: Round) -> HttpResponse:
    """Start dealing; who starts deals."""
    form = HallForm(request.POST)
    if not form.is_valid():
        return count_page(request, round, SignForm(), form)
    return attempt(
        request,
        round,
        lambda: services.open_count(round=round, by=_user(request), hall=form.cleaned_data["hall"], at=timezone.now()),
        to="stage",
    )


@require_POST
@of_round
def join_count(request: HttpRequest, round: Round) -> HttpResponse:
    """Take the witness's place."""
    return attempt(request, round, lambda: services.join_count(round=round, by=_user(request), at=timezone.now()), to="stage")


@require_POST
@of_round
def sign(request: HttpRequest, round: Round) -> HttpResponse:
    """Sign the counted round with the second factor."""
    form = SignForm(request.POST)
    if not form.is_valid():
        return count_page(request, round, form, HallForm())
    try:
        services.sign_count_with_code(round=round, by=_user(request), code=form.cleaned_data["code"], at=timezone.now())
    except services.CodeRefused:
        form.add_error("code", _("This code is wrong, or was used before. Wait for the next one and type it."))
        return count_page(request, round, form, HallForm())
    except (MoveNotAllowed, services.NotAtTheCount, services.SecondPersonNeeded) as problem:
        messages.error(request, refusal(problem))
    return redirect(address(round))


@require_POST
@of_round
def deal(request: HttpRequest, round: Round) -> HttpResponse:
    """Deal the next card, or several; a press that was seen before deals nothing."""
    try:
        after = int(request.POST.get("after", ""))
        number = int(request.POST.get("number", "1")) or None
    except ValueError:
        raise Http404 from None
    if number not in (*AT_ONCE, None):
        raise Http404
    return attempt(
        request,
        round,
        lambda: services.deal_cards(round=round, by=_user(request), after=after, number=number, at=timezone.now()),
        to="stage",
    )


@require_POST
@of_round
def pause(request: HttpRequest, round: Round) -> HttpResponse:
    """Pause the dealing, or go on."""
    is_paused = request.POST.get("paused") == "1"
    return attempt(
        request, round, lambda: services.pause_count(round=round, by=_user(request), is_paused=is_paused), to="stage"
    )


def attempt(request: HttpRequest, round: Round, work: Callable[[], Any], *, to: str) -> HttpResponse:
    """Do it; a browser with script on the stage gets the new picture, others the page."""
    try:
        work()
    except (MoveNotAllowed, services.NotAtTheCount, services.SecondPersonNeeded) as problem:
        messages.error(request, refusal(problem))
        return redirect(address(round))
    if request.headers.get("HX-Request"):
        return render(request, "cards/_stage.html", stage_of(request, round))
    return redirect(address(round, to))


@require_GET
@of_round
def stage(request: HttpRequest, round: Round) -> HttpResponse:
    """The projector's picture. Reloaded, it stands where the count stands."""
    if not Count.objects.filter(round=round).exists():
        return redirect(address(round))
    return render(request, "cards/stage.html", stage_of(request, round))


@require_GET
@of_round
def stage_now(request: HttpRequest, round: Round) -> HttpResponse:
    """The picture's content, asked for each second; 204 while nothing has changed."""
    count = Count.objects.filter(round=round).first()
    if count is None or request.GET.get("seen") == seen(round, count):
        return HttpResponse(status=204)
    return render(request, "cards/_stage.html", stage_of(request, round))


def seen(round: Round, count: Count) -> str:
    """What a picture shows, in short: equal while it is the same picture."""
    signatures = CountSignature.objects.filter(round=round).count()
    return f"{count.dealt}-{int(count.is_paused)}-{round.state}-{count.witness_id}-{signatures}"


def at_the_count(person: User | None, signatures: dict[int, datetime]) -> dict[str, Any]:
    """Who deals or witnesses, and when he signed."""
    return {"name": person.name if person else "", "signed_at": signatures.get(person.pk) if person else None}


def size_of(words: str) -> str:
    """How large an opinion can be written on the stage: a Chinese character is as wide as two letters."""
    width = sum(2 if east_asian_width(letter) in "WF" else 1 for letter in words)
    return "" if width <= 130 else "is-long" if width <= 300 else "is-longest"


def stage_of(request: HttpRequest, round: Round) -> dict[str, Any]:
    """Everything that the stage shows."""
    round = Round.objects.get(pk=round.pk)
    count = Count.objects.select_related("dealer", "witness").filter(round=round).first()
    if count is None:
        raise Http404
    subject = Subject(count.subject)
    tallies = {Card(tally.card): tally for tally in Tally.objects.filter(round=round)}
    cards = [card for card in round.cards if card.subject == subject]
    dealt = sum(tallies[card].dealt for card in cards)
    last = Card(count.last_card) if count.last_card else None
    cast = {card: numbers[0] for card, numbers in tally_cards(round).items()}
    total, whole = sum(cast[card] for card in cards), sum(cast.values())
    signatures = {signed.user_id: signed.at for signed in CountSignature.objects.filter(round=round)}
    words = opinion_of(round, bytes(count.last_hash)) if count.last_hash else ""
    shown = [card for card in round.cards if card.subject == Subject.COMPANY] if count.finished_at else cards
    return {
        "round": round,
        "count": count,
        "subject": subject,
        "card": last,
        "words": words,
        "words_size": size_of(words),
        "lanes": [
            {
                "colour": Colour(card.colour),
                "dealt": tallies[card].dealt,
                "percent": percent(tallies[card].dealt, dealt),
                "is_now": card == last and not count.finished_at,
            }
            for card in cards
        ],
        "results": figures_of(round, list(tallies.values())) if count.finished_at else None,
        "dealt": dealt,
        "total": total,
        "left": whole - count.dealt,
        "share": percent(count.dealt, whole),
        "is_present": _user(request).pk in (count.dealer_id, count.witness_id),
        "people": [at_the_count(person, signatures) for person in (count.dealer, count.witness)],
        "is_many": max(tallies[card].dealt for card in shown) > MARKS_IN_FULL,
        "at_once": AT_ONCE,
        "urls": {name: address(round, name) for name in ("count", "deal", "pause", "stage_now")},
        "seen": seen(round, count),
        "company": None,
    }
