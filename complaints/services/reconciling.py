"""Reconciliation: every entry of the phone log, the mailbox and the visitors' book must have a contact, or a reason.

The rule: an entry and a contact belong together when the channel is that of the list, their times lie at most so many minutes
apart (setting), phone, e-mail address or name are the same, and the contact belongs to the office of the entry or was first
asked there (an entry of the service centre goes with contacts of every office). One contact answers for one entry; which of
several is decided in complaints/matching.py. What is decided about an entry is an event of its chain.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, BinaryIO

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from complaints.logs import PHONE_DIGITS, LogImporter, NewEntry, read_mapping
from complaints.matching import matched
from complaints.models import CHANNELS, Complaint, Contact, LogEntry, LogEntryWords, LogImport, LogMapping, LogSource
from complaints.selectors.counting import counting_policy
from complaints.selectors.reconciling import PLAIN, closes_at
from complaints.workflow import BadInput, MoveNotAllowed, NotYours, Refused
from propman.accounts.models import User
from propman.community.models import Employee
from propman.community.services.imports import Plan, RowsRefused, batches, checked_rows, digest_of, plan_import
from propman.tenancy.events import NewEvent, commitment, record_event, record_events
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from .centre import ensure_centre
from .filing import Filed, file_complaint
from .moving import cleaned

FIRST = datetime(1970, 1, 1, tzinfo=UTC)
# Three joins by equality, one for each way to know somebody, so that a month of calls is no product of a month and a month.
PAIRS = f"""
    WITH entry AS MATERIALIZED (
        SELECT entry.id, entry.occurred_at, entry.office_id, office.kind = 'service_centre' AS is_centre,
            {PLAIN.format("said.phone")} AS phone, lower(said.email) AS email, lower(said.name) AS name
        FROM complaints_logentry AS entry
        JOIN complaints_logentrywords AS said ON said.company_id = entry.company_id AND said.entry_id = entry.id
        JOIN community_department AS office ON office.company_id = entry.company_id AND office.id = entry.office_id
        WHERE entry.company_id = %(company)s AND entry.source = %(source)s AND entry.state = 'open'
        AND entry.occurred_at >= %(since)s),
    contact AS MATERIALIZED (
        SELECT contact.id, contact.received_at, contact.office_id, asked.department_id,
            {PLAIN.format("words.asker_phone")} AS phone, lower(words.asker_email) AS email, lower(words.asker_name) AS name
        FROM complaints_contact AS contact
        JOIN complaints_contactwords AS words ON words.company_id = contact.company_id AND words.contact_id = contact.id
        LEFT JOIN community_employee AS asked
            ON asked.company_id = contact.company_id AND asked.id = contact.first_asked_id
        WHERE contact.company_id = %(company)s AND contact.channel = %(channel)s
        AND contact.received_at >= (SELECT min(occurred_at) FROM entry) - %(window)s
        AND contact.received_at <= (SELECT max(occurred_at) FROM entry) + %(window)s
        AND NOT EXISTS (
            SELECT FROM complaints_logentry AS other WHERE other.company_id = contact.company_id
            AND other.contact_id = contact.id AND other.state = 'matched')),
    alike AS (
        SELECT entry.id AS entry, contact.id AS contact FROM entry JOIN contact USING (phone) WHERE length(phone) >= 5
        UNION SELECT entry.id, contact.id FROM entry JOIN contact USING (email) WHERE email <> ''
        UNION SELECT entry.id, contact.id FROM entry JOIN contact USING (name) WHERE name <> '')
    SELECT entry.id, contact.id, min(abs(extract(epoch FROM entry.occurred_at - contact.received_at)))::float8
    FROM alike JOIN entry ON entry.id = alike.entry JOIN contact ON contact.id = alike.contact
    WHERE contact.received_at BETWEEN entry.occurred_at - %(window)s AND entry.occurred_at + %(window)s
    AND (entry.is_centre OR contact.office_id = entry.office_id OR contact.department_id = entry.office_id)
    GROUP BY entry.id, contact.id
