"""The four clocks of a complaint: a pure function of its history and the limits that bind it.

The table is rulebook section 2.2; elapsed time runs around the clock, day and night.

| clock        | starts  | runs in            | pauses in                   | stops              |
|--------------|---------|--------------------|-----------------------------|--------------------|
| accept       | receipt | received           | -                           | accept             |
| first answer | receipt | every open state   | -                           | first typed answer |
| next update  | accept  | accepted           | waiting, deferred           | resolve            |
| resolve      | receipt | received, accepted | waiting, deferred, resolved | resolve            |

The next-update clock begins again at zero with each public message of the company, and when a resolved complaint comes
back. Reopening resumes the resolve clock where it stood. Closed, merged and withdrawn stop every clock.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from .workflow import OPEN, State


class Clock(TextChoices):
    ACCEPT = "accept", _("Accept")
    FIRST_ANSWER = "first_answer", _("First answer")
    NEXT_UPDATE = "next_update", _("Next update")
    RESOLVE = "resolve", _("Resolve")


RUNS_IN: dict[Clock, frozenset[State]] = {
    Clock.ACCEPT: frozenset({State.RECEIVED}),
    Clock.FIRST_ANSWER: OPEN,
    Clock.NEXT_UPDATE: frozenset({State.ACCEPTED}),
    Clock.RESOLVE: frozenset({State.RECEIVED, State.ACCEPTED}),
}

# Shares of the limit at which somebody is told, in per cent (rulebook 2.4).
LEVELS = (80, 100, 150, 200)


@dataclass(frozen=True)
class Moment:
    """One point of a complaint's history: the state from then on, and what else the clocks care for."""

    at: datetime
    state: str
    is_public_message: bool = False  # of the company, not of the asker
    is_answer: bool = False  # typed: a solution, or who is responsible
    limits: Mapping[Clock, timedelta] | None = None  # from then on: at receipt, after re-categorising or lengthening


@dataclass
class Reading:
    """A clock at the end of a history. `epoch` counts its starts, so that a new start can escalate anew."""

    clock: Clock
    limit: timedelta
    epoch: int = 0
    elapsed: timedelta = timedelta(0)
    running_since: datetime | None = None
    is_stopped: bool = False

    @property
    def is_paused(self) -> bool:
        return self.epoch > 0 and not self.is_stopped and self.running_since is None

    def elapsed_at(self, at: datetime) -> timedelta:
        return self.elapsed + (at - self.running_since if self.running_since else timedelta(0))

    def due_at(self, level: int = 100) -> datetime | None:
        """When `level` per cent of the limit have run out, if the clock runs on; None while it does not run."""
        if self.running_since is None:
            return None
        return self.running_since + self.limit * level / 100 - self.elapsed

    def _turn(self, at: datetime, *, run: bool) -> None:
        if self.running_since is not None:
            self.elapsed += at - self.running_since
        self.running_since = at if run else None

    def _start(self, at: datetime, *, run: bool) -> None:
        self.epoch, self.elapsed, self.is_stopped = self.epoch + 1, timedelta(0), False
        self.running_since = at if run else None


def read_clocks(history: Iterable[Moment]) -> dict[Clock, Reading]:
    """Walk the history once, oldest first. Raises ValueError when it is empty or does not begin with limits."""
    readings: dict[Clock, Reading] = {}
    before: str | None = None
    for moment in history:
        if moment.limits is not None:
            for clock, limit in moment.limits.items():
                readings.setdefault(clock, Reading(clock, limit)).limit = limit
        if not readings:
            raise ValueError("A history begins with the receipt and its limits.")
        for reading in readings.values():
            _walk(reading, before, moment)
        before = moment.state
    if before is None:
        raise ValueError("A history has at least the receipt.")
    return readings


def _walk(reading: Reading, before: str | None, moment: Moment) -> None:
    """Carry one clock over one moment."""
    runs = moment.state in RUNS_IN[reading.clock]
    is_first = before is None
    came_back = before in {State.RESOLVED, State.CLOSED} and moment.state == State.ACCEPTED
    match reading.clock:
        case Clock.ACCEPT:
            if is_first:
                reading._start(moment.at, run=runs)
            elif not reading.is_stopped and not runs:
                reading._turn(moment.at, run=False)
                reading.is_stopped = True
        case Clock.FIRST_ANSWER:
            if is_first:
                reading._start(moment.at, run=runs)
            if not reading.is_stopped and (moment.is_answer or moment.state not in OPEN):
                reading._turn(moment.at, run=False)
                reading.is_stopped = True
            elif not reading.is_stopped:
                reading._turn(moment.at, run=runs)
        case Clock.NEXT_UPDATE:
            if moment.state not in OPEN:
                reading._turn(moment.at, run=False)
                reading.is_stopped = True
            elif moment.state == State.RECEIVED:
                return
            elif reading.epoch == 0 or moment.is_public_message or came_back:
                reading._start(moment.at, run=runs)
            else:
                reading._turn(moment.at, run=runs)
        case Clock.RESOLVE:
            if is_first:
                reading._start(moment.at, run=runs)
            reading.is_stopped = moment.state in {State.RESOLVED, State.CLOSED, State.MERGED, State.WITHDRAWN}
            reading._turn(moment.at, run=runs)


def next_due(readings: Mapping[Clock, Reading]) -> tuple[datetime, Clock] | None:
    """The earliest limit among the running clocks: what the queue is sorted by."""
    due = [(at, clock) for clock, reading in readings.items() if (at := reading.due_at()) is not None]
    return min(due, default=None)
