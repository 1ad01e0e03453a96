"""What check_integrity asks of complaints."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import F

from propman.tenancy.events import broken_links, commitment, facts_of
from propman.tenancy.models import Company, Event, NumberSeries

from .clocks import next_due, read_clocks
from .models import Attachment, Budget, Complaint, Contact, ContactWords, Timer, WorkOrder
from .models.complaint import number_sql
from .services.dispatch import facts_of_order
from .services.escalation import overdue_timers
from .services.filing import SERIES
from .services.timing import history_of

LATE = timedelta(minutes=2)  # the sweep comes every 15 seconds

STRAY_STATES = """
    SELECT complaint.number, complaint.state, told.state
    FROM complaints_complaint AS complaint LEFT JOIN LATERAL (
        SELECT event.canonical::jsonb -> 'facts' ->> 'state' AS state FROM tenancy_event AS event
        WHERE event.company_id = complaint.company_id AND event.stream = 'complaint:' || complaint.id
        AND event.canonical::jsonb -> 'facts' ->> 'state' IS NOT NULL
        ORDER BY event.position DESC LIMIT 1) AS told ON true
    WHERE complaint.company_id = %s AND NOT complaint.is_imported AND told.state IS DISTINCT FROM complaint.state
    ORDER BY complaint.number LIMIT 100
"""

# What the events count up, or said last: by column, what stands in the row and what the events tell.
TOLD = {
    "urges": ("urges", "count(*) FILTER (WHERE name = 'complaint.urged')"),
    "reopenings": ("reopenings", "count(*) FILTER (WHERE name = 'complaint.reopened')"),
    "half_fixes": ("half_fixes", "count(*) FILTER (WHERE name = 'complaint.half_fixed')"),
    "refusals": ("refusals", "count(*) FILTER (WHERE name = 'complaint.refused')"),
    "deferrals": ("deferrals", "count(*) FILTER (WHERE name = 'complaint.deferred')"),
    "rating": (
        "rating::text",
        "(array_agg(facts ->> 'rating' ORDER BY position DESC) FILTER (WHERE name = 'complaint.rated'))[1]",
    ),
    **{
        name: (
            f"{column}::text",
            f"(array_agg(facts ->> '{name}' ORDER BY position DESC)"
            " FILTER (WHERE name IN ('complaint.received', 'complaint.recategorised')))[1]",
        )
        for name, column in [("category", "category_id"), ("severity", "severity")]
    },
    "merged_into": (
        "(SELECT target.number FROM complaints_complaint AS target"
        " WHERE target.company_id = complaint.company_id AND target.id = complaint.merged_into_id)",
        "(array_agg(facts ->> 'into' ORDER BY position DESC)"
        " FILTER (WHERE name IN ('complaint.merged', 'complaint.merged_on')))[1]",
    ),
}
STRAY_COLUMNS = f"""
    SELECT number, {", ".join(f"{stands} IS DISTINCT FROM told.told_{name}" for name, (stands, _told) in TOLD.items())}
    FROM complaints_complaint AS complaint JOIN (
        SELECT stream, {", ".join(f"{told} AS told_{name}" for name, (_stands, told) in TOLD.items())}
        FROM (SELECT stream, name, position, canonical::jsonb -> 'facts' AS facts FROM tenancy_event
            WHERE company_id = %(company)s AND name IN ('complaint.received', 'complaint.recategorised', 'complaint.urged',
                'complaint.reopened', 'complaint.half_fixed', 'complaint.refused', 'complaint.deferred', 'complaint.rated',
                'complaint.merged', 'complaint.merged_on')) AS event
        GROUP BY stream) AS told ON told.stream = 'complaint:' || complaint.id
    WHERE company_id = %(company)s AND NOT is_imported
    AND ({" OR ".join(f"{stands} IS DISTINCT FROM told.told_{name}" for name, (stands, _told) in TOLD.items())})
    ORDER BY number LIMIT 100
"""  # noqa: S608 (constants)

MISSING_NUMBERS = f"""
    SELECT series.year || '-' || {number_sql("wanted")}
    FROM tenancy_numberseries AS series, generate_series(1, series.last) AS wanted
    WHERE series.company_id = %(company)s AND series.series = %(series)s AND NOT EXISTS (
        SELECT FROM complaints_complaint AS complaint WHERE complaint.company_id = %(company)s
        AND complaint.number = series.year || '-' || {number_sql("wanted")})
    ORDER BY 1 LIMIT 100
