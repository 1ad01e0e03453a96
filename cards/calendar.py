"""When the cards of a month are issued, reach the households and are counted."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

COUNT_TIME = time(9)
DELIVERY_TIME = time(8)
ISSUE_TIME = time(0)
REMIND_DAYS = 3


@dataclass(frozen=True)
class CardMonth:
    """One month of cards: issued on a day of the month before, open from the 1st, counted on the last Saturday."""

    month: date
    issued_at: datetime
    delivered_at: datetime
    reminded_at: datetime
    counted_at: datetime

    @property
    def issued_on(self) -> date:
        return self.issued_at.date()

    @property
    def opens_on(self) -> date:
        return self.month

    @property
    def name(self) -> str:
        return month_name(self.month)


def card_month(month: date, zone: ZoneInfo, *, count_time: time = COUNT_TIME, remind_days: int = REMIND_DAYS) -> CardMonth:
    """The calendar of the month that `month` lies in, in local time of `zone`.

    Issued on the 30th of the month before, or its last day when that is shorter; casting ends on the last Saturday
    at `count_time`.
    """
    first = month.replace(day=1)
    before = first - timedelta(days=1)
    counted_on = last_saturday(first)

    def at(day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, zone)

    return CardMonth(
        month=first,
        issued_at=at(before.replace(day=min(before.day, 30)), ISSUE_TIME),
        delivered_at=at(first, DELIVERY_TIME),
        reminded_at=at(counted_on - timedelta(days=remind_days), DELIVERY_TIME),
        counted_at=at(counted_on, count_time),
    )


def last_saturday(month: date) -> date:
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    return last - timedelta(days=(last.weekday() - calendar.SATURDAY) % 7)


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def months_from(month: date) -> Iterator[date]:
    """The first days of that month and all after it."""
    month = month.replace(day=1)
    while True:
        yield month
        month = next_month(month)


def month_name(month: date) -> str:
    """YYYY-MM."""
    return f"{month:%Y-%m}"


def parse_month(name: str) -> date:
    """The first day of YYYY-MM. Raises ValueError."""
    if len(name) != 7:
        raise ValueError(f"A month is written YYYY-MM, not {name!r}.")
    return date.fromisoformat(f"{name}-01")
