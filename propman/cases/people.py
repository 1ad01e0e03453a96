"""Who judges, decides and hears the appeal: always somebody else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.community.models import Department, Employee

from .models import Case


@dataclass(frozen=True)
class Bench:
    """The people of the company who can be asked, in the order in which they are; found once for many cases."""

    managers: Sequence[Employee]
    officers: Sequence[Employee]
    heads: Sequence[Employee]
    others: Sequence[Employee]
    leaver: int | None = None

    def head_of(self, department: Department, accused: int) -> Employee | None:
        """The unit's head; of a case against himself whoever leads the company."""
        heads = [department.head] if department.head and department.head.left_on is None else []
        return _first([*heads, *self.managers, *self.officers], {accused, self.leaver})

    def decider(self, *, accused: int, head: int | None) -> Employee | None:
        """The general manager; somebody of the personnel office where he is accused or has judged the draft himself."""
        pool = [*self.managers, *self.officers]
        return _first(pool, {accused, head}) or _first([*pool, *self.heads], {accused})

    def reviewer(self, case: Case) -> Employee | None:
        """Somebody who took no part: not of the unit either, unless there is nobody else."""
        took_part = {case.accused_id, case.head_id, case.decider_id, case.decided_by_id, case.judged_by_id}
        if case.about is not None:
            took_part |= {case.about.accused_id, case.about.decider_id}
        pool = [*self.managers, *self.officers, *self.heads, *self.others]
        outside = [person for person in pool if person.department_id != case.department_id]
        return _first(outside, took_part) or _first(pool, took_part)


def _first(people: Iterable[Employee], barred: set[int | None]) -> Employee | None:
    return next((person for person in people if person.pk not in barred), None)


def bench(*, without: Employee | None = None) -> Bench:
    """Who can be asked now; only people who sign in, and not `without`, who is about to leave."""
    leaver = without.pk if without else None
    present = {
        person.user_id: person
        for person in Employee.objects.filter(left_on=None, user__isnull=False).order_by("joined_on", "pk")
        if person.pk != leaver
    }
    roles = Membership.objects.filter(role__in=[Role.GENERAL_MANAGER, Role.HR_OFFICER], ended_at=None)
    held: dict[str, list[Employee]] = {Role.GENERAL_MANAGER: [], Role.HR_OFFICER: []}
    for user, role in roles.order_by("started_at", "pk").values_list("user_id", "role"):
        if user in present:
            held[role].append(present[user])
    heading = set(Department.objects.filter(closed_on=None, head__isnull=False).values_list("head_id", flat=True))
    return Bench(
        managers=held[Role.GENERAL_MANAGER],
        officers=held[Role.HR_OFFICER],
        heads=[person for person in present.values() if person.pk in heading],
        others=list(present.values()),
        leaver=leaver,
    )
