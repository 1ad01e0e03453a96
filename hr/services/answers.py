import json
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.common.text import legible
from propman.community.models import Employee
from propman.notify.services import NewNotice, queue_notices
from propman.tenancy.events import record_event

from .. import notices
from ..models import SCORE_FIELDS, Appraisal, AppraisalObjection
from ..scoring import CRITERIA, HIGHEST, LOWEST
from ..selectors import Bench, barred_from, bench
from ..workflow import Answer, MoveNotAllowed, UnitState, Verdict


@transaction.atomic
def agree_to_appraisal(*, appraisal: Appraisal, by: Employee, at: datetime) -> Appraisal:
    """The employee agrees to his own row. Raises MoveNotAllowed outside his five working days or when he has answered."""
    appraisal = _row_to_answer(appraisal, by, at)
    _set_answer(appraisal, Answer.AGREED, at)
    record_event("appraisal.agreed", appraisal, by=by.user, at=at)
    return appraisal


@transaction.atomic
def object_to_appraisal(*, appraisal: Appraisal, words: str, by: Employee, at: datetime) -> AppraisalObjection:
    """The employee objects to his own row; somebody who did not score it and is not of the unit has to answer.

    Raises MoveNotAllowed outside his five working days or when he has answered, ValueError without words.
    """
    words = legible(words)
    if not words:
        raise ValueError(_("Say what you object to."))
    appraisal = _row_to_answer(appraisal, by, at)
    _set_answer(appraisal, Answer.OBJECTED, at)
    objection = AppraisalObjection.objects.create(
        quarter_id=appraisal.quarter_id,
        appraisal=appraisal,
        words=words,
        filed_at=at,
        reviewer=None,
        scores_before=list(appraisal.scores) if appraisal.is_ranked else [],
    )
    facts = {"objection": objection.pk}
    record_event("appraisal.objected", appraisal, by=by.user, at=at, facts=facts, texts={"words": objection.words})
    queue_notices(assign_reviewer(objection, bench(), at), at=at)
    return objection


def assign_reviewer(objection: AppraisalObjection, people: Bench, at: datetime) -> list[NewNotice]:
    """Find who answers; where there is nobody, HR and the general manager are asked to name somebody."""
    unit = objection.appraisal.unit
    members = set(Appraisal.objects.filter(unit=unit).values_list("employee_id", flat=True))
    reviewer = people.reviewer(unit, members)
    if reviewer is None:
        asked = [person for person in people.readers if person.pk != objection.appraisal.employee_id]
        path = notices.objection_path(objection.pk)
        return notices.tell("objection_unassigned", asked, path=path, quarter=str(objection.quarter.key))
    _give_to(objection, reviewer, by=None, at=at)
    return _notices_to_reviewer(objection)


@transaction.atomic
def appoint_reviewer(*, objection: AppraisalObjection, reviewer: Employee, by: User | None, at: datetime) -> None:
    """Give an unanswered objection to somebody else: not to the scorer, and to a colleague of the unit only in a company
    where nobody works outside it.

    Raises MoveNotAllowed when it is answered or `by` is who objected, ValueError for somebody who may not answer it.
    """
    objection = _open_objection(objection)
    row = objection.appraisal
    if by is not None and by.pk == row.employee.user_id:
        raise MoveNotAllowed(_("Nobody chooses who answers his own objection."))
    if reviewer.pk in barred_from(objection) or reviewer.left_on:
        raise ValueError(_("An objection goes to somebody who neither scored the unit nor belongs to it."))
    _give_to(objection, reviewer, by=by, at=at)
    queue_notices(_notices_to_reviewer(objection), at=at)


def _give_to(objection: AppraisalObjection, reviewer: Employee, *, by: User | None, at: datetime) -> None:
    objection.reviewer = reviewer
    objection.save(update_fields=["reviewer"])
    facts = {"objection": objection.pk, "reviewer": reviewer.pk}
    record_event("appraisal.reviewer_appointed", objection.appraisal, by=by, at=at, facts=facts)


