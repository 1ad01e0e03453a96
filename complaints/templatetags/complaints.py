import re
from datetime import datetime
from functools import lru_cache

from django import template
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from complaints.models import Complaint
from complaints.permissions import Viewer, may_know_asker
from propman.common.countdown import span
from propman.community.models import Room

register = template.Library()


@register.filter
def complaint_url(number: str) -> str:
    """The address of the complaint; lists have many of them, so the rest of it is looked up once per company."""
    return _address(get_script_prefix()).replace("NUMBER", number)


@lru_cache(maxsize=1024)
def _address(prefix: str) -> str:
    return reverse("complaints:detail", args=["NUMBER"])


@register.filter
def shows_room(complaint: Complaint, viewer: Viewer) -> bool:
    """Whether the viewer may know whose room it is."""
    return may_know_asker(viewer, complaint)


@register.filter
def house(room: Room) -> str:
    """The building and entrance of a room: enough to find the place, not the door."""
    return str(room.label).rpartition("-")[0]


@register.filter
def of(part: int, whole: int) -> str:
    """Per cent of the whole, for the geometry of a bar."""
    return f"{100 * part / whole:.1f}" if whole else "0"


@register.filter
def less(count: int, part: int) -> int:
    return count - part


@register.filter
def since(begin: datetime, at: datetime) -> str:
    """How long ago that was, in the units that matter."""
    return span(at - begin)


@register.filter
def wall_time(at: datetime) -> str:
    """A coming time where room is scarce: 16:02 today, Wed 16:02 on another day."""
    local = timezone.localtime(at)
    return format_date(local, "H:i" if local.date() == timezone.localdate() else "D H:i")


@register.filter
def big_number(words: str) -> SafeString:
    """A clock for a big screen: its one number stands out; of two units none does."""
    parts = re.split(r"(\d+)", words)
    if len(parts) != 3:
        return escape(words)
    return format_html("{}<b>{}</b>{}", *parts)
