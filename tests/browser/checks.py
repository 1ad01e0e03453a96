"""What every page must pass, measured in the browser."""

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from playwright.sync_api import Page

MEASURE = (Path(__file__).parent / "measure.js").read_text()
AXE = (Path(settings.NODE_MODULES) / "axe-core" / "axe.min.js").read_text()
WIDTHS = (360, 1280)
THEMES = ("light", "dark")
LEFT_OVER = re.compile(r"[A-Za-z]{3,}")
FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|webp|pdf)\b")  # as somebody gave it
# Names of things, not words of ours: what stays in Latin letters on a Chinese page.
LATIN = {
    "cookie",
    "propman",
    "api",
    "authorization",
    "bearer",
    "key",
    "english",
    "esc",
    "ctrl",
    "csv",
    "sha",
    "python",
    "toml",
    "utf",
    "xlsx",
    "pdf",
    "qr",
    "html",
    "jpeg",
    "png",
    "webp",
    "http",
    "https",
    "www",
    "totp",
    "javascript",
    "webhook",
    "webhooks",
    "complaint",  # the first words of events, as programs write them
    "bill",
    "join",  # an address
}


def wear(page: Page, theme: str) -> None:
    """Change the theme without asking the server again."""
    page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)


def axe_findings(page: Page) -> list[str]:
    """What axe-core calls serious or critical, one line per rule and place."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    result: dict[str, Any] = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"axe {violation['id']} ({violation['impact']}): {node['target'][0]}"
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    """Axe finds nothing serious or critical on the page as it stands."""
    found = axe_findings(page)
    assert not found, "\n".join(found)


def findings(page: Page) -> list[str]:
    """All measurements of one page at every width and in both themes; empty when all is well."""
    found: dict[str, list[str]] = {}
    before = page.viewport_size or {"width": 1280, "height": 900}
    for theme in THEMES:
        wear(page, theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            lines = page.evaluate(MEASURE) + (axe_findings(page) if (theme, width) != ("dark", 1280) else [])
            for line in lines:
                found.setdefault(line, []).append(f"{width} {theme}")
    page.set_viewport_size(before)
    return [f"{line}   [{', '.join(where)}]" for line, where in found.items()]


TRACKING_CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{10}\b")


def english_left_overs(page: Page, *, names: set[str]) -> list[str]:
    """Latin words on a Chinese page that are neither names of the sample world nor on the list of names of things."""
    said: list[str] = page.evaluate(
        """() => {
          const out = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walk.nextNode()) {
            const e = walk.currentNode.parentElement;
            if (!e.closest('script, kbd, code, option, .pm-mono, .pm-code, [lang=en]')) out.push(walk.currentNode.textContent);
          }
          for (const a of ['aria-label', 'placeholder', 'title', 'alt'])
            for (const e of document.querySelectorAll(`[${a}]`)) out.push(e.getAttribute(a));
          out.push(document.title);
          return out;
        }"""
    )
    known = LATIN | {word.lower() for name in names for word in LEFT_OVER.findall(name)}
    return [
        text.strip()[:60]
        for text in said
        if {word.lower() for word in LEFT_OVER.findall(FILE_NAME.sub("", TRACKING_CODE.sub("", text)))} - known
        and "@" not in text
    ]
