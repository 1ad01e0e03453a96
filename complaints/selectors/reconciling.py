"""What the page of reconciliation shows: a day of one list, its gaps by office, and what fits best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints.logs import PHONE_DIGITS
from complaints.models import CHANNELS, Complaint, LogEntry, LogEntryWords, LogImport, LogSource, SilenceCheck
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

CLOSES_AT = time(9)  # of the day after
AT_LEAST = timedelta(hours=24)  # after its file was brought in
PLAIN = r"right(regexp_replace({0}, '\D', '', 'g'), %(digits)s)"
SAME_PHONE = f"{PLAIN.format('said.phone')} = {PLAIN.format('words.asker_phone')} AND length({PLAIN.format('said.phone')}) >= 5"
SAME_PERSON = f"""(
    ({SAME_PHONE})
    OR (said.email <> '' AND lower(said.email) = lower(words.asker_email))
    OR (said.name <> '' AND lower(said.name) = lower(words.asker_name)))"""
S = LogEntry.State
ENTRIES = 60
DAYS = 7

# The contact that fits best to each entry within a day: the same person first, then the same office, then the closest.
BEST_FIT = f"""
    SELECT entry.id, best.complaint, best.is_person, best.is_office, best.is_channel, best.seconds
    FROM complaints_logentry AS entry
    JOIN complaints_logentrywords AS said ON said.company_id = entry.company_id AND said.entry_id = entry.id
    CROSS JOIN LATERAL (
        SELECT complaint.id AS complaint, {SAME_PERSON} AS is_person, contact.office_id = entry.office_id AS is_office,
            contact.channel = %(channel)s AS is_channel,
            extract(epoch FROM contact.received_at - entry.occurred_at)::float8 AS seconds
        FROM complaints_contact AS contact
        JOIN complaints_contactwords AS words
            ON words.company_id = contact.company_id AND words.contact_id = contact.id
        JOIN complaints_complaint AS complaint
            ON complaint.company_id = contact.company_id AND complaint.contact_id = contact.id
        WHERE contact.company_id = entry.company_id
        AND contact.received_at BETWEEN entry.occurred_at - interval '24 hours' AND entry.occurred_at + interval '24 hours'
        AND NOT EXISTS (SELECT FROM complaints_logentry AS other WHERE other.company_id = contact.company_id
                        AND other.contact_id = contact.id AND other.state = 'matched')
        AND ({SAME_PERSON} OR contact.office_id = entry.office_id AND contact.channel = %(channel)s
             AND contact.received_at BETWEEN entry.occurred_at - %(window)s AND entry.occurred_at + %(window)s)
        ORDER BY {SAME_PERSON} DESC, contact.channel = %(channel)s DESC, abs(extract(epoch FROM
            contact.received_at - entry.occurred_at)), contact.id LIMIT 1) AS best
    WHERE entry.company_id = %(company)s AND entry.id = ANY(%(entries)s)
"""  # noqa: S608 (constants)


@dataclass(frozen=True)
class OfficeGaps:
    """How the entries of one office stand."""

    office: int
    name: str
    entries: int
    matched: int
    explained: int
    gaps: int

    @property
    def percent(self) -> float:
        return 100 * (self.entries - self.gaps) / self.entries if self.entries else 100.0


@dataclass(frozen=True)
class Day:
    """One day of a list: open until nine the next morning, then closed or, with gaps, published."""

    day: date
    entries: int
    gaps: int
    closes_at: datetime
    is_closed: bool


@dataclass(frozen=True)
class Fit:
    """The contact that fits best to an entry, and why."""

    complaint: Complaint
    is_person: bool
    is_office: bool
    is_channel: bool
    seconds: float

    @property
    def apart(self) -> str:
        minutes = round(abs(self.seconds) / 60)
        if not minutes:
            return _("at the same time")
        if self.seconds > 0:
            return ngettext("%(count)d minute later", "%(count)d minutes later", minutes) % {"count": minutes}
        return ngettext("%(count)d minute before", "%(count)d minutes before", minutes) % {"count": minutes}

    @property
    def is_likely(self) -> bool:
        return self.is_person

    @property
    def reasons(self) -> list[tuple[bool, str]]:
        """What speaks for it and what does not."""
        channel = self.complaint.contact.get_channel_display()
        return [
            (self.is_person, _("The same phone, address or name") if self.is_person else _("Another person, or nothing said")),
            (abs(self.seconds) <= 3600, _("Logged %(apart)s") % {"apart": self.apart}),
            (self.is_office, _("The same office") if self.is_office else _("Another office")),
            (
                self.is_channel,
                _("The channel fits") if self.is_channel else _("Channel says: %(channel)s") % {"channel": channel},
            ),
        ]


@dataclass(frozen=True)
class Row:
    """An entry with who it was, and what fits best while it is open."""

    entry: LogEntry
    words: LogEntryWords | None
    fit: Fit | None
    is_again: bool
    number: str = ""

    @property
    def who(self) -> str:
        words = self.words
        return (words.phone or words.name or words.email if words else "") or _("withheld")

    @property
    def length(self) -> str:
        return "" if self.entry.seconds is None else f"{self.entry.seconds // 60}:{self.entry.seconds % 60:02}"


def closes_at(company: Company, occurred_at: datetime, imported_at: datetime) -> datetime:
    """When what was decided about an entry can no longer be undone: nine the next day, but a day after it was brought in."""
    next_day = company.today(occurred_at) + timedelta(days=1)
    return max(datetime.combine(next_day, CLOSES_AT, company.timezone), imported_at + AT_LEAST)


def entries_of(company: Company, source: str, day: date) -> QuerySet[LogEntry]:
    """The entries of a list on one day of the company's zone, without those that were taken back."""
    begins = datetime.combine(day, datetime.min.time(), company.timezone)
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time(), company.timezone)
    return LogEntry.objects.filter(source=source, occurred_at__gte=begins, occurred_at__lt=ends).exclude(state=S.WITHDRAWN)


