"""One table of what a verb needs and which service carries it out; pages and API both act through it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from propman.community.models import Employee

from . import services
from .models import Case
from .permissions import Viewer, verbs_of
from .workflow import Measure, NotYours, Verb

Data = dict[str, Any]
VERBS = (Verb.CONFIRM, Verb.DROP, Verb.ADD, Verb.REPLY, Verb.DECIDE, Verb.APPEAL, Verb.REVIEW)


def _with(service: Callable[..., Case], *names: str) -> Callable[[Case, Employee, datetime, Data], Case]:
    def act(case: Case, by: Employee, at: datetime, data: Data) -> Case:
        return service(case=case, by=by, at=at, **{name: data[name] for name in names if name in data})

    return act


def _decision(data: Data) -> services.Decision:
    is_pay = data.get("measure") == Measure.PAY
    return services.Decision(
        data.get("measure", ""), data.get("amount") or 0 if is_pay else 0, data.get("clause", "") if is_pay else ""
    )


def _decide(case: Case, by: Employee, at: datetime, data: Data) -> Case:
    return services.decide_case(case=case, by=by, at=at, text=data["text"], decision=_decision(data))


def _review(case: Case, by: Employee, at: datetime, data: Data) -> Case:
    return services.review_appeal(case=case, by=by, at=at, text=data["text"], verdict=data["verdict"], decision=_decision(data))


ACTS: dict[Verb, Callable[[Case, Employee, datetime, Data], Case]] = {
    Verb.CONFIRM: _with(services.confirm_case, "text", "is_serious"),
    Verb.DROP: _with(services.drop_case, "text"),
    Verb.ADD: _with(services.add_evidence, "text", "is_serious"),
    Verb.REPLY: _with(services.reply_to_case, "text"),
    Verb.DECIDE: _decide,
    Verb.APPEAL: _with(services.appeal_decision, "text"),
    Verb.REVIEW: _review,
}
assert set(ACTS) == set(VERBS)


def act(case: Case, verb: Verb, *, viewer: Viewer, at: datetime, data: Data) -> Case:
    """Carry out a verb on a case that the viewer may see. Raises NotYours and what its service raises."""
    if verb not in verbs_of(viewer, case):
        raise NotYours(_("This is not yours to do."))
    return ACTS[verb](case, viewer.me, at, data)
