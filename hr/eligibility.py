"""Who is ranked in a quarter, in which unit, and if not, why not: pure arithmetic on calendar days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAYS_NEEDED = 45


@dataclass(frozen=True)
class Span:
    """Days from `start` up to, not including, `end`; None has no end."""

    start: date
    end: date | None = None

    def days_within(self, first: date, after: date) -> int:
        """How many of its days lie in [first, after)."""
        end = after if self.end is None else min(self.end, after)
        return max(0, (end - max(self.start, first)).days)

    def cut(self, first: date, after: date) -> "Span":
        return Span(max(self.start, first), after if self.end is None else min(self.end, after))


@dataclass(frozen=True)
class Service:
    """The days of one employee in one unit."""

    unit: int
    span: Span


@dataclass(frozen=True)
class Eligibility:
    """`unit` is where the employee is appraised; `reason` is empty when ranked.

    `days` were worked in that unit, `leave_days` spent on leave in the quarter, `elsewhere_days` worked in other units.
    """

    unit: int
    days: int
    leave_days: int
    elsewhere_days: int
    reason: str


def services_of(*, joined: date, left: date | None, unit: int, moves: Sequence[tuple[date, int]]) -> list[Service]:
    """An employee's units over time, from the present one and the moves (day, unit left) in order of days."""
    services, start = [], joined
    for day, before in moves:
        services.append(Service(before, Span(start, day)))
        start = day
    services.append(Service(unit, Span(start, left)))
    return services


def judge(
    *, first: date, after: date, services: Sequence[Service], leaves: Sequence[Span], probations: Sequence[Span]
) -> Eligibility | None:
    """Whether somebody is ranked for the quarter [first, after); None when they did not work in it or had left by its end.

    They are appraised where they worked most days, the later unit when equal. Ranked needs 45 days worked there and no
    probation on the quarter's last day.
    """
    last = services[-1].span
    if last.end is not None and last.end < after:
        return None
    worked: dict[int, int] = {}
    latest: dict[int, date] = {}
    for service in services:
        days = service.span.days_within(first, after)
        if not days:
            continue
        part = service.span.cut(first, after)
        away = sum(leave.days_within(part.start, part.end or after) for leave in leaves)
        worked[service.unit] = worked.get(service.unit, 0) + days - away
        latest[service.unit] = part.start
    if not worked:
        return None
    unit = max(worked, key=lambda candidate: (worked[candidate], latest[candidate]))
    leave_days = sum(leave.days_within(first, after) for leave in leaves)
    elsewhere = sum(worked.values()) - worked[unit]
    final_day = after - timedelta(days=1)
    on_probation = any(span.start <= final_day and (span.end is None or span.end > final_day) for span in probations)
    return Eligibility(unit, worked[unit], leave_days, elsewhere, _reason(worked[unit], leave_days, elsewhere, on_probation))


def _reason(days: int, leave_days: int, elsewhere: int, on_probation: bool) -> str:
    if on_probation:
        return "probation"
    if days >= DAYS_NEEDED:
        return ""
    if elsewhere and days + elsewhere >= DAYS_NEEDED:
        return "transfer"
    if leave_days and days + elsewhere + leave_days >= DAYS_NEEDED:
        return "leave"
    return "few_days"
