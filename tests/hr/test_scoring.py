from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hr.scoring import (
    Scored,
    adjusted_office_index,
    competition_ranks,
    digest_of,
    office_index,
    shrunk_rate,
    standings,
    stands_out,
    total_of,
)

score = st.integers(1, 5)
full_row = st.tuples(score, score, score, score, score)
gappy_row = st.tuples(*[st.none() | score] * 5)


@st.composite
def companies(draw, row=gappy_row, units=4, most=12) -> list[Scored]:
    sizes = draw(st.lists(st.integers(0, most), min_size=1, max_size=units))
    return [
        Scored(key=100 * unit + place, unit=unit, scores=draw(row), counts=draw(st.booleans() | st.just(True)))
        for unit, size in enumerate(sizes)
        for place in range(size)
    ]


def of_size(count: int, scores: tuple[int | None, ...] = (3, 3, 3, 3, 3)) -> list[Scored]:
    return [Scored(key, 1, scores) for key in range(count)]


def by_key(results):
    return {result.key: result for result in results}


@given(companies(), st.randoms())
def test_order_of_input_changes_nothing(people, random):
    shuffled = list(people)
    random.shuffle(shuffled)
    assert standings(shuffled) == standings(people)
    assert digest_of(standings(shuffled)) == digest_of(standings(people))


@given(companies(row=full_row))
def test_higher_total_in_unit_never_ranks_lower(people):
    unit_of = {person.key: person.unit for person in people}
    results = [result for result in standings(people) if result.unit_rank is not None]
    for one in results:
        for other in results:
            if unit_of[one.key] == unit_of[other.key] and one.total > other.total:
                assert one.unit_rank < other.unit_rank
                assert one.adjusted > other.adjusted
                assert one.company_rank < other.company_rank


@given(companies(row=full_row), st.data())
def test_one_point_more_never_lowers_the_rank(people, data):
    before = by_key(standings(people))
    raisable = [person for person in people if person.key in before and min(person.scores) < 5]
    if not raisable:
        return
    lucky = data.draw(st.sampled_from(raisable))
    place = next(index for index, score in enumerate(lucky.scores) if score < 5)
    scores = tuple(score + (index == place) for index, score in enumerate(lucky.scores))
    better = [Scored(person.key, person.unit, scores) if person is lucky else person for person in people]
    after = by_key(standings(better))
    if before[lucky.key].unit_rank is not None:
        assert after[lucky.key].unit_rank <= before[lucky.key].unit_rank
        assert after[lucky.key].company_rank <= before[lucky.key].company_rank
    assert after[lucky.key].adjusted >= before[lucky.key].adjusted


@given(companies())
def test_equal_totals_share_a_rank(people):
    unit_of = {person.key: person.unit for person in people}
    seen: dict[tuple[int, int], tuple] = {}
    for result in standings(people):
        ranks = (result.unit_rank, result.company_rank, result.adjusted)
        assert seen.setdefault((unit_of[result.key], result.total), ranks) == ranks


@given(companies())
def test_rank_is_one_more_than_those_above(people):
    results = [result for result in standings(people) if result.company_rank is not None]
    for result in results:
        assert result.company_rank == 1 + sum(other.adjusted > result.adjusted for other in results)


@given(companies())
def test_missing_score_is_never_a_zero(people):
    complete = {person.key for person in people if person.counts and None not in person.scores}
    results = standings(people)
    assert {result.key for result in results} == complete
    assert standings([person for person in people if person.key in complete]) == results


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_unit_under_five_shows_no_rank(count):
    results = standings(of_size(count))
    assert len(results) == count
    assert all(result.unit_rank is None and result.company_rank is None for result in results)


def test_unit_of_five_is_ranked():
    people = [Scored(key, 1, (key, 3, 3, 3, 3)) for key in (1, 2, 3, 4, 5)]
    assert {result.key: result.unit_rank for result in standings(people)} == {5: 1, 4: 2, 3: 3, 2: 4, 1: 5}


def test_unit_of_five_with_one_missing_is_not_ranked():
    people = [*of_size(4), Scored(9, 1, (5, 5, None, 5, 5))]
    assert {result.unit_rank for result in standings(people)} == {None}


@pytest.mark.parametrize("count", [5, 6, 120])
def test_all_equal_all_rank_first(count):
    results = standings(of_size(count))
    assert {(result.unit_rank, result.company_rank) for result in results} == {(1, 1)}
    assert {result.adjusted for result in results} == {Fraction(15)}


