"""How an appraisal becomes an order: exact arithmetic, no database, no rounding before the last digit is shown.

A total is the sum of five scores of 1 to 5; one missing score means no total, never a zero. Within a unit and over the
company people stand by total and by adjusted total:

    adjusted = total - n / (n + 5) * (unit mean - company mean)

with n ranked people in the unit. It takes out how strictly a head scores, less so in a small unit. Under five ranked people
there is neither order nor mean. Ties share a rank: 1, 2, 2, 4.
"""

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

CRITERIA = 5
LOWEST, HIGHEST = 1, 5
SHOWN_FROM = 5  # people ranked in a unit, below which no rank and no mean is shown
UNIT_PRIOR = 5  # the 5 of n / (n + 5)
POST_PRIOR = 20  # contacts; how strongly a rate is drawn to the mean of the post
OFFICE_PRIOR = 20  # contacts; how strongly an office is drawn to the mean of the company


@dataclass(frozen=True)
class Scored:
    """One person's five scores in a unit; None is a score that is missing."""

    key: int
    unit: int
    scores: tuple[int | None, ...]
    counts: bool = True  # False: not ranked, whatever was scored


@dataclass(frozen=True)
class Standing:
    """Where one ranked person stands; the ranks are None in a unit of fewer than five."""

    key: int
    total: int
    unit_n: int
    unit_sum: int
    company_n: int
    company_sum: int
    numerator: int  # of the adjusted total, in lowest terms
    denominator: int
    unit_rank: int | None
    company_rank: int | None

    @property
    def adjusted(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    def line(self) -> str:
        """The canonical text of the result, byte for byte what the database hashes when the quarter is locked."""
        ranks = ("-" if rank is None else str(rank) for rank in (self.unit_rank, self.company_rank))
        numbers = (self.total, self.unit_n, self.unit_sum, self.company_n, self.company_sum, self.numerator, self.denominator)
        return " ".join([str(self.key), *map(str, numbers), *ranks])


def total_of(scores: Sequence[int | None]) -> int | None:
    """The sum of the five scores; None while one of them is missing."""
    if len(scores) != CRITERIA or any(score is None for score in scores):
        return None
    return sum(score for score in scores if score is not None)


def competition_ranks(values: Mapping[Key, Fraction | int]) -> dict[Key, int]:
    """Rank 1 for the highest value; equal values share a rank and the next ones are skipped: 1, 2, 2, 4."""
    ranks: dict[Key, int] = {}
    previous: Fraction | int | None = None
    rank = 0
    for place, (key, value) in enumerate(sorted(values.items(), key=lambda item: item[1], reverse=True), start=1):
        if value != previous:
            rank, previous = place, value
        ranks[key] = rank
    return ranks


def adjusted_total(*, total: int, unit_n: int, unit_sum: int, company_n: int, company_sum: int) -> Fraction:
    """The total less the part by which the unit's mean lies above the company's."""
    gap = Fraction(unit_sum, unit_n) - Fraction(company_sum, company_n)
    return total - Fraction(unit_n, unit_n + UNIT_PRIOR) * gap


def standings(people: Sequence[Scored]) -> list[Standing]:
    """Everybody with a total, by key; the order in which they were given does not matter."""
    totals = {person.key: total for person in people if person.counts and (total := total_of(person.scores)) is not None}
    unit_of = {person.key: person.unit for person in people if person.key in totals}
    units: dict[int, dict[int, int]] = {}
    for key, total in totals.items():
        units.setdefault(unit_of[key], {})[key] = total
    company_n, company_sum = len(totals), sum(totals.values())
    adjusted = {
        key: adjusted_total(
            total=total,
            unit_n=len(units[unit_of[key]]),
            unit_sum=sum(units[unit_of[key]].values()),
            company_n=company_n,
            company_sum=company_sum,
        )
        for key, total in totals.items()
    }
    shown = {unit: members for unit, members in units.items() if len(members) >= SHOWN_FROM}
    unit_ranks = {key: rank for members in shown.values() for key, rank in competition_ranks(members).items()}
    company_ranks = competition_ranks({key: adjusted[key] for members in shown.values() for key in members})
    return [
        Standing(
            key=key,
            total=totals[key],
            unit_n=len(units[unit_of[key]]),
            unit_sum=sum(units[unit_of[key]].values()),
            company_n=company_n,
            company_sum=company_sum,
            numerator=adjusted[key].numerator,
            denominator=adjusted[key].denominator,
            unit_rank=unit_ranks.get(key),
            company_rank=company_ranks.get(key),
        )
        for key in sorted(totals)
    ]


def digest_of(results: Iterable[Standing]) -> str:
    """The SHA-256 of all results' canonical lines in order of their keys."""
    text = "\n".join(result.line() for result in sorted(results, key=lambda result: result.key))
    return hashlib.sha256(text.encode()).hexdigest()


def stands_out(totals: Mapping[int, int]) -> dict[int, str]:
    """Who is in the top or the bottom third of a unit, and therefore needs a written fact: key -> "top" or "bottom".

    A third of n people is n // 3 places; a tie at its edge belongs to it. Nobody stands out where all are equal.
    """
    third = len(totals) // 3
    if not third or len(set(totals.values())) == 1:
        return {}
    from_top = competition_ranks(totals)
    from_bottom = competition_ranks({key: -total for key, total in totals.items()})
    bottom = {key: "bottom" for key, rank in from_bottom.items() if rank <= third}
    return bottom | {key: "top" for key, rank in from_top.items() if rank <= third}


def shrunk_rate(*, verified: int, contacts: int, post_verified: int, post_contacts: int) -> Fraction | None:
    """Verified complaints per contact, drawn to the mean of the post as if POST_PRIOR more contacts had gone like the post's.

    None when nobody of the post handled any contact.
    """
    if not post_contacts:
        return None
    return (verified + POST_PRIOR * Fraction(post_verified, post_contacts)) / (contacts + POST_PRIOR)


def office_index(*, contacts: int, on_time: int, verified: int) -> Fraction | None:
    """0 to 100: half for contacts answered within the promised time, half for those whose solution the asker verified.

    The number of contacts itself neither lifts nor lowers an office. None without any contact.
    """
    return Fraction(100 * (on_time + verified), 2 * contacts) if contacts else None


def adjusted_office_index(*, contacts: int, on_time: int, verified: int, company_index: Fraction) -> Fraction:
    """The index as if OFFICE_PRIOR more contacts had gone like the company's: a small volume moves towards the mean."""
    own = Fraction(100 * (on_time + verified), 2)
    return (own + OFFICE_PRIOR * company_index) / (contacts + OFFICE_PRIOR)