"""  # noqa: S608 (constants)
MATCH = """
    UPDATE complaints_logentry AS entry SET state = 'matched', contact_id = told.contact, matched_by = 'rule',
        decided_at = %s, event_position = told.position
    FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS told (entry, contact, position)
    WHERE entry.company_id = %s AND entry.id = told.entry
"""
# Nobody decides about an entry while the rule does: whoever is first has decided.
LOCK_OPEN = """
    SELECT FROM complaints_logentry WHERE company_id = %(company)s AND source = %(source)s AND state = 'open'
    AND occurred_at >= %(since)s ORDER BY id FOR UPDATE
"""


class DayClosed(Refused):
    """The day of the entry is closed; what was decided about it stays."""


class LogClosed(Refused):
    """The file was brought in, forgotten or taken back before."""


def save_mapping(*, source: str, text: str, by: User, at: datetime) -> LogMapping:
    """Keep the mapping of a list for the next files. Raises UnusableMapping."""
    read_mapping(text)
    mapping, _is_new = LogMapping.objects.get_or_create(
        company_id=current_company_id(), source=LogSource(source), defaults={"text": text}
    )
    if mapping.text != text:
        mapping.text = text
        mapping.save(update_fields=["text"])
        record_event("log_mapping.changed", mapping, by=by, at=at, facts={"source": source, "mapping": text})
    return mapping


def importer_of(*, company: Company, source: str, mapping: str, at: datetime) -> LogImporter:
    """Reads files of that list by a TOML mapping. Raises UnusableMapping."""
    return LogImporter(company=company, source=source, mapped=read_mapping(mapping), at=at)


@transaction.atomic
def preview_log(
    *, company: Company, source: str, file: BinaryIO, file_name: str, mapping: str, by: User | None, at: datetime
) -> LogImport:
    """Keep an uploaded list with what it would do, until it is confirmed or forgotten.

    Raises UnusableMapping, UnreadableFile.
    """
    plan = plan_import(importer=importer_of(company=company, source=source, mapping=mapping, at=at), file=file)
    digest = digest_of(file)
    file.seek(0)
    upload: LogImport = LogImport.objects.create(
        source=source,
        file_name=file_name[:200],
        digest=digest,
        content=file.read(),
        mapping=mapping,
        plan=asdict(plan),
        uploaded_by=by,
        uploaded_at=at,
    )
    return upload


@transaction.atomic
def confirm_log(*, company: Company, upload: LogImport, by: User | None, at: datetime) -> tuple[Plan, int]:
    """Bring in what was previewed, after checking it again, and match it; the file itself is forgotten.

    Returns the plan and how many entries found a contact. Raises LogClosed, and RowsRefused when any row is wrong.
    """
    lock_list(upload.source)
    upload = LogImport.objects.select_for_update().get(pk=upload.pk)
    if upload.content is None:
        raise LogClosed(_("This import is closed already."))
    file = BytesIO(upload.content)

    def reader() -> LogImporter:
        return importer_of(company=company, source=upload.source, mapping=upload.mapping, at=upload.uploaded_at)

    plan = plan_import(importer=reader(), file=file)
    if plan.refused:
        raise RowsRefused(plan)
    _sheet, rows = checked_rows(reader(), file)
    hashes: list[str] = []
    for batch in batches(row for row in rows if row.parsed and row.outcome == "create"):
        hashes += _write(upload, [(row.line, row.parsed) for row in batch])
    upload.plan, upload.content, upload.confirmed_at = asdict(plan), None, at
    upload.save(update_fields=["plan", "content", "confirmed_at"])
    facts = {
        "source": upload.source,
        "file": upload.digest,
        "mapping": hashlib.sha256(upload.mapping.encode()).hexdigest(),
        "entries": len(hashes),
        "lines": entries_digest(hashes),
        "skipped": plan.also.get("skipped", 0),
    }
    record_event("log.imported", upload, by=by, at=at, facts=facts, texts={"file_name": upload.file_name})
    return plan, match_entries(source=upload.source, at=at)


@transaction.atomic
def reconcile_file(
    *, company: Company, source: str, file: BinaryIO, file_name: str, mapping: str, by: User | None, at: datetime
) -> tuple[Plan, LogImport | None, int]:
    """Bring a list in and match it in one go; no import is kept where every entry is there already.

    Returns the plan, the import, and how many entries found a contact. Raises UnusableMapping, UnreadableFile, and
    RowsRefused when any row is wrong.
    """
    plan = plan_import(importer=importer_of(company=company, source=source, mapping=mapping, at=at), file=file)
    if plan.refused:
        raise RowsRefused(plan)
    if not plan.created:
        return plan, None, 0
    upload = preview_log(company=company, source=source, file=file, file_name=file_name, mapping=mapping, by=by, at=at)
    plan, count = confirm_log(company=company, upload=upload, by=by, at=at)
    return plan, upload, count


def entries_digest(hashes: Iterable[str]) -> str:
    """What the event of an import says of all its entries, in the order of their lines."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def facts_text(entry: LogEntry) -> str:
    """What the hash of an entry's facts covers."""
    parts = [
        entry.company_id,
        entry.source,
        entry.line,
        entry.key,
        entry.occurred_at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.seconds,
        entry.office_id,
        entry.community_id,
        entry.words_commitment,
    ]
    return "\n".join(str(part) for part in parts)


