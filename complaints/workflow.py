"""What can happen to a complaint, on one page: states, verbs, moves, and the words for what is refused.

Pure Python: no database, no request. The table is rulebook section 1.7.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.cases.workflow import Ground


class State(TextChoices):
    RECEIVED = "received", _("Received")
    ACCEPTED = "accepted", _("Accepted")
    WAITING = "waiting", _("Waiting for the asker")
    DEFERRED = "deferred", _("Deferred")
    RESOLVED = "resolved", pgettext_lazy("complaint", "Put right")
    CLOSED = "closed", _("Closed")
    MERGED = "merged", _("Merged")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# Somebody of the company still has to do something. A resolved complaint waits for the asker's word.
OPEN = frozenset({State.RECEIVED, State.ACCEPTED, State.WAITING, State.DEFERRED})
UNFINISHED = OPEN | {State.RESOLVED}
FINAL = frozenset({State.CLOSED, State.MERGED, State.WITHDRAWN})


class Verb(TextChoices):
    ACCEPT = "accept", _("Accept")
    HAND_OVER = "hand_over", _("Hand over")
    TAKE = "take", _("Take")
    REFUSE = "refuse", _("Refuse")
    ANSWER = "answer", _("Answer")
    REPLY = "reply", _("Reply")
    NOTE = "note", _("Internal note")
    WAIT = "wait", _("Wait for the asker")
    DEFER = "defer", _("Defer")
    RESUME = "resume", _("Resume")
    RESOLVE = "resolve", _("Resolve")
    CONFIRM = "confirm", _("It is fixed")
    CLOSE = "close", _("Close")
    HALF_FIX = "half_fix", _("Half fixed")
    REOPEN = "reopen", _("Not fixed")
    URGE = "urge", _("Urge")
    RATE = "rate", _("Rate")
    MERGE = "merge", _("Merge")
    WITHDRAW = "withdraw", _("Withdraw")
    RECATEGORISE = "recategorise", _("Change the category")
    LENGTHEN = "lengthen", _("Allow more time")
    CORRECT = "correct", _("Correct")
    TAKE_OVER = "take_over", _("Take over")
    SKIP = "skip", _("Skip")
    TELL = "tell", _("Were you helped?")
    CALL_BACK = "call_back", _("Call back")
    ORDER_WORK = "order_work", _("Order work")


# Whether somebody was helped, and if not, which breach he met with.
HELPED = [
    ("yes", _("Yes, somebody helped")),
    (Ground.INDIFFERENT.value, _("No: perfunctory, nobody listened")),
    (Ground.NO_GUIDANCE.value, _("No: nobody said who can solve it")),
    (Ground.DECEIVED.value, _("No: fobbed off, it stayed unsolved")),
]


# verb: (from which states, to which state; None keeps the state)
ALLOWED_MOVES: dict[Verb, tuple[frozenset[State], State | None]] = {
    Verb.ACCEPT: (frozenset({State.RECEIVED}), State.ACCEPTED),
    Verb.HAND_OVER: (frozenset({State.ACCEPTED}), None),
    Verb.TAKE: (frozenset({State.ACCEPTED}), None),
    Verb.REFUSE: (frozenset({State.ACCEPTED}), None),
    Verb.ANSWER: (OPEN, State.ACCEPTED),
    Verb.REPLY: (UNFINISHED, None),
    Verb.NOTE: (frozenset(State), None),
    Verb.WAIT: (frozenset({State.ACCEPTED}), State.WAITING),
    Verb.DEFER: (frozenset({State.ACCEPTED}), State.DEFERRED),
    Verb.RESUME: (frozenset({State.WAITING, State.DEFERRED}), State.ACCEPTED),
    Verb.RESOLVE: (frozenset({State.ACCEPTED, State.WAITING, State.DEFERRED}), State.RESOLVED),
    Verb.CONFIRM: (frozenset({State.RESOLVED}), State.CLOSED),
    Verb.CLOSE: (frozenset({State.RESOLVED}), State.CLOSED),
    Verb.HALF_FIX: (frozenset({State.RESOLVED, State.CLOSED}), State.ACCEPTED),
    Verb.REOPEN: (frozenset({State.RESOLVED, State.CLOSED}), State.ACCEPTED),
    Verb.URGE: (OPEN, None),
    Verb.RATE: (frozenset({State.RESOLVED, State.CLOSED}), None),
    Verb.MERGE: (OPEN, State.MERGED),
    Verb.WITHDRAW: (OPEN, State.WITHDRAWN),
    Verb.RECATEGORISE: (OPEN, None),
    Verb.LENGTHEN: (OPEN, None),
    Verb.CORRECT: (frozenset(State), None),
    Verb.TAKE_OVER: (OPEN, None),
    Verb.SKIP: (frozenset({State.RECEIVED}), None),
    Verb.TELL: (frozenset(State), None),
    Verb.CALL_BACK: (frozenset(State), None),
    Verb.ORDER_WORK: (OPEN, None),
}


class Refused(Exception):
    """A verb that cannot be carried out; the text says why, for the person who tried."""


class MoveNotAllowed(Refused):
    """The complaint is not in a state from which the verb leads anywhere: often somebody else was first."""


class NotYours(Refused):
    """The verb belongs to somebody else: the handler, the receiver of the offer, the centre or the asker."""


class TooLate(Refused):
    """The time in which the verb was possible is over."""


class BadInput(Refused):
    """Something is missing or wrong in what was typed; `field` names it."""

    def __init__(self, field: str, message: object) -> None:
        super().__init__(message)
        self.field = field


def is_allowed(state: str, verb: Verb) -> bool:
    return state in ALLOWED_MOVES[verb][0]


def ensure_allowed(state: str, verb: Verb) -> None:
    """Raises MoveNotAllowed unless the verb leads somewhere from this state."""
    if not is_allowed(state, verb):
        raise MoveNotAllowed(
            _("“%(verb)s” is not possible: the complaint is now “%(state)s”.")
            % {"verb": verb.label, "state": State(state).label}
        )


def next_state(state: str, verb: Verb) -> str:
    """The state after the verb. Raises MoveNotAllowed."""
    ensure_allowed(state, verb)
    return ALLOWED_MOVES[verb][1] or state
