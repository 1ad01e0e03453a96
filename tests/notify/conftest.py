import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from propman.notify.kinds import KINDS, TEMPLATES, NoticeKind, register_notices
from propman.notify.services import NewNotice, queue_notices

from .smtp import MailServer, mail_server

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai, a Monday


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
        NoticeKind("sample.received", at_once=True, secrets=("code", "path")),
    )
    yield
    for kept, known in zip(before, (KINDS, TEMPLATES), strict=True):
        known.clear()
        known.update(kept)


@pytest.fixture
def mail(settings) -> Iterator[MailServer]:
    """A mail server that all e-mail goes to."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server


@pytest.fixture
def texts(settings, tmp_path) -> Callable[[], list[dict[str, str]]]:
    """What the SMS gateway was given."""
    settings.SMS_FOLDER = tmp_path / "sms"
    return lambda: [json.loads(file.read_text()) for file in sorted(settings.SMS_FOLDER.glob("*.json"))]


@pytest.fixture
def queue(scope) -> Callable[..., None]:
    """Queues one notice in the company."""

    def queued(user=None, event="sample.happened", *, at=NOON, email="", phone="", path="/x/", **words) -> None:
        queue_notices([NewNotice(event, user and user.pk, email=email, phone=phone, words=words, path=path)], at=at)

    return queued
