"""What pages show of cases: the steps of one, and the list with its filters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from propman.common.text import legible
from propman.community.models import Employee

from .models import Case, Evidence
from .workflow import Measure, State, Verdict

# Filled by the apps that draft cases: what their events are called, and where what a case is about is to be found.
EVENT_WORDS: dict[str, Any] = {}
SUBJECTS: dict[str, Callable[[HttpRequest, str], str]] = {}


def register_subject(kind: str, url: Callable[[HttpRequest, str], str], words: Mapping[str, Any]) -> None:
    """Called from an app's AppConfig.ready(): `url` gives the address of a subject where the person may open it, else ""."""
    SUBJECTS[kind] = url
    EVENT_WORDS.update(words)


@dataclass(frozen=True)
class Shown:
    """One piece of evidence as people read it."""

    at: datetime
    what: str
    text: str
    fingerprint: str
    by: Employee | None


def evidence_of(case: Case) -> list[Shown]:
    rows = Evidence.objects.filter(case=case).select_related("added_by").order_by("at", "pk")
    return [
        Shown(row.at, str(EVENT_WORDS.get(row.event, "")) if row.event else "", row.text, row.event_hash[:12], row.added_by)
        for row in rows
    ]


@dataclass(frozen=True)
class Step:
    """One step that was taken: when, by whom, what, and the words."""

    at: datetime
    what: str
    who: str
    text: str = ""
    amount: int = 0
    clause: str = ""


def steps_of(case: Case) -> list[Step]:
    """What has happened in the case, oldest first."""
    steps = []
    if case.judged_at and case.about is None:
        if case.judged_by is None:
            what = _("Nobody judged the draft in time: the company investigates")
        else:
            what = _("Draft dropped") if case.state == State.DROPPED else _("Draft confirmed, notice given")
        steps.append(Step(case.judged_at, what, case.judged_by.name if case.judged_by else "", case.judgement))
    if case.judged_at and case.about is not None:
        steps.append(Step(case.judged_at, _("Opened because a draft was left lying, notice given"), ""))
    if case.replied_at:
        steps.append(Step(case.replied_at, _("Replied"), case.accused.name, case.reply))
    if case.decided_at and case.decided_by:
        what = str(Measure(case.measure).label)
        steps.append(Step(case.decided_at, what, case.decided_by.name, case.reason, case.amount, case.clause))
    if case.appealed_at:
        steps.append(Step(case.appealed_at, _("Appealed"), case.accused.name, case.appeal))
    if case.reviewed_at and case.reviewed_by:
        what = str(Verdict(case.verdict).label)
        if case.verdict == Verdict.LIGHTER:
            what = f"{what}: {Measure(case.final_measure).label}"
        amount = case.final_amount if case.verdict == Verdict.LIGHTER else 0
        steps.append(Step(case.reviewed_at, what, case.reviewed_by.name, case.review_reason, amount))
    return steps


def filtered(rows: QuerySet[Case], query: QueryDict) -> QuerySet[Case]:
    """The rows that the address asks for; what it does not know, it leaves out."""
    if (state := query.get("state", "")) in State.values:
        rows = rows.filter(state=state)
    if (measure := query.get("measure", "")) in Measure.values:
        rows = rows.filter(Q(final_measure=measure) | Q(final_measure="", measure=measure))
    if (department := query.get("department", "")).isascii() and department.isdigit() and len(department) < 18:
        rows = rows.filter(department=int(department))
    if name := legible(query.get("q", ""))[:80]:
        rows = rows.filter(Q(accused__name__icontains=name) | Q(subject=name))
    return rows


def counts_by_state(rows: QuerySet[Case]) -> list[tuple[str, str, int]]:
    """Every state with its word and how many cases are in it."""
    found = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    return [(state.value, str(state.label), found.get(state.value, 0)) for state in State]
