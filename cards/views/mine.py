"""A household's own cards."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_GET

from cards.access_log import PATH
from cards.calendar import next_month, parse_month
from cards.models import OPINION_LENGTH, Round
from cards.selectors import cards_in_hand, month_of_cards, rounds_of, voting_households
from cards.workflow import State
from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import Role
from propman.community.models import Household
from propman.tenancy.middleware import company_of

EARLIER = 12


@require_GET
@role_required(Role.OWNER, Role.TENANT)
def mine(request: HttpRequest) -> HttpResponse:
    """The six cards of a household that the person owns or rents, asked of the issuer and the box at this moment."""
    at = timezone.now()
    company = company_of(request)
    assert isinstance(request.user, User)
    households = list(voting_households(request.user, on=company.today(at)).order_by("pk"))
    household = chosen_household(households, request.GET.get("household", ""))
    context: dict[str, Any] = {"households": households, "household": household}
    if household:
        context |= page_of(household, request.GET.get("month", ""), at)
        context["next_month"] = month_of_cards(company, next_month(company.today(at)))
    response = render(request, "cards/mine.html", context)
    add_never_cache_headers(response)
    return response


def chosen_household(households: list[Household], wanted: str) -> Household | None:
    """The one asked for, else the first. Raises Http404 for one that is not the person's."""
    if not wanted:
        return households[0] if households else None
    for household in households:
        if str(household.pk) == wanted:
            return household
    raise Http404


def page_of(household: Household, month: str, at: datetime) -> dict[str, Any]:
    rounds = list(rounds_of(household).order_by("-month")[:EARLIER])
    round = chosen_round(rounds, month)
    if round is None:
        return {"round": None}
    cards = [] if round.state == State.ISSUED else cards_in_hand(round, household)
    in_hand = [held for held in cards if held.is_in_hand]
    public = [household.community.address]
    return {
        "round": round,
        "is_open": round.state == State.OPEN and at < round.closes_at,
        "cards": cards,
        "in_hand": in_hand,
        "left": len(in_hand),
        "hands": [
            {
                "subject": subject,
                "cards": [held for held in cards if held.card.subject == subject],
                "left": sum(held.card.subject == subject for held in in_hand),
            }
            for subject in round.subjects
        ],
        "past": [one for one in rounds if one != round],
        "box_url": get_script_prefix().rstrip("/") + PATH,
        "most": OPINION_LENGTH,
        "bulletin_url": reverse("cards_public:bulletin", args=[*public, round.month_name]),
        "promises_url": reverse("cards_public:promises", args=public),
    }


def chosen_round(rounds: list[Round], month: str) -> Round | None:
    """The round of that month, else the newest. Raises Http404."""
    if not month:
        return rounds[0] if rounds else None
    try:
        first = parse_month(month)
    except ValueError:
        raise Http404 from None
    for round in rounds:
        if round.month == first:
            return round
    raise Http404
