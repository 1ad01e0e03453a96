"""The outbox for the app below, which tells people about their accounts."""

from collections.abc import Mapping
from datetime import datetime

from .kinds import NoticeKind, register_notices
from .services import NewNotice, queue_notices

KINDS = [
    NoticeKind("account.invited", urgent=True, at_once=True),
    NoticeKind("account.reset_asked", urgent=True),
    NoticeKind("account.reset_done", urgent=True),
    NoticeKind("account.reset_refused"),
]


def queue(*, event: str, user_id: int | None, email: str, words: Mapping[str, str], path: str, at: datetime) -> None:
    queue_notices([NewNotice(event, user_id, email=email, words=words, path=path)], at=at)


def connect() -> None:
    register_notices("accounts", *KINDS)
