"""The facts of a row as chips; each opens the complaints behind it."""

from dataclasses import dataclass
from fractions import Fraction

from ..models import Appraisal
from ..rankings import rate_of


@dataclass(frozen=True)
class Chips:
    row: Appraisal
    rate: Fraction | None  # verified per contact, drawn to the mean of the post
    is_high: bool  # at least twice the mean of the post


def chips_of(row: Appraisal, posts: dict[str, tuple[int, int]]) -> Chips:
    rate = rate_of(row, posts)
    verified, contacts = posts.get(row.post, (0, 0))
    return Chips(row, rate, bool(rate and row.verified > 1 and rate >= 2 * Fraction(verified, contacts)))
