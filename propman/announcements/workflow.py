"""What an announcement is about, where it stands at a moment, and what can be done with it then.

Pure Python: no database, no request. The rules are those of rulebook section 6.
"""

from datetime import datetime, timedelta

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

LONGEST_TITLE = 80
LONGEST_TEXT = 2000
LONGEST_REASON = 300
CLEAR_SHOWN = timedelta(hours=12)  # how long an all-clear stays on home pages


class Kind(TextChoices):
    WATER = "water", _("Water")
    POWER = "power", _("Power")
    GAS = "gas", _("Gas")
    LIFT = "lift", pgettext_lazy("in a building", "Lift")
    OTHER = "other", _("Something else")


ICONS: dict[str, str] = {
    Kind.WATER: "droplet-off",
    Kind.POWER: "bolt-off",
    Kind.GAS: "flame-off",
    Kind.LIFT: "elevator-off",
    Kind.OTHER: "speakerphone",
}


class Lead(IntegerChoices):
    """How many hours before it begins everybody is reminded."""

    NONE = 0, _("No reminder")
    ONE = 1, _("1 hour before")
    THREE = 3, _("3 hours before")
    DAY = 24, _("A day before")


class State(TextChoices):
    """Where an announcement stands at a moment; it follows from its times."""

    PLANNED = "planned", _("Not sent yet")
    COMING = "coming", _("To come")
    HOLDING = "holding", _("Holds now")
    OVER = "over", _("Over")
    CLEARED = "cleared", _("All clear")
    CORRECTED = "corrected", _("Corrected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


CURRENT = frozenset({State.COMING, State.HOLDING})  # what residents find on their home page


class Verb(TextChoices):
    WITHDRAW = "withdraw", _("Withdraw")
    CORRECT = "correct", pgettext_lazy("announcement", "Correct")
    CLEAR = "clear", _("Give the all-clear")


# An announcement that nobody was told yet is withdrawn and written anew; what was told is corrected.
ALLOWED: dict[Verb, frozenset[State]] = {
    Verb.WITHDRAW: frozenset({State.PLANNED, State.COMING, State.HOLDING}),
    Verb.CORRECT: frozenset({State.COMING, State.HOLDING, State.OVER}),
    Verb.CLEAR: frozenset({State.HOLDING, State.OVER}),
}


class Refused(Exception):
    """A verb that cannot be carried out; the text says why, for the person who tried."""


class MoveNotAllowed(Refused):
    """The announcement stands where the verb leads nowhere: often somebody else, or the clock, was first."""


class NotYours(Refused):
    """Somebody may not speak to those households."""


class BadInput(Refused):
    """Something is missing or wrong in what was typed; `field` names it."""

    def __init__(self, field: str, message: object) -> None:
        super().__init__(message)
        self.field = field


def ensure_allowed(state: State, verb: Verb) -> None:
    """Raises MoveNotAllowed."""
    if state not in ALLOWED[verb]:
        raise MoveNotAllowed(
            _("This cannot be done any more: the announcement stands at “%(state)s”.") % {"state": state.label}
        )


def state_at(
    at: datetime,
    *,
    published_at: datetime | None,
    starts_at: datetime,
    ends_at: datetime | None,
    withdrawn_at: datetime | None = None,
    replaced_at: datetime | None = None,
    cleared_at: datetime | None = None,
) -> State:
    """Where an announcement with those times stands; what it tells holds in [starts_at, ends_at)."""
    if withdrawn_at:
        return State.WITHDRAWN
    if replaced_at:
        return State.CORRECTED
    if cleared_at:
        return State.CLEARED
    if published_at is None:
        return State.PLANNED
    if at < starts_at:
        return State.COMING
    return State.HOLDING if ends_at is None or at < ends_at else State.OVER


def remind_at(starts_at: datetime, hours: int, *, publish_at: datetime) -> datetime | None:
    """When everybody is reminded; never, when nothing lies between the announcement and that moment."""
    if not hours:
        return None
    moment = starts_at - timedelta(hours=hours)
    return moment if moment > publish_at else None
