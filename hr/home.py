"""What the home page shows of appraisals: what waits for the employee."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from propman.accounts.roles import STAFF
from propman.community.home import Waiting

from .models import Appraisal, AppraisalObjection, AppraisalUnit
from .permissions import viewer_of
from .workflow import UnitState


def waiting(request: HttpRequest) -> Iterator[Waiting]:
    """Sheets to score, objections to answer, and one's own row while it can be answered."""
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    if not roles & STAFF or (me := viewer_of(request).employee) is None:
        return
    for unit in AppraisalUnit.objects.filter(scorer=me, state=UnitState.OPEN).select_related("quarter", "department"):
        yield Waiting(
            title=_("Appraisal sheet of %(unit)s, %(quarter)s") % {"unit": unit.name, "quarter": unit.quarter},
            url=reverse("hr:sheet", args=[unit.pk]),
            icon="clipboard-check",
            due_at=unit.due_at,
            started_at=unit.quarter.opened_at,
        )
    waiting_for_me = AppraisalObjection.objects.filter(reviewer=me, replied_at=None)
    for objection in waiting_for_me.select_related("quarter", "appraisal__employee", "appraisal__department"):
        row = objection.appraisal
        yield Waiting(
            title=_("Objection to an appraisal"),
            meta=f"{row.employee}, {row.department}",
            url=reverse("hr:objection", args=[objection.pk]),
            icon="message-report",
            due_at=objection.quarter.lock_at,
            started_at=objection.filed_at,
        )
    mine = Appraisal.objects.filter(employee=me, answer="", unit__state=UnitState.SUBMITTED, quarter__locked_at=None)
    for row in mine.filter(unit__answers_until__gt=timezone.now()).select_related("unit", "quarter"):
        yield Waiting(
            title=_("Your appraisal of %(quarter)s") % {"quarter": row.quarter},
            meta=_("Agree or object; silence counts as no answer."),
            url=reverse("hr:appraisal", args=[row.pk]),
            icon="user-check",
            due_at=row.unit.answers_until,
            started_at=row.unit.submitted_at,
        )
