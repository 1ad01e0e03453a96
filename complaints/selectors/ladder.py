"""Who is told next: the escalation ladder of rulebook 2.4, the same for the clock that fires and the pages that say so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from complaints.clocks import LEVELS
from complaints.models import Complaint, Timer
from complaints.workflow import State
from propman.community.models import Department, Employee
from propman.community.selectors import duty_manager, general_manager, service_centre

CENTRE_TAKES = LEVELS[2]


@dataclass(frozen=True)
class Rung:
    """When who is told if nobody acts."""

    at: datetime
    name: str
    centre_takes: bool = False  # the centre becomes its handler


@dataclass(frozen=True)
class Ladder:
    """Who is told at each level; where there is nobody, the next one up, and above the last one the next one down."""

    centre: Department | None
    duty_manager: Employee | None
    general_manager: Employee | None
    handlers: dict[int, Employee]
    heads: dict[int, Employee | None]

    @classmethod
    def at(cls, at: datetime, *, handlers: Collection[int | None] = (), departments: Collection[int | None] = ()) -> Ladder:
        """The people of that moment, for complaints of these handlers (employees' ids) and departments."""
        found = Department.objects.select_related("head").in_bulk({pk for pk in departments if pk})
        heads = {pk: department.head for pk, department in found.items()}
        people = Employee.objects.in_bulk({pk for pk in handlers if pk})
        return cls(service_centre(), duty_manager(at=at), general_manager(), people, heads)

    @property
    def of_centre(self) -> Employee | None:
        """Who answers for the centre now: its duty manager, else its head."""
        return self.duty_manager or (self.centre.head if self.centre else None)

    def person(self, level: int, *, state: str, handler_id: int | None, department_id: int | None) -> Employee | None:
        """The named person of the level. What nobody has accepted goes to the centre's duty manager."""
        handler = self.handlers.get(handler_id or 0)
        head = self.heads.get(department_id or 0)
        if state == State.RECEIVED and handler is None:
            head = None
        rungs = [handler or self.of_centre, head or self.of_centre, self.of_centre, self.general_manager]
        place = LEVELS.index(level)
        return next((person for person in [*rungs[place:], *reversed(rungs[:place])] if person is not None), None)


def who_is_next(complaints: Collection[Complaint], *, at: datetime) -> dict[int, Rung]:
    """By complaint: the first who is told beside its handler once its due clock runs on, and when."""
    rows = {complaint.pk: complaint for complaint in complaints}
    ladder = Ladder.at(
        at,
        handlers={complaint.handler_id for complaint in complaints},
        departments={complaint.department_id for complaint in complaints},
    )
    found: dict[int, Rung] = {}
    for timer in Timer.objects.filter(complaint__in=rows, fired_at=None, cancelled_at=None):
        complaint = rows[timer.complaint_id]
        if timer.clock != complaint.next_due_clock:
            continue
        for level in LEVELS[LEVELS.index(timer.level) :]:
            due_at = timer.due_at + timedelta(seconds=timer.limit_seconds * (level - timer.level) / 100)
            person = ladder.person(
                level, state=complaint.state, handler_id=complaint.handler_id, department_id=complaint.department_id
            )
            if due_at > at and person is not None and person.pk != complaint.handler_id:
                taken = level == CENTRE_TAKES and not complaint.is_with_centre
                found[complaint.pk] = Rung(due_at, person.name, taken)
                break
    return found
