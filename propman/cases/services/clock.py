"""What time itself moves: drafts that nobody judged, replies that did not come, decisions that stand, reminders."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from django.db import connection

from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import NewEvent, record_events
from propman.tenancy.scope import company_scope

from .. import notices
from ..models import Case
from ..people import Bench, bench
from ..workflow import ALLOWED_MOVES, REMIND_AFTER, WHEN_OVER, WITHIN, State, Verb
from .drafting import open_second_cases

BATCH = 500
EVENTS = {Verb.LAPSE: "case.lapsed", Verb.MISS: "case.not_replied", Verb.REST: "case.rested"}


def advance_cases(at: datetime) -> int:
    """Move every case of every company whose time is over; returns how many. Doing it twice changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT cases_companies_with_due_cases(%s)", [at])
        companies = [row[0] for row in cursor.fetchall()]
    return sum(advance_cases_of(company_id, at) for company_id in companies)


def advance_cases_of(company_id: int, at: datetime) -> int:
    """The same for one company: a simulated town lives in a time of its own."""
    moved = 0
    while batch := _advance_batch(company_id, at):
        moved += batch
    return moved


def _advance_batch(company_id: int, at: datetime) -> int:
    """Some hundred at once, in one transaction; workers do not wait for each other."""
    with company_scope(company_id):
        due = list(
            Case.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("accused", "department__head", "head__department", "decider", "reviewer", "about")
            .filter(due_at__lte=at)
            .order_by("due_at", "pk")[:BATCH]
        )
        if not due:
            return 0
        people = bench()
        by_state: dict[State, list[Case]] = {}
        for case in due:
            by_state.setdefault(State(case.state), []).append(case)
        for state, act in ACTS.items():
            if state in by_state:
                act(by_state[state], people, at)
        return len(due)


def _lapse(cases: Sequence[Case], people: Bench, at: datetime) -> None:
    """Nobody judged the draft: the company investigates, and the head answers for it in a case of his own."""
    open_second_cases(cases, at=at)
    told: list[NewNotice] = []
    for case in cases:
        case.decider = people.decider(accused=case.accused_id, head=case.head_id)
        case.judged_at = at
        told += notices.tell("opened", [case.accused], case=case.pk, due_at=at + WITHIN[State.OPENED])
        told += notices.tell("lapsed", [case.decider], case=case.pk)
    _move(cases, Verb.LAPSE, at, "judged_at", "decider")
    queue_notices(told, at=at)


def _miss(cases: Sequence[Case], people: Bench, at: datetime) -> None:
    _move(cases, Verb.MISS, at)
    _tell("ready", ((case, case.decider) for case in cases), at)


def _rest(cases: Sequence[Case], people: Bench, at: datetime) -> None:
    for case in cases:
        case.closed_at, case.final_measure, case.final_amount = case.due_at, case.measure, case.amount
    _move(cases, Verb.REST, at, "closed_at", "final_measure", "final_amount")
    _tell("closed", ((case, case.accused) for case in cases), at)


def _remind(cases: Sequence[Case], people: Bench, at: datetime) -> None:
    """Who has to decide is reminded; where there is nobody any more, somebody is found."""
    asked = []
    for case in cases:
        if case.state == State.READY:
            if case.decider is None or case.decider.left_on:
                case.decider = people.decider(accused=case.accused_id, head=case.head_id)
            asked.append((case, case.decider))
        else:
            if case.reviewer is None or case.reviewer.left_on:
                case.reviewer = people.reviewer(case)
            asked.append((case, case.reviewer))
        case.due_at = at + REMIND_AFTER
    Case.objects.bulk_update(cases, ["decider", "reviewer", "due_at"], batch_size=BATCH)
    _tell("waits", asked, at)


def _move(cases: Sequence[Case], verb: Verb, at: datetime, *columns: str) -> None:
    """The events of all cases, then their states with them."""
    state = ALLOWED_MOVES[verb][1]
    facts = [{"state": state, "due_at": case.due_at.isoformat() if case.due_at else None} for case in cases]
    news = [NewEvent(f"case:{case.pk}", EVENTS[verb], fact) for case, fact in zip(cases, facts, strict=True)]
    for case, event in zip(cases, record_events(news, by=None, at=at), strict=True):
        case.state, case.event_position = state, event.position
        case.due_at = at + WITHIN[state] if state in WITHIN else None
    Case.objects.bulk_update(cases, ["state", "event_position", "due_at", *columns], batch_size=BATCH)


def _tell(event: str, asked: Iterable[tuple[Case, object]], at: datetime) -> None:
    told: list[NewNotice] = []
    for case, person in asked:
        told += notices.tell(event, [person], case=case.pk)  # type: ignore[list-item]
    queue_notices(told, at=at)


ACTS: dict[State, Callable[[Sequence[Case], Bench, datetime], None]] = {
    State.DRAFTED: _lapse,
    State.OPENED: _miss,
    State.DECIDED: _rest,
    State.READY: _remind,
    State.APPEALED: _remind,
}
assert set(ACTS) == set(WITHIN) | {State.DRAFTED}
assert set(EVENTS) == set(WHEN_OVER.values())
