"""What the clock starts: the sweep of the timers, and what time itself moves."""

from datetime import datetime

from . import services


def fire_due_timers(at: datetime) -> int:
    """Escalate what is due by now; returns how many timers fired."""
    return services.fire_due_timers(at)


def wake_complaints(at: datetime) -> int:
    """Bring back what waited or was deferred, close what stayed silent; returns how many."""
    return services.wake_complaints(at)
