"""A seeded simulation with known truth: does taking out the heads' strictness find the people who really do worst?

Noise model: every employee has a true merit, drawn from the normal distribution (mean 0, deviation 1). Every head has a
leniency, drawn with deviation 0.6 (or 0, where heads are all alike). Each of the five scores is 3 + 0.7 x merit + leniency
+ noise of deviation 0.6, rounded and kept within 1 to 5. Units have 6 to 14 people. The truth is the five lowest merits of
the company; the order under test names its five last, and where a tie is split, each of the tied counts with the share of
places left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from .scoring import CRITERIA, HIGHEST, LOWEST, Scored, standings

WORST = 5
LENIENCY = 0.6
SLOPE, NOISE = 0.7, 0.6
SMALLEST, LARGEST = 6, 14


@dataclass(frozen=True)
class Found:
    """How many of the true worst five the two orders found; sums of shares where ties were split."""

    raw: Fraction
    adjusted: Fraction


def sizes_of(employees: int, random: Random) -> list[int]:
    """Units of 6 to 14 people that add up; the last one takes what is left."""
    sizes: list[int] = []
    while (left := employees - sum(sizes)) > LARGEST:
        sizes.append(min(random.randint(SMALLEST, LARGEST), left - SMALLEST))
    return [*sizes, left]


def simulate(seed: int, *, employees: int, leniency: float) -> Found:
    """One company, one quarter."""
    random = Random(seed)  # noqa: S311 - a simulation
    merit: dict[int, float] = {}
    people: list[Scored] = []
    for unit, size in enumerate(sizes_of(employees, random)):
        lenient = random.gauss(0, leniency)
        for _place in range(size):
            key = len(people)
            merit[key] = random.gauss(0, 1)
            people.append(Scored(key, unit, scores_of(merit[key], lenient, random)))
    truth = set(sorted(merit, key=lambda key: merit[key])[:WORST])
    results = standings(people)
    return Found(
        raw=hits({result.key: Fraction(result.total) for result in results}, truth),
        adjusted=hits({result.key: result.adjusted for result in results}, truth),
    )


def scores_of(merit: float, lenient: float, random: Random) -> tuple[int, ...]:
    return tuple(
        max(LOWEST, min(HIGHEST, round(3 + SLOPE * merit + lenient + random.gauss(0, NOISE)))) for _criterion in range(CRITERIA)
    )


def hits(values: Mapping[int, Fraction], truth: set[int]) -> Fraction:
    """How many of the truth stand in the last five places; somebody in a split tie counts with the share of places left."""
    edge = sorted(values.values())[WORST - 1]
    below = {key for key, value in values.items() if value < edge}
    tied = {key for key, value in values.items() if value == edge}
    return len(below & truth) + Fraction(len(tied & truth) * (WORST - len(below)), len(tied))
