"""The calendar and the states of a quarter's appraisal; pure Python.

A quarter is appraised in the first days of the next one. A unit's sheet goes to its head, from a head who is late to the
deputy, from a deputy who is late to the general manager. Then each employee agrees, objects, or says nothing for five working
days; somebody other than the scorer answers objections; then the quarter is locked for ever.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from propman.common.calendar import add_working_days

SCORING_DAYS = 10
CLOSING_TIME = time(18)
ANSWER_DAYS = 5  # working days to agree or object
DEPUTY_DAYS = 3  # working days for whoever takes over a late sheet
LOCK_DAYS = 10  # working days from the closing of the sheets to the lock
REMINDERS = (timedelta(days=3), timedelta(days=1))  # before the sheet is due


class UnitState(models.TextChoices):
    OPEN = "open", _("being scored")
    SUBMITTED = "submitted", _("with the employees")
    MISSED = "missed", _("not scored in time")


class Stage(models.TextChoices):
    """Whose turn it is to score."""

    HEAD = "head", _("Head")
    DEPUTY = "deputy", _("Deputy")
    MANAGER = "manager", _("General manager")


class Answer(models.TextChoices):
    NONE = "", _("No answer")
    AGREED = "agreed", _("Agreed")
    OBJECTED = "objected", _("Objected")


class Verdict(models.TextChoices):
    KEPT = "kept", _("Scores kept")
    CHANGED = "changed", _("Scores changed")


class Reason(models.TextChoices):
    """Why somebody is not ranked."""

    RANKED = "", _("Ranked")
    FEW_DAYS = "few_days", _("Too few days in the quarter")
    LEAVE = "leave", _("On leave")
    PROBATION = "probation", _("On probation")
    TRANSFER = "transfer", _("Moved between departments")


ALLOWED_MOVES = {UnitState.OPEN: {UnitState.SUBMITTED, UnitState.MISSED}}


class MoveNotAllowed(Exception):
    """The sheet or the row is not in a state in which this can be done."""


def ensure_allowed(state: str, target: UnitState) -> None:
    if target not in ALLOWED_MOVES.get(UnitState(state), set()):
        raise MoveNotAllowed(_("The sheet is already “%(state)s”.") % {"state": UnitState(state).label})


@dataclass(frozen=True, order=True)
class QuarterKey:
    """A calendar quarter such as 2026Q3."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"

    @classmethod
    def parse(cls, text: str) -> "QuarterKey":
        """Raises ValueError for anything but YYYYQn."""
        year, letter, number = text[:4], text[4:5], text[5:]
        if letter != "Q" or number not in {"1", "2", "3", "4"} or not year.isdecimal():
            raise ValueError(f"{text!r} is not a quarter such as 2026Q3.")
        return cls(int(year), int(number))

    @classmethod
    def of(cls, day: date) -> "QuarterKey":
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def index(self) -> int:
        """Counts quarters without a gap."""
        return self.year * 4 + self.number - 1

    @classmethod
    def at_index(cls, index: int) -> "QuarterKey":
        return cls(index // 4, index % 4 + 1)

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def after(self) -> date:
        """The first day of the next quarter, on which this one is opened for scoring."""
        return QuarterKey.at_index(self.index + 1).first_day


def end_of_working_day(day: date, count: int, zone: ZoneInfo) -> datetime:
    """Midnight after the `count`-th working day that follows `day`."""
    return datetime.combine(add_working_days(day, count) + timedelta(days=1), time(), zone)


@dataclass(frozen=True)
class Timetable:
    closes_at: datetime
    lock_at: datetime


def timetable(opened_at: datetime, zone: ZoneInfo) -> Timetable:
    """Ten days for the sheets, then ten working days for answers; counted from the real opening, also after downtime."""
    closing_day = opened_at.astimezone(zone).date() + timedelta(days=SCORING_DAYS - 1)
    return Timetable(
        closes_at=datetime.combine(closing_day, CLOSING_TIME, zone), lock_at=end_of_working_day(closing_day, LOCK_DAYS, zone)
    )
