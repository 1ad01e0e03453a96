"""Webhooks: what happens in the company is told to its other programs, signed, through an outbox of their own.

A call is a row of the transaction in which the event is recorded. It holds the event's facts, never texts or personal data:
whoever wants those asks the API. Receivers may get a call twice, under the same Propman-Delivery, and check the signature: the
HMAC-SHA256, by the webhook's secret, of the time, a full stop and the body.
"""

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import connection, transaction

from propman.accounts.models import User
from propman.common import outgoing
from propman.tenancy.events import record_event
from propman.tenancy.models import Company, Event
from propman.tenancy.scope import company_scope, current_company_id

from .delivery import ATTEMPTS, BATCH, LEASE, back_off
from .models import Webhook, WebhookCall

log = logging.getLogger(__name__)

QUEUE = """
    INSERT INTO notify_webhookcall (company_id, webhook_id, event_id, due_at, attempts, error)
    SELECT webhook.company_id, webhook.id, event.id, event.at, 0, ''
    FROM notify_webhook AS webhook, unnest(%s::bigint[], %s::text[], %s::timestamptz[]) AS event (id, name, at)
    WHERE webhook.company_id = %s AND webhook.ended_at IS NULL
        AND (webhook.events = '{}' OR split_part(event.name, '.', 1) = ANY(webhook.events))
"""


# Filled by the apps: by the kind of a stream, what the company's other programs are told of an event's facts.
TOLD: dict[str, Callable[[Event, dict[str, Any]], dict[str, Any]]] = {}


def register_told(kind: str, told: Callable[[Event, dict[str, Any]], dict[str, Any]]) -> None:
    """Called from an app's AppConfig.ready(): `told` leaves out facts by which somebody is known who is to be hidden."""
    TOLD[kind] = told


class CallRefused(Exception):
    """The receiver answered with an error."""


def queue_calls(events: Sequence[Event]) -> None:
    """Called with every event that is recorded, in its transaction; one statement, whatever their number."""
    columns: list[list[Any]] = [
        [event.pk for event in events],
        [event.name for event in events],
        [event.at for event in events],
    ]
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, [*columns, current_company_id()])


@transaction.atomic
def add_webhook(*, url: str, events: Sequence[str], by: User, at: datetime) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is shown this once. Raises AddressRefused for an address inside our own network."""
    outgoing.ensure_callable(url)
    secret = secrets.token_urlsafe(32)
    webhook = Webhook.objects.create(
        company_id=current_company_id(),
        url=url,
        events=list(events),
        secret=_cipher().encrypt(secret.encode()).decode(),
        created_at=at,
    )
    record_event("webhook.added", webhook, by=by, at=at, facts={"events": list(events)}, texts={"url": url})
    return webhook, secret


@transaction.atomic
def end_webhook(*, webhook: Webhook, by: User, at: datetime) -> None:
    """No more calls; those that wait are given up."""
    webhook = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if webhook.ended_at is None:
        webhook.ended_at = at
        webhook.save(update_fields=["ended_at"])
        WebhookCall.objects.filter(webhook=webhook, due_at__isnull=False).update(due_at=None, dead_at=at)
        record_event("webhook.ended", webhook, by=by, at=at)


def sweep_webhooks(at: datetime) -> int:
    """Make the calls that are due; tells how many were tried."""
    done = 0
    while companies := _companies_with_due_calls(at):
        turn = sum(_call_due(company_id, at=at) for company_id in companies)
        if not turn:
            break
        done += turn
    return done


def _companies_with_due_calls(at: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT notify_companies_with_due_calls(%s)", [at])
        return [row[0] for row in cursor.fetchall()]


def _call_due(company_id: int, *, at: datetime) -> int:
    with company_scope(company_id):
        company = Company.objects.get(pk=company_id)
        calls = list(
            WebhookCall.objects.filter(due_at__lte=at)
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("webhook", "event")
            .order_by("due_at", "pk")[:BATCH]
        )
        for call in calls:
            call.attempts += 1
            call.due_at = at + LEASE
        WebhookCall.objects.bulk_update(calls, ["attempts", "due_at"])
    for call in calls:
        _call(company, call, at=at)
        with company_scope(company_id):
            call.save(update_fields=["due_at", "done_at", "dead_at", "error"])
    return len(calls)


def _call(company: Company, call: WebhookCall, *, at: datetime) -> None:
    with company_scope(company.pk):
        body = body_of(company, call.event)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Propman",
        "Propman-Event": call.event.name,
        "Propman-Delivery": f"{company.address}-{call.pk}",
        "Propman-Signature": signature(_cipher().decrypt(call.webhook.secret.encode()).decode(), body, at=at),
    }
    try:
        answer = outgoing.post(call.webhook.url, body, headers)
        if not 200 <= answer.status < 300:
            raise CallRefused(f"{answer.status}: {answer.text[:200]}")
    except Exception as error:  # whatever it is, the other calls are made
        call.error = f"{type(error).__name__}: {error}".replace("\0", "")[:500]
        is_dead = isinstance(error, outgoing.AddressRefused) or call.attempts >= ATTEMPTS
        call.due_at, call.dead_at = (None, at) if is_dead else (at + back_off(call.attempts), None)
        log.info("webhook call %s failed, attempt %s: %s", call.pk, call.attempts, call.error)
    else:
        call.due_at, call.done_at, call.error = None, at, ""


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"webhooks:{settings.SECRET_KEY}".encode()).digest()))


def body_of(company: Company, event: Event) -> bytes:
    """What a call says: JSON. Asked in the company's scope."""
    facts = json.loads(event.canonical)["facts"]
    if hides := TOLD.get(event.stream.partition(":")[0]):
        facts = hides(event, facts)
    told = {
        "id": event.pk,
        "event": event.name,
        "at": event.at.isoformat(),
        "company": company.address,
        "subject": event.stream,
        "position": event.position,
        "facts": facts,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def signature(secret: str, body: bytes, *, at: datetime) -> str:
    """t=SECONDS,v1=HEX."""
    moment = str(int(at.timestamp()))
    return f"t={moment},v1={hmac.new(secret.encode(), moment.encode() + b'.' + body, hashlib.sha256).hexdigest()}"
