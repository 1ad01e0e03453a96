"""Drafts and second cases: written for many at once, and never twice for the same origin."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from propman.community.models import Department, Employee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import NewEvent, record_events
from propman.tenancy.scope import current_company_id

from .. import notices
from ..models import Case, Evidence
from ..people import bench
from ..workflow import WITHIN, Ground, Source, State
from .policies import judge_within

# One statement decides what is new, so that two workers at once draft nothing twice.
INSERT = """
    INSERT INTO cases_case (
        company_id, origin, source, ground, accused_id, department_id, about_id, subject_kind, subject, occurred_at, drafted_at,
        head_id, decider_id, due_at, state, is_serious, judged_at, judgement, reply, measure, amount, clause, reason, appeal,
        verdict, review_reason, final_measure, final_amount, event_position)
    SELECT %(company)s, origin, source, ground, accused_id, department_id, about_id, subject_kind, subject, occurred_at, %(at)s,
        head_id, decider_id, due_at, state, false, judged_at, '', '', '', 0, '', '', '', '', '', '', 0, 1
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS new (
        origin text, source text, ground text, accused_id bigint, department_id bigint, about_id bigint, subject_kind text,
        subject text, occurred_at timestamptz, head_id bigint, decider_id bigint, due_at timestamptz, state text,
        judged_at timestamptz)
    ON CONFLICT (company_id, origin) DO NOTHING RETURNING id, origin
"""


@dataclass(frozen=True)
class Found:
    """A piece of evidence: an event by name and hash, with the words that may be shown."""

    at: datetime
    event: str = ""
    event_hash: str = ""
    text: str = ""


@dataclass(frozen=True)
class Breach:
    """What drafts a case. `origin` names the thing that it follows from, for ever; `subject` is what the page leads to."""

    origin: str
    source: Source
    ground: Ground
    accused: int
    occurred_at: datetime
    subject_kind: str = ""
    subject: str = ""
    evidence: Sequence[Found] = field(default_factory=list)


@transaction.atomic
def draft_cases(*, breaches: Sequence[Breach], at: datetime) -> list[int]:
    """Draft a case for every breach that has none yet; its head has some days (a setting). Returns the ids of the new ones.

    A unit without anybody to judge the draft goes to the company at once; against somebody who has left there is none.
    """
    fresh = {breach.origin: breach for breach in breaches}
    known = set(Case.objects.filter(origin__in=list(fresh)).values_list("origin", flat=True))
    new = [breach for origin, breach in fresh.items() if origin not in known]
    if not new:
        return []
    here = Employee.objects.filter(left_on=None).select_related("department__head")
    accused = here.in_bulk({breach.accused for breach in new})
    new = [breach for breach in new if breach.accused in accused]
    people = bench()
    rows, heads, judged_by = [], {}, at + judge_within(drafted_at=at)
    for breach in new:
        person = accused[breach.accused]
        head = heads[breach.origin] = people.head_of(person.department, person.pk)
        rows.append(
            _row(breach, person.department)
            | {
                "head_id": head.pk if head else None,
                "due_at": (judged_by if head else at).isoformat(),
                "state": State.DRAFTED,
            }
        )
    ids = _insert(rows, at)
    told: list[NewNotice] = []
    for origin, pk in ids.items():
        told += notices.tell("drafted", [heads[origin]], case=pk, due_at=judged_by)
    _record({pk: fresh[origin] for origin, pk in ids.items()}, "case.drafted", State.DRAFTED, at)
    queue_notices(told, at=at)
    return list(ids.values())


def open_second_cases(lapsed: Sequence[Case], *, at: datetime) -> list[int]:
    """A case against each head who let a draft lie: opened at once, heard and decided by somebody else."""
    people = bench()
    fresh, rows, answering = {}, [], {}
    for case in lapsed:
        head = case.head
        if head is None or head.left_on is not None:
            continue
        breach = Breach(
            origin=f"case:{case.pk}",
            source=Source.CASE,
            ground=Ground.SILENT_HEAD,
            accused=head.pk,
            occurred_at=case.due_at or at,
            evidence=[Found(case.drafted_at, "case.drafted"), Found(case.due_at or at, "case.lapsed")],
        )
        decider = people.decider(accused=head.pk, head=None)
        fresh[breach.origin], answering[breach.origin] = breach, head
        rows.append(
            _row(breach, head.department)
            | {
                "about_id": case.pk,
                "decider_id": decider.pk if decider else None,
                "due_at": (at + WITHIN[State.OPENED]).isoformat(),
                "state": State.OPENED,
                "judged_at": at.isoformat(),
            }
        )
    ids = _insert(rows, at)
    _record({pk: fresh[origin] for origin, pk in ids.items()}, "case.opened", State.OPENED, at)
    told: list[NewNotice] = []
    for origin, pk in ids.items():
        told += notices.tell("opened", [answering[origin]], case=pk, due_at=at + WITHIN[State.OPENED])
    queue_notices(told, at=at)
    return list(ids.values())


def _row(breach: Breach, department: Department) -> dict[str, object]:
    return {
        "origin": breach.origin,
        "source": breach.source,
        "ground": breach.ground,
        "accused_id": breach.accused,
        "department_id": department.pk,
        "subject_kind": breach.subject_kind,
        "subject": breach.subject,
        "occurred_at": breach.occurred_at.isoformat(),
    }


def _insert(rows: Sequence[dict[str, object]], at: datetime) -> dict[str, int]:
    """The ids of the rows that are new, by origin."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {"company": current_company_id(), "at": at, "rows": json.dumps(list(rows))})
        return {origin: pk for pk, origin in cursor.fetchall()}


def _record(cases: dict[int, Breach], event: str, state: State, at: datetime) -> None:
    """The first event of each case and its evidence."""
    record_events(
        [
            NewEvent(
                f"case:{pk}",
                event,
                {
                    "state": state,
                    "origin": breach.origin,
                    "source": breach.source,
                    "ground": breach.ground,
                    "accused": breach.accused,
                    "occurred_at": breach.occurred_at.isoformat(),
                },
            )
            for pk, breach in cases.items()
        ],
        by=None,
        at=at,
    )
    company = current_company_id()
    Evidence.objects.bulk_create(
        [
            Evidence(
                company_id=company,
                case_id=pk,
                at=found.at,
                event=found.event,
                event_hash=found.event_hash,
                text=found.text,
                added_at=at,
            )
            for pk, breach in cases.items()
            for found in breach.evidence
        ],
        batch_size=2000,
    )
