"""Reads that shape several models."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.community.selectors import general_manager

from .models import Appraisal, AppraisalObjection, AppraisalQuarter, AppraisalStandard, AppraisalUnit, Criterion, Deputy
from .scoring import stands_out
from .workflow import Stage


def employees_with(role: Role) -> list[Employee]:
    """The company's present employees who hold the role, longest-serving first."""
    users = Membership.objects.filter(role=role, ended_at=None).values("user_id")
    return list(Employee.objects.filter(user__in=users, left_on=None).order_by("joined_on", "pk"))


@dataclass(frozen=True)
class Bench:
    """Who can score or review instead of a head."""

    manager: Employee | None
    officers: list[Employee]
    heads: list[Employee] = field(default_factory=list)
    deputies: dict[int | None, Employee] = field(default_factory=dict)

    @property
    def readers(self) -> list[Employee]:
        """Who looks after the whole company's appraisal."""
        return list({person.pk: person for person in [self.manager, *self.officers] if person}.values())

    def scorer(self, stage: str, unit: AppraisalUnit, members: Collection[int]) -> Employee | None:
        """Who scores the unit at that stage; nobody scores a unit that he belongs to."""
        if stage == Stage.HEAD:
            person = self.manager if unit.is_heads else unit.department.head
        elif stage == Stage.DEPUTY:
            person = self.deputies.get(unit.department_id) or (self._officer(members) if unit.is_heads else None)
        else:
            person = self.manager
        return None if person is None or person.left_on or person.pk in members else person

    def _officer(self, members: Collection[int]) -> Employee | None:
        return next((officer for officer in self.officers if officer.pk not in members), None)

    def reviewer(self, unit: AppraisalUnit, members: Collection[int]) -> Employee | None:
        """Who answers an objection: not the scorer and nobody of the unit. The deputy, else the manager, HR, another head.

        Another head is there for the company office: the manager scores it and the HR officers belong to it.
        """
        candidates = [self.deputies.get(unit.department_id), self.manager, *self.officers, *self.heads]
        present = [person for person in candidates if person is not None and person.left_on is None]
        return next((person for person in present if person.pk != unit.scorer_id and person.pk not in members), None)


def barred_from(objection: AppraisalObjection) -> set[int | None]:
    """Employees who may not answer it: the scorer, who objects, and all of the unit while somebody works outside it."""
    row = objection.appraisal
    members = set(Appraisal.objects.filter(unit=row.unit).values_list("employee_id", flat=True))
    outside = Employee.objects.filter(left_on=None).exclude(pk__in=members | {row.unit.scorer_id})
    return {row.unit.scorer_id, row.employee_id} | (members if outside.exists() else set())


def bench() -> Bench:
    deputies = {deputy.department_id: deputy.employee for deputy in Deputy.objects.select_related("employee")}
    heads = Employee.objects.filter(pk__in=Department.objects.filter(closed_on=None).values("head_id"), left_on=None)
    return Bench(general_manager(), employees_with(Role.HR_OFFICER), list(heads.order_by("joined_on", "pk")), deputies=deputies)


def current_standard(*, before: object) -> AppraisalStandard | None:
    """The standard that binds a quarter: the newest one published before it began."""
    return AppraisalStandard.objects.filter(published_at__lt=before).order_by("-published_at", "-pk").first()


def criteria_of(quarter: AppraisalQuarter) -> list[Criterion]:
    return list(Criterion.objects.filter(standard_id=quarter.standard_id).order_by("position"))


@dataclass(frozen=True)
class Gap:
    """Something that the sheet still lacks: a score of one criterion, or a written fact."""

    appraisal: Appraisal
    criterion: int | None  # 1 to 5; None for the fact


def gaps_of(rows: Iterable[Appraisal]) -> list[Gap]:
    """What is missing before the sheet can be submitted, in order of the rows."""
    ranked = [row for row in rows if row.is_ranked]
    outstanding = stands_out({row.pk: row.total for row in ranked if row.total is not None})
    gaps = []
    for row in ranked:
        gaps += [Gap(row, place) for place, score in enumerate(row.scores, start=1) if score is None]
        if row.pk in outstanding and not row.fact:
            gaps.append(Gap(row, None))
    return gaps


def rows_of(unit: AppraisalUnit) -> list[Appraisal]:
    """The unit's rows with their employees, ranked ones first, by employee number."""
    rows = Appraisal.objects.filter(unit=unit).select_related("employee", "department")
    return sorted(rows, key=lambda row: (not row.is_ranked, row.employee.number))
