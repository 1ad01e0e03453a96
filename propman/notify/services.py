"""The outbox: notices are rows of the caller's transaction, so that nothing is lost and nothing told that did not happen."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from time import monotonic
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now
from kombu.exceptions import OperationalError

from propman.accounts.models import User
from propman.tenancy.events import record_event
from propman.tenancy.scope import current_company_id

from .kinds import kind_of
from .models import Hours, Message, Notice, Preference

log = logging.getLogger(__name__)

_queue_rests_until = 0.0

Word = str | int | datetime | date

QUEUE = """
    INSERT INTO notify_notice (company_id, event, user_id, email, phone, words, path, at)
    SELECT %s, event, user_id, email, phone, words::jsonb, path, %s
    FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS new (event, user_id, email, phone, words, path)
"""

QUEUE_TO = """
    INSERT INTO notify_notice (company_id, event, user_id, email, phone, words, path, at)
    SELECT %s, %s, reader.id, '', '', %s::jsonb, %s, %s FROM ({readers}) AS reader (id)
"""  # what Django compiles of a query, its values as parameters


class NotUndeliverable(Exception):
    """The message was not given up: it was sent, or will be."""


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
    company_id = current_company_id()
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [company_id, at, *columns])
    if any(kind_of(event).at_once for event in {notice.event for notice in notices}):
        transaction.on_commit(lambda: _wake_worker(company_id), robust=True)


def queue_notice_to(readers: QuerySet[Any], *, event: str, words: Mapping[str, Word], path: str, at: datetime) -> int:
    """Tell every user whose id the query gives the same, in the caller's transaction, by one INSERT..SELECT; tells how many.

    The query has one column and gives each once; none of them is fetched. Raises UnknownNotice.
    """
    kind = kind_of(event)
    company_id = current_company_id()
    asked, parameters = readers.query.sql_with_params()
    told: list[Any] = [company_id, event, _words(words), path, at]
    with connection.cursor() as cursor:
        cursor.execute(QUEUE_TO.format(readers=asked), [*told, *parameters])
        count: int = cursor.rowcount
    if kind.at_once:
        transaction.on_commit(lambda: _wake_worker(company_id), robust=True)
    return count


def queue_one(*, event: str, user_id: int | None, email: str, words: Mapping[str, str], path: str, at: datetime) -> None:
    """One notice, for those who stand below and may not import this."""
    queue_notices([NewNotice(event, user_id, email=email, words=words, path=path)], at=at)


def _wake_worker(company_id: int) -> None:
    """Only to be quick: what a lost call or a broken queue leaves undone, the sweep does."""
    global _queue_rests_until
    if monotonic() < _queue_rests_until:
        return
    try:
        current_app.send_task("propman.notify.jobs.deliver_soon", [company_id], retry=False, expires=60)
    except OperationalError as error:
        _queue_rests_until = monotonic() + 60  # a request that finds it broken waits some seconds; the next ones do not
        log.warning("the queue cannot be reached: %s", error)


def _words(words: Mapping[str, Word]) -> str:
    return json.dumps({key: _plain(value) for key, value in words.items()}, ensure_ascii=False)


def _plain(value: Word) -> str | int:
    if isinstance(value, date):
        return value.isoformat()
    # PostgreSQL keeps no null character, and a stray one in somebody's words must not undo what they did.
    return value if isinstance(value, int) else str(value).replace("\0", "")


def mark_read(*, notices: QuerySet[Notice], at: datetime) -> int:
    """The reader has seen these; those seen before keep their time. Tells how many were new."""
    return notices.filter(read_at=None).update(read_at=at)


def choose_preferences(*, user: User, email: str, sms: str, quiet_from: time | None, quiet_until: time | None) -> Preference:
    """How the person wants to be told in this company; without hours of their own the company's hold."""
    chosen = {"email": email, "sms": sms, "quiet_from": quiet_from, "quiet_until": quiet_until}
    preference, is_new = Preference.objects.get_or_create(company_id=current_company_id(), user=user, defaults=chosen)
    if not is_new:
        for name, value in chosen.items():
            setattr(preference, name, value)
        preference.save(update_fields=list(chosen))
    return preference


def set_hours(*, quiet_from: time, quiet_until: time, digest_at: time, by: User, at: datetime) -> Hours:
    """The company's quiet hours and the time of its daily messages."""
    chosen = {"quiet_from": quiet_from, "quiet_until": quiet_until, "digest_at": digest_at}
    hours, _is_new = Hours.objects.get_or_create(company_id=current_company_id())
    hours = Hours.objects.select_for_update().get(pk=hours.pk)
    for name, value in chosen.items():
        setattr(hours, name, value)
    hours.save(update_fields=list(chosen))
    record_event("hours.set", hours, by=by, at=at, facts={name: value.isoformat("minutes") for name, value in chosen.items()})
    return hours


@transaction.atomic
def send_again(*, message: Message, address: str, by: User, at: datetime) -> Message:
    """Give an undeliverable message another chance, at that address. Raises NotUndeliverable."""
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.dead_at is None:
        raise NotUndeliverable
    message.address, message.dead_at, message.due_at, message.attempts = address, None, at, 0
    message.save(update_fields=["address", "dead_at", "due_at", "attempts"])
    record_event("message.sent_again", message, by=by, at=at, texts={"address": address})
    return message


def erase_person(*, user: User | None = None, addresses: Collection[str] = ()) -> int:
    """Erase what notices say to and of a person: words, addresses and where they lead; what happened, and when, stays.

    Name the account, or the e-mail addresses and phone numbers of somebody without one. Tells how many notices it were.
    """
    whose = Q(user=user) if user is not None else Q(user=None) & (Q(email__in=addresses) | Q(phone__in=addresses))
    notices = Notice.objects.filter(whose)
    messages = Message.objects.filter(Q(user=user) if user is not None else Q(user=None, address__in=addresses))
    messages.filter(due_at__isnull=False).update(due_at=None, dead_at=Now())
    messages.update(address="", error="")
    return notices.update(words={}, email="", phone="", path="", planned_at=Coalesce("planned_at", Now()))


def forget_secrets(notice: Notice) -> None:
    """Drop the words of a notice that open something, once no message that holds it waits any more."""
    if Message.objects.filter(lines__notice=notice, sent_at=None).exists():
        return
    secrets = kind_of(notice.event).secrets
    notice.words = {key: value for key, value in notice.words.items() if key not in secrets}
    if "path" in secrets:
        notice.path = ""
    notice.save(update_fields=["words", "path"])
