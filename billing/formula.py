"""The fee that follows satisfaction, in whole numbers only. Pure: no database, no clock.

Money is in minor units (cents), areas in 1/100 m², prices in minor units per m² and month, shares as two integers or
in basis points (1/10000). Rounding: every sum that a bill shows is rounded half up to the cent, and the next step goes
on from the sum that is shown, so that an owner can check a bill with a pocket calculator (681.12 x 92.3 % = 628.67).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import gcd

BASIS_POINTS = 10_000
HIGHEST_SCORE = 10
NEUTRAL_SCORE = 5
SMALLEST_CELL = 5


class Formula(StrEnum):
    PROPORTIONAL = "proportional"
    TIERED = "tiered"


class NonAnswers(StrEnum):
    """How a household's missing score for an item counts (rulebook 4.1)."""

    EXCLUDED = "excluded"
    NEUTRAL = "neutral"
    SATISFIED = "satisfied"


class BelowMinimum(StrEnum):
    """What holds when too few sheets came back (rulebook 4.1)."""

    LAST_QUARTER = "last_quarter"
    AGREED_DEFAULT = "agreed_default"
    EXTEND_ONCE = "extend_once"


class Basis(StrEnum):
    """Where the rate that a quarter is billed with comes from."""

    MEASURED = "measured"
    LAST_QUARTER = "last_quarter"
    AGREED_DEFAULT = "agreed_default"


@dataclass(frozen=True)
class Share:
    """A share as two integers, such as a satisfaction rate: points of a maximum. Compared exactly, by cross-multiplying."""

    points: int
    maximum: int

    def __post_init__(self) -> None:
        if self.maximum <= 0 or self.points < 0:
            raise ValueError(f"{self.points}/{self.maximum} is no share.")

    def reaches(self, basis_points: int) -> bool:
        return self.points * BASIS_POINTS >= basis_points * self.maximum

    def lowest_terms(self) -> "Share":
        divisor = gcd(self.points, self.maximum)
        return Share(self.points // divisor, self.maximum // divisor)


@dataclass(frozen=True)
class Band:
    """From `from_bp` on, up to the next band's beginning, the fee is `pays_bp` of the base."""

    from_bp: int
    pays_bp: int


@dataclass(frozen=True)
class Terms:
    """How a rate becomes a share of the fee (rulebook 4.3), in basis points.

    `dead_band_from_bp`: from this rate on, small dissatisfaction is forgiven and the rate counts as 100 %.
    Bands are half-open, begin at 0 and rise. Raises ValueError for terms under which a better rate could cost less.
    """

    formula: Formula
    floor_bp: int = 0
    cap_bp: int = BASIS_POINTS
    dead_band_from_bp: int | None = None
    bands: tuple[Band, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.floor_bp <= self.cap_bp <= BASIS_POINTS:
            raise ValueError("The floor lies between 0 and the cap, and the cap is at most 100 %.")
        if self.formula == Formula.TIERED:
            starts, pays = [band.from_bp for band in self.bands], [band.pays_bp for band in self.bands]
            if not starts or starts[0] != 0 or starts != sorted(set(starts)) or pays != sorted(pays):
                raise ValueError("The bands begin at 0 %, each one above the last, and never pay less than the one below.")


@dataclass(frozen=True)
class ItemCount:
    """What came in for one item: the sum of its scores and how many households gave one."""

    weight: int
    points: int
    answers: int


def half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded half up to a whole number; both are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)


def base_fee(*, area: int, price: int, months: int) -> int:
    """The fee before satisfaction, in minor units (rulebook 4.1: unit price per m² and month).

    `area` in 1/100 m², `price` in minor units per m² and month: 94.60 m² x 2.40 x 3 months = 681.12.
    """
    return half_up(area * price * months, 100)


def share_of(rate: Share, terms: Terms) -> Share:
    """The share of the base that a satisfaction rate earns (rulebook 4.3)."""
    if terms.formula == Formula.TIERED:
        return Share(next(band.pays_bp for band in reversed(terms.bands) if rate.reaches(band.from_bp)), BASIS_POINTS)
    if terms.dead_band_from_bp is not None and rate.reaches(terms.dead_band_from_bp):
        rate = Share(1, 1)
    if not rate.reaches(terms.floor_bp):
        return Share(terms.floor_bp, BASIS_POINTS)
    if rate.reaches(terms.cap_bp):
        return Share(terms.cap_bp, BASIS_POINTS)
    return rate


def fee(base: int, share: Share) -> int:
    """The share of a base in minor units, rounded half up: 92.3 % of 681.12 = 628.67 (exactly 628.67376)."""
    return half_up(base * share.points, share.maximum)


def satisfaction(items: Sequence[ItemCount], *, households: int, non_answers: str) -> Share | None:
    """Weighted points / weighted maximum (rulebook 4.3), or None when nothing counts.

    A non-answer is any item of any household on the roll without a score: a sheet that did not come back, and an item
    that was skipped. It is left out, counts 5 of 10, or 10 of 10 (rulebook 4.1).
    """
    worth = {NonAnswers.NEUTRAL: NEUTRAL_SCORE, NonAnswers.SATISFIED: HIGHEST_SCORE}.get(NonAnswers(non_answers))
    points = maximum = 0
    for item in items:
        missing = 0 if worth is None else households - item.answers
        points += item.weight * (item.points + (worth or 0) * missing)
        maximum += item.weight * HIGHEST_SCORE * (item.answers + missing)
    return Share(points, maximum) if maximum else None


def billed_rate(
    measured: Share | None,
    *,
    sheets: int,
    minimum: int,
    below_minimum: str,
    default_bp: int,
    last_quarter: Share | None,
) -> tuple[Share, Basis]:
    """The rate that the quarter is billed with, and where it comes from (rulebook 4.1).

    Under the minimum number of sheets the agreed rule holds; after an extension that did not help, and where there is
    no last quarter, the agreed default does.
    """
    if measured is not None and sheets >= minimum:
        return measured, Basis.MEASURED
    if below_minimum == BelowMinimum.LAST_QUARTER and last_quarter is not None:
        return last_quarter, Basis.LAST_QUARTER
    return Share(default_bp, BASIS_POINTS), Basis.AGREED_DEFAULT


def split_by_days(total: int, days: Mapping[int, int]) -> dict[int, int]:
    """Split an amount in proportion to days by the largest remainder (Hamilton's method); ties go to the smaller id.

    The parts add up to the total and each lies within one minor unit of its exact value. Raises ValueError without days.
    """
    whole = sum(days.values())
    if whole <= 0:
        raise ValueError("There are no days to split by.")
    parts = {key: total * count // whole for key, count in days.items()}
    by_remainder = sorted(days, key=lambda key: (-(total * days[key] % whole), key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def hidden_items(answers: Mapping[int, int]) -> set[int]:
    """The items whose cells stay hidden, by key, given how many households scored each.

    Cells under 5 are hidden. The rate is published as points of a maximum, so a single hidden cell could be worked out
    by subtraction: further cells, smallest first, join it until at least two are hidden that hold 5 answers together.
    """
    hidden = {key for key, count in answers.items() if count < SMALLEST_CELL}
    if not hidden:
        return hidden
    for key in sorted(answers.keys() - hidden, key=lambda key: (answers[key], key)):
        if len(hidden) >= 2 and sum(answers[other] for other in hidden) >= SMALLEST_CELL:
            break
        hidden.add(key)
    return hidden


def percent(share: Share) -> str:
    """With one decimal, for people: 92.3; the two integers stay the truth."""
    tenths = half_up(share.points * 1000, share.maximum)
    return f"{tenths // 10}.{tenths % 10}"
