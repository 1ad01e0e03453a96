from collections.abc import Iterator
from pathlib import Path

import pytest

from propman.notify.kinds import KINDS, TEMPLATES, NoticeKind, register_notices


@pytest.fixture(autouse=True)
def kinds(settings) -> Iterator[None]:
    """Notices of an app that exists only here, with words of their own."""
    folder = Path(__file__).parent / "templates"
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], folder]}]
    before = dict(KINDS), dict(TEMPLATES)
    register_notices(
        "sample",
        NoticeKind("sample.happened"),
        NoticeKind("sample.escalated", urgent=True),
        NoticeKind("sample.received", at_once=True),
    )
    yield
    for kept, known in zip(before, (KINDS, TEMPLATES), strict=True):
        known.clear()
        known.update(kept)