"""  # noqa: S608 (constants)


def complaint_chains(company: Company) -> Iterator[str]:
    """Chains of events, and the words that the first event committed to."""
    yield from broken_links("complaint:")
    headless = Complaint.objects.filter(event_position__gt=0).exclude(
        pk__in=[int(stream.partition(":")[2]) for stream in _streams()]
    )
    for number in headless.values_list("number", flat=True)[:100]:
        yield f"complaint {number}: its events are gone"
    for pk in ContactWords.objects.exclude(contact_id__in=Contact.objects.values("pk")).values_list("pk", flat=True)[:100]:
        yield f"words {pk}: belong to no contact"
    corrected = _corrected()
    for one in ContactWords.objects.select_related("contact").iterator(chunk_size=2000):
        committed = one.contact.words_commitment if one.version == 1 else corrected.get((one.contact_id, one.version))
        if commitment(one.salt, one.committed_text()) != committed:
            yield f"contact {one.contact_id}: the asker's words were altered"


def _corrected() -> dict[tuple[int, int], str]:
    """By contact and version: what the events of corrections committed to."""
    contacts = {f"complaint:{pk}": contact for pk, contact in Complaint.objects.values_list("pk", "contact_id")}
    found = {}
    for event in Event.objects.filter(name="complaint.corrected"):
        facts = facts_of(event)
        if event.stream in contacts and "version" in facts:
            found[contacts[event.stream], facts["version"]] = facts.get("words", "")
    return found


def _streams() -> Iterator[str]:
    yield from Event.objects.filter(stream__startswith="complaint:", position=1).values_list("stream", flat=True).iterator()


def complaint_facts(company: Company) -> Iterator[str]:
    """The facts of each complaint and its contact against what its first event says."""
    first = {event.stream: event for event in Event.objects.filter(stream__startswith="complaint:", position=1)}
    orphans = Complaint.objects.exclude(contact_id__in=Contact.objects.values("pk"))
    for number in orphans.values_list("number", flat=True)[:100]:
        yield f"complaint {number}: its contact is gone"
    for complaint in Complaint.objects.select_related("contact").iterator(chunk_size=2000):
        event = first.get(f"complaint:{complaint.pk}")
        if event is None:
            continue  # named by complaint_chains
        facts, contact = facts_of(event), complaint.contact
        columns = {
            "contact": contact.pk,
            "channel": contact.channel,
            "kind": contact.kind,
            "office": contact.office_id,
            "community": contact.community_id,
            "room": contact.room_id,
            "first_asked": contact.first_asked_id,
            "words": contact.words_commitment,
        }
        # What later versions of the portal began to tell as well.
        later = {
            "household": contact.household_id,
            "person": contact.person_id,
            "user": contact.user_id,
            "logged_by": contact.logged_by_id,
            "confidential": contact.is_confidential,
            "policy": complaint.policy_id,
            "imported": complaint.is_imported,
            "tracking": hashlib.sha256(complaint.tracking_digest.encode()).hexdigest(),
        }
        columns |= {name: value for name, value in later.items() if name in facts}
        for name, value in columns.items():
            if facts.get(name) != value:
                yield f"complaint {complaint.number}: {name} was altered"
        if complaint.office_id != contact.office_id or complaint.received_at != contact.received_at:
            yield f"complaint {complaint.number}: office or time of receipt was altered"
        if complaint.community_id != contact.community_id or complaint.asker_id != contact.user_id:
            yield f"complaint {complaint.number}: community or asker was altered"
        if event.name == "complaint.received" and event.at != contact.received_at:
            yield f"complaint {complaint.number}: time of receipt was altered"
        if "recorded_at" in facts and datetime.fromisoformat(facts["recorded_at"]) != contact.recorded_at:
            yield f"complaint {complaint.number}: time of recording was altered"


def complaint_files(company: Company) -> Iterator[str]:
    """Every row of a photo or document has its file, and both are what the event committed to."""
    rows = Attachment.objects.select_related("event", "complaint").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        where = f"complaint {row.complaint.number}, file {row.position} of event {row.event.position}"
        committed = facts_of(row.event).get("files", [])
        if commitment(row.salt, row.sha256) not in committed[row.position - 1 : row.position]:
            yield f"{where}: its row was altered"
        for name in [row.file, *([row.preview] if row.is_photo else [])]:
            if not default_storage.exists(name):
                yield f"{where}: {name} is gone"
        if default_storage.exists(row.file) and digest_of_file(row.file) != row.sha256:
            yield f"{where}: {row.file} was altered"


def digest_of_file(name: str) -> str:
    digest = hashlib.sha256()
    with default_storage.open(name) as file:
        for chunk in file.chunks():
            digest.update(chunk)
    return digest.hexdigest()


def complaint_states(company: Company) -> Iterator[str]:
    """The state of each complaint is the one that its events lead to; so is what else they tell of it."""
    with connection.cursor() as cursor:
        cursor.execute(STRAY_STATES, [company.pk])
        for number, state, told in cursor.fetchall():
            yield f"complaint {number}: is {state}, its events say {told}"
        cursor.execute(STRAY_COLUMNS, {"company": company.pk})
        for number, *altered in cursor.fetchall():
            yield from (
                f"complaint {number}: {name} was altered" for name, is_altered in zip(TOLD, altered, strict=True) if is_altered
            )


def complaint_numbers(company: Company) -> Iterator[str]:
    """Numbers without a gap, and none beyond the series."""
    with connection.cursor() as cursor:
        cursor.execute(MISSING_NUMBERS, {"company": company.pk, "series": SERIES})
        for (number,) in cursor.fetchall():
            yield f"complaint {number} is missing"
    taken = NumberSeries.objects.filter(series=SERIES).values_list("year", "last")
    for year, last in taken:
        if Complaint.objects.filter(number__startswith=f"{year}-").count() > last:
            yield f"year {year}: more complaints than numbers"


def complaint_timers(company: Company) -> Iterator[str]:
    """Every open complaint's next due time and timers follow from its history."""
    for complaint in Complaint.objects.open().filter(is_imported=False).iterator(chunk_size=500):
        if not (history := history_of(complaint)):
            continue  # named by complaint_chains
        readings = read_clocks(history)
        due = next_due(readings)
        if (complaint.next_due_at, complaint.next_due_clock) != (due or (None, "")):
            yield f"complaint {complaint.number}: next due time does not follow from its history"
        pending = set(
            Timer.objects.filter(complaint=complaint, fired_at=None, cancelled_at=None).values_list("clock", "due_at")
        )
        for clock, reading in readings.items():
            levels = {reading.due_at(level) for level in (80, 100, 150, 200)}
            for timed, due_at in pending:
                if timed == clock and due_at not in levels:
                    yield f"complaint {complaint.number}: a timer of {clock} does not follow from its history"
    stray = Timer.objects.filter(fired_at=None, cancelled_at=None, complaint__state__in=["closed", "merged", "withdrawn"])
    for number in stray.values_list(F("complaint__number"), flat=True).distinct()[:100]:
        yield f"complaint {number}: is over, but a timer runs"


