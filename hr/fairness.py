"""Outcomes by size of unit, sex, age and contract, so that everybody can see whether the appraisal is fair.

A group of fewer than five people is hidden. Where the hidden ones together are fewer than five, the smallest group shown is
hidden too, or they could be found by subtraction.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.community.models import Employee

from .models import AppraisalQuarter, AppraisalResult

HIDDEN_BELOW = 5
UNKNOWN = gettext_lazy("Not said")


@dataclass(frozen=True)
class Outcome:
    """One ranked person: the group in each dimension, and how it went."""

    total: int
    adjusted: Fraction
    place: Fraction | None  # 0 is the first in the company, 1 the last; None without a rank
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """One line of the report; everything but the name is None where hidden."""

    name: str
    people: int | None
    mean: Fraction | None = None
    adjusted: Fraction | None = None
    top: Fraction | None = None  # share in the company's first third
    bottom: Fraction | None = None


@dataclass(frozen=True)
class Dimension:
    name: str
    groups: list[Group]


SIZES = (
    (5, gettext_lazy("Under 5 people")),
    (10, gettext_lazy("5 to 9 people")),
    (20, gettext_lazy("10 to 19 people")),
    (inf, gettext_lazy("20 people or more")),
)
AGES = (
    (30, gettext_lazy("Under 30")),
    (40, gettext_lazy("30 to 39")),
    (50, gettext_lazy("40 to 49")),
    (inf, gettext_lazy("50 or older")),
)


def size_band(people: int) -> str:
    return next(str(name) for below, name in SIZES if people < below)


def age_band(age: int | None) -> str:
    return str(UNKNOWN) if age is None else next(str(name) for below, name in AGES if age < below)


def outcomes(quarter: AppraisalQuarter) -> list[Outcome]:
    """Every ranked employee of a locked quarter, heads included."""
    columns = ("total", "numerator", "denominator", "company_rank", "unit_n", "company_n", "is_heads")
    about = ("appraisal__sex", "appraisal__age", "appraisal__contract")
    rows = list(AppraisalResult.objects.filter(quarter=quarter).values_list(*columns, *about))
    ranked = {heads: sum(row[3] is not None and row[6] == heads for row in rows) for heads in (True, False)}
    sexes = dict(Employee.Sex.choices)
    found = []
    for total, numerator, denominator, rank, unit_n, _company_n, heads, sex, age, contract in rows:
        place = Fraction(rank - 1, max(1, ranked[heads] - 1)) if rank is not None else None
        groups = (size_band(unit_n), str(sexes[sex]), age_band(age), contract or str(UNKNOWN))
        found.append(Outcome(total, Fraction(numerator, denominator), place, groups))
    return found


def report(found: Sequence[Outcome]) -> list[Dimension]:
    names = (_("Size of unit"), _("Sex"), _("Age"), _("Contract"))
    return [Dimension(name, groups_of(found, place)) for place, name in enumerate(names)]


def groups_of(found: Iterable[Outcome], dimension: int) -> list[Group]:
    members: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        members[outcome.groups[dimension]].append(outcome)
    hidden = hidden_groups({name: len(people) for name, people in members.items()})
    bands = [str(name) for _below, name in (*SIZES, *AGES)]
    names = sorted(members, key=lambda name: (bands.index(name) if name in bands else len(bands), name))
    return [Group(name, None) if name in hidden else _group(name, members[name]) for name in names]


def hidden_groups(sizes: dict[str, int]) -> set[str]:
    """The groups that are not shown."""
    hidden = {name for name, size in sizes.items() if size < HIDDEN_BELOW}
    if hidden and sum(sizes[name] for name in hidden) < HIDDEN_BELOW:
        shown = [name for name in sizes if name not in hidden]
        if shown:
            hidden.add(min(shown, key=lambda name: (sizes[name], name)))
    return hidden


def _group(name: str, people: list[Outcome]) -> Group:
    placed = [outcome.place for outcome in people if outcome.place is not None]
    third = Fraction(1, 3)
    shown = len(placed) >= HIDDEN_BELOW
    return Group(
        name=name,
        people=len(people),
        mean=Fraction(sum(outcome.total for outcome in people), len(people)),
        adjusted=sum((outcome.adjusted for outcome in people), Fraction(0)) / len(people),
        top=Fraction(sum(place <= third for place in placed), len(placed)) if shown else None,
        bottom=Fraction(sum(place >= 1 - third for place in placed), len(placed)) if shown else None,
    )
