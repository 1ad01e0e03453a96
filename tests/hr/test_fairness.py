from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hr.fairness import Outcome, groups_of, hidden_groups, outcomes, report
from hr.services import lock_quarter

from .conftest import shanghai, submit_all

sizes = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 30), max_size=8)


def outcome(group: str) -> Outcome:
    return Outcome(total=15, adjusted=Fraction(15), place=Fraction(1, 2), groups=(group,))


@given(sizes)
def test_no_group_under_five_is_shown(groups):
    hidden = hidden_groups(groups)
    assert all(name in hidden for name, size in groups.items() if size < 5)


@given(sizes)
def test_hidden_groups_cannot_be_found_by_subtraction(groups):
    hidden = hidden_groups(groups)
    left = sum(groups[name] for name in hidden)
    assert left == 0 or left >= 5 or set(groups) == hidden


def test_hidden_group_tells_only_its_name():
    shown = {group.name: group for group in groups_of([outcome("a")] * 3 + [outcome("b")] * 9 + [outcome("c")] * 7, 0)}
    assert shown["a"].people is None
    assert shown["a"].mean is None
    assert shown["c"].people is None  # the smallest of the others goes with it
    assert shown["b"].people == 9


def test_report_of_a_locked_quarter_has_four_dimensions(quarter):
    submit_all(quarter, shanghai(10, 8))
    lock_quarter(quarter=quarter, at=shanghai(10, 24, 0))
    found = outcomes(quarter)
    assert [dimension.name for dimension in report(found)] == ["Size of unit", "Sex", "Age", "Contract"]
    assert sum(group.people or 0 for group in report(found)[1].groups) == len(found)


def test_bands_stand_in_their_order():
    people = [outcome(name) for name in ("50 or older", "Under 30", "40 to 49", "30 to 39", "Not said") for _n in range(5)]
    assert [group.name for group in groups_of(people, 0)] == ["Under 30", "30 to 39", "40 to 49", "50 or older", "Not said"]
