"""The escalation ladder and the other moves that the clock makes.

A due timer is fired in one transaction with its event and its notice, under the lock of its complaint: whatever is
killed, no escalation is lost and none happens twice. Rows are taken with SKIP LOCKED, so workers do not wait for each
other, and everything is written for a whole batch at once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from complaints.clocks import LEVELS
from complaints.models import Complaint, Offer, Timer
from complaints.selectors.ladder import CENTRE_TAKES, Ladder
from propman.community.models import Employee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import NewEvent, record_events
from propman.tenancy.scope import company_scope, current_company_id

from .moving import wake

BATCH = 1000
BATCH_TO_WAKE = 200

# Complaints are locked, not timers: every verb locks its complaint first, so there is one order for all.
DUE_COMPLAINTS = """
    SELECT complaint.id FROM complaints_timer AS timer
    JOIN complaints_complaint AS complaint ON complaint.company_id = timer.company_id AND complaint.id = timer.complaint_id
    WHERE timer.company_id = %s AND timer.due_at <= %s AND timer.fired_at IS NULL AND timer.cancelled_at IS NULL
    ORDER BY timer.due_at LIMIT %s FOR UPDATE OF complaint SKIP LOCKED
"""

MOVE_TO_CENTRE = """
    UPDATE complaints_complaint AS complaint
    SET handler_id = %s, department_id = %s, is_with_centre = true, event_position = taken.position
    FROM unnest(%s::bigint[], %s::int[]) AS taken (id, position)
    WHERE complaint.company_id = %s AND complaint.id = taken.id
"""

ARM_NEXT = """
    INSERT INTO complaints_timer (company_id, complaint_id, epoch, clock, level, limit_seconds, due_at)
    SELECT timer.company_id, complaint_id, epoch, clock, step.following, limit_seconds,
           due_at + make_interval(secs => limit_seconds * (step.following - level) / 100.0)
    FROM complaints_timer AS timer JOIN unnest(%s::int[], %s::int[]) AS step (fired, following) ON step.fired = timer.level
    WHERE timer.company_id = %s AND timer.id = ANY(%s::bigint[])
"""


class Due(NamedTuple):
    """A due timer with what its firing needs of the complaint; lighter than the rows, as there may be thousands."""

    timer_id: int
    clock: str
    level: int
    due_at: datetime
    complaint_id: int
    number: str | None
    state: str
    is_with_centre: bool
    handler_id: int | None
    department_id: int | None
    title: str | None


DUE_FIELDS = (
    "pk", "clock", "level", "due_at", "complaint_id", "complaint__number", "complaint__state", "complaint__is_with_centre",
    "complaint__handler_id", "complaint__department_id", "complaint__words__title",
)  # fmt: skip


def companies_with_due_timers(at: datetime) -> list[int]:
    """The companies that have something to escalate; costs the same however many timers are pending."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_companies_with_due_timers(%s)", [at])
        return [row[0] for row in cursor.fetchall()]


def fire_due_timers(at: datetime) -> int:
    """Fire every timer of every company that is due at that moment; returns how many."""
    return sum(fire_timers_of(company_id, at) for company_id in companies_with_due_timers(at))


def fire_timers_of(company_id: int, at: datetime) -> int:
    """The same for one company: a simulated town lives in a time of its own."""
    fired = 0
    while batch := _fire_batch(company_id, at):
        fired += batch
    return fired


def _fire_batch(company_id: int, at: datetime) -> int:
    with company_scope(company_id):
        with connection.cursor() as cursor:
            cursor.execute(DUE_COMPLAINTS, [company_id, at, BATCH])
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        timers = Timer.objects.filter(complaint__in=set(ids), due_at__lte=at, fired_at=None, cancelled_at=None)
        due = [Due(*row) for row in timers.order_by("due_at", "pk").values_list(*DUE_FIELDS)]
        _fire(due, at=at)
        return len(due)


def _fire(due: Sequence[Due], *, at: datetime) -> None:
    """Tell the named person of each timer's level, let the centre take over at 150 %, and arm the next level.

    The caller holds the locks of the timers' complaints; all of them belong to the current company.
    """
    ladder = Ladder.at(at, handlers={one.handler_id for one in due}, departments={one.department_id for one in due})
    people = {
        one.timer_id: ladder.person(one.level, state=one.state, handler_id=one.handler_id, department_id=one.department_id)
        for one in due
    }
    taking = ladder.of_centre or ladder.general_manager
    events, taken = [], set()
    for one in due:
        person = people[one.timer_id]
        facts: dict[str, object] = {
            "clock": one.clock,
            "level": one.level,
            "due_at": one.due_at.isoformat(),
            "to": person.pk if person else None,
        }
        if one.level == CENTRE_TAKES and taking and not one.is_with_centre and one.complaint_id not in taken:
            taken.add(one.complaint_id)
            facts |= {"handler": taking.pk, "before": one.handler_id}
        events.append(NewEvent(f"complaint:{one.complaint_id}", "complaint.escalated", facts))
    recorded = record_events(events, by=None, at=at)

    if taken and taking:
        # The last event of each chain carries the move: positions only rise.
        positions = {one.complaint_id: event.position for one, event in zip(due, recorded, strict=True)}
        Offer.objects.filter(complaint__in=taken, closed_at=None).update(closed_at=at, outcome=Offer.Outcome.LAPSED)
        with connection.cursor() as cursor:
            ids = sorted(taken)
            cursor.execute(
                MOVE_TO_CENTRE,
                [taking.pk, taking.department_id, ids, [positions[pk] for pk in ids], current_company_id()],
            )
    _queue_notices(due, people, at=at)
    timer_ids = [one.timer_id for one in due]
    Timer.objects.filter(pk__in=timer_ids).update(fired_at=at)
    _arm_next(timer_ids)


def _queue_notices(due: Iterable[Due], people: dict[int, Employee | None], *, at: datetime) -> None:
    queue_notices(
        [
            NewNotice(
                event=f"complaint.escalated_{one.level}",
                user_id=person.user_id,
                words={"number": one.number or "", "title": one.title or "", "clock": one.clock},
                path=f"/complaints/{one.number}/",
            )
            for one in due
            if (person := people[one.timer_id]) is not None and person.user_id
        ],
        at=at,
    )


def _arm_next(timer_ids: Sequence[int]) -> None:
    """The next level of each fired clock: due when its share of the same limit has run out."""
    with connection.cursor() as cursor:
        cursor.execute(ARM_NEXT, [list(LEVELS[:-1]), list(LEVELS[1:]), current_company_id(), list(timer_ids)])


def wake_complaints(at: datetime) -> int:
    """What time itself moves: waiting and deferred come back, silence closes what was resolved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_companies_to_wake(%s)", [at])
        companies = [row[0] for row in cursor.fetchall()]
    return sum(wake_complaints_of(company_id, at) for company_id in companies)


def wake_complaints_of(company_id: int, at: datetime) -> int:
    """The same for one company."""
    woken = 0
    while batch := _wake_batch(company_id, at):
        woken += batch
    return woken


def _wake_batch(company_id: int, at: datetime) -> int:
    with company_scope(company_id):
        sleeping = list(
            Complaint.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("handler", "words", "policy")
            .filter(wakes_at__lte=at)
            .order_by("wakes_at", "pk")[:BATCH_TO_WAKE]
        )
        for complaint in sleeping:
            wake(complaint, at=at)
        return len(sleeping)


def overdue_timers(*, before: datetime) -> int:
    """How many timers of all companies were due before that moment and have not fired: the auditor's question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_overdue_timers(%s)", [before])
        return int(cursor.fetchone()[0])
