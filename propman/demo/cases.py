"""Cases of a town: drafted from the month's breaches, then each day whoever's turn it is acts, or lets the time run out.

Who does what follows from the town's seed and what the case was drafted from, never from ids of the database.
"""

from datetime import date, datetime, timedelta
from random import Random

from complaints.services.breaches import draft_from_breaches
from propman.cases import services
from propman.cases.models import Case
from propman.cases.services.clock import advance_cases_of
from propman.cases.workflow import UNFINISHED, Measure, State, Verdict

from .town import Town, next_month

CONFIRMED = "I spoke with both; the log shows it. 已与双方谈话，日志可以证明。"
DROPPED = "The counter was closed by the fire drill. 当时消防演练，前台暂停服务。"
REPLY = "I was alone and two lifts stood still. 当时只有我一人，两部电梯停运。"
REASON = "The rota shows enough people; the asker was left waiting. 排班人数足够，诉求人仍被搁置。"
APPEAL = "The rota was changed on that day. 当天排班已变更。"
REVIEWED = "I compared rota and log. 已核对排班与日志。"
CLAUSE = "4.2"
MEASURES = (Measure.WARNING, Measure.WARNING, Measure.NONE, Measure.PAY)


def live_month(town: Town, month: date) -> None:
    """Every morning of the month: what was drafted since yesterday, what the clock moves, and what people do."""
    before = town.at(month)
    end = min(town.at(next_month(month)), town.until)
    for day in range(31):
        at = town.at(month + timedelta(days=day), 10)
        if at > end:
            break
        town.made["cases"] += len(draft_from_breaches(since=before - timedelta(days=1), until=at))
        advance_cases_of(town.company.pk, at)
        act(town, at)
        before = at


def act(town: Town, at: datetime) -> None:
    related = ("accused", "head", "decider", "reviewer")
    for case in Case.objects.filter(state__in=UNFINISHED).select_related(*related).order_by("drafted_at", "origin"):
        habit = Random(f"{town.seed}:{case.subject}:{case.source}:{case.state}")  # noqa: S311 - a town is no secret
        if case.due_at is None or case.due_at <= at or at < entered(case) + timedelta(days=habit.choice((1, 1, 2, 4))):
            continue
        take_step(town, case, habit, at)


def entered(case: Case) -> datetime:
    """Since when the case is in its state."""
    moments = (case.drafted_at, case.judged_at, case.replied_at, case.decided_at, case.appealed_at)
    return max(moment for moment in moments if moment)


def take_step(town: Town, case: Case, habit: Random, at: datetime) -> None:
    """The step of whoever's turn it is; some say nothing."""
    chance = habit.random()
    match State(case.state):
        case State.DRAFTED if case.head and chance < 0.6:
            services.confirm_case(case=case, by=case.head, at=at, text=CONFIRMED, is_serious=chance < 0.05)
        case State.DRAFTED if case.head and chance < 0.9:
            services.drop_case(case=case, by=case.head, at=at, text=DROPPED)
        case State.OPENED if chance < 0.8:
            services.reply_to_case(case=case, by=case.accused, at=at, text=REPLY)
        case State.READY if case.decider:
            services.decide_case(case=case, by=case.decider, at=at, decision=decision_by(habit), text=REASON)
            town.made["decisions"] += 1
        case State.DECIDED if chance < 0.3 and case.measure != Measure.NONE:
            services.appeal_decision(case=case, by=case.accused, at=at, text=APPEAL)
        case State.APPEALED if case.reviewer:
            verdict = Verdict.LIFTED if chance < 0.3 else Verdict.KEPT
            services.review_appeal(case=case, by=case.reviewer, at=at, verdict=verdict, text=REVIEWED)


def decision_by(habit: Random) -> services.Decision:
    measure = habit.choice(MEASURES)
    return services.Decision(measure, 20000, CLAUSE) if measure == Measure.PAY else services.Decision(measure)
