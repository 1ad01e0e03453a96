"""The outbox: notices are rows of the caller's transaction, so that nothing is lost and nothing told that did not happen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection

from propman.tenancy.scope import current_company_id

from .kinds import kind_of

Word = str | int | datetime | date

QUEUE = """
    INSERT INTO notify_notice (company_id, event, user_id, email, phone, words, path, at)
    SELECT %s, event, user_id, email, phone, words::jsonb, path, %s
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS new (event, user_id, email, phone, words, path)
"""


@dataclass(frozen=True)
class NewNotice:
    """One person to be told one thing.

    `event` was declared by register_notices(). Give `user_id`, or an `email` or a `phone` for somebody without an account.
    `words` are what the template says; a value whose key ends in _at or _on is a time or a day there. `path` lies below
    the company's prefix, such as "/complaints/2026-000123/".
    """

    event: str
    user_id: int | None
    email: str = ""
    phone: str = ""
    words: Mapping[str, Word] = field(default_factory=dict)
    path: str = ""


def queue_notices(notices: Sequence[NewNotice], *, at: datetime) -> None:
    """Write notices into the outbox, in the caller's transaction, with one statement; workers deliver them later.

    Raises UnknownNotice for an event that no app has declared.
    """
    if not notices:
        return
    for event in {notice.event for notice in notices}:
        kind_of(event)
    columns: list[list[Any]] = [
        [notice.event for notice in notices],
        [notice.user_id for notice in notices],
        [notice.email for notice in notices],
        [notice.phone for notice in notices],
        [_words(notice.words) for notice in notices],
        [notice.path for notice in notices],
    ]
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [current_company_id(), at, *columns])


def _words(words: Mapping[str, Word]) -> str:
    return json.dumps({key: _plain(value) for key, value in words.items()}, ensure_ascii=False)


def _plain(value: Word) -> str | int:
    if isinstance(value, date):
        return value.isoformat()
    # PostgreSQL keeps no null character, and a stray one in somebody's words must not undo what they did.
    return value if isinstance(value, int) else str(value).replace("\0", "")