def facts_hash(entry: LogEntry) -> str:
    return hashlib.sha256(facts_text(entry).encode()).hexdigest()


def _write(upload: LogImport, rows: Sequence[tuple[int, NewEntry]]) -> list[str]:
    entries, words = [], []
    for line, new in rows:
        said = LogEntryWords(
            company_id=upload.company_id,
            salt=secrets.token_hex(16),
            name=new.name,
            phone=new.phone,
            email=new.email,
            note=new.note,
        )
        entry = LogEntry(
            company_id=upload.company_id,
            log_import=upload,
            source=upload.source,
            line=line,
            key=new.key,
            occurred_at=new.occurred_at,
            seconds=new.seconds,
            office_id=new.office,
            community_id=new.community,
            words_commitment=commitment(said.salt, said.committed_text()),
        )
        entry.facts_hash = facts_hash(entry)
        entries.append(entry)
        words.append(said)
    LogEntry.objects.bulk_create(entries)
    for entry, said in zip(entries, words, strict=True):
        said.entry = entry
    LogEntryWords.objects.bulk_create(words)
    return [entry.facts_hash for entry in entries]


@transaction.atomic
def forget_log(*, upload: LogImport, at: datetime) -> None:
    """Forget an uploaded file that was not confirmed. Raises LogClosed."""
    upload = LogImport.objects.select_for_update().get(pk=upload.pk)
    if upload.content is None:
        raise LogClosed(_("This import is closed already."))
    upload.content, upload.discarded_at = None, at
    upload.save(update_fields=["content", "discarded_at"])


def forget_old_uploads(*, at: datetime) -> int:
    """Forget files that lay unconfirmed for a day, as they hold people's data."""
    old = LogImport.objects.filter(content__isnull=False, uploaded_at__lt=at - timedelta(days=1))
    return old.update(content=None, discarded_at=at)


@transaction.atomic
def withdraw_log(*, upload: LogImport, by: Employee, at: datetime, reason: str) -> int:
    """Take back a file that was brought in by mistake, with a reason, while none of its days is closed; returns the entries.

    The entries stay as taken back, and everybody at the centre sees it. Raises LogClosed, DayClosed, NotYours, BadInput.
    """
    ensure_centre(by)
    reason = cleaned(reason, field="reason", longest=500)
    lock_list(upload.source)
    upload = LogImport.objects.select_for_update().get(pk=upload.pk)
    if upload.confirmed_at is None or upload.withdrawn_at is not None:
        raise LogClosed(_("There is nothing to take back."))
    entries = list(LogEntry.objects.select_for_update().filter(log_import=upload).order_by("line"))
    company = Company.objects.get(pk=upload.company_id)
    if any(closes_at(company, entry.occurred_at, upload.confirmed_at) <= at for entry in entries):
        raise DayClosed(_("A day of this file is closed already; its gaps stay."))
    news = [NewEvent(f"logentry:{entry.pk}", "log_entry.withdrawn", _told(LogEntry.State.WITHDRAWN)) for entry in entries]
    for entry, event in zip(entries, record_events(news, by=by.user, at=at), strict=True):
        _move(entry, state=LogEntry.State.WITHDRAWN, by=by.user, at=at, position=event.position)
    upload.withdrawn_at = at
    upload.save(update_fields=["withdrawn_at"])
    record_event("log.withdrawn", upload, by=by.user, at=at, facts={"entries": len(entries)}, texts={"reason": reason})
    return len(entries)


