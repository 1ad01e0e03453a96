"""Every page that somebody can reach by following links, once per named address."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, set_script_prefix
from playwright.sync_api import Page

from propman.tenancy.models import Company

SKIP = {"account_logout"}  # it ends the crawl's own session
FILES = (".csv", ".xlsx", ".pdf", ".py", ".json", ".zip", ".txt")
ALIKE = ("account_", "mfa_", "portal:")  # the same for everybody: one role's crawl looks at them


def is_file(path: str) -> bool:
    return urlsplit(path).path.endswith(FILES)


def named_pages(page: Page, start: str, *, sign_in: bool = True) -> Iterator[str]:
    """Opens one page after the other and yields each one's name while it stands there; `sign_in`: also one's own account."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop(0)
        name = view_name(path)
        if name is None or name in seen or name in SKIP or (name.startswith(ALIKE) and not sign_in) or is_file(path):
            continue
        seen.add(name)
        response = page.goto(path)
        if response is None or "text/html" not in response.headers.get("content-type", ""):
            continue
        assert response.status == 200, f"{path} answers {response.status}"
        arrived = view_name(urlsplit(page.url).path)
        if arrived is None or (arrived != name and arrived in seen):
            continue
        seen.add(arrived)
        links: list[str] = page.evaluate("() => [...document.querySelectorAll('a[href]:not([download])')].map(a => a.href)")
        waiting += [urlsplit(link).path + (f"?{urlsplit(link).query}" if urlsplit(link).query else "") for link in links]
        yield arrived


def view_name(path: str) -> str | None:
    """The name under which Django knows a path, below a company's address or outside; None when it leads nowhere."""
    inner = urlsplit(path).path
    first = inner.split("/")[1] if inner.count("/") > 1 else ""
    urlconf = None
    if Company.objects.filter(address=first).exists():
        inner, urlconf = inner[len(first) + 1 :], "propman.company_urls"
    try:
        match = resolve(inner, urlconf)
    except Resolver404:
        return None
    finally:
        set_script_prefix("/")
    return match.view_name or match._func_path
