"""The journal: every fact about a subject, chained by hashes.

An event's canonical text holds its place, name, time, actor, facts and a commitment for each text. Texts and personal
data lie in side rows (salt and text), so that erasing one leaves every chain valid.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from django.db import connection

from .models import Event, EventText
from .scope import current_company_id

GENESIS = "0" * 64


class Actor(Protocol):
    pk: Any


@dataclass(frozen=True)
class NewEvent:
    """An event to be recorded: `facts` are small JSON values, `texts` words and personal data that may be erased later."""

    stream: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


LISTENERS: list[Callable[[Sequence[Event]], None]] = []


def register_listener(listener: Callable[[Sequence[Event]], None]) -> None:
    """Called from an AppConfig.ready(): hears every event in the transaction that records it; has no say in it."""
    LISTENERS.append(listener)


def commitment(salt: str, text: str) -> str:
    """The SHA-256 of salt and text, in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def chained_hash(previous: str, canonical: str) -> str:
    """The SHA-256 of the hash before and the canonical text, in hexadecimal."""
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


def canonical_text(
    *,
    company: int,
    stream: str,
    position: int,
    name: str,
    at: datetime,
    actor: int | None,
    facts: Mapping[str, Any],
    texts: Mapping[str, str],
) -> str:
    """What an event's hash covers: JSON with sorted keys, the time in UTC with microseconds; `texts` are commitments."""
    whole = {
        "company": company,
        "stream": stream,
        "position": position,
        "name": name,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor,
        "facts": facts,
        "texts": texts,
    }
    return json.dumps(whole, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def stream_of(subject: Any) -> str:
    """The chain of a row: its model's name and its id."""
    return f"{subject._meta.model_name}:{subject.pk}"


def record_event(
    name: str,
    subject: Any,
    *,
    by: Actor | None,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Event:
    """Add one event to the subject's chain; the caller holds the lock on the subject's row.

    `by` is the user who acted, or None for the clock.
    """
    return record_events([NewEvent(stream_of(subject), name, facts or {}, texts or {})], by=by, at=at)[0]


def record_events(news: Sequence[NewEvent], *, by: Actor | None, at: datetime) -> list[Event]:
    """Add events to many chains with three statements; the caller holds the locks on the subjects' rows."""
    company = current_company_id()
    heads = _heads({new.stream for new in news})
    actor = by.pk if by is not None else None
    events, texts = [], []
    for new in news:
        position, previous = heads.get(new.stream, (0, GENESIS))
        salted = {key: (secrets.token_hex(16), text) for key, text in new.texts.items() if text}
        canonical = canonical_text(
            company=company,
            stream=new.stream,
            position=position + 1,
            name=new.name,
            at=at,
            actor=actor,
            facts=new.facts,
            texts={key: commitment(salt, text) for key, (salt, text) in salted.items()},
        )
        digest = chained_hash(previous, canonical)
        heads[new.stream] = (position + 1, digest)
        events.append(
            Event(
                company_id=company,
                stream=new.stream,
                position=position + 1,
                name=new.name,
                at=at,
                actor_id=actor,
                canonical=canonical,
                previous_hash=previous,
                hash=digest,
            )
        )
        texts.append(salted)
    _insert(events)
    side_rows = [
        EventText(company_id=company, event=event, field=key, salt=salt, text=text)
        for event, salted in zip(events, texts, strict=True)
        for key, (salt, text) in salted.items()
    ]
    if side_rows:
        EventText.objects.bulk_create(side_rows, batch_size=2000)
    for listener in LISTENERS:
        listener(events)
    return events


INSERT = """
    INSERT INTO tenancy_event (company_id, stream, position, name, at, actor_id, canonical, previous_hash, hash)
    SELECT %s, new.stream, new.position, new.name, %s, %s, new.canonical, new.previous_hash, new.hash
    FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS new (stream, position, name, canonical, previous_hash, hash)
    RETURNING id, stream, position
"""


def _insert(events: Sequence[Event]) -> None:
    """One statement for all of them, of one company, moment and actor; each gets its id."""
    if not events:
        return
    names = ("stream", "position", "name", "canonical", "previous_hash", "hash")
    columns = [[getattr(event, name) for event in events] for name in names]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [events[0].company_id, events[0].at, events[0].actor_id, *columns])
        ids = {(stream, position): pk for pk, stream, position in cursor.fetchall()}
    for event in events:
        event.pk = ids[event.stream, event.position]
        event._state.adding = False


def _heads(streams: set[str]) -> dict[str, tuple[int, str]]:
    """The last position and hash of each chain, by one walk of the index per chain."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT wanted.stream, head.position, head.hash FROM unnest(%s::text[]) AS wanted (stream),
            LATERAL (SELECT position, hash FROM tenancy_event
                     WHERE company_id = %s AND stream = wanted.stream ORDER BY position DESC LIMIT 1) AS head
            """,
            [list(streams), current_company_id()],
        )
        return {stream: (position, digest) for stream, position, digest in cursor.fetchall()}


def broken_links(streams_like: str = "") -> Iterator[str]:
    """A sentence for every event of the current company that does not follow from the one before, or whose text was altered.

    `streams_like` narrows it to the chains that begin so, for example "complaint:".
    """
    stream, position, previous = "", 0, GENESIS
    events = Event.objects.order_by("stream", "position")
    if streams_like:
        events = events.filter(stream__startswith=streams_like)
    for event in events.iterator(chunk_size=2000):
        if event.stream != stream:
            stream, position, previous = event.stream, 0, GENESIS
        position += 1
        where = f"{event.stream}, event {event.position} ({event.name})"
        if event.position != position:
            yield f"{where}: position {position} is missing"
            position = event.position
        elif event.previous_hash != previous:
            yield f"{where}: does not follow from the event before"
        if chained_hash(event.previous_hash, event.canonical) != event.hash:
            yield f"{where}: its text does not match its hash"
        else:
            yield from _altered_columns(event, where)
        previous = event.hash
    yield from _altered_texts(streams_like)


def _altered_columns(event: Event, where: str) -> Iterator[str]:
    told = json.loads(event.canonical)
    columns = {
        "company": event.company_id,
        "stream": event.stream,
        "position": event.position,
        "name": event.name,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.actor_id,
    }
    for key, value in columns.items():
        if told.get(key) != value:
            yield f"{where}: column {key} was altered"


def _altered_texts(streams_like: str) -> Iterator[str]:
    texts = EventText.objects.select_related("event")
    if streams_like:
        texts = texts.filter(event__stream__startswith=streams_like)
    for side in texts.iterator(chunk_size=2000):
        try:
            committed = json.loads(side.event.canonical)["texts"].get(side.field)
        except (ValueError, LookupError, TypeError):
            continue  # the event itself was named above
        if committed != commitment(side.salt, side.text):
            yield f"{side.event.stream}, event {side.event.position}: the text “{side.field}” was altered"


def facts_of(event: Event) -> dict[str, Any]:
    """The facts that the event was recorded with."""
    facts: dict[str, Any] = json.loads(event.canonical)["facts"]
    return facts


def texts_of(events: Iterable[Event]) -> dict[int, dict[str, str]]:
    """The texts of many events by event id; erased ones are missing."""
    found: dict[int, dict[str, str]] = {}
    for side in EventText.objects.filter(event__in=[event.pk for event in events]):
        found.setdefault(side.event_id, {})[side.field] = side.text
    return found
