from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction

from propman.community.models import Employee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import NewEvent, record_events, stream_of
from propman.tenancy.models import Company

from .. import notices
from ..models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalUnit
from ..selectors import Bench, bench
from ..workflow import DEPUTY_DAYS, REMINDERS, Stage, UnitState, end_of_working_day
from .answers import assign_reviewer
from .lock import QuarterNotReady, lock_quarter

STAGES = list(Stage)


@transaction.atomic
def advance_quarter(*, quarter: AppraisalQuarter, at: datetime) -> AppraisalQuarter:
    """Do what has fallen due: remind scorers, pass late sheets on, remind reviewers, lock. Doing it twice changes nothing."""
    quarter = AppraisalQuarter.objects.select_for_update(of=("self",)).get(pk=quarter.pk)
    if quarter.is_locked or quarter.next_due_at is None or quarter.next_due_at > at:
        return quarter
    units = list(
        AppraisalUnit.objects.select_for_update(of=("self",))
        .filter(quarter=quarter, state=UnitState.OPEN)
        .select_related("quarter", "department__head", "scorer")
        .order_by("pk")
    )
    _move_sheets(units, at)
    if at >= quarter.lock_at:
        try:
            return lock_quarter(quarter=quarter, at=at)
        except QuarterNotReady as waiting:
            _remind_reviewers(quarter, at)
            quarter.next_due_at = max(min(waiting.until, at + timedelta(days=1)), at + timedelta(minutes=1))
    else:
        quarter.next_due_at = min([quarter.lock_at, *(_next_look(unit) for unit in units if unit.state == UnitState.OPEN)])
    quarter.save(update_fields=["next_due_at"])
    return quarter


def _next_look(unit: AppraisalUnit) -> datetime:
    """When the next reminder or the deadline of the unit's present scorer falls due."""
    return unit.due_at if unit.reminders >= len(REMINDERS) else unit.due_at - REMINDERS[unit.reminders]


def _move_sheets(units: list[AppraisalUnit], at: datetime) -> None:
    due = [unit for unit in units if _next_look(unit) <= at]
    if not due:
        return
    people = bench()
    members: dict[int, set[int]] = defaultdict(set)
    for unit_id, employee_id in Appraisal.objects.filter(unit__in=due).values_list("unit_id", "employee_id"):
        members[unit_id].add(employee_id)
    events: list[NewEvent] = []
    told: list[NewNotice] = []
    for unit in due:
        if unit.due_at <= at:
            _pass_on(unit, people, members[unit.pk], at, events, told)
        else:
            unit.reminders = sum(unit.due_at - before <= at for before in REMINDERS)
            told += _tell("reminded", unit, unit.scorer)
    AppraisalUnit.objects.bulk_update(due, ["scorer", "stage", "state", "due_at", "reminders"], batch_size=500)
    record_events(events, by=None, at=at)
    queue_notices(told, at=at)


def _pass_on(
    unit: AppraisalUnit, people: Bench, members: set[int], at: datetime, events: list[NewEvent], told: list[NewNotice]
) -> None:
    late = unit.scorer
    for stage in STAGES[STAGES.index(Stage(unit.stage)) + 1 :]:
        scorer = people.scorer(stage, unit, members)
        if scorer is not None and scorer.pk != unit.scorer_id:
            zone = Company.objects.get(pk=unit.company_id).timezone
            unit.stage, unit.scorer = stage, scorer
            unit.due_at = end_of_working_day(at.astimezone(zone).date(), DEPUTY_DAYS, zone)
            unit.reminders = 1  # the notice of taking over is the first
            events.append(NewEvent(stream_of(unit), "appraisal_unit.passed_on", {"stage": stage.value, "scorer": scorer.pk}))
            told += _tell("passed_on", unit, scorer) + _tell("taken_away", unit, late)
            return
    unit.state = UnitState.MISSED
    events.append(NewEvent(stream_of(unit), "appraisal_unit.missed", {"scorer": unit.scorer_id}))
    for person in people.readers:
        told += _tell("missed", unit, person)


def _tell(event: str, unit: AppraisalUnit, person: Employee | None) -> list[NewNotice]:
    return notices.tell(
        event,
        [person],
        path=notices.sheet_path(unit.pk) if event != "missed" else "/hr/board/",
        quarter=str(unit.quarter.key),
        unit=unit.name,
        due_at=unit.due_at,
    )


def _remind_reviewers(quarter: AppraisalQuarter, at: datetime) -> None:
    """Objections without anybody to answer them find somebody, the others remind; managers see what holds the lock."""
    waiting = list(
        AppraisalObjection.objects.select_for_update(of=("self",))
        .filter(quarter=quarter, replied_at=None)
        .select_related("quarter", "reviewer", "appraisal__unit__department")
        .order_by("pk")
    )
    if not waiting:
        return
    people = bench()
    told: list[NewNotice] = []
    for objection in waiting:
        if objection.reviewer is None or objection.reviewer.left_on:
            told += assign_reviewer(objection, people, at)
        else:
            path = notices.objection_path(objection.pk)
            told += notices.tell("objection_waits", [objection.reviewer], path=path, quarter=str(quarter.key))
    told += notices.tell(
        "lock_waits",
        people.readers,
        path=f"/hr/board/?quarter={quarter.key}",
        quarter=str(quarter.key),
        objections=len(waiting),
    )
    queue_notices(told, at=at)
