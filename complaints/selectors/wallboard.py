"""The picture of the centre for its big screen, and who is on duty; no resident's name stands in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from complaints.models import Complaint, Reader, ShiftHandOver, Timer
from complaints.permissions import Viewer
from complaints.workflow import State
from propman.community.models import Department, DutyShift, Employee
from propman.tenancy.models import Event

from .ladder import Rung, who_is_next
from .queue import PRESENT, OfficeCount, open_counts

ROWS = 7
LAST_HOURS = timedelta(hours=24)


@dataclass(frozen=True)
class OnDuty:
    """Somebody on duty, and the number of the complaint that is open before him."""

    employee: Employee
    is_lead: bool
    until: datetime
    reads: str
    is_typing: bool


@dataclass(frozen=True)
class Wall:
    rows: list[tuple[Complaint, Rung | None]]  # each with who gets it next, and when
    more: int
    received: int
    on_time: int
    open: int
    nobody: int
    longest: Complaint | None
    offices: list[OfficeCount]
    most: int
    duty: list[OnDuty]
    last_event_at: datetime | None

    @property
    def on_time_percent(self) -> int:
        return round(100 * self.on_time / self.received) if self.received else 100

    @property
    def duty_until(self) -> datetime | None:
        return min((one.until for one in self.duty), default=None)


def wall(viewer: Viewer, *, at: datetime) -> Wall:
    """How the centre stands at this moment. On time: of what came in within a day, the share of which no clock ran out."""
    visible = Complaint.objects.visible_to(viewer)
    open_ones = visible.open()
    rows = list(open_ones.filter(next_due_at__isnull=False).for_list().order_by("next_due_at", "pk")[:ROWS])
    then = who_is_next(rows, at=at)
    count = open_ones.count()
    oldest = list(open_ones.order_by("received_at", "pk").values_list("pk", flat=True)[:1])
    ran_out = Timer.objects.filter(complaint=OuterRef("pk"), fired_at__isnull=False, level__gte=100)
    fresh = visible.received().filter(received_at__gt=at - LAST_HOURS)
    offices = open_counts(viewer, at=at).offices[:6]
    last = Event.objects.order_by("-pk").first()
    return Wall(
        rows=[(row, then.get(row.pk)) for row in rows],
        more=max(0, count - len(rows)),
        received=fresh.count(),
        on_time=fresh.filter(~Exists(ran_out)).exclude(Q(state=State.RECEIVED, next_due_at__lte=at)).count(),
        open=count,
        nobody=open_ones.filter(state=State.RECEIVED, accepted_at=None).count(),
        longest=Complaint.objects.select_related("community", "category").filter(pk__in=oldest).first(),
        offices=offices,
        most=max((office.count for office in offices), default=1),
        duty=on_duty(at=at),
        last_event_at=last.at if last else None,
    )


def on_duty(*, at: datetime) -> list[OnDuty]:
    """Who is on duty in the centre, the duty manager last, with what each has open."""
    shifts = DutyShift.objects.select_related("employee").filter(
        department__kind=Department.Kind.SERVICE_CENTRE, starts_at__lte=at, ends_at__gt=at, employee__left_on=None
    )
    readers = Reader.objects.filter(seen_at__gt=at - PRESENT).order_by("seen_at").values_list(
        "employee_id", "complaint__number", "is_typing"
    )  # fmt: skip
    reads = {employee: (number, is_typing) for employee, number, is_typing in readers}
    return [
        OnDuty(shift.employee, shift.is_lead, shift.ends_at, *reads.get(shift.employee_id, ("", False)))
        for shift in shifts.order_by("is_lead", "employee__name")[:8]
    ]


def shift_of(employee: Employee | None, *, at: datetime) -> DutyShift | None:
    """The employee's running shift."""
    shifts = DutyShift.objects.filter(employee=employee, starts_at__lte=at, ends_at__gt=at)
    return shifts.order_by("-ends_at").first() if employee else None


def receivers(employee: Employee, *, at: datetime) -> list[Employee]:
    """Colleagues of the centre, those of the next hours' shifts first."""
    soon = DutyShift.objects.filter(
        employee=OuterRef("pk"), ends_at__gt=at + timedelta(minutes=30), starts_at__lt=at + timedelta(hours=9)
    )
    colleagues = Employee.objects.filter(department=employee.department, left_on=None).exclude(pk=employee.pk)
    return list(colleagues.annotate(is_next=Exists(soon)).order_by("-is_next", "name"))


def shifts_for(employee: Employee) -> list[ShiftHandOver]:
    """The hand-overs that wait for the employee."""
    return list(ShiftHandOver.objects.select_related("giver").filter(receiver=employee, taken_at=None).order_by("given_at"))
