"""Figures of bills: money in minor units, areas in 1/100 m², shares."""

from datetime import date, datetime, time
from typing import Any

from django import template
from django.utils import timezone

from billing.documents import area as area_of
from billing.documents import quarter_in_words
from billing.formula import Share
from billing.formula import percent as percent_of
from billing.quarters import Quarter
from propman.common.money import in_figures

register = template.Library()


@register.filter
def cents(amount: int | None, currency: str = "") -> str:
    """65447 with CNY is ¥654.47."""
    return "" if amount is None else in_figures(amount, currency)


@register.filter
def area(hundredths: int) -> str:
    return area_of(hundredths)


@register.filter
def bp(value: int | None) -> str:
    """Basis points as per cent: 8000 is 80."""
    return "" if value is None else f"{value / 100:g}"


@register.filter
def percent(result: Any) -> str:
    """The rate of a result or a run, with one decimal."""
    share = result if isinstance(result, Share) else result.rate
    return percent_of(share)


@register.filter
def quarter(name: str) -> str:
    """2026Q3 as people say it."""
    return quarter_in_words(Quarter.parse(name))


@register.filter
def day_ends(day: date) -> datetime:
    """The last moment of a day in the company's zone, until which a bill can be paid in time."""
    return datetime.combine(day, time.max, tzinfo=timezone.get_current_timezone())


@register.filter
def tenths(values: list[int]) -> list[float]:
    return [value / 10 for value in values]
