"""Pictures of every page for people to look at: `make look`, then var/looks/<role>/<page>-<width>-<theme>-<language>.png."""

import pytest
from django.conf import settings

from propman.tenancy.models import Company
from tests.browser.checks import THEMES, WIDTHS, wear
from tests.browser.conftest import PageAs
from tests.browser.crawl import named_pages
from tests.browser.test_pages import ROLES, Somebody, somebody

__all__ = ["somebody"]
HEIGHTS = {360: 760, 1280: 900}


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", [None, *ROLES])
def test_look(page_as: PageAs, somebody: Somebody, company: Company, role: str | None, language: str) -> None:
    start = f"/{company.address}/" if role else "/accounts/login/"
    page = page_as(somebody(role) if role else None, start, language=language)
    folder = settings.VAR_DIR / "looks" / (role or "anybody")
    for name in named_pages(page, start, sign_in=role in {None, "owner"}):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
            for theme in THEMES:
                wear(page, theme)
                file = folder / f"{name.replace(':', '.')}-{width}-{theme}-{language[:2]}.png"
                page.screenshot(path=file, full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
