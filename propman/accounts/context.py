"""What every page knows: the company, the roles held, and the navigation that they open."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class NavigationEntry:
    """A place in the bar at the top (or at the bottom of a phone); shown to holders of any of the roles."""

    label: Any
    url_name: str
    icon: str
    roles: frozenset[str]
    order: int = 50
    on_phone: bool = True


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
        return {"company": None, "roles": roles, "navigation": []}
    return {
        "company": company,
        "roles": roles,
        "navigation": [
            {
                "label": entry.label,
                "url": url,
                "icon": entry.icon,
                "on_phone": entry.on_phone,
                "is_on": is_on(request, url),
            }
            for entry in NAVIGATION
            if roles & entry.roles and (url := address_of(entry))
        ],
        **{name: extra(request) for name, extra in PORTAL_EXTRAS.items()},
    }


def address_of(entry: NavigationEntry) -> str:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""


def is_on(request: HttpRequest, url: str) -> bool:
    """Whether the page lies at or below the entry's address; the home page only at its own."""
    home = f"{request.META.get('SCRIPT_NAME', '')}/"
    return request.path == url if url == home else request.path.startswith(url)
