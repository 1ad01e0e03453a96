"""The home page asks every app what waits for the person who signed in, and shows it in order of urgency."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True)
class Act:
    """A button of the most urgent thing: a link, or with `is_post` a form that does it at once."""

    word: Any
    url: str
    icon: str = ""
    is_post: bool = False
    is_primary: bool = False


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for the person, leading to the page where it is done."""

    title: str
    url: str
    meta: str = ""
    icon: str = "circle"
    due_at: datetime | None = None
    started_at: datetime | None = None
    acts: tuple[Act, ...] = ()


@dataclass(frozen=True)
class Section:
    """A part of the home page below what waits: drawn by its template from its context."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    order: int = 50
    is_aside: bool = False  # beside what waits, where the page is wide enough
    is_figures: bool = False  # a panel of the managers' home page, which is drawn two in a row


WAITING: list[Callable[[HttpRequest], Iterable[Waiting]]] = []
SECTIONS: list[Callable[[HttpRequest], Section | None]] = []


def register_waiting(ask: Callable[[HttpRequest], Iterable[Waiting]]) -> None:
    """Called from an app's AppConfig.ready()."""
    WAITING.append(ask)


def register_section(ask: Callable[[HttpRequest], Section | None]) -> None:
    """Called from an app's AppConfig.ready(); nothing is shown where it gives None."""
    SECTIONS.append(ask)


def what_waits(request: HttpRequest) -> list[Waiting]:
    """Everything that waits, the next due first; what has no time comes last."""
    found = [waiting for ask in WAITING for waiting in ask(request)]
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at.timestamp() if one.due_at else 0.0))


def sections(request: HttpRequest) -> list[Section]:
    return sorted((section for ask in SECTIONS if (section := ask(request))), key=lambda section: section.order)
