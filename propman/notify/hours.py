"""Quiet hours and digests, on the company's clock."""

from datetime import datetime, time, timedelta, tzinfo


def quiet_until(at: datetime, *, starts: time, ends: time, zone: tzinfo) -> datetime | None:
    """When the quiet hours end that hold at that moment; None outside [starts, ends), which may go past midnight."""
    local = at.astimezone(zone)
    now = local.time()
    is_quiet = starts <= now < ends if starts <= ends else now >= starts or now < ends
    return next_time(at, ends, zone) if is_quiet else None


def next_time(at: datetime, wanted: time, zone: tzinfo) -> datetime:
    """The next moment after `at` at which the company's clock shows that time."""
    today = at.astimezone(zone).date()
    moment = datetime.combine(today, wanted, zone)
    return moment if moment > at else datetime.combine(today + timedelta(days=1), wanted, zone)
