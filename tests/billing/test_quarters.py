from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.quarters import Quarter, sheet_window

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("name", "first", "last", "days"),
    [
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31), 90),
        ("2028Q1", date(2028, 1, 1), date(2028, 3, 31), 91),
        ("2026Q2", date(2026, 4, 1), date(2026, 6, 30), 91),
        ("2026Q3", date(2026, 7, 1), date(2026, 9, 30), 92),
        ("2026Q4", date(2026, 10, 1), date(2026, 12, 31), 92),
    ],
)
def test_quarter_knows_its_days(name, first, last, days):
    quarter = Quarter.parse(name)
    assert (quarter.first_day, quarter.last_day, quarter.days, str(quarter)) == (first, last, days, name)


@pytest.mark.parametrize("name", ["", "2026", "2026Q0", "2026Q5", "2026-Q1", "26Q1", "2026Q11", "2026q1"])
def test_other_words_are_no_quarter(name):
    with pytest.raises(ValueError, match="written like"):
        Quarter.parse(name)


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_every_day_lies_in_one_quarter(day):
    quarter = Quarter.of(day)
    assert quarter.first_day <= day < quarter.day_after
    assert quarter.next().previous() == quarter == quarter.previous().next()
    assert quarter.next().first_day == quarter.day_after


@pytest.mark.parametrize(("reading", "opens"), [("end", date(2026, 9, 26)), ("beginning", date(2026, 6, 26))])
def test_window_follows_the_reading(reading, opens):
    window = sheet_window(Quarter(2026, 3), reading=reading, days_before=5, days_after=5, zone=SHANGHAI)
    assert window.opens_at == datetime(opens.year, opens.month, opens.day, tzinfo=SHANGHAI)
    assert window.closes_at == datetime(2026, 10, 6, tzinfo=SHANGHAI)


def test_window_keeps_to_midnight_over_summer_time():
    berlin = ZoneInfo("Europe/Berlin")
    window = sheet_window(Quarter(2026, 1), reading="end", days_before=5, days_after=5, zone=berlin)
    assert window.opens_at.isoformat() == "2026-03-27T00:00:00+01:00"
    assert window.closes_at.isoformat() == "2026-04-06T00:00:00+02:00"
