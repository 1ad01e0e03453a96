"""Who may see and do what in an appraisal; the only door to a sheet, a row or an objection."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest

from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Employee
from propman.community.selectors import employee_of

from .models import Appraisal, AppraisalObjection, AppraisalUnit
from .workflow import UnitState

READERS = frozenset({Role.GENERAL_MANAGER, Role.HR_OFFICER})  # see the whole company, drafts excepted
SETTLED = (UnitState.SUBMITTED, UnitState.MISSED)


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
        return self.employee is not None and not self.roles.isdisjoint(READERS)


def user_of(request: Any) -> User:
    """The signed-in user."""
    user: User = request.user
    return user


def viewer_of(request: Any) -> Viewer:
    return Viewer(employee_of(request.user), request.roles)


def employee_required(request: HttpRequest) -> Employee:
    """The employee who asks. Raises Http404 for a member of the company who does not work there."""
    employee = employee_of(request.user)  # type: ignore[arg-type]
    if employee is None:
        raise Http404
    return employee


def visible_appraisals(viewer: Viewer) -> QuerySet[Appraisal]:
    """Own rows always; once a sheet is settled also those of the unit one scored or heads, of the whole company for
    readers; and the row of an objection that one has to answer."""
    rows: QuerySet[Appraisal] = Appraisal.objects.select_related(
        "unit__department", "unit__quarter", "quarter", "employee", "department"
    )
    if viewer.employee is None:
        return rows.none()
    me = viewer.employee
    reviewed = AppraisalObjection.objects.filter(appraisal=OuterRef("pk"), reviewer=me)
    settled = Q(unit__state__in=SETTLED)
    if not viewer.is_reader:
        settled &= Q(unit__scorer=me) | Q(unit__department__head=me)
    return rows.filter(Q(employee=me) | settled | Exists(reviewed))


def appraisal_for(viewer: Viewer, key: int) -> Appraisal:
    """Raises Http404 for a row that is not there or not his to see."""
    row = visible_appraisals(viewer).filter(pk=key).first()
    if row is None:
        raise Http404
    return row


def may_see_scores(viewer: Viewer, row: Appraisal) -> bool:
    """A draft is the scorer's alone: even the employee sees his scores only once they are submitted."""
    return row.unit.state in SETTLED


def own_appraisal_for(viewer: Viewer, key: int) -> Appraisal:
    """The viewer's own row. Raises Http404 for anybody else's."""
    row = appraisal_for(viewer, key)
    if viewer.employee is None or row.employee_id != viewer.employee.pk:
        raise Http404
    return row


def sheet_for(viewer: Viewer, key: int) -> AppraisalUnit:
    """A sheet as its scorer, its department's head once it is settled, or a reader once it is settled. Raises Http404."""
    units = AppraisalUnit.objects.select_related("quarter__standard", "department__head", "scorer")
    unit = units.filter(pk=key).first()
    if unit is None or not may_see_sheet(viewer, unit):
        raise Http404
    return unit


def may_score(viewer: Viewer, unit: AppraisalUnit) -> bool:
    return unit.state == UnitState.OPEN and viewer.employee is not None and unit.scorer_id == viewer.employee.pk


def may_see_sheet(viewer: Viewer, unit: AppraisalUnit) -> bool:
    if viewer.employee is None:
        return False
    if unit.state not in SETTLED:
        return may_score(viewer, unit)
    heads = unit.department is not None and unit.department.head_id == viewer.employee.pk
    return viewer.is_reader or heads or unit.scorer_id == viewer.employee.pk


def objection_for(viewer: Viewer, key: int) -> AppraisalObjection:
    """An objection as the one who has to answer it, or as a reader (who may give it to somebody else). Raises Http404."""
    objection = (
        AppraisalObjection.objects.select_related("appraisal__unit__department", "appraisal__employee", "quarter", "reviewer")
        .filter(pk=key)
        .first()
    )
    if objection is None or viewer.employee is None:
        raise Http404
    if objection.reviewer_id != viewer.employee.pk and not viewer.is_reader:
        raise Http404
    return objection


def row_with_facts_for(viewer: Viewer, key: int) -> Appraisal:
    """A row whose facts the viewer may open: one that he may see, or one of the sheet that he is scoring. Raises Http404."""
    row = visible_appraisals(viewer).filter(pk=key).first()
    if row is None and viewer.employee is not None:
        scored = Appraisal.objects.select_related("unit__department", "unit__quarter", "employee", "department", "quarter")
        row = scored.filter(pk=key, unit__scorer=viewer.employee, unit__state=UnitState.OPEN).first()
    if row is None:
        raise Http404
    return row
