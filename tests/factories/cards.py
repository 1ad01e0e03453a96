"""Rounds and their cards, made through the services."""

import zoneinfo
from datetime import date, datetime, timedelta
from typing import Any

from cards import services
from cards.models import Round
from cards.selectors import cards_in_hand, month_of_cards
from cards.workflow import Card
from propman.accounts.models import User
from propman.community.models import Community, Household, OwnersCommittee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

MONTH = date(2026, 2, 1)
SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
DURING = datetime(2026, 2, 10, 12, tzinfo=SHANGHAI)


def make_committee(community: Community) -> OwnersCommittee:
    with company_scope(community.company_id):
        return OwnersCommittee.objects.create(community=community, elected_on=date(2025, 1, 1))


def make_round(community: Community, month: date = MONTH, *, is_open: bool = True) -> Round:
    """A round of the community with all its households, issued on its day and delivered on the 1st."""
    with company_scope(community.company_id):
        calendar = month_of_cards(Company.objects.get(pk=community.company_id), month)
        round = services.issue_round(community=community, month=calendar, at=calendar.issued_at)
        return services.open_round(round=round, at=calendar.delivered_at) if is_open else round


def serial_of(round: Round, household: Household, card: Card) -> str:
    with company_scope(round.company_id):
        return next(held.serial for held in cards_in_hand(round, household) if held.card == card)


def cast(round: Round, household: Household, *cards: Card, opinion: str = "", at: datetime | None = None) -> list[Any]:
    """The household's receipts for the cards."""
    at = at or round.closes_at - timedelta(days=5)
    return [
        services.cast_card(company_id=round.company_id, serial=serial_of(round, household, card), opinion=opinion, at=at)
        for card in cards
    ]


def count_round(round: Round, dealer: User, witness: User) -> Round:
    """Close, deal, sign: the published round."""
    with company_scope(round.company_id):
        at = round.closes_at
        services.close_round(round=round, at=at)
        count = services.open_count(round=round, by=dealer, at=at)
        services.join_count(round=round, by=witness, at=at)
        while not count.finished_at:
            count = services.deal_cards(round=round, by=dealer, after=count.dealt, number=None, at=at)
        services.sign_count(round=round, by=dealer, at=at)
        services.sign_count(round=round, by=witness, at=at)
        return Round.objects.get(pk=round.pk)
