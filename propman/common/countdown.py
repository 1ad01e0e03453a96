"""A clock in words: how long is left, how late it is, whether it stands still."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.utils.translation import gettext, ngettext

Tone = Literal["calm", "soon", "late", "paused", "met"]
LAST_FIFTH = 20  # per cent of the time


@dataclass(frozen=True)
class Countdown:
    """What a reader sees of one clock; `left` is the rest of its time in per cent."""

    tone: Tone
    words: str
    left: int

    @property
    def used(self) -> int:
        """Per cent of the time that has run."""
        return 100 - self.left


def countdown(
    *,
    due_at: datetime,
    started_at: datetime,
    at: datetime,
    is_paused: bool = False,
    met_at: datetime | None = None,
) -> Countdown:
    """The state of a clock at a moment: met, paused, late, in its last fifth, or calm."""
    if met_at is not None:
        return Countdown("met", gettext("in %(time)s") % {"time": span(met_at - started_at)}, 100)
    whole = (due_at - started_at).total_seconds()
    left = round(100 * max(0.0, min(1.0, (due_at - at).total_seconds() / whole))) if whole > 0 else 0
    if is_paused:
        return Countdown("paused", gettext("paused"), left)
    if at >= due_at:
        return Countdown("late", gettext("%(time)s late") % {"time": span(at - due_at)}, 0)
    return Countdown("soon" if left <= LAST_FIFTH else "calm", gettext("%(time)s left") % {"time": span(due_at - at)}, left)


def span(length: timedelta) -> str:
    """A length of time in the one or two units that matter: 8 min, 1 h 52 min, 23 h, 5 days."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 60:
        return gettext("%(minutes)d min") % {"minutes": minutes}
    hours, rest = divmod(minutes, 60)
    if hours < 10 and rest:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
    if hours < 48:
        return gettext("%(hours)d h") % {"hours": hours}
    return ngettext("%(days)d day", "%(days)d days", hours // 24) % {"days": hours // 24}
