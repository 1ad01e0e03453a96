"""What check_integrity asks of the counting: daily heads, call-back draws, and the lists of others."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import groupby

from django.db import connection

from propman.tenancy.events import broken_links, commitment, facts_of
from propman.tenancy.models import Company, Event, JobRun

from .heads import GENESIS, head_hash
from .models import CallBack, CallBackDraw, Complaint, DailyHead, LogEntry, LogEntryWords, LogImport
from .services.drawing import commitment_of, draw_facts, drawn_numbers, seed_of
from .services.reconciling import entries_digest, facts_hash
from .services.sealing import text_of

SEALING = "complaints.heads"

FIRST_STRAY_LINE = """
    SELECT head.day, complaint.number
    FROM complaints_headline AS line
    JOIN complaints_dailyhead AS head ON head.company_id = line.company_id AND head.id = line.head_id
    LEFT JOIN complaints_complaint AS complaint
        ON complaint.company_id = line.company_id AND complaint.id = line.complaint_id
    LEFT JOIN tenancy_event AS event ON event.company_id = line.company_id
        AND event.stream = 'complaint:' || line.complaint_id AND event.position = line.position
    WHERE line.company_id = %s AND (event.hash IS DISTINCT FROM line.hash OR complaint.number IS NULL)
    ORDER BY head.day, complaint.number LIMIT 1
"""


def heads(company: Company) -> Iterator[str]:
    """The first daily head that does not agree with its lines, with the head before, or with the events of today."""
    previous, days = GENESIS, set()
    agrees = True
    for head in DailyHead.objects.order_by("day").iterator(chunk_size=200):
        days.add(head.day.isoformat())
        if not agrees:
            continue
        if head.previous_hash != previous:
            yield f"daily head {head.day}: does not follow from the head before"
            agrees = False
        elif head_hash(text_of(head, company)) != head.hash or head.lines.count() != head.changed:
            yield f"daily head {head.day}: its list does not agree with it"
            agrees = False
        previous = head.hash
    with connection.cursor() as cursor:
        cursor.execute(FIRST_STRAY_LINE, [company.pk])
        for day, number in cursor.fetchall():
            yield f"daily head {day}: complaint {number or '?'} has other events than on that day"
    made = JobRun.objects.filter(job=SEALING, done_at__isnull=False).order_by("due_at").values_list("period", flat=True)
    if missing := next((period for period in made if period not in days), None):
        yield f"daily head {missing}: is missing"


def call_backs(company: Company) -> Iterator[str]:
    """Each draw again from its head and closings, and the outcome of each call-back against its events."""
    yield from broken_links("callback")
    told = {event.stream: event for event in Event.objects.filter(stream__startswith="callbackdraw:")}
    drawn: dict[int, list[int]] = {}
    for draw, complaint in CallBack.objects.order_by("complaint_id").values_list("draw_id", "complaint_id"):
        drawn.setdefault(draw, []).append(complaint)
    numbers = _numbers()
    for draw in CallBackDraw.objects.select_related("head").order_by("head_id"):
        event = told.pop(f"callbackdraw:{draw.pk}", None)
        chosen = drawn.pop(draw.pk, [])
        closings = [numbers.get(pk, "") for pk in draw.closings]
        again = drawn_numbers(draw.seed, closings, draw.percent)
        if (
            event is None
            or facts_of(event) != draw_facts(draw, chosen)
            or event.at != draw.drawn_at
            or commitment_of(draw.seed) != draw.commitment
            or seed_of(company, draw.head) != draw.seed
            or sorted(again) != sorted(numbers.get(pk, "") for pk in chosen)
        ):
            yield f"call-back draw of {draw.head.day}: was altered"
    for stream in [*told, *(f"callbackdraw:{pk}" for pk in drawn)]:
        yield f"call-back draw {stream.partition(':')[2]}: is missing"
    last = {event.stream: event for event in Event.objects.filter(stream__startswith="callback:").order_by("position")}
    for one in CallBack.objects.iterator(chunk_size=2000):
        event = last.pop(f"callback:{one.pk}", None)
        facts = facts_of(event) if event else {"attempts": 0, "outcome": "", "called_at": None}
        says = {
            "attempts": one.attempts,
            "outcome": one.outcome,
            "called_at": one.called_at.isoformat() if one.called_at else None,
        }
        if _plain(facts) != _plain(says) or one.event_position != (event.position if event else 0):
            yield f"call-back {one.pk}: its outcome was altered"
    for stream in last:
        yield f"call-back {stream.partition(':')[2]}: is missing"


def _plain(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts with their times in one spelling."""
    at = facts.get("called_at")
    return {**facts, "called_at": datetime.fromisoformat(at).timestamp() if isinstance(at, str) else None}


def _numbers() -> dict[int, str]:
    return dict(Complaint.objects.values_list("pk", "number"))


def lists(company: Company) -> Iterator[str]:
    """Every entry of a list against its own hash, the event of its file, and the last event of its chain."""
    yield from broken_links("log")
    imported = {event.stream: facts_of(event) for event in Event.objects.filter(name="log.imported")}
    entries = LogEntry.objects.order_by("log_import_id", "line", "pk")
    of_file = {pk: list(found) for pk, found in groupby(entries.iterator(chunk_size=2000), lambda one: one.log_import_id)}
    for upload in LogImport.objects.defer("content").filter(confirmed_at__isnull=False):
        facts = imported.pop(f"logimport:{upload.pk}", {})
        found = of_file.pop(upload.pk, [])
        if facts.get("lines") != entries_digest(one.facts_hash for one in found) or facts.get("file") != upload.digest:
            yield f"list {upload.pk} ({upload.file_name}): its entries were altered"
        for one in found:
            if facts_hash(one) != one.facts_hash:
                yield f"list {upload.pk} ({upload.file_name}), line {one.line}: was altered"
    for stream in [*imported, *(f"logimport:{pk}" for pk in of_file)]:
        yield f"list {stream.partition(':')[2]}: is missing"
    yield from _stray_states()
    for pk in LogEntryWords.objects.exclude(entry_id__in=LogEntry.objects.values("pk")).values_list("pk", flat=True)[:100]:
        yield f"caller's details {pk}: belong to no entry"
    words = LogEntryWords.objects.select_related("entry")
    for said in words.iterator(chunk_size=2000):
        if commitment(said.salt, said.committed_text()) != said.entry.words_commitment:
            yield f"list {said.entry.log_import_id}, line {said.entry.line}: the caller's details were altered"


def _stray_states() -> Iterator[str]:
    last = {event.stream: event for event in Event.objects.filter(stream__startswith="logentry:").order_by("position")}
    for one in LogEntry.objects.iterator(chunk_size=2000):
        event = last.get(f"logentry:{one.pk}")
        if event is None:
            said = (one.contact_id, one.matched_by, one.reason, one.decided_by_id, one.decided_at, one.seen_at)
            if one.state != LogEntry.State.OPEN or one.event_position or any(said):
                yield f"list {one.log_import_id}, line {one.line}: its state was altered"
            continue
        facts = facts_of(event)
        seen = facts.pop("seen_at", None)
        says = {
            "state": str(one.state),
            "contact": one.contact_id,
            "matched_by": one.matched_by,
            "reason": one.reason,
        }
        decided = event.name == "log_entry.seen" or (one.decided_by_id, one.decided_at) == (event.actor_id, event.at)
        if (
            facts != says
            or one.event_position != event.position
            or not decided
            or one.seen_at != (datetime.fromisoformat(seen) if seen else None)
        ):
            yield f"list {one.log_import_id}, line {one.line}: its state was altered"
