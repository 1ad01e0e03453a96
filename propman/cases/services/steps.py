"""The verbs of people: judge the draft, add evidence, reply, decide, appeal, decide the appeal."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.community.models import Employee
from propman.notify.services import queue_notices

from .. import notices
from ..models import Case, Evidence
from ..people import bench
from ..workflow import WITHIN, BadInput, Measure, State, Verb, Verdict, is_lighter
from .moving import cleaned, ensure_may, locked, move


@dataclass(frozen=True)
class Decision:
    """A measure; less performance pay names a sum in minor units of the company's currency and the clause of the rules."""

    measure: str
    amount: int = 0
    clause: str = ""


@transaction.atomic
def confirm_case(*, case: Case, by: Employee, at: datetime, text: str, is_serious: bool = False) -> Case:
    """The unit's head confirms the draft and says what was found; the employee gets the notice and has seven days to reply.

    Raises NotYours, MoveNotAllowed, BadInput without words.
    """
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.CONFIRM, by, at=at)
    decider = bench().decider(accused=case.accused_id, head=by.pk)
    move(
        case,
        Verb.CONFIRM,
        "case.confirmed",
        by=by,
        at=at,
        facts={"serious": is_serious},
        texts={"judgement": text},
        judged_at=at,
        judged_by=by,
        judgement=text,
        is_serious=is_serious,
        decider=decider,
    )
    queue_notices(notices.tell("opened", [case.accused], case=case.pk, due_at=at + WITHIN[State(case.state)]), at=at)
    return case


@transaction.atomic
def drop_case(*, case: Case, by: Employee, at: datetime, text: str) -> Case:
    """The unit's head drops the draft with a reason, which the company's management reads. Raises as confirm_case."""
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.DROP, by, at=at)
    return move(
        case,
        Verb.DROP,
        "case.dropped",
        by=by,
        at=at,
        texts={"judgement": text},
        judged_at=at,
        judged_by=by,
        judgement=text,
    )


@transaction.atomic
def add_evidence(*, case: Case, by: Employee, at: datetime, text: str, is_serious: bool = False) -> Case:
    """Whoever decides adds what was found before the employee has replied; the time to reply begins anew."""
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.ADD, by, at=at)
    Evidence.objects.create(case=case, at=at, text=text, added_by=by, added_at=at)
    serious = case.is_serious or is_serious
    facts = {"serious": serious}
    move(case, Verb.ADD, "case.evidence_added", by=by, at=at, facts=facts, texts={"evidence": text}, is_serious=serious)
    queue_notices(notices.tell("evidence", [case.accused], case=case.pk, due_at=at + WITHIN[State(case.state)]), at=at)
    return case


@transaction.atomic
def reply_to_case(*, case: Case, by: Employee, at: datetime, text: str) -> Case:
    """The employee answers the evidence, once. Raises MoveNotAllowed after the time is over."""
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.REPLY, by, at=at)
    move(case, Verb.REPLY, "case.replied", by=by, at=at, texts={"reply": text}, replied_at=at, reply=text)
    queue_notices(notices.tell("ready", [case.decider], case=case.pk), at=at)
    return case


@transaction.atomic
def decide_case(*, case: Case, by: Employee, at: datetime, decision: Decision, text: str) -> Case:
    """Decide with a reason, after the employee was heard; he has seven days to appeal.

    Raises BadInput for a sum without a clause, for a dismissal that was not announced as serious, or by anybody but a
    general manager.
    """
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.DECIDE, by, at=at)
    decision = _checked(decision)
    if decision.measure == Measure.DISMISSAL:
        if not case.is_serious:
            raise BadInput("measure", _("Only a case that was marked as serious before the employee replied can end so."))
        if not Membership.objects.filter(user=by.user_id, role=Role.GENERAL_MANAGER, ended_at=None).exists():
            raise BadInput("measure", _("Only the general manager can recommend a dismissal."))
    move(
        case,
        Verb.DECIDE,
        "case.decided",
        by=by,
        at=at,
        texts={"decision": _as_text(decision), "reason": text},
        decided_at=at,
        decided_by=by,
        measure=decision.measure,
        amount=decision.amount,
        clause=decision.clause,
        reason=text,
    )
    queue_notices(notices.tell("decided", [case.accused], case=case.pk, due_at=at + WITHIN[State(case.state)]), at=at)
    return case


@transaction.atomic
def appeal_decision(*, case: Case, by: Employee, at: datetime, text: str) -> Case:
    """The employee appeals with a reason; somebody who took no part decides."""
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.APPEAL, by, at=at)
    reviewer = bench().reviewer(case)
    move(
        case,
        Verb.APPEAL,
        "case.appealed",
        by=by,
        at=at,
        facts={"reviewer": reviewer.pk if reviewer else None},
        texts={"appeal": text},
        appealed_at=at,
        appeal=text,
        reviewer=reviewer,
    )
    queue_notices(notices.tell("appealed", [reviewer], case=case.pk), at=at)
    return case


@transaction.atomic
def review_appeal(*, case: Case, by: Employee, at: datetime, verdict: str, text: str, decision: Decision | None = None) -> Case:
    """Whoever took no part keeps, lightens or lifts the decision, with a reason; that is final and never graver.

    Raises BadInput for a lighter measure that is not lighter.
    """
    text = cleaned(text, field="text")
    case = locked(case)
    ensure_may(case, Verb.REVIEW, by, at=at)
    before = Decision(case.measure, case.amount, case.clause)
    match verdict:
        case Verdict.KEPT:
            final = before
        case Verdict.LIFTED:
            final = Decision(Measure.NONE)
        case Verdict.LIGHTER if decision is not None:
            # The sum was taken by a clause; a smaller one is taken by the same.
            clause = decision.clause or (before.clause if decision.measure == Measure.PAY else "")
            final = _checked(Decision(decision.measure, decision.amount, clause))
            if not is_lighter(final.measure, final.amount, before.measure, before.amount):
                raise BadInput("measure", _("Choose a lighter measure than the one decided."))
        case _:
            raise BadInput("verdict", _("Say whether the decision stands."))
    move(
        case,
        Verb.REVIEW,
        "case.reviewed",
        by=by,
        at=at,
        facts={"verdict": verdict},
        texts={"decision": _as_text(final), "reason": text},
        reviewed_at=at,
        reviewed_by=by,
        verdict=verdict,
        review_reason=text,
        closed_at=at,
        final_measure=final.measure,
        final_amount=final.amount,
    )
    queue_notices(notices.tell("closed", [case.accused, case.decider], case=case.pk), at=at)
    return case


def _checked(decision: Decision) -> Decision:
    """Raises BadInput unless the measure is whole."""
    if decision.measure not in Measure.values:
        raise BadInput("measure", _("Choose a measure."))
    if decision.measure != Measure.PAY:
        return Decision(decision.measure)
    if not 0 < decision.amount < 10**12:
        raise BadInput("amount", _("Say how much."))
    return Decision(decision.measure, decision.amount, cleaned(decision.clause, field="clause", longest=120))


def _as_text(decision: Decision) -> str:
    return json.dumps([decision.measure, decision.amount, decision.clause], ensure_ascii=False)
