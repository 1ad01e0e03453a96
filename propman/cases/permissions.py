"""Who may see a case and do what with it; `case_for` is the only door to a row."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404

from propman.accounts.roles import STAFF, Role
from propman.community.models import Employee
from propman.community.selectors import employee_of

from .models import Case
from .workflow import ALLOWED_MOVES, Part, State, Verb, is_allowed

READERS = frozenset({Role.GENERAL_MANAGER, Role.HR_OFFICER})  # see every case but those against themselves
KNOWN_TO_EMPLOYEE = frozenset(State) - {State.DRAFTED, State.DROPPED}


@dataclass(frozen=True)
class Viewer:
    """Somebody who asks: the employee that he is (nobody for residents and officials) and his roles."""

    employee: Employee | None
    roles: frozenset[str]

    @property
    def me(self) -> Employee:
        """Raises Http404 for somebody who does not work here."""
        if self.employee is None:
            raise Http404
        return self.employee

    @property
    def is_reader(self) -> bool:
        return self.employee is not None and bool(self.roles & READERS)


def viewer_of(request: Any) -> Viewer:
    roles: frozenset[str] = getattr(request, "roles", frozenset())
    return Viewer(employee_of(request.user) if roles & STAFF else None, roles)


def visible_cases(viewer: Viewer) -> QuerySet[Case]:
    """Against oneself from the notice on; what one has to judge, decide or review, or did; all of them for readers."""
    rows: QuerySet[Case] = Case.objects.select_related(
        "accused", "department", "head", "decider", "reviewer", "judged_by", "decided_by", "reviewed_by", "about__accused"
    )
    if viewer.employee is None:
        return rows.none()
    me = viewer.employee
    own = Q(accused=me, state__in=KNOWN_TO_EMPLOYEE)
    reviewed = Q(reviewer=me)
    others = Q() if viewer.is_reader else Q(head=me) | Q(decider=me) | reviewed
    return rows.filter(own | (others & ~Q(accused=me)))


def case_for(viewer: Viewer, key: int) -> Case:
    """Raises Http404 for a case that is not there or not his to see."""
    case = visible_cases(viewer).filter(pk=key).first()
    if case is None:
        raise Http404
    return case


def verbs_of(viewer: Viewer, case: Case) -> frozenset[Verb]:
    """The verbs that are the viewer's, in whatever state the case is; the services check the same under the lock."""
    if viewer.employee is None:
        return frozenset()
    me = viewer.employee.pk
    return frozenset(verb for verb, (_from, _to, part) in ALLOWED_MOVES.items() if case.holder(part) == me)


def allowed_verbs(viewer: Viewer, case: Case) -> frozenset[Verb]:
    """What the viewer may do with the case now."""
    return frozenset(verb for verb in verbs_of(viewer, case) if is_allowed(case.state, verb))


def part_of(viewer: Viewer, case: Case) -> Part | None:
    """The viewer's part in the case; readers may have none."""
    if viewer.employee is None:
        return None
    return next((part for part in Part if case.holder(part) == viewer.employee.pk), None)


def waits_for(me: Employee) -> QuerySet[Case]:
    """The cases in which it is that employee's turn, the next due first."""
    turn = (
        Q(state=State.DRAFTED, head=me)
        | Q(state=State.OPENED, accused=me)
        | Q(state=State.READY, decider=me)
        | Q(state=State.DECIDED, accused=me)
        | Q(state=State.APPEALED, reviewer=me)
    )
    rows: QuerySet[Case] = Case.objects.filter(turn).select_related("accused", "department").order_by("due_at", "pk")
    return rows
