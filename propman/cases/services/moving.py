"""What every verb does alike: lock, check, record, move."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from propman.common.text import legible
from propman.community.models import Employee
from propman.tenancy.events import record_event

from ..models import LONGEST_TEXT, Case
from ..workflow import ALLOWED_MOVES, WITHIN, BadInput, NotYours, State, Verb, next_state


def cleaned(text: str, *, field: str, longest: int = LONGEST_TEXT) -> str:
    """The text without control characters and direction marks. Raises BadInput when it is empty or too long."""
    text = legible(text)
    if not text:
        raise BadInput(field, _("Please write something."))
    if len(text) > longest:
        raise BadInput(
            field,
            _("Please shorten it to %(longest)d characters; it has %(length)d.") % {"longest": longest, "length": len(text)},
        )
    return text


def locked(case: Case) -> Case:
    """The case as it is now, with its row locked until the transaction ends."""
    Case.objects.select_for_update().values_list("pk").get(pk=case.pk)
    related = ("accused", "department", "head", "decider", "reviewer", "about")
    found: Case = Case.objects.select_related(*related).get(pk=case.pk)
    return found


def ensure_may(case: Case, verb: Verb, by: Employee, *, at: datetime) -> None:
    """Raises NotYours for somebody without the verb's part, MoveNotAllowed from another state or after its time."""
    if case.holder(ALLOWED_MOVES[verb][2]) != by.pk:
        raise NotYours(_("This is not yours to do."))
    state = case.state
    if case.due_at is not None and case.due_at <= at and state in {State.OPENED, State.DECIDED, State.DRAFTED}:
        # The sweep comes by in seconds; no verb depends on when.
        state = next_state(state, {State.OPENED: Verb.MISS, State.DECIDED: Verb.REST, State.DRAFTED: Verb.LAPSE}[State(state)])
    next_state(state, verb)


def move(
    case: Case,
    verb: Verb,
    event: str,
    *,
    by: Employee | None,
    at: datetime,
    facts: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    **columns: Any,
) -> Case:
    """Carry out the verb on a locked case: the event, then the state with it, and when its next time is over."""
    state = next_state(case.state, verb)
    recorded = record_event(
        event, case, by=by.user if by else None, at=at, facts={"state": state, **(facts or {})}, texts=texts
    )
    within = WITHIN.get(state)
    changed = {"state": state, "due_at": at + within if within else None, "event_position": recorded.position, **columns}
    for name, value in changed.items():
        setattr(case, name, value)
    case.save(update_fields=list(changed))
    return case