def test_ties_rank_one_two_two_four():
    assert competition_ranks({"a": 23, "b": 21, "c": 21, "d": 19}) == {"a": 1, "b": 2, "c": 2, "d": 4}


@given(st.dictionaries(st.integers(), st.integers(5, 25)))
def test_ranks_of_nothing_and_anything_begin_with_one(totals):
    ranks = competition_ranks(totals)
    assert min(ranks.values(), default=1) == 1


def test_total_needs_all_five_scores():
    assert total_of((1, 2, 3, 4, 5)) == 15
    assert total_of((1, 2, 3, 4, None)) is None
    assert total_of((1, 2, 3)) is None


def test_strict_head_is_taken_out_by_the_formula():
    strict = [Scored(key, 1, (2, 2, 2, 2, 2)) for key in range(5)]
    lenient = [Scored(key, 2, (4, 4, 4, 4, 4)) for key in range(10, 15)]
    results = by_key(standings(strict + lenient))
    # total - n / (n + 5) * (unit mean - company mean) = 10 - 5/10 * (10 - 15)
    assert results[0].adjusted == Fraction(25, 2)
    assert results[10].adjusted == Fraction(35, 2)


@given(st.dictionaries(st.integers(0, 50), st.integers(5, 25), min_size=3))
def test_thirds_hold_at_least_a_third_each_unless_all_equal(totals):
    marked = stands_out(totals)
    third = len(totals) // 3
    if len(set(totals.values())) == 1:
        assert marked == {}
        return
    best, worst = max(totals.values()), min(totals.values())
    assert len(marked) >= third
    assert all(marked[key] == "top" for key, total in totals.items() if total == best)
    assert all(key in marked for key, total in totals.items() if total == worst)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nobody_stands_out_among_fewer_than_three(count):
    assert stands_out(dict(enumerate(range(10, 10 + count)))) == {}


@given(
    verified=st.integers(0, 50),
    contacts=st.integers(0, 500),
    more=st.integers(1, 50),
    own=st.integers(0, 100),
    of=st.integers(1, 1000),
)
def test_more_verified_complaints_never_lower_the_rate(verified, contacts, more, own, of):
    one = shrunk_rate(verified=verified, contacts=contacts, post_verified=own, post_contacts=of)
    two = shrunk_rate(verified=verified + more, contacts=contacts, post_verified=own, post_contacts=of)
    assert two > one


def test_rate_without_own_contacts_is_the_posts():
    assert shrunk_rate(verified=0, contacts=0, post_verified=3, post_contacts=100) == Fraction(3, 100)
    assert shrunk_rate(verified=0, contacts=0, post_verified=0, post_contacts=0) is None


def test_rate_moves_from_the_posts_to_the_own_one():
    few = shrunk_rate(verified=1, contacts=1, post_verified=2, post_contacts=100)
    many = shrunk_rate(verified=100, contacts=100, post_verified=2, post_contacts=100)
    assert Fraction(2, 100) < few < many < 1


shares = st.integers(1, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(0, n)))


@given(shares, st.fractions(0, 100), st.integers(1, 200))
def test_answered_and_verified_contacts_never_lower_an_office(office, company, more):
    contacts, on_time, verified = office
    before = adjusted_office_index(contacts=contacts, on_time=on_time, verified=verified, company_index=company)
    after = adjusted_office_index(
        contacts=contacts + more, on_time=on_time + more, verified=verified + more, company_index=company
    )
    assert after >= before


@given(st.integers(1, 40), st.integers(1, 10))
def test_volume_alone_never_moves_the_raw_index(size, times):
    small = office_index(contacts=10 * size, on_time=9 * size, verified=8 * size)
    assert small == office_index(contacts=10 * size * times, on_time=9 * size * times, verified=8 * size * times)


def test_office_without_contacts_has_no_index():
    assert office_index(contacts=0, on_time=0, verified=0) is None


@given(shares, st.fractions(0, 100))
def test_adjusted_office_lies_between_its_own_and_the_companys(office, company):
    contacts, on_time, verified = office
    own = office_index(contacts=contacts, on_time=on_time, verified=verified)
    adjusted = adjusted_office_index(contacts=contacts, on_time=on_time, verified=verified, company_index=company)
    assert min(own, company) <= adjusted <= max(own, company)
