import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.community.models import Employee
from propman.notify.services import queue_notices
from propman.tenancy.events import record_event
from propman.tenancy.models import Company

from .. import notices
from ..models import SCORE_FIELDS, Appraisal, AppraisalUnit
from ..scoring import CRITERIA, HIGHEST, LOWEST
from ..selectors import Gap, gaps_of, rows_of
from ..workflow import ANSWER_DAYS, MoveNotAllowed, UnitState, end_of_working_day, ensure_allowed


@dataclass(frozen=True)
class RowScores:
    """What the scorer put into one row; None is a criterion not scored yet."""

    scores: tuple[int | None, ...]
    fact: str = ""


class SheetIncomplete(ValueError):
    """Scores or facts are missing; `gaps` names each."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        super().__init__(_("%(count)d things are missing.") % {"count": len(gaps)})
        self.gaps = list(gaps)


@transaction.atomic
def save_sheet(*, unit: AppraisalUnit, rows: Mapping[int, RowScores], by: Employee) -> list[Appraisal]:
    """Keep the draft: scores and facts by row id; rows that are not given stay as they are. Returns all rows of the unit.

    Raises MoveNotAllowed once the sheet is submitted or has gone to somebody else; ValueError for a score that is not 1 to
    5, or for a row that is not ranked or not of this unit.
    """
    unit = _open_unit(unit, by)
    appraisals = {row.pk: row for row in rows_of(unit)}
    for key, given in rows.items():
        row = appraisals.get(key)
        if row is None or not row.is_ranked:
            raise ValueError(_("There is no such row on this sheet."))
        if len(given.scores) != CRITERIA or any(score is not None and not LOWEST <= score <= HIGHEST for score in given.scores):
            raise ValueError(_("A score is a whole number from 1 to 5."))
        for name, score in zip(SCORE_FIELDS, given.scores, strict=True):
            setattr(row, name, score)
        row.fact = " ".join(given.fact.split())
    Appraisal.objects.bulk_update([appraisals[key] for key in rows], [*SCORE_FIELDS, "fact"], batch_size=500)
    return rows_of(unit)


@transaction.atomic
def submit_sheet(*, unit: AppraisalUnit, by: Employee, at: datetime) -> AppraisalUnit:
    """Submit the sheet once and for all: every employee of the unit now sees his own row and can answer it.

    Raises SheetIncomplete while a score or a fact is missing, MoveNotAllowed when it is submitted already or has gone to
    somebody else.
    """
    unit = _open_unit(unit, by)
    rows = rows_of(unit)
    if gaps := gaps_of(rows):
        raise SheetIncomplete(gaps)
    hand_to_employees(unit, rows, by=by.user, at=at)
    return unit


def hand_to_employees(unit: AppraisalUnit, rows: Sequence[Appraisal], *, by: User | None, at: datetime) -> None:
    """The unit's employees see their rows and have five working days to answer."""
    ensure_allowed(unit.state, UnitState.SUBMITTED)
    zone = Company.objects.get(pk=unit.company_id).timezone
    unit.state, unit.submitted_at = UnitState.SUBMITTED, at
    unit.answers_until = end_of_working_day(at.astimezone(zone).date(), ANSWER_DAYS, zone)
    unit.save(update_fields=["state", "submitted_at", "answers_until"])
    scores = json.dumps({str(row.pk): list(row.scores) for row in rows if row.is_ranked})
    record_event("appraisal_unit.submitted", unit, by=by, at=at, facts={"scorer": unit.scorer_id}, texts={"scores": scores})
    told = [
        notice
        for row in rows
        for notice in notices.tell(
            "submitted",
            [row.employee],
            path=notices.row_path(row.pk),
            quarter=str(unit.quarter.key),
            until_at=unit.answers_until,
        )
    ]
    queue_notices(told, at=at)


def _open_unit(unit: AppraisalUnit, by: Employee) -> AppraisalUnit:
    unit = AppraisalUnit.objects.select_for_update(of=("self",)).select_related("quarter", "department").get(pk=unit.pk)
    ensure_allowed(unit.state, UnitState.SUBMITTED)
    if unit.scorer_id != by.pk:
        raise MoveNotAllowed(_("The sheet has gone to somebody else."))
    return unit