def timers_fire(at: datetime) -> Iterator[str]:
    """The auditor: looks at the timers of all companies apart from the sweep that fires them."""
    if late := overdue_timers(before=at - LATE):
        yield f"{late} timers are overdue and have not fired"


def work_orders(company: Company) -> Iterator[str]:
    """Each work order is where the last of its events says it is, and none that was ordered is missing."""
    told: dict[str, dict[str, Any]] = {}
    for event in Event.objects.filter(name__startswith="work_order.").order_by("pk").iterator(chunk_size=2000):
        facts = facts_of(event)
        told[facts["order"]] = facts
    for order in WorkOrder.objects.select_related("complaint").iterator(chunk_size=2000):
        said = told.pop(order.number, None)
        if said is None:
            yield f"work order {order.number}: its events are gone"
            continue
        for name, value in facts_of_order(order).items():
            if said.get(name) != value:
                yield f"work order {order.number}: {name} was altered"
    for number in sorted(told)[:100]:
        yield f"work order {number} is missing"


def budgets(company: Company) -> Iterator[str]:
    """Each budget line is what the last of its events says, and the chains are whole."""
    yield from broken_links("budget:")
    last = {event.stream: facts_of(event) for event in Event.objects.filter(stream__startswith="budget:").order_by("position")}
    for budget in Budget.objects.all():
        said = last.pop(f"budget:{budget.pk}", {})
        stands = {"department": budget.department_id, "year": budget.year, "line": budget.line, "amount": budget.amount}
        if {name: said.get(name) for name in stands} != stands:
            yield f"budget {budget.pk} ({budget.line}, {budget.year}): was altered"
    for stream in sorted(last)[:100]:
        yield f"{stream} is missing"
