"""What can happen to a work order, on one page. Pure Python; rulebook section 2.5.

An order asks a department to act and moves nothing of the complaint: its handler keeps it, and its clocks go on.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .workflow import MoveNotAllowed, Refused


class OrderState(TextChoices):
    HELD = "held", _("Waits for the general manager")
    ORDERED = "ordered", _("Waits for the department")
    ACCEPTED = "accepted", pgettext_lazy("work order", "Accepted")
    DONE = "done", pgettext_lazy("work order", "Done")
    REFUSED = "refused", pgettext_lazy("work order", "Refused")
    CANCELLED = "cancelled", pgettext_lazy("work order", "Cancelled")


UNFINISHED = frozenset({OrderState.HELD, OrderState.ORDERED, OrderState.ACCEPTED})
FINISHED = frozenset(OrderState) - UNFINISHED
COMMITTED = frozenset({OrderState.ORDERED, OrderState.ACCEPTED, OrderState.DONE})  # what a budget line is used for


class OrderVerb(TextChoices):
    ALLOW = "allow", _("Allow")
    ACCEPT = "accept", pgettext_lazy("work order", "Accept")
    REFUSE = "refuse", pgettext_lazy("work order", "Refuse")
    CHANGE = "change", _("Change")
    FINISH = "finish", pgettext_lazy("verb", "Done")
    CANCEL = "cancel", pgettext_lazy("work order", "Cancel")


# verb: (from which states, to which state; None keeps the state)
ORDER_MOVES: dict[OrderVerb, tuple[frozenset[OrderState], OrderState | None]] = {
    OrderVerb.ALLOW: (COMMITTED | {OrderState.HELD}, None),  # what is held goes out; what went out at once is taken note of
    OrderVerb.ACCEPT: (frozenset({OrderState.ORDERED}), OrderState.ACCEPTED),
    OrderVerb.REFUSE: (frozenset({OrderState.ORDERED, OrderState.ACCEPTED}), OrderState.REFUSED),
    OrderVerb.CHANGE: (UNFINISHED, None),
    OrderVerb.FINISH: (frozenset({OrderState.ACCEPTED}), OrderState.DONE),
    OrderVerb.CANCEL: (UNFINISHED, OrderState.CANCELLED),
}


class OverBudget(Refused):
    """The order would run over its budget line, and whoever orders has not said that it shall be so all the same."""


def is_order_allowed(state: str, verb: OrderVerb) -> bool:
    return state in ORDER_MOVES[verb][0]


def next_order_state(state: str, verb: OrderVerb) -> str:
    """The state after the verb. Raises MoveNotAllowed: often somebody else was first."""
    if not is_order_allowed(state, verb):
        raise MoveNotAllowed(
            _now("“%(verb)s” is not possible: the work order is now “%(state)s”.")
            % {"verb": verb.label, "state": OrderState(state).label}
        )
    return ORDER_MOVES[verb][1] or state
