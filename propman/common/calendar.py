"""Days on which people work, by the Chinese calendar with its make-up days."""

import warnings
from datetime import date, timedelta

import chinese_calendar


def is_working_day(day: date) -> bool:
    """Whether people work on that day: public holidays are free, make-up Saturdays and Sundays are not.

    The State Council publishes each year's holidays in the autumn before; for a year that the library does not know yet,
    Monday to Friday are working days.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_working_days(day: date, count: int) -> date:
    """The `count`-th working day after `day`, which itself is not counted. Raises ValueError below one."""
    if count < 1:
        raise ValueError("Count at least one working day.")
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
