from django import template

from propman.common.money import in_figures

register = template.Library()


@register.filter
def amount(minor: int, currency: str) -> str:
    """Minor units as people read them."""
    return in_figures(minor, currency)
