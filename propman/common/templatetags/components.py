"""Words and geometry of the components: clocks, bars, dates, money, names."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import apnumber
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.translation import get_language, gettext, pgettext

from propman.common.countdown import Countdown
from propman.common.countdown import countdown as countdown_of
from propman.common.countdown import span as span_of

register = template.Library()
CHINESE = re.compile(r"[\u3400-\u9fff]")


@register.inclusion_tag("components/_clock.html")
def clock(
    due_at: datetime,
    *,
    started_at: datetime,
    at: datetime | None = None,
    is_paused: bool = False,
    met_at: datetime | None = None,
    says: str = "",
) -> dict[str, Any]:
    """A countdown with its sign; `says` adds what it is for, `at` is now unless a page shows another moment."""
    state = _countdown(due_at, started_at, at, is_paused, met_at)
    return {"tone": state.tone, "words": state.words, "left": state.left, "says": says, "due_at": due_at}


@register.simple_tag
def countdown(
    due_at: datetime,
    *,
    started_at: datetime,
    at: datetime | None = None,
    is_paused: bool = False,
    met_at: datetime | None = None,
) -> Countdown:
    """The same as an object (tone, words, left, used), for a bar beside the clock."""
    return _countdown(due_at, started_at, at, is_paused, met_at)


def _countdown(
    due_at: datetime, started_at: datetime, at: datetime | None, is_paused: bool, met_at: datetime | None
) -> Countdown:
    return countdown_of(due_at=due_at, started_at=started_at, at=at or timezone.now(), is_paused=is_paused, met_at=met_at)


@register.inclusion_tag("components/_bar.html")
def bar(percent: float, tone: str = "", label: str = "") -> dict[str, Any]:
    """A bar filled to a per cent; tone is calm, soon, late, tall, blue, yellow or red."""
    return {"percent": f"{max(0.0, min(100.0, float(percent))):.1f}", "tone": tone, "label": label}


@register.inclusion_tag("components/_share.html")
def share(*parts: float, tones: str = "blue yellow red", label: str = "") -> dict[str, Any]:
    """Parts of a whole beside each other, one per cent of ground between them."""
    whole = float(sum(parts)) or 1.0
    shown = [(tone, float(part)) for tone, part in zip(tones.split(), parts, strict=True) if part]
    room = 100.0 - max(0, len(shown) - 1)
    pieces, x = [], 0.0
    for tone, part in shown:
        width = part / whole * room
        pieces.append({"tone": tone, "x": f"{x:.1f}", "width": f"{width:.1f}"})
        x += width + 1
    return {"pieces": pieces, "label": label}


@register.inclusion_tag("components/_spark.html")
def spark(values: Sequence[float], label: str = "") -> dict[str, Any]:
    """A small line of a series, its last point marked."""
    low, high = min(values, default=0), max(values, default=0)
    step, height = 68 / max(1, len(values) - 1), float(high - low) or 1.0
    points = [(2 + step * n, 19 - 16 * float(value - low) / height) for n, value in enumerate(values)]
    return {"points": [(f"{x:.1f}", f"{y:.1f}") for x, y in points], "label": label}


@register.inclusion_tag("components/_ring.html")
def ring(done: int, total: int) -> dict[str, Any]:
    """How much of a few things is done."""
    return {"done": done, "total": max(1, total)}


@register.inclusion_tag("components/_tally.html")
def tally(count: int, is_now: bool = False) -> dict[str, Any]:
    """A count in 正 marks, five strokes a mark, five marks a group; `is_now`: its last stroke has just been drawn."""
    marks = [5] * (count // 5) + ([count % 5] if count % 5 else [])
    drawn = marks.pop() if is_now and marks else 0
    groups = [marks[n : n + 5] for n in range(0, len(marks) + bool(drawn), 5)]
    return {"count": count, "groups": groups, "drawn": drawn, "before": drawn - 1}


@register.filter
def initials(name: object) -> str:
    """Two letters of a Latin name, the family name of a Chinese one: Chen Yu is CY, 林佳 is 林."""
    words = str(name).split()
    if not words:
        return "?"
    if CHINESE.match(words[0]):
        return words[0][0]
    return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper()


@register.filter
def moment(at: datetime | None) -> str:
    """A point in time as people say it: 16:02 today, with the day otherwise; in the company's zone."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localdate()
    if local.date() == today:
        return format_date(local, "H:i")
    if local.year == today.year:
        return format_date(local, pgettext("date format", "D j M H:i"))
    return format_date(local, pgettext("date format", "j M Y H:i"))


@register.filter
def day(on: date | datetime | None) -> str:
    """A day in full: Monday 23 November; with its year when it is not this one."""
    if on is None:
        return ""
    local = timezone.localtime(on).date() if isinstance(on, datetime) else on
    if local.year == timezone.localdate().year:
        return format_date(local, pgettext("date format", "l j F"))
    return format_date(local, pgettext("date format", "j F Y"))


@register.filter
def span(length: Any) -> str:
    """A length of time in words: 1 h 52 min."""
    return span_of(length)


@register.filter
def money(amount: Decimal | float | None, currency: str = "¥") -> str:
    """An amount with its currency and two places; a real minus sign before it."""
    if amount is None:
        return ""
    figure = number_format(-amount if amount < 0 else amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"{'−' if amount < 0 else ''}{currency}{figure}"


@register.filter
def in_words(count: int) -> str:
    """A small count at the head of an English sentence: Three; a figure in Chinese, where the word depends on the thing."""
    return str(apnumber(count)).capitalize() if (get_language() or "en").startswith("en") else str(count)


@register.filter
def capped(count: int, most: int = 999) -> str:
    """A count that need not be exact: 999+."""
    return f"{most}+" if count > most else str(count)


@register.filter
def words(names: Iterable[object]) -> str:
    """A list in a sentence."""
    return gettext(", ").join(str(name) for name in names)


@register.filter
def entry(of: dict[str, Any], key: object) -> Any:
    """A dictionary's entry by a key that is only known while rendering."""
    return of.get(str(key), "")
