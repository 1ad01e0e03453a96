"""When an announcement holds, in words."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from propman.announcements.workflow import State

register = template.Library()

TONES = {
    State.PLANNED: ("clock-pause", "line"),
    State.COMING: ("calendar-event", "soon"),
    State.HOLDING: ("alert-circle", "late"),
    State.OVER: ("check", "line"),
    State.CLEARED: ("circle-check", "jade"),
    State.CORRECTED: ("pencil", "line"),
    State.WITHDRAWN: ("ban", "line"),
}


@register.filter
def window(starts_at: datetime, ends_at: datetime | None) -> str:
    """The day is said once: Tue 24 Nov, 09:00 to 12:00."""
    begins, time = timezone.localtime(starts_at), "H:i"
    day = pgettext("date format", "D j M")
    if not ends_at:
        return _("from %(day)s %(time)s until further notice") % {
            "day": format_date(begins, day),
            "time": format_date(begins, time),
        }
    ends = timezone.localtime(ends_at)
    if begins.date() == ends.date():
        return _("%(day)s, %(from)s to %(until)s") % {
            "day": format_date(begins, day),
            "from": format_date(begins, time),
            "until": format_date(ends, time),
        }
    return _("%(from)s to %(until)s") % {
        "from": f"{format_date(begins, day)} {format_date(begins, time)}",
        "until": f"{format_date(ends, day)} {format_date(ends, time)}",
    }


@register.inclusion_tag("components/_badge.html")
def standing(state: str, is_clear: bool = False) -> dict[str, object]:
    """The badge of where an announcement stands."""
    icon, tone = TONES[State(state)]
    if is_clear and state in {State.HOLDING, State.OVER}:
        return {"word": State.CLEARED.label, "icon": "circle-check", "tone": "jade"}
    return {"word": State(state).label, "icon": icon, "tone": tone}
