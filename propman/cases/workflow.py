"""What can happen in a case against an employee, on one page: states, verbs, moves, who, and the times.

Pure Python: no database, no request. The rules are those of rulebook sections 1.9, 1.10 and 2.5.
"""

from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

JUDGE_DAYS = 3  # the unit's head confirms or drops the draft; the company may set another time
REPLY_WITHIN = timedelta(days=7)  # the employee answers the evidence
APPEAL_WITHIN = timedelta(days=7)  # the employee appeals against the decision
REMIND_AFTER = timedelta(days=7)  # whoever has to decide is reminded, again and again


class State(TextChoices):
    DRAFTED = "drafted", pgettext_lazy("case", "Draft")
    DROPPED = "dropped", pgettext_lazy("case", "Dropped")
    OPENED = "opened", _("With the employee")
    READY = "ready", _("To be decided")
    DECIDED = "decided", pgettext_lazy("case", "Decided")
    APPEALED = "appealed", _("Appealed")
    CLOSED = "closed", pgettext_lazy("case", "Final")


UNFINISHED = frozenset(State) - {State.DROPPED, State.CLOSED}


class Verb(TextChoices):
    CONFIRM = "confirm", pgettext_lazy("case", "Confirm the draft")
    DROP = "drop", _("Drop the draft")
    LAPSE = "lapse", _("Let the draft pass to the company")
    ADD = "add", _("Add evidence")
    REPLY = "reply", pgettext_lazy("case", "Reply")
    MISS = "miss", _("Go on without a reply")
    DECIDE = "decide", _("Decide")
    APPEAL = "appeal", _("Appeal")
    REVIEW = "review", _("Decide the appeal")
    REST = "rest", _("Let the decision stand")


class Part(TextChoices):
    """The part that somebody has in a case."""

    HEAD = "head", _("Head of the unit")
    ACCUSED = "accused", _("Employee")
    DECIDER = "decider", _("Decides")
    REVIEWER = "reviewer", _("Decides the appeal")
    CLOCK = "clock", _("Clock")


# verb: (from which states, to which state, who)
ALLOWED_MOVES: dict[Verb, tuple[frozenset[State], State, Part]] = {
    Verb.CONFIRM: (frozenset({State.DRAFTED}), State.OPENED, Part.HEAD),
    Verb.DROP: (frozenset({State.DRAFTED}), State.DROPPED, Part.HEAD),
    Verb.LAPSE: (frozenset({State.DRAFTED}), State.OPENED, Part.CLOCK),
    Verb.ADD: (frozenset({State.OPENED}), State.OPENED, Part.DECIDER),  # the time to reply begins anew
    Verb.REPLY: (frozenset({State.OPENED}), State.READY, Part.ACCUSED),
    Verb.MISS: (frozenset({State.OPENED}), State.READY, Part.CLOCK),
    Verb.DECIDE: (frozenset({State.READY}), State.DECIDED, Part.DECIDER),
    Verb.APPEAL: (frozenset({State.DECIDED}), State.APPEALED, Part.ACCUSED),
    Verb.REVIEW: (frozenset({State.APPEALED}), State.CLOSED, Part.REVIEWER),
    Verb.REST: (frozenset({State.DECIDED}), State.CLOSED, Part.CLOCK),
}
# A draft's time is the company's: services.policies.
WITHIN: dict[State, timedelta] = {
    State.OPENED: REPLY_WITHIN,
    State.READY: REMIND_AFTER,
    State.DECIDED: APPEAL_WITHIN,
    State.APPEALED: REMIND_AFTER,
}
# What the clock does when the time of a state is over; in the other states it reminds.
WHEN_OVER: dict[State, Verb] = {State.DRAFTED: Verb.LAPSE, State.OPENED: Verb.MISS, State.DECIDED: Verb.REST}


class Ground(TextChoices):
    INDIFFERENT = "indifferent", _("Indifferent: perfunctory, did not listen")
    NO_GUIDANCE = "no_guidance", _("No guidance: did not say who can solve it")
    DECEIVED = "deceived", _("Deceived: fobbed off, so it stayed unsolved")
    SILENT_HEAD = "silent_head", _("Neither confirmed nor dropped a draft in time")


BREACHES = frozenset({Ground.INDIFFERENT, Ground.NO_GUIDANCE, Ground.DECEIVED})


class Source(TextChoices):
    ASKER = "asker", _("The asker's own word")
    CLOCK = "clock", _("Not accepted in time")
    REFUSAL = "refusal", _("Refused, and left with nobody")
    CALL_BACK = "call_back", _("A call-back by the service centre")
    CASE = "case", _("Another case")


class Measure(TextChoices):
    """From the lightest to the gravest."""

    NONE = "none", _("No measure")
    WARNING = "warning", pgettext_lazy("measure", "Warning")
    PAY = "pay", _("Less performance pay")
    DEMOTION = "demotion", _("Demotion")
    DISMISSAL = "dismissal", _("Dismissal recommended")


GRAVITY = {measure: place for place, measure in enumerate(Measure)}


class Verdict(TextChoices):
    KEPT = "kept", _("The decision stands")
    LIGHTER = "lighter", _("A lighter measure")
    LIFTED = "lifted", _("The decision is lifted")


class Refused(Exception):
    """A verb that cannot be carried out; the text says why, for the person who tried."""


class MoveNotAllowed(Refused):
    """The case is not in a state from which the verb leads anywhere: often somebody else, or the clock, was first."""


class NotYours(Refused):
    """The verb belongs to somebody else."""


class BadInput(Refused):
    """Something is missing or wrong in what was typed; `field` names it."""

    def __init__(self, field: str, message: object) -> None:
        super().__init__(message)
        self.field = field


def is_allowed(state: str, verb: Verb) -> bool:
    return state in ALLOWED_MOVES[verb][0]


def next_state(state: str, verb: Verb) -> State:
    """The state after the verb. Raises MoveNotAllowed."""
    if not is_allowed(state, verb):
        raise MoveNotAllowed(
            _("“%(verb)s” is not possible: the case is now “%(state)s”.") % {"verb": verb.label, "state": State(state).label}
        )
    return ALLOWED_MOVES[verb][1]


def is_lighter(measure: str, amount: int, than: str, than_amount: int) -> bool:
    """Whether a measure weighs less than another one; of two sums the smaller."""
    return (GRAVITY[Measure(measure)], amount) < (GRAVITY[Measure(than)], than_amount)
