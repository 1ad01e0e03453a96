"""A real browser against a live server on real PostgreSQL.

`page_as(user)` opens a signed-in page; `--chromium` names the browser when it is not found by itself.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from propman.accounts.models import User
from tests.browser.chromium import PATH_FILE, chromium_path
from tests.browser.desk import desk, file
from tests.browser.world import world
from tests.conftest import signed_in

__all__ = ["desk", "file", "world"]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
PageAs = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    # Playwright runs an event loop in this thread; our own ORM calls stand still while it does.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    path = request.config.getoption("chromium") or (chromium_path() if PATH_FILE.exists() else shutil.which("chromium"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page_as(browser: Browser, live_server: Any) -> Iterator[PageAs]:
    """A page of somebody who has signed in (nobody: None); its faults fail the test."""
    contexts, faults = [], []

    def open_page(
        user: User | None = None,
        path: str = "/",
        *,
        width: int = 1280,
        theme: str = "light",
        language: str = "en",
        javascript: bool = True,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        contexts.append(context)
        cookies = {"theme": theme, settings.LANGUAGE_COOKIE_NAME: language}
        if user is not None:
            cookies[settings.SESSION_COOKIE_NAME] = fresh_session(user)
        context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"script error on {page.url}: {error}"))
        page.on("console", lambda said: faults.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # The browser also reports answers such as 404, which a test may have asked for.
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []


def fresh_session(user: User) -> str:
    """The key of a session that passed the second factor just now, so that no page asks "is it you?"."""
    session = signed_in(user).session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**record, "reauthenticated": True} for record in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()
    return session.session_key
