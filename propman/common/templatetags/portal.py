"""The shell of a page: navigation, language, theme."""

from typing import Any

from django import template
from django.template import Context
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale

register = template.Library()
THEME_COOKIE = "theme"
THEMES = ("light", "dark", "auto")
TABS = 5  # what fits under a thumb


@register.filter
def at(navigation: list[dict[str, Any]] | None, place: str) -> list[dict[str, Any]]:
    """The entries of one place: main (the bar), new (the phone's middle button), search, account (one's own menu)."""
    return [entry for entry in navigation or [] if entry.get("place", "main") == place]


@register.filter
def tabs(navigation: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """What the phone's tab bar shows: the first places, what one makes new in the middle."""
    new = at(navigation, "new")[:1]
    places = [entry for entry in at(navigation, "main") if entry["on_phone"]][: TABS - len(new)]
    middle = (len(places) + 1) // 2
    return places[:middle] + new + places[middle:] if places else []


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """The theme this browser chose: light, dark or auto."""
    request = context.get("request")
    chosen = request.COOKIES.get(THEME_COOKIE) if request else None
    return chosen if chosen in THEMES else "auto"


@register.simple_tag(takes_context=True)
def theme_attribute(context: Context) -> SafeString | str:
    """The attribute of <html>; without a choice the device decides (theme.js)."""
    chosen = theme(context)
    return "" if chosen == "auto" else format_html(' data-bs-theme="{}"', chosen)


@register.simple_tag
def html_lang() -> str:
    """The page's language as browsers and screen readers know it: en, zh-Hans."""
    return to_locale(get_language() or "en").replace("_", "-")


@register.simple_tag
def portal_root() -> str:
    """The home page of the company one is in, or of the installation."""
    return get_script_prefix()
