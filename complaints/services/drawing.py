"""Call-backs drawn at random: which closings the centre calls back, how often it tried, and what came of it.

The draw of a day can neither be foreseen nor repeated. Its seed is an HMAC, with the portal's secret, of the day's head, which
nobody knows before the day is over; each closing's ticket is SHA-256(seed, number), and the smallest tickets are drawn. The
hash of the seed is published with the head at once, the seed itself two weeks later: then everybody who knows the numbers can
draw again, while no office could see meanwhile which of its closings would be called.
"""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from complaints.models import CallBack, CallBackDraw, Complaint, DailyHead
from complaints.selectors.counting import counting_policy
from complaints.workflow import MoveNotAllowed, State
from propman.accounts.models import User
from propman.community.models import Employee
from propman.tenancy.events import NewEvent, record_event, record_events
from propman.tenancy.models import Company

from .centre import ensure_centre
from .escalation import wake_complaints_of
from .sealing import day_ends_at

MOST_ATTEMPTS = 3
GIVE_UP_AFTER = timedelta(days=14)


def seed_of(company: Company, head: DailyHead) -> str:
    """The seed of the day's draw: the same whenever it is asked for, known to nobody without the portal's secret."""
    return salted_hmac("complaints.call_backs", f"{company.pk} {head.day} {head.hash}", algorithm="sha256").hexdigest()


def commitment_of(seed: str) -> str:
    return hashlib.sha256(seed.encode()).hexdigest()


def drawn_numbers(seed: str, numbers: list[str], percent: int) -> list[str]:
    """The numbers with the smallest tickets: so many per cent of them, rounded up."""
    tickets = sorted(numbers, key=lambda number: hashlib.sha256(f"{seed} {number}".encode()).hexdigest())
    return tickets[: -(-len(numbers) * percent // 100)]


@transaction.atomic
def draw_call_backs(*, company: Company, head: DailyHead, at: datetime) -> CallBackDraw:
    """Draw from everything that was closed or withdrawn on the day of the head; a second time changes nothing."""
    if drawn := CallBackDraw.objects.filter(head=head).first():
        return drawn
    wake_complaints_of(company.pk, at)  # silence that is over has closed what it closes
    begins_at = day_ends_at(company, head.day - timedelta(days=1))
    closed = Complaint.objects.filter(
        closed_at__gte=begins_at,
        closed_at__lt=day_ends_at(company, head.day),
        state__in=[State.CLOSED, State.WITHDRAWN],
        is_imported=False,
    )
    numbers = dict(closed.order_by("number").values_list("number", "pk"))
    seed, percent = seed_of(company, head), counting_policy().call_back_percent
    chosen = [numbers[number] for number in drawn_numbers(seed, list(numbers), percent)]
    draw: CallBackDraw = CallBackDraw.objects.create(
        head=head,
        drawn_at=at,
        percent=percent,
        closings=list(numbers.values()),
        seed=seed,
        commitment=commitment_of(seed),
    )
    CallBack.objects.bulk_create(CallBack(company_id=company.pk, draw=draw, complaint_id=pk) for pk in chosen)
    record_event("call_backs.drawn", draw, by=None, at=at, facts=draw_facts(draw, sorted(chosen)))
    return draw


def draw_facts(draw: CallBackDraw, chosen: list[int]) -> dict[str, object]:
    """What the event of a draw says."""
    return {
        "head": draw.head_id,
        "percent": draw.percent,
        "closings": draw.closings,
        "drawn": chosen,
        "commitment": draw.commitment,
    }


@transaction.atomic
def record_not_reached(*, call_back: CallBack, by: Employee, at: datetime) -> CallBack:
    """Nobody answered; after three attempts the call-back ends so, and says so in the office's figures.

    Raises NotYours, and MoveNotAllowed when it was done meanwhile.
    """
    ensure_centre(by)
    call_back = CallBack.objects.select_for_update().get(pk=call_back.pk)
    if call_back.outcome:
        raise MoveNotAllowed(CallBack.Outcome(call_back.outcome).label)
    attempts = call_back.attempts + 1
    outcome = CallBack.Outcome.UNREACHED if attempts >= MOST_ATTEMPTS else ""
    return _moved(call_back, "call_back.not_reached", attempts=attempts, outcome=outcome, by=by.user, at=at)


def finish_call_backs(complaint: Complaint, *, is_verified: bool, by: User | None, at: datetime) -> None:
    """What the asker said ends the call-back that was drawn for the complaint, if there is one."""
    outcome = CallBack.Outcome.VERIFIED if is_verified else CallBack.Outcome.REFUTED
    for one in CallBack.objects.select_for_update().filter(complaint=complaint, outcome="").order_by("pk"):
        _moved(one, "call_back.answered", attempts=one.attempts + 1, outcome=outcome, by=by, at=at)


def _moved(call_back: CallBack, name: str, *, attempts: int, outcome: str, by: User | None, at: datetime) -> CallBack:
    called_at = at if outcome else None
    facts = {"attempts": attempts, "outcome": outcome, "called_at": called_at.isoformat() if called_at else None}
    event = record_event(name, call_back, by=by, at=at, facts=facts)
    call_back.attempts, call_back.outcome, call_back.called_at = attempts, outcome, called_at
    call_back.event_position = event.position
    call_back.save(update_fields=["attempts", "outcome", "called_at", "event_position"])
    return call_back


@transaction.atomic
def give_up_call_backs(*, at: datetime) -> int:
    """What was drawn two weeks ago and never reached ends as not reached; returns how many."""
    late = list(
        CallBack.objects.select_for_update(of=("self",))
        .filter(outcome="", draw__drawn_at__lt=at - GIVE_UP_AFTER)
        .order_by("pk")
    )
    outcome = CallBack.Outcome.UNREACHED
    news = [
        NewEvent(
            f"callback:{one.pk}",
            "call_back.given_up",
            {"attempts": one.attempts, "outcome": outcome.value, "called_at": at.isoformat()},
        )
        for one in late
    ]
    for one, event in zip(late, record_events(news, by=None, at=at), strict=True):
        one.outcome, one.called_at, one.event_position = outcome, at, event.position
        one.save(update_fields=["outcome", "called_at", "event_position"])
    return len(late)
