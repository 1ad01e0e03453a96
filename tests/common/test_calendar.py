from datetime import date, timedelta

import pytest

from propman.common.calendar import add_working_days, is_working_day


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 10, 1), False),  # National Day
        (date(2026, 10, 10), True),  # a Saturday made up for it
        (date(2026, 10, 11), False),  # an ordinary Sunday
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2026, 2, 14), True),  # a Saturday made up for it
        (date(2026, 11, 23), True),
    ],
)
def test_chinese_calendar_with_make_up_days(day, works):
    assert is_working_day(day) is works


def test_year_not_published_yet_counts_weekdays():
    assert is_working_day(date(2039, 1, 3))
    assert not is_working_day(date(2039, 1, 1))


def test_five_working_days_over_national_day():
    assert add_working_days(date(2026, 9, 30), 5) == date(2026, 10, 13)


def test_make_up_saturday_counts():
    assert add_working_days(date(2026, 10, 9), 1) == date(2026, 10, 10)


def test_counting_no_day_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        add_working_days(date(2026, 1, 1), 0)


def test_every_result_is_a_working_day():
    day = date(2026, 1, 1)
    while day.year == 2026:
        assert is_working_day(add_working_days(day, 3))
        day += timedelta(days=1)
