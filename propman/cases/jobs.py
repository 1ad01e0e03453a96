"""What the clock starts: everything in cases whose time is over."""

from datetime import datetime

from . import services


def advance_cases(at: datetime) -> int:
    """Move every case that is due; returns how many."""
    return services.advance_cases(at)
