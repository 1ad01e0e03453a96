"""What pages, API and jobs read: the calendar, a household's cards, the counted lists."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from propman.accounts.models import User
from propman.community.models import Household, Occupancy
from propman.community.selectors import occupancies_of
from propman.tenancy.models import Company

from . import issuer
from .calendar import CardMonth, card_month
from .models import CardSettings, RollEntry, Round, RoundKey
from .workflow import Card, State, Subject

LINES_AT_ONCE = 20_000


def month_of_cards(company: Company, month: date) -> CardMonth:
    """The company's calendar of that month, with its settings of today."""
    own = CardSettings.objects.filter(company=company).first() or CardSettings()
    return card_month(month, company.timezone, count_time=own.count_time, remind_days=own.remind_days)


def voting_households(user: User, *, on: date) -> QuerySet[Household]:
    """The households whose cards the person may cast: those that he owns or rents."""
    mine = occupancies_of(user, on=on).filter(kind__in=[Occupancy.Kind.OWNER, Occupancy.Kind.TENANT])
    return Household.objects.select_related("room", "community").filter(pk__in=mine.order_by().values("household_id"))


def rounds_of(household: Household) -> QuerySet[Round]:
    """The rounds in which the household has cards."""
    return Round.objects.filter(pk__in=RollEntry.objects.filter(household=household).values("round_id"))


@dataclass(frozen=True)
class HeldCard:
    """A card of a household: its serial, and where it is: in hand, cast, or void."""

    card: Card
    serial: str
    place: str

    @property
    def is_in_hand(self) -> bool:
        return self.place == "hand"

    @property
    def slot(self) -> str:
        """Its place on the page: co-blue, oc-red."""
        return f"{'co' if self.card.subject == Subject.COMPANY else 'oc'}-{self.card.colour}"


def cards_in_hand(round: Round, household: Household) -> list[HeldCard]:
    """The household's cards of the round, asked of the issuer and the box now; nothing is stored.

    A household that is not on the roll has none.
    """
    if not RollEntry.objects.filter(round=round, household=household).exists():
        return []
    key = issuer.decrypted(RoundKey.objects.get(round=round).issuing)
    serials = {card: issuer.serial(key, household.pk, card) for card in round.cards}
    hashes = {card: issuer.serial_hash(serial) for card, serial in serials.items()}
    seen = look_into_box(round, list(hashes.values()))
    return [HeldCard(card, serials[card], seen.get(hashes[card], "hand")) for card in round.cards]


def look_into_box(round: Round, hashes: list[bytes]) -> dict[bytes, str]:
    """Which of the hashes are in the box (or, after the close, in the counted list), and whether they were cast or void."""
    with connection.cursor() as cursor:
        if round.state in (State.ISSUED, State.OPEN):
            cursor.execute("SELECT hash, void FROM cards_box_look(%s, %s)", [round.pk, hashes])
        else:
            cursor.execute(
                "SELECT hash, void FROM cards_counted WHERE company_id = %s AND round_id = %s AND hash = ANY(%s)",
                [round.company_id, round.pk, hashes],
            )
        return {bytes(digest): "void" if void else "cast" for digest, void in cursor.fetchall()}


def open_rounds(at: datetime) -> QuerySet[Round]:
    """The rounds in which cards can be cast at that moment."""
    return Round.objects.filter(state=State.OPEN, closes_at__gt=at)


ISSUED_LINES = """
    SELECT hash, card FROM cards_issued
    WHERE company_id = %s AND round_id = %s AND hash > %s ORDER BY hash LIMIT %s
"""
COUNTED_LINES = """
    SELECT hash, card FROM cards_counted
    WHERE company_id = %s AND round_id = %s AND void = %s AND hash > %s ORDER BY hash LIMIT %s
"""
OPINIONS = """
    SELECT hash, card, opinion FROM cards_counted
    WHERE company_id = %s AND round_id = %s AND opinion IS NOT NULL AND hash > %s ORDER BY hash LIMIT %s
"""


def _pages(sql: str, parameters: list[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of the statement by key, a page at a time; its last two parameters are the hash before and the page's size."""
    before = b""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(sql, [*parameters, before, LINES_AT_ONCE])
            rows = [(bytes(row[0]), *row[1:]) for row in cursor.fetchall()]
            if rows:
                yield rows
                before = rows[-1][0]
            if len(rows) < LINES_AT_ONCE:
                return


SUFFIXES = {int(card): b"," + card.text.encode() for card in Card}


def issued_lines(round: Round) -> Iterator[list[bytes]]:
    """The published lines of the issued list, a page at a time."""
    return _lines(ISSUED_LINES, [round.company_id, round.pk])


def cast_lines(round: Round) -> Iterator[list[bytes]]:
    return _lines(COUNTED_LINES, [round.company_id, round.pk, False])


def void_lines(round: Round) -> Iterator[list[bytes]]:
    return _lines(COUNTED_LINES, [round.company_id, round.pk, True])


def _lines(sql: str, parameters: list[Any]) -> Iterator[list[bytes]]:
    for rows in _pages(sql, parameters):
        yield [digest.hex().encode() + SUFFIXES[card] for digest, card in rows]


def opinions_of(round: Round) -> Iterator[list[tuple[str, Card, str]]]:
    """(published line of the card, card, opinion) of every card cast with words, a page at a time."""
    for rows in _pages(OPINIONS, [round.company_id, round.pk]):
        yield [((digest.hex().encode() + SUFFIXES[card]).decode(), Card(card), opinion) for digest, card, opinion in rows]


def opinion_of(round: Round, digest: bytes) -> str:
    """The words that came with a counted card, if any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(opinion, '') FROM cards_counted WHERE company_id = %s AND round_id = %s AND hash = %s",
            [round.company_id, round.pk, digest],
        )
        row = cursor.fetchone()
        return row[0] if row else ""


def tally_cards(round: Round) -> dict[Card, tuple[int, int]]:
    """(cast, void) of every card in the counted list."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT card, count(*) FILTER (WHERE NOT void), count(*) FILTER (WHERE void)
            FROM cards_counted WHERE company_id = %s AND round_id = %s GROUP BY card
            """,
            [round.company_id, round.pk],
        )
        found = {card: (cast, void) for card, cast, void in cursor.fetchall()}
    return {card: found.get(card, (0, 0)) for card in round.cards}
