"""What the home page shows of cases: those in which it is the employee's turn."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from propman.accounts.roles import STAFF
from propman.community.home import Waiting

from .permissions import viewer_of, waits_for
from .workflow import State


def waiting(request: HttpRequest) -> Iterator[Waiting]:
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    if not roles & STAFF or (me := viewer_of(request).employee) is None:
        return
    titles = {
        State.DRAFTED: _("Confirm or drop a draft"),
        State.OPENED: _("A case against you: read the evidence and reply"),
        State.READY: _("Decide a case"),
        State.DECIDED: _("A decision on you: you can appeal"),
        State.APPEALED: _("Decide an appeal"),
    }
    for case in waits_for(me)[:20]:
        yield Waiting(
            title=titles[State(case.state)],
            meta=case.get_ground_display() if case.accused_id == me.pk else f"{case.accused}, {case.department}",
            url=reverse("cases:case", args=[case.pk]),
            icon="gavel",
            due_at=case.due_at,
            started_at=case.drafted_at,
        )
