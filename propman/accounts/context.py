"""What every page knows: the company, the roles held, and the navigation that they open."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

from .roles import OFFICIALS, STAFF

STAFF_PAGES = STAFF | OFFICIALS  # whoever works here gets the dense pages, also where he is an owner besides


@dataclass(frozen=True)
class NavigationEntry:
    """A place in the bar at the top (or at the bottom of a phone); shown to holders of any of the roles."""

    label: Any
    url_name: str
    icon: str
    roles: frozenset[str]
    order: int = 50
    on_phone: bool = True
    place: str = "main"  # or new (the phone's middle button), search (the staff bar's field), account (one's own menu)
    short_label: Any = ""  # where room is scarce


NAVIGATION: list[NavigationEntry] = []


def register_navigation(*entries: NavigationEntry) -> None:
    """Called from an app's AppConfig.ready()."""
    NAVIGATION.extend(entries)
    NAVIGATION.sort(key=lambda entry: entry.order)


PORTAL_EXTRAS: dict[str, Callable[[HttpRequest], Any]] = {}


def portal(request: HttpRequest) -> dict[str, Any]:
    company = getattr(request, "company", None)
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    if company is None:
        return {"company": None, "roles": roles, "navigation": [], "layout": "layouts/base_public.html"}
    shown = [(entry, url) for entry in NAVIGATION if roles & entry.roles and (url := address_of(entry))]
    nearest = max((url for _entry, url in shown if is_on(request, url)), key=len, default=None)
    return {
        "company": company,
        "roles": roles,
        "layout": "layouts/base_staff.html" if roles & STAFF_PAGES else "layouts/base_resident.html",
        "navigation": [
            {
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "on_phone": entry.on_phone,
                "place": entry.place,
                "short_label": entry.short_label,
                "is_on": url == nearest,
            }
            for entry, url in shown
        ],
        **{name: extra(request) for name, extra in PORTAL_EXTRAS.items()},
    }


def address_of(entry: NavigationEntry) -> str:
    return _address(entry.url_name, get_urlconf(), get_script_prefix())


@lru_cache(maxsize=10_000)
def _address(url_name: str, urlconf: str | None, prefix: str) -> str:
    """Every page asks for a dozen of them, and they never change."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def is_on(request: HttpRequest, url: str) -> bool:
    """Whether the page lies at or below the entry's address; the home page only at its own."""
    home = f"{request.META.get('SCRIPT_NAME', '')}/"
    return request.path == url if url == home else request.path.startswith(url)
