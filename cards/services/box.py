"""Casting. The box asks for nothing but the serial and keeps nothing but its hash and what was cast."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from cards import issuer
from cards.models import OPINION_LENGTH
from propman.common.text import legible


class CardRefused(Exception):
    """The card was not taken; `reason` is unknown (no card of a running round), early, late, or void."""

    def __init__(self, reason: str, closes_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.reason, self.closes_at = reason, closes_at


class OpinionTooLong(ValueError):
    """More than OPINION_LENGTH characters."""


@dataclass(frozen=True)
class Receipt:
    """That a card is in the box. `code` is the beginning of its line in the published list."""

    round: str
    hash: str
    signature: str
    closes_at: datetime | None

    @property
    def code(self) -> str:
        return " ".join(self.hash[at : at + 4] for at in range(0, 16, 4))


def cast_card(*, company_id: int, serial: str, opinion: str = "", at: datetime) -> Receipt:
    """Drop a card into the box; doing it again gives the same receipt and changes nothing, not even the opinion.

    One statement, which needs no company scope. Raises CardRefused, OpinionTooLong, and ValueError for what is no serial.
    """
    opinion = legible(opinion)
    if len(opinion) > OPINION_LENGTH:
        raise OpinionTooLong
    digest = issuer.serial_hash(serial)
    outcome, name, closes_at, signing = _put(company_id, digest, False, opinion or None, at)
    if outcome != "cast":
        raise CardRefused(outcome, closes_at)
    return Receipt(name, digest.hex(), issuer.sign(signing, issuer.receipt_text(name, digest)), closes_at)


def declare_absence(*, company_id: int, serials: list[str], at: datetime) -> int:
    """Make the cards void that are not cast yet, so that they leave the denominator; returns how many are void now.

    Each is a row under the key that a cast would have, so the first wins. Raises CardRefused for what is no card of a running
    round or comes late, and ValueError for what is no serial.
    """
    hashes = sorted({issuer.serial_hash(serial) for serial in serials})  # the order must not tell what belongs together
    void = 0
    for digest in hashes:
        outcome, _name, closes_at, _signing = _put(company_id, digest, True, None, at)
        if outcome not in ("void", "cast"):
            raise CardRefused(outcome, closes_at)
        void += outcome == "void"
    return void


def _put(
    company_id: int, digest: bytes, is_void: bool, opinion: str | None, at: datetime
) -> tuple[str, str, datetime | None, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, name, closes_at, signing FROM cards_cast(%s, %s, %s, %s, %s)",
            [company_id, digest, is_void, opinion, at],
        )
        outcome, name, closes_at, signing = cursor.fetchone()
        return outcome, name, closes_at, bytes(signing or b"")
