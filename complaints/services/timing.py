"""Timer rows: the next level of each running clock, always in step with the history."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from django.db import connection

from complaints.clocks import LEVELS, Clock, Moment, Reading, next_due, read_clocks
from complaints.models import ClockPolicy, ClockRule, Complaint, Timer
from propman.tenancy.events import stream_of
from propman.tenancy.models import Event

# What the company says to the asker; each begins the next-update clock anew.
PUBLIC_MESSAGES = frozenset(
    {"complaint.answered", "complaint.replied", "complaint.waiting", "complaint.deferred", "complaint.resolved"}
)


DUE_COLUMNS = ("next_due_at", "next_due_clock")

# One statement for new timers, for those that moved and for those that are called off.
KEEP_TIMERS = """
    INSERT INTO complaints_timer (company_id, complaint_id, epoch, clock, level, limit_seconds, due_at, cancelled_at)
    SELECT %s, %s, kept.*
    FROM unnest(%s::int[], %s::text[], %s::int[], %s::int[], %s::timestamptz[], %s::timestamptz[]) AS kept
    ON CONFLICT (company_id, complaint_id, epoch, clock, level) DO UPDATE
    SET limit_seconds = excluded.limit_seconds, due_at = excluded.due_at, cancelled_at = excluded.cancelled_at
"""


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


def moment_of(name: str, at: datetime, canonical: str) -> Moment | None:
    """What an event means to the clocks; None for those that do not touch them."""
    facts = json.loads(canonical)["facts"]
    if "state" not in facts:
        return None
    limits = facts.get("limits")
    return Moment(
        at=at,
        state=facts["state"],
        is_public_message=name in PUBLIC_MESSAGES,
        is_answer=name in {"complaint.answered", "complaint.resolved"},
        limits={Clock(clock): timedelta(minutes=minutes) for clock, minutes in limits.items()} if limits else None,
    )


def history_of(complaint: Complaint) -> list[Moment]:
    """The complaint's history, oldest first."""
    events = Event.objects.filter(stream=stream_of(complaint)).order_by("position").values_list("name", "at", "canonical")
    return [moment for event in events if (moment := moment_of(*event))]


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
    """Bring the timer rows into step with the history, and say in `complaint` what is due next.

    The caller holds the complaint's lock and saves DUE_COLUMNS.
    """
    if complaint.is_imported:
        return
    readings = read(complaint)
    rows = {(timer.epoch, timer.clock, timer.level): timer for timer in Timer.objects.filter(complaint=complaint)}
    wanted = _wanted(readings, rows.values())
    changed: list[tuple[int, str, int, int, datetime, datetime | None]] = []
    for key, due_at in wanted.items():
        limit_seconds = round(readings[Clock(key[1])].limit.total_seconds())
        timer = rows.get(key)
        if timer is None or (timer.due_at, timer.limit_seconds, timer.cancelled_at) != (due_at, limit_seconds, None):
            changed.append((*key, limit_seconds, due_at, None))
    for key, timer in rows.items():
        if key not in wanted and timer.fired_at is None and timer.cancelled_at is None:
            changed.append((*key, timer.limit_seconds, timer.due_at, at))
    if changed:
        with connection.cursor() as cursor:
            cursor.execute(
                KEEP_TIMERS, [complaint.company_id, complaint.pk, *(list(column) for column in zip(*changed, strict=True))]
            )
    due = next_due(readings)
    complaint.next_due_at, complaint.next_due_clock = due or (None, "")


def _wanted(readings: Mapping[Clock, Reading], rows: Iterable[Timer]) -> dict[tuple[int, str, int], datetime]:
    """The next level of each running clock that has not fired in this run of the clock."""
    fired = {(timer.epoch, timer.clock, timer.level) for timer in rows if timer.fired_at}
    wanted = {}
    for clock, reading in readings.items():
        level = next((level for level in LEVELS if (reading.epoch, clock, level) not in fired), None)
        if level is not None and (due_at := reading.due_at(level)) is not None:
            wanted[(reading.epoch, str(clock), level)] = due_at
    return wanted