@transaction.atomic
def answer_objection(
    *,
    objection: AppraisalObjection,
    verdict: str,
    reply: str,
    by: Employee,
    at: datetime,
    scores: Sequence[int] | None = None,
) -> AppraisalObjection:
    """The reviewer answers with a reason and keeps the scores, or changes them to the five given ones.

    Raises MoveNotAllowed when it is answered or somebody else's; ValueError without a reason, or for scores that are not
    five numbers from 1 to 5 or change nothing.
    """
    objection = _open_objection(objection)
    if objection.reviewer_id != by.pk:
        raise MoveNotAllowed(_("The objection has gone to somebody else."))
    reply = legible(reply)
    if not reply:
        raise ValueError(_("Give the reason."))
    new = _new_scores(objection, verdict, scores)
    objection.verdict, objection.reply, objection.replied_at = verdict, reply, at
    objection.save(update_fields=["verdict", "reply", "replied_at"])
    appraisal = objection.appraisal
    if new:
        for name, score in zip(SCORE_FIELDS, new, strict=True):
            setattr(appraisal, name, score)
        appraisal.save(update_fields=list(SCORE_FIELDS))
    texts = {"reply": objection.reply, "scores": json.dumps({"before": objection.scores_before, "after": list(new)})}
    record_event("appraisal.answered", appraisal, by=by.user, at=at, facts={"verdict": str(verdict)}, texts=texts)
    quarter = str(objection.quarter.key)
    told = notices.tell("answered", [appraisal.employee], path=notices.row_path(appraisal.pk), quarter=quarter)
    queue_notices(told, at=at)
    return objection


def _new_scores(objection: AppraisalObjection, verdict: str, scores: Sequence[int] | None) -> Sequence[int]:
    if verdict == Verdict.KEPT:
        return ()
    if verdict != Verdict.CHANGED:
        raise ValueError(_("Say whether the scores are kept or changed."))
    if not objection.appraisal.is_ranked:
        raise ValueError(_("There are no scores to change: the employee is not ranked."))
    if scores is None or len(scores) != CRITERIA or any(not LOWEST <= score <= HIGHEST for score in scores):
        raise ValueError(_("A score is a whole number from 1 to 5."))
    if list(scores) == objection.scores_before:
        raise ValueError(_("These are the scores as they were: change one, or keep them."))
    return scores


def _row_to_answer(appraisal: Appraisal, by: Employee, at: datetime) -> Appraisal:
    appraisal = (
        Appraisal.objects.select_for_update(of=("self",))
        .select_related("unit__quarter", "unit__department", "employee")
        .get(pk=appraisal.pk)
    )
    unit = appraisal.unit
    if appraisal.employee_id != by.pk or unit.state != UnitState.SUBMITTED:
        raise MoveNotAllowed(_("This row cannot be answered."))
    if appraisal.answer:
        raise MoveNotAllowed(_("You have answered already."))
    if unit.answers_until is None or at >= unit.answers_until or unit.quarter.is_locked:
        raise MoveNotAllowed(_("The time to answer is over."))
    return appraisal


def _set_answer(appraisal: Appraisal, answer: Answer, at: datetime) -> None:
    appraisal.answer, appraisal.answered_at = answer, at
    appraisal.save(update_fields=["answer", "answered_at"])


def _open_objection(objection: AppraisalObjection) -> AppraisalObjection:
    objection = (
        AppraisalObjection.objects.select_for_update(of=("self",))
        .select_related("appraisal__unit", "appraisal__employee", "quarter")
        .get(pk=objection.pk)
    )
    if objection.replied_at or objection.quarter.is_locked:
        raise MoveNotAllowed(_("The objection is answered already."))
    return objection


def _notices_to_reviewer(objection: AppraisalObjection) -> list[NewNotice]:
    return notices.tell(
        "objected",
        [objection.reviewer],
        path=notices.objection_path(objection.pk),
        quarter=str(objection.quarter.key),
        due_at=objection.quarter.lock_at,
    )
