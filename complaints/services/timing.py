"""Timer rows: the next level of each running clock, always in step with the history."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from complaints.clocks import LEVELS, Clock, Moment, Reading, next_due, read_clocks
from complaints.models import ClockPolicy, ClockRule, Complaint, Timer
from propman.tenancy.events import stream_of
from propman.tenancy.models import Event

# What the company says to the asker; each begins the next-update clock anew.
PUBLIC_MESSAGES = frozenset(
    {"complaint.answered", "complaint.replied", "complaint.waiting", "complaint.deferred", "complaint.resolved"}
)


class NoPolicy(RuntimeError):
    """The company has no limits for its clocks yet."""


def current_policy() -> ClockPolicy:
    """The version that binds complaints received now. Raises NoPolicy before the first was published."""
    policy: ClockPolicy | None = ClockPolicy.objects.order_by("-version").first()
    if policy is None:
        raise NoPolicy("Publish a clock policy first.")
    return policy


def limits_for(policy_id: int, category_id: int, severity: str) -> dict[Clock, timedelta]:
    """The limit of each clock: the rule of the category, else the rule for the rest."""
    rules = _rules(policy_id)
    return {
        clock: timedelta(minutes=minutes)
        for clock in Clock
        if (minutes := rules.get((category_id, severity, clock)) or rules.get((None, severity, clock)))
    }


@lru_cache(maxsize=512)
def _rules(policy_id: int) -> dict[tuple[int | None, str, str], int]:
    """A version's rules never change, so they are kept in memory."""
    return {
        (rule.category_id, rule.severity, rule.clock): rule.minutes for rule in ClockRule.objects.filter(policy_id=policy_id)
    }


def limits_as_facts(limits: Mapping[Clock, timedelta]) -> dict[str, int]:
    """The limits in minutes, as an event tells them."""
    return {str(clock): round(limit.total_seconds() / 60) for clock, limit in limits.items()}


def moment_of(event: Event) -> Moment | None:
    """What the event means to the clocks; None for those that do not touch them."""
    facts = json.loads(event.canonical)["facts"]
    if "state" not in facts:
        return None
    limits = facts.get("limits")
    return Moment(
        at=event.at,
        state=facts["state"],
        is_public_message=event.name in PUBLIC_MESSAGES,
        is_answer=event.name in {"complaint.answered", "complaint.resolved"},
        limits={Clock(clock): timedelta(minutes=minutes) for clock, minutes in limits.items()} if limits else None,
    )


def history_of(complaint: Complaint) -> list[Moment]:
    """The complaint's history, oldest first."""
    events = Event.objects.filter(stream=stream_of(complaint)).order_by("position")
    return [moment for event in events if (moment := moment_of(event))]


def read(complaint: Complaint) -> dict[Clock, Reading]:
    """The clocks of one complaint; none for imported history, which never escalates."""
    return {} if complaint.is_imported else read_clocks(history_of(complaint))


def first_timers(complaint: Complaint, readings: Mapping[Clock, Reading]) -> list[Timer]:
    """The timers of a complaint that has just been received."""
    return [
        Timer(
            company_id=complaint.company_id,
            complaint=complaint,
            epoch=reading.epoch,
            clock=clock,
            level=LEVELS[0],
            limit_seconds=round(reading.limit.total_seconds()),
            due_at=due_at,
        )
        for clock, reading in readings.items()
        if (due_at := reading.due_at(LEVELS[0])) is not None
    ]


def recompute_timers(complaint: Complaint, *, at: datetime) -> None:
    """Bring the timer rows and the next due time into step with the history; the caller holds the complaint's lock."""
    if complaint.is_imported:
        return
    readings = read(complaint)
    rows = {(timer.epoch, timer.clock, timer.level): timer for timer in Timer.objects.filter(complaint=complaint)}
    wanted = _wanted(readings, rows.values())
    new, changed = [], []
    for key, due_at in wanted.items():
        epoch, clock, level = key
        limit_seconds = round(readings[Clock(clock)].limit.total_seconds())
        if (timer := rows.get(key)) is None:
            timer = Timer(company_id=complaint.company_id, complaint=complaint, epoch=epoch, clock=clock, level=level)
            timer.limit_seconds, timer.due_at = limit_seconds, due_at
            new.append(timer)
        elif (timer.due_at, timer.limit_seconds, timer.cancelled_at) != (due_at, limit_seconds, None):
            timer.due_at, timer.limit_seconds, timer.cancelled_at = due_at, limit_seconds, None
            changed.append(timer)
    for key, timer in rows.items():
        if key not in wanted and timer.fired_at is None and timer.cancelled_at is None:
            timer.cancelled_at = at
            changed.append(timer)
    Timer.objects.bulk_create(new)
    if changed:
        Timer.objects.bulk_update(changed, ["due_at", "limit_seconds", "cancelled_at"])
    due = next_due(readings)
    complaint.next_due_at, complaint.next_due_clock = due or (None, "")
    complaint.save(update_fields=["next_due_at", "next_due_clock"])


def _wanted(readings: Mapping[Clock, Reading], rows: Iterable[Timer]) -> dict[tuple[int, str, int], datetime]:
    """The next level of each running clock that has not fired in this run of the clock."""
    fired = {(timer.epoch, timer.clock, timer.level) for timer in rows if timer.fired_at}
    wanted = {}
    for clock, reading in readings.items():
        level = next((level for level in LEVELS if (reading.epoch, clock, level) not in fired), None)
        if level is not None and (due_at := reading.due_at(level)) is not None:
            wanted[(reading.epoch, str(clock), level)] = due_at
    return wanted
