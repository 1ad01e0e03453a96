import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.formula import (
    BASIS_POINTS,
    Band,
    Formula,
    ItemCount,
    Share,
    Terms,
    base_fee,
    billed_rate,
    fee,
    half_up,
    hidden_items,
    percent,
    satisfaction,
    share_of,
    split_by_days,
)


def golden(name: str) -> list[object]:
    with (Path(__file__).parent / "golden" / f"{name}.csv").open() as file:
        return [pytest.param(row, id=row["case"]) for row in csv.DictReader(file)]


def share(text: str) -> Share | None:
    return Share(*map(int, text.split("/"))) if text else None


@pytest.mark.parametrize("row", golden("fees"))
def test_worked_fee_comes_out(row):
    terms = Terms(
        formula=Formula(row["formula"]),
        floor_bp=int(row["floor_bp"]),
        cap_bp=int(row["cap_bp"]),
        dead_band_from_bp=int(row["dead_band_from_bp"]) if row["dead_band_from_bp"] else None,
        bands=tuple(Band(*map(int, band.split(":"))) for band in row["bands"].split()),
    )
    base = base_fee(area=int(row["area"]), price=int(row["price"]), months=int(row["months"]))
    rate = Share(int(row["rate_points"]), int(row["rate_maximum"]))
    assert (base, fee(base, share_of(rate, terms))) == (int(row["base"]), int(row["fee"]))


@pytest.mark.parametrize("row", golden("rates"))
def test_worked_rate_comes_out(row):
    items = []
    for item in row["items"].split():
        weight, rest = item.split("x")
        points, answers = rest.split("/")
        items.append(ItemCount(int(weight), int(points), int(answers)))
    found = satisfaction(items, households=int(row["households"]), non_answers=row["non_answers"])
    assert found == (Share(int(row["points"]), int(row["maximum"])) if row["points"] else None)


@pytest.mark.parametrize("row", golden("few_answers"))
def test_worked_rule_for_few_answers_comes_out(row):
    rate, basis = billed_rate(
        share(row["measured"]),
        sheets=int(row["sheets"]),
        minimum=int(row["minimum"]),
        below_minimum=row["below_minimum"],
        default_bp=int(row["default_bp"]),
        last_quarter=share(row["last_quarter"]),
    )
    assert (rate, basis) == (share(row["rate"]), row["basis"])


@pytest.mark.parametrize("row", golden("splits"))
def test_worked_split_comes_out(row):
    """Owners by id and their days; days that nobody pays for are the last of all."""
    pairs = {int(key): int(count) for key, count in (part.split(":") for part in row["days"].split())}
    parts = split_by_days(int(row["total"]), pairs)
    assert " ".join(f"{key}:{parts[key]}" for key in pairs) == row["parts"]


def test_percent_shows_one_decimal():
    assert [percent(Share(*pair)) for pair in ((923, 1000), (1, 3), (2, 3), (1, 1), (0, 9))] == [
        "92.3", "33.3", "66.7", "100.0", "0.0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        {"floor_bp": 9000, "cap_bp": 8000},
        {"cap_bp": 10_001},
        {"formula": Formula.TIERED},
        {"formula": Formula.TIERED, "bands": (Band(1000, 9000),)},
        {"formula": Formula.TIERED, "bands": (Band(0, 9000), Band(5000, 8000))},
        {"formula": Formula.TIERED, "bands": (Band(0, 8000), Band(0, 9000))},
    ],
)
def test_contradicting_terms_are_refused(bad):
    with pytest.raises(ValueError, match=r"floor|bands"):
        Terms(**{"formula": Formula.PROPORTIONAL, **bad})


rates = st.builds(lambda maximum, part: Share(part % (maximum + 1), maximum), st.integers(1, 10**9), st.integers(0, 10**9))
points = st.integers(0, BASIS_POINTS)


@st.composite
def all_terms(draw) -> Terms:
    if draw(st.booleans()):
        floor, cap = sorted((draw(points), draw(points)))
        return Terms(Formula.PROPORTIONAL, floor, cap, draw(st.none() | points))
    starts = [0, *sorted(draw(st.sets(st.integers(1, BASIS_POINTS), max_size=6)))]
    pays = sorted(draw(st.lists(st.integers(0, 12_000), min_size=len(starts), max_size=len(starts))))
    return Terms(Formula.TIERED, bands=tuple(map(Band, starts, pays)))


@given(st.integers(0, 10**9), rates, rates, all_terms())
def test_better_rate_never_costs_less(base, one, other, terms):
    low, high = sorted((one, other), key=lambda rate: rate.points / rate.maximum)
    if low.points * high.maximum > high.points * low.maximum:
        low, high = high, low
    assert fee(base, share_of(low, terms)) <= fee(base, share_of(high, terms))


@st.composite
def proportional_terms(draw, *, dead_band: st.SearchStrategy[int | None]) -> Terms:
    floor, cap = sorted((draw(points), draw(points)))
    return Terms(Formula.PROPORTIONAL, floor, cap, draw(dead_band))


def exact(share: Share) -> Fraction:
    return Fraction(share.points, share.maximum)


@given(st.integers(0, 10**9), rates, proportional_terms(dead_band=st.none() | points))
def test_fee_stays_between_floor_and_cap(base, rate, terms):
    found = fee(base, share_of(rate, terms))
    assert half_up(base * terms.floor_bp, BASIS_POINTS) <= found <= half_up(base * terms.cap_bp, BASIS_POINTS)


@given(rates, proportional_terms(dead_band=st.none()))
def test_share_is_the_rate_clamped_to_floor_and_cap(rate, terms):
    floor, cap = Fraction(terms.floor_bp, BASIS_POINTS), Fraction(terms.cap_bp, BASIS_POINTS)
    assert exact(share_of(rate, terms)) == max(floor, min(cap, exact(rate)))


@given(rates, proportional_terms(dead_band=points))
def test_dead_band_forgives_from_its_beginning_on(rate, terms):
    without = replace(terms, dead_band_from_bp=None)
    forgiven = exact(rate) >= Fraction(terms.dead_band_from_bp, BASIS_POINTS)
    assert exact(share_of(rate, terms)) == exact(share_of(Share(1, 1) if forgiven else rate, without))


@given(st.integers(0, 10**9), rates)
def test_fee_lies_within_half_a_cent_of_its_exact_value(base, rate):
    assert abs(fee(base, rate) - base * exact(rate)) <= Fraction(1, 2)


@given(st.integers(0, 10**10), st.dictionaries(st.integers(1, 10**6), st.integers(0, 92), min_size=1, max_size=12))
def test_split_is_exact_and_within_one_cent(total, days):
    whole = sum(days.values())
    if not whole:
        with pytest.raises(ValueError, match=r"no days"):
            split_by_days(total, days)
        return
    parts = split_by_days(total, days)
    assert sum(parts.values()) == total
    assert all(abs(parts[key] * whole - total * days[key]) < whole for key in days)


def test_split_ties_go_to_the_smaller_id():
    assert split_by_days(101, {7: 46, 3: 46}) == {3: 51, 7: 50}
    assert split_by_days(2, {3: 1, 1: 1, 2: 1}) == {1: 1, 2: 1, 3: 0}


@given(st.dictionaries(st.integers(1, 30), st.integers(0, 30), min_size=1, max_size=12))
def test_hidden_cells_cannot_be_worked_out(answers):
    hidden = hidden_items(answers)
    assert {key for key, count in answers.items() if count < 5} <= hidden
    if hidden and hidden != set(answers):
        assert len(hidden) >= 2
        assert sum(answers[key] for key in hidden) >= 5
