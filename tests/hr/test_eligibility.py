from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hr.eligibility import Eligibility, Service, Span, judge, services_of

FIRST, AFTER = date(2026, 7, 1), date(2026, 10, 1)  # 92 days
A, B = 1, 2


def judged(*services: Service, leaves=(), probations=()):
    return judge(first=FIRST, after=AFTER, services=services, leaves=leaves, probations=probations)


def test_whole_quarter_is_ranked():
    assert judged(Service(A, Span(date(2020, 1, 1)))) == Eligibility(A, 92, 0, 0, "")


@pytest.mark.parametrize(("joined", "reason"), [(date(2026, 8, 17), ""), (date(2026, 8, 18), "few_days")])
def test_45_days_are_enough_and_44_are_not(joined, reason):
    found = judged(Service(A, Span(joined)))
    assert (found.days, found.reason) == ((AFTER - joined).days, reason)


def test_leave_of_52_of_92_days_is_not_ranked():
    found = judged(Service(A, Span(date(2020, 1, 1))), leaves=[Span(date(2026, 8, 10), date(2026, 12, 1))])
    assert (found.days, found.leave_days, found.reason) == (40, 52, "leave")


def test_short_leave_is_still_ranked():
    found = judged(Service(A, Span(date(2020, 1, 1))), leaves=[Span(date(2026, 8, 10), date(2026, 8, 20))])
    assert (found.days, found.reason) == (82, "")


def test_probation_on_the_last_day_is_not_ranked():
    service = Service(A, Span(date(2026, 7, 1)))
    assert judged(service, probations=[Span(date(2026, 7, 1), date(2026, 10, 1))]).reason == "probation"
    assert judged(service, probations=[Span(date(2026, 7, 1), date(2026, 9, 30))]).reason == ""


def test_transfer_is_appraised_where_most_days_were_worked():
    moved = date(2026, 8, 1)
    found = judged(*services_of(joined=date(2020, 1, 1), left=None, unit=B, moves=[(moved, A)]))
    assert found == Eligibility(B, 61, 0, 31, "")


def test_transfer_on_the_middle_day_goes_to_the_later_unit():
    found = judged(*services_of(joined=date(2020, 1, 1), left=None, unit=B, moves=[(date(2026, 8, 16), A)]))
    assert (found.unit, found.days) == (B, 46)


def test_three_units_of_a_third_each_are_not_ranked():
    moves = [(date(2026, 8, 1), A), (date(2026, 9, 1), B)]
    found = judged(*services_of(joined=date(2020, 1, 1), left=None, unit=3, moves=moves))
    assert found.reason == "transfer"


def test_move_after_the_quarter_leaves_him_in_the_old_unit():
    found = judged(*services_of(joined=date(2020, 1, 1), left=None, unit=B, moves=[(date(2026, 10, 5), A)]))
    assert found.unit == A


def test_leaver_before_the_end_is_not_appraised():
    assert judged(Service(A, Span(date(2020, 1, 1), date(2026, 9, 30)))) is None


def test_leaver_after_the_end_is_appraised():
    assert judged(Service(A, Span(date(2020, 1, 1), date(2026, 10, 1)))).reason == ""


def test_newcomer_after_the_end_is_not_appraised():
    assert judged(Service(A, Span(AFTER))) is None


days = st.integers(-100, 200).map(lambda offset: FIRST + timedelta(days=offset))


@given(
    joined=days, moved=st.sets(days, max_size=4), left=st.none() | days, away=st.none() | st.tuples(days, st.integers(1, 90))
)
def test_days_add_up_to_those_employed(joined, moved, left, away):
    moves = [(day, index) for index, day in enumerate(sorted(day for day in moved if day > joined))]
    if left is not None:
        left = max([left, joined, *(day for day, _unit in moves)])
    leaves = [Span(away[0], away[0] + timedelta(days=away[1]))] if away else []
    found = judge(
        first=FIRST,
        after=AFTER,
        services=services_of(joined=joined, left=left, unit=99, moves=moves),
        leaves=leaves,
        probations=[],
    )
    employed = Span(joined, left)
    if found is None:
        assert not employed.days_within(FIRST, AFTER) or left < AFTER
        return
    part = employed.cut(FIRST, AFTER)
    away_days = sum(leave.days_within(part.start, part.end) for leave in leaves)
    assert found.days + found.elsewhere_days == employed.days_within(FIRST, AFTER) - away_days
    assert found.days >= found.elsewhere_days / 4
    assert (found.reason == "") == (found.days >= 45)
