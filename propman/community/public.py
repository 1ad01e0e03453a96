"""The public page of a community asks every app what everybody may know of the place; nobody signs in for it."""

from collections.abc import Callable
from datetime import datetime

from propman.tenancy.models import Company

from .home import Section
from .models import Community

Ask = Callable[[Community, Company, datetime], Section]
SECTIONS: list[Ask] = []


def register_public_section(ask: Ask) -> None:
    """Called from an app's AppConfig.ready(). What it gives is published: totals only, and nothing that is not yet counted."""
    SECTIONS.append(ask)


def public_sections(place: Community, company: Company, *, at: datetime) -> list[Section]:
    return sorted((ask(place, company, at) for ask in SECTIONS), key=lambda section: section.order)
