"""Quarters and the days on which their score sheets go out and come in. Pure: no database, no clock."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Self

NAME = re.compile(r"(\d{4})Q([1-4])")
MONTHS = 3


class Reading(StrEnum):
    """Before what the sheets go out: rulebook 4.2 allows both readings."""

    BEGINNING = "beginning"
    END = "end"


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, `number` 1 to 4; written 2026Q3."""

    year: int
    number: int

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read 2026Q3. Raises ValueError for anything else."""
        if not (found := NAME.fullmatch(name)):
            raise ValueError(f"A quarter is written like 2026Q3, not “{name}”.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, (day.month - 1) // MONTHS + 1)

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def first_day(self) -> date:
        return date(self.year, (self.number - 1) * MONTHS + 1, 1)

    @property
    def day_after(self) -> date:
        """The first day of the next quarter: a quarter is [first_day, day_after)."""
        return self.next().first_day

    @property
    def last_day(self) -> date:
        return self.day_after - timedelta(days=1)

    @property
    def days(self) -> int:
        """90, 91 or 92."""
        return (self.day_after - self.first_day).days

    def next(self) -> Self:
        return type(self)(self.year + self.number // 4, self.number % 4 + 1)

    def previous(self) -> Self:
        return type(self)(self.year - (self.number == 1), (self.number - 2) % 4 + 1)


@dataclass(frozen=True)
class Window:
    """When sheets can be filled in, [opens_at, closes_at)."""

    opens_at: datetime
    closes_at: datetime


def sheet_window(quarter: Quarter, *, reading: str, days_before: int, days_after: int, zone: tzinfo) -> Window:
    """The window of a quarter's score sheets, in calendar days of the zone, each beginning at its midnight.

    They go out `days_before` before the quarter's beginning or end (rulebook 4.2) and are collected until
    `days_after` whole days after its end: with 5 and 5, 26 September to 5 October.
    """
    anchor = quarter.first_day if reading == Reading.BEGINNING else quarter.day_after
    return Window(
        midnight(anchor - timedelta(days=days_before), zone),
        midnight(quarter.day_after + timedelta(days=days_after), zone),
    )


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
