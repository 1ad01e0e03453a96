"""The facts on a sheet: what complaints tell of a quarter."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from complaints.figures import EmployeeFacts, OfficeFacts, employee_facts, office_facts

from .workflow import QuarterKey

__all__ = ["EmployeeFacts", "OfficeFacts", "employees_in", "offices_in", "span_of"]


def span_of(key: QuarterKey, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The moments [since, until) of the quarter."""
    return datetime.combine(key.first_day, time(), zone), datetime.combine(key.after, time(), zone)


def employees_in(key: QuarterKey, zone: ZoneInfo) -> dict[int, EmployeeFacts]:
    return employee_facts(*span_of(key, zone))


def offices_in(key: QuarterKey, zone: ZoneInfo) -> dict[int, OfficeFacts]:
    return office_facts(*span_of(key, zone))