def by_office(entries: QuerySet[LogEntry]) -> list[OfficeGaps]:
    """Entries, matched, explained and gaps of each office, those with most gaps first."""
    rows = (
        entries.values("office_id", "office__name", "office__community__name")
        .annotate(
            entries=Count("pk"),
            matched=Count("pk", filter=Q(state=S.MATCHED)),
            explained=Count("pk", filter=Q(state=S.EXPLAINED)),
            gaps=Count("pk", filter=Q(state=S.OPEN)),
        )
        .order_by("-gaps", "-entries", "office__name")
    )
    return [
        OfficeGaps(
            row["office_id"],
            row["office__community__name"] or row["office__name"],
            row["entries"],
            row["matched"],
            row["explained"],
            row["gaps"],
        )
        for row in rows
    ]


def last_days(company: Company, source: str, *, until: date, at: datetime) -> list[Day]:
    """The last days on which the list has entries, oldest first."""
    rows = (
        LogEntry.objects.filter(
            source=source, occurred_at__lt=datetime.combine(until + timedelta(days=1), datetime.min.time(), company.timezone)
        )
        .exclude(state=S.WITHDRAWN)
        .annotate(day=TruncDate("occurred_at", tzinfo=company.timezone))
        .values("day")
        .annotate(
            entries=Count("pk"),
            gaps=Count("pk", filter=Q(state=S.OPEN)),
            last=Max("occurred_at"),
            imported=Max("log_import__confirmed_at"),
        )
        .order_by("-day")[:DAYS]
    )
    days = []
    for row in rows:
        ends = closes_at(company, row["last"], row["imported"])
        days.append(Day(row["day"], row["entries"], row["gaps"], ends, ends <= at))
    return days[::-1]


def rows_of(entries: Iterable[LogEntry], *, source: str, window: timedelta) -> list[Row]:
    """The entries with who it was and what fits best, with a few queries."""
    shown = list(entries)
    words = {one.entry_id: one for one in LogEntryWords.objects.filter(entry__in=[entry.pk for entry in shown])}
    fits = _fits([entry.pk for entry in shown if entry.state == S.OPEN], source=source, window=window)
    answers = [entry.contact_id for entry in shown if entry.contact_id]
    numbers = dict(Complaint.objects.filter(contact__in=answers).values_list("contact_id", "number"))
    rows, seen = [], set()
    for entry in shown:
        said = words.get(entry.pk)
        who = (said.phone or said.email or said.name) if said else ""
        rows.append(Row(entry, said, fits.get(entry.pk), bool(who) and who in seen, numbers.get(entry.contact_id, "")))
        seen.add(who)
    return rows


def _fits(entries: Sequence[int], *, source: str, window: timedelta) -> dict[int, Fit]:
    if not entries:
        return {}
    values: dict[str, Any] = {
        "company": current_company_id(),
        "entries": list(entries),
        "channel": CHANNELS[LogSource(source)],
        "window": window,
        "digits": PHONE_DIGITS,
    }
    with connection.cursor() as cursor:
        cursor.execute(BEST_FIT, values)
        found = cursor.fetchall()
    complaints = Complaint.objects.for_list().in_bulk([row[1] for row in found])
    return {entry: Fit(complaints[complaint], *facts) for entry, complaint, *facts in found}


def last_import(source: str) -> LogImport | None:
    """The newest list that was brought in and stands."""
    stands = LogImport.objects.filter(source=source, confirmed_at__isnull=False, withdrawn_at=None)
    return stands.defer("content").order_by("-confirmed_at", "-pk").first()


def alarms(*, week: date | None = None) -> list[SilenceCheck]:
    """The alarms of the newest week that was checked."""
    newest = SilenceCheck.objects.order_by("-week").first()
    if newest is None:
        return []
    found = SilenceCheck.objects.filter(week=week or newest.week, is_alarm=True)
    return list(found.select_related("office__community").order_by("probability"))
