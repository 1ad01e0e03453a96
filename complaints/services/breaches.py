"""From what happened to complaints to the drafts of cases: set-based, and never twice for the same breach.

The sources are those of rulebook 1.9: an accept clock that ran out, a refused hand-over that left a complaint with nobody, the
asker's own word, and a call-back by the service centre.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from propman.cases.services import Breach, Found, draft_cases
from propman.cases.workflow import Ground, Source
from propman.tenancy.scope import current_company_id

SHOWN_BY = ["complaint.escalated", "complaint.told_first", "complaint.called_back"]
# What the clock or the asker does is no answer to a refusal.
NO_ANSWER = [
    "complaint.escalated", "complaint.urged", "complaint.asker_replied", "complaint.noted", "complaint.skipped",
    "complaint.corrected", "complaint.told_first", "complaint.called_back", "complaint.rated",
]  # fmt: skip

# One row for each breach: the event that shows it, the employee, and the refusal where there was one.
FIND = """
    WITH news AS (
        SELECT id, stream, position, name, at, canonical::jsonb -> 'facts' AS facts FROM tenancy_event
        WHERE company_id = %(company)s AND at > %(since)s AND at <= %(until)s AND name = ANY(%(names)s))
    SELECT news.stream, 'accept' AS what, news.position, coalesce(
               (before.facts ->> 'handler')::bigint, contact.first_asked_id, (news.facts ->> 'to')::bigint) AS employee,
           'indifferent' AS ground, news.at
    FROM news
    JOIN complaints_complaint AS complaint
        ON complaint.company_id = %(company)s AND 'complaint:' || complaint.id = news.stream
    JOIN complaints_contact AS contact ON contact.company_id = %(company)s AND contact.id = complaint.contact_id
    LEFT JOIN LATERAL (
        SELECT earlier.canonical::jsonb -> 'facts' AS facts FROM tenancy_event AS earlier
        WHERE earlier.company_id = %(company)s AND earlier.stream = news.stream AND earlier.position < news.position
        AND earlier.canonical::jsonb -> 'facts' ? 'handler' ORDER BY earlier.position DESC LIMIT 1) AS before ON true
    WHERE news.name = 'complaint.escalated' AND news.facts ->> 'clock' = 'accept' AND (news.facts ->> 'level')::int = 100
    UNION ALL
    SELECT news.stream, 'refused', last.position, (last.facts ->> 'refused_by')::bigint, 'deceived', last.at
    FROM news JOIN LATERAL (
        SELECT earlier.name, earlier.position, earlier.at, earlier.canonical::jsonb -> 'facts' AS facts
        FROM tenancy_event AS earlier
        WHERE earlier.company_id = %(company)s AND earlier.stream = news.stream AND earlier.position < news.position
        AND earlier.name <> ALL(%(no_answer)s) ORDER BY earlier.position DESC LIMIT 1) AS last
        ON last.name = 'complaint.refused'
    WHERE news.name = 'complaint.escalated' AND (news.facts ->> 'level')::int >= 100
    UNION ALL
    SELECT news.stream, news.name, news.position, (news.facts ->> 'employee')::bigint, news.facts ->> 'breach', news.at
    FROM news WHERE news.name IN ('complaint.told_first', 'complaint.called_back')
    AND news.facts ->> 'breach' <> '' AND news.facts ->> 'employee' IS NOT NULL
"""
SOURCES = {
    "accept": Source.CLOCK,
    "refused": Source.REFUSAL,
    "complaint.told_first": Source.ASKER,
    "complaint.called_back": Source.CALL_BACK,
}
# The log of each complaint up to its breach. Words of the asker are shown only where he does not hide from the office.
EVIDENCE = """
    SELECT wanted.stream, wanted.position, event.name, event.at, event.hash, coalesce(CASE
        WHEN event.name = ANY(%(askers)s) AND contact.is_confidential THEN '' ELSE said.text END, ''), complaint.number
    FROM unnest(%(streams)s::text[], %(positions)s::int[]) AS wanted (stream, position)
    JOIN complaints_complaint AS complaint
        ON complaint.company_id = %(company)s AND 'complaint:' || complaint.id = wanted.stream
    JOIN complaints_contact AS contact ON contact.company_id = %(company)s AND contact.id = complaint.contact_id
    JOIN tenancy_event AS event
        ON event.company_id = %(company)s AND event.stream = wanted.stream AND event.position <= wanted.position
    LEFT JOIN tenancy_eventtext AS said
        ON said.company_id = %(company)s AND said.event_id = event.id AND said.field = 'text'
        AND event.name = ANY(%(spoken)s)
    WHERE event.name <> ALL(%(inner)s)
    ORDER BY wanted.stream, wanted.position, event.position
"""
# What he says on the phone is his word as well.
ASKERS = [
    "complaint.told_first",
    "complaint.reopened",
    "complaint.half_fixed",
    "complaint.urged",
    "complaint.asker_replied",
    "complaint.called_back",
]
SPOKEN = [*ASKERS, "complaint.handed_over", "complaint.refused"]
INNER = ["complaint.noted", "complaint.corrected", "complaint.skipped", "complaint.rated"]


class Seen(NamedTuple):
    stream: str
    what: str
    position: int
    employee: int | None
    ground: str
    at: datetime

    @property
    def origin(self) -> str:
        """An accept clock is missed once; a word, a call-back or a refusal is one of many."""
        return f"{self.stream}:accept" if self.what == "accept" else f"{self.stream}:{self.what}:{self.position}"


@transaction.atomic
def draft_from_breaches(*, since: datetime, until: datetime) -> list[int]:
    """Draft a case for every breach in (since, until] of the current company that has none; returns the new cases' ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            FIND,
            {
                "company": current_company_id(),
                "since": since,
                "until": until,
                "names": SHOWN_BY,
                "no_answer": NO_ANSWER,
            },
        )
        seen = [Seen(*row) for row in cursor.fetchall()]
    found = {one.origin: one for one in seen if one.employee is not None}
    if not found:
        return []
    evidence, numbers = _evidence(list(found.values()))
    breaches = [
        Breach(
            origin=origin,
            source=SOURCES[one.what],
            ground=Ground(one.ground),
            accused=one.employee or 0,
            occurred_at=one.at,
            subject_kind="complaint",
            subject=numbers[one.stream],
            evidence=evidence[one.stream, one.position],
        )
        for origin, one in sorted(found.items())
    ]
    return draft_cases(breaches=breaches, at=until)


def _evidence(seen: Sequence[Seen]) -> tuple[dict[tuple[str, int], list[Found]], dict[str, str]]:
    values: dict[str, Any] = {
        "company": current_company_id(),
        "streams": [one.stream for one in seen],
        "positions": [one.position for one in seen],
        "askers": ASKERS,
        "spoken": SPOKEN,
        "inner": INNER,
    }
    evidence: dict[tuple[str, int], list[Found]] = {(one.stream, one.position): [] for one in seen}
    numbers: dict[str, str] = {}
    with connection.cursor() as cursor:
        cursor.execute(EVIDENCE, values)
        for stream, position, name, at, digest, text, number in cursor.fetchall():
            evidence[stream, position].append(Found(at, name, digest, text))
            numbers[stream] = number
    return evidence, numbers