def lock_list(source: str) -> None:
    """Imports into one list, and matching it, wait for each other until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"log {current_company_id()} {source}"])


@transaction.atomic
def match_entries(*, source: str, at: datetime, since: datetime = FIRST) -> int:
    """Give every open entry of the list since then its contact by the rule; returns how many found one."""
    lock_list(source)
    values: dict[str, Any] = {
        "company": current_company_id(),
        "source": source,
        "channel": CHANNELS[LogSource(source)],
        "window": counting_policy().window,
        "digits": PHONE_DIGITS,
        "since": since,
    }
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OPEN, values)
        cursor.execute(PAIRS, values)
        found = sorted(matched(cursor.fetchall()).items())
        news = [
            NewEvent(
                f"logentry:{entry}",
                "log_entry.matched",
                _told(LogEntry.State.MATCHED, contact=contact, matched_by=LogEntry.MatchedBy.RULE),
            )
            for entry, contact in found
        ]
        positions = [event.position for event in record_events(news, by=None, at=at)]
        cursor.execute(MATCH, [at, [one for one, _c in found], [one for _e, one in found], positions, current_company_id()])
    return len(found)


def _told(state: str, *, contact: int | None = None, matched_by: str = "", reason: str = "") -> dict[str, Any]:
    return {"state": str(state), "contact": contact, "matched_by": str(matched_by), "reason": str(reason)}


def _move(
    entry: LogEntry,
    *,
    state: str,
    by: User | None,
    at: datetime,
    position: int,
    contact: Contact | None = None,
    matched_by: str = "",
    reason: str = "",
) -> None:
    entry.state, entry.contact, entry.matched_by, entry.reason = state, contact, matched_by, reason
    entry.decided_by, entry.decided_at, entry.event_position = by, at, position
    entry.seen_at = None
    entry.save(
        update_fields=[
            "state", "contact", "matched_by", "reason", "decided_by", "decided_at", "seen_at", "event_position"
        ]
    )  # fmt: skip


def _locked(entry: LogEntry, by: Employee, *states: str) -> LogEntry:
    """Raises NotYours for an employee of another department, MoveNotAllowed when somebody was first."""
    ensure_centre(by)
    found: LogEntry = LogEntry.objects.select_for_update().get(pk=entry.pk)
    if found.state not in states:
        raise MoveNotAllowed(_("Somebody was faster: %(state)s.") % {"state": LogEntry.State(found.state).label})
    return found


@transaction.atomic
def match_entry(
    *,
    entry: LogEntry,
    complaint: Complaint,
    by: Employee,
    at: datetime,
    reason: str,
    matched_by: str = LogEntry.MatchedBy.HAND,
) -> LogEntry:
    """Say with a reason which contact answers for the entry; the contact itself does not change.

    Raises NotYours, MoveNotAllowed, and BadInput when the contact answers for another entry already.
    """
    reason = cleaned(reason, field="reason", longest=500)
    entry = _locked(entry, by, LogEntry.State.OPEN)
    other = LogEntry.objects.filter(contact=complaint.contact_id, state=LogEntry.State.MATCHED).first()
    if other is not None:
        raise BadInput("number", _("This contact answers for another entry already."))
    told = _told(LogEntry.State.MATCHED, contact=complaint.contact_id, matched_by=matched_by)
    event = record_event("log_entry.matched", entry, by=by.user, at=at, facts=told, texts={"reason": reason})
    try:
        _move(
            entry,
            state=LogEntry.State.MATCHED,
            by=by.user,
            at=at,
            position=event.position,
            contact=complaint.contact,
            matched_by=matched_by,
        )
    except IntegrityError:  # a colleague matched it to another entry at the same moment
        raise BadInput("number", _("This contact answers for another entry already.")) from None
    return entry


@transaction.atomic
def log_missing_contact(*, entry: LogEntry, by: Employee, at: datetime, **contact: Any) -> Filed:
    """File the contact that is missing for an entry, as asked when the entry says, and match it.

    `contact` is what file_complaint() takes. Its clocks run since then, so they may be over at once. Raises NotYours,
    MoveNotAllowed when somebody was first, BadInput.
    """
    _locked(entry, by, LogEntry.State.OPEN)
    filed = file_complaint(first_asked=by, at=at, **contact)
    match_entry(
        entry=entry,
        complaint=filed.complaint,
        by=by,
        at=at,
        reason=_("Logged from the list."),
        matched_by=LogEntry.MatchedBy.LOGGED,
    )
    return filed


@transaction.atomic
def explain_entry(*, entry: LogEntry, by: Employee, at: datetime, reason: str, text: str = "") -> LogEntry:
    """No matter for us, with the reason; the duty manager sees it. Raises NotYours, MoveNotAllowed, BadInput."""
    if reason not in LogEntry.Reason.values:
        raise BadInput("reason", _("Choose a reason."))
    text = cleaned(text, field="text", longest=500, required=reason == LogEntry.Reason.OTHER)
    entry = _locked(entry, by, LogEntry.State.OPEN)
    told = _told(LogEntry.State.EXPLAINED, reason=reason)
    event = record_event("log_entry.explained", entry, by=by.user, at=at, facts=told, texts={"text": text})
    _move(entry, state=LogEntry.State.EXPLAINED, by=by.user, at=at, position=event.position, reason=reason)
    return entry


@transaction.atomic
def reopen_entry(*, entry: LogEntry, by: Employee, at: datetime, is_duty_manager: bool = False) -> LogEntry:
    """Undo what was decided, until the day closes; the duty manager sends a bad reason back at any time.

    Raises NotYours, MoveNotAllowed, DayClosed.
    """
    entry = _locked(entry, by, LogEntry.State.MATCHED, LogEntry.State.EXPLAINED)
    company, upload = Company.objects.get(pk=entry.company_id), entry.log_import
    if closes_at(company, entry.occurred_at, upload.confirmed_at) <= at and not (
        is_duty_manager and entry.state == LogEntry.State.EXPLAINED
    ):
        raise DayClosed(_("The day is closed; what was decided about it stays."))
    event = record_event("log_entry.reopened", entry, by=by.user, at=at, facts=_told(LogEntry.State.OPEN))
    _move(entry, state=LogEntry.State.OPEN, by=by.user, at=at, position=event.position)
    return entry


@transaction.atomic
def see_explanations(*, entries: Sequence[int], by: Employee, is_duty_manager: bool, at: datetime) -> int:
    """The duty manager has seen these reasons and lets them stand; returns how many were new. Raises NotYours."""
    ensure_centre(by)
    if not is_duty_manager:
        raise NotYours(_("The duty manager looks at the reasons."))
    found = list(
        LogEntry.objects.select_for_update().filter(pk__in=entries, state=LogEntry.State.EXPLAINED, seen_at=None).order_by("pk")
    )
    news = [
        NewEvent(f"logentry:{one.pk}", "log_entry.seen", _told(one.state, reason=one.reason) | {"seen_at": at.isoformat()})
        for one in found
    ]
    for one, event in zip(found, record_events(news, by=by.user, at=at), strict=True):
        one.seen_at, one.event_position = at, event.position
        one.save(update_fields=["seen_at", "event_position"])
    return len(found)
