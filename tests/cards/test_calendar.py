from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from cards.calendar import card_month, last_saturday, parse_month

# month: issued on, last Saturday
FOUR_YEARS = """
2023-03: 2023-02-28 2023-03-25
2023-04: 2023-03-30 2023-04-29
2023-05: 2023-04-30 2023-05-27
2023-06: 2023-05-30 2023-06-24
2023-07: 2023-06-30 2023-07-29
2023-08: 2023-07-30 2023-08-26
2023-09: 2023-08-30 2023-09-30
2023-10: 2023-09-30 2023-10-28
2023-11: 2023-10-30 2023-11-25
2023-12: 2023-11-30 2023-12-30
2024-01: 2023-12-30 2024-01-27
2024-02: 2024-01-30 2024-02-24
2024-03: 2024-02-29 2024-03-30
2024-04: 2024-03-30 2024-04-27
2024-05: 2024-04-30 2024-05-25
2024-06: 2024-05-30 2024-06-29
2024-07: 2024-06-30 2024-07-27
2024-08: 2024-07-30 2024-08-31
2024-09: 2024-08-30 2024-09-28
2024-10: 2024-09-30 2024-10-26
2024-11: 2024-10-30 2024-11-30
2024-12: 2024-11-30 2024-12-28
2025-01: 2024-12-30 2025-01-25
2025-02: 2025-01-30 2025-02-22
2025-03: 2025-02-28 2025-03-29
2025-04: 2025-03-30 2025-04-26
2025-05: 2025-04-30 2025-05-31
2025-06: 2025-05-30 2025-06-28
2025-07: 2025-06-30 2025-07-26
2025-08: 2025-07-30 2025-08-30
2025-09: 2025-08-30 2025-09-27
2025-10: 2025-09-30 2025-10-25
2025-11: 2025-10-30 2025-11-29
2025-12: 2025-11-30 2025-12-27
2026-01: 2025-12-30 2026-01-31
2026-02: 2026-01-30 2026-02-28
2026-03: 2026-02-28 2026-03-28
2026-04: 2026-03-30 2026-04-25
2026-05: 2026-04-30 2026-05-30
2026-06: 2026-05-30 2026-06-27
2026-07: 2026-06-30 2026-07-25
2026-08: 2026-07-30 2026-08-29
2026-09: 2026-08-30 2026-09-26
2026-10: 2026-09-30 2026-10-31
2026-11: 2026-10-30 2026-11-28
2026-12: 2026-11-30 2026-12-26
2027-01: 2026-12-30 2027-01-30
2027-02: 2027-01-30 2027-02-27
"""
TABLE = [line.replace(":", "").split() for line in FOUR_YEARS.strip().splitlines()]


def test_table_covers_four_years():
    assert len(TABLE) == 48


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize(("month", "issued_on", "counted_on"), TABLE)
def test_every_month_keeps_its_days(month, issued_on, counted_on, zone):
    calendar = card_month(parse_month(month), ZoneInfo(zone))
    assert calendar.issued_on == date.fromisoformat(issued_on)
    assert calendar.opens_on == date.fromisoformat(f"{month}-01")
    assert calendar.counted_at == datetime.fromisoformat(f"{counted_on}T09:00").replace(tzinfo=ZoneInfo(zone))
    assert calendar.counted_at.hour == 9
    assert calendar.issued_at < calendar.delivered_at < calendar.reminded_at < calendar.counted_at


def test_daylight_saving_moves_the_offset_not_the_hour():
    zone = ZoneInfo("America/New_York")
    winter, summer = (card_month(parse_month(month), zone).counted_at for month in ("2026-02", "2026-03"))
    assert (winter.isoformat(), summer.isoformat()) == ("2026-02-28T09:00:00-05:00", "2026-03-28T09:00:00-04:00")


def test_last_saturday_may_be_the_last_day():
    assert last_saturday(date(2026, 10, 1)) == date(2026, 10, 31)


@pytest.mark.parametrize("name", ["2026-13", "2026-1", "26-01", "2026-011", "", "no month"])
def test_month_that_is_none_is_refused(name):
    with pytest.raises(ValueError):  # noqa: PT011
        parse_month(name)
