"""Figures of rankings as people read them; rounding happens here and nowhere earlier."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..models import AppraisalQuarter

register = template.Library()
NONE = "–"


def rounded(value: Any, places: int) -> Decimal:
    exact = Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@register.filter
def in_words(quarter: AppraisalQuarter) -> str:
    """Third quarter 2026, in small letters."""
    told = (
        _("first quarter %(year)s"),
        _("second quarter %(year)s"),
        _("third quarter %(year)s"),
        _("fourth quarter %(year)s"),
    )
    return told[quarter.number - 1] % {"year": quarter.year}


@register.filter
def figure(value: Any, places: int = 1) -> str:
    """A number with its places; a dash where there is none."""
    return NONE if value is None else number_format(rounded(value, places), decimal_pos=places)


@register.filter
def signed(value: Any, places: int = 1) -> str:
    """With a sign before it, and a real minus."""
    if value is None:
        return NONE
    shown = rounded(value, places)
    sign = "+" if shown > 0 else "−" if shown < 0 else "±"
    return f"{sign}{number_format(abs(shown), decimal_pos=places)}"


@register.filter
def per_hundred(value: Any) -> str:
    """A rate as so many per 100."""
    return NONE if value is None else figure(Fraction(value) * 100)


@register.filter
def percent_of(part: int, whole: int) -> str:
    """A share in per cent; a dash of nothing."""
    return f"{figure(Fraction(100 * part, whole), 0)} %" if whole else NONE


@register.filter
def percent(share: Any) -> str:
    return NONE if share is None else f"{figure(Fraction(share) * 100, 0)} %"


@register.filter
def minus(value: int) -> int:
    return -value


@register.simple_tag
def dumbbell(raw: Any, adjusted: Any, mean: Any, low: Any, high: Any) -> SafeString:
    """Raw and adjusted on one line beside the company's mean, between the list's lowest and highest figure."""
    begin, width = float(low), float(high) - float(low) or 1.0
    raw_x, adjusted_x, mean_x = (
        f"{8 + 92 * min(1.0, max(0.0, (float(value) - begin) / width)):.1f}" for value in (raw, adjusted, mean)
    )
    return format_html(
        '<svg class="pm-dumbbell" viewBox="0 0 108 20" aria-hidden="true">'
        '<line class="is-mean" x1="{2}" x2="{2}" y1="0" y2="20"/>'
        '<line x1="{0}" x2="{1}" y1="10" y2="10"/><circle cx="{0}" cy="10" r="4"/>'
        '<circle class="is-adjusted" cx="{1}" cy="10" r="4.5"/></svg>',
        raw_x,
        adjusted_x,
        mean_x,
    )


@register.simple_tag
def sparkline(values: list[float], low: float, high: float) -> SafeString:
    """Up to six quarters as a small line, between the list's lowest and highest figure; nothing for none."""
    if not values:
        return SafeString()
    step, height = 68 / max(1, len(values) - 1), (high - low) or 1.0
    points = [(2 + step * place, 19 - 16 * (value - low) / height) for place, value in enumerate(values)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    return format_html(
        '<svg class="pm-spark" viewBox="0 0 72 22" aria-hidden="true">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.2"/></svg>',
        line,
        f"{x:.1f}",
        f"{y:.1f}",
    )
