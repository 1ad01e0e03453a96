from collections import defaultdict
from dataclasses import asdict
from datetime import date, datetime, time

from django.db import transaction

from propman.community.models import Department, Employee
from propman.community.selectors import general_manager
from propman.notify.services import queue_notices
from propman.tenancy.events import NewEvent, record_events, stream_of
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from .. import facts, notices
from ..eligibility import Eligibility, Span, judge, services_of
from ..models import Appraisal, AppraisalQuarter, AppraisalUnit, EmploymentSpan, Transfer
from ..selectors import Bench, bench, current_standard
from ..workflow import QuarterKey, Stage, timetable
from .sheet import hand_to_employees


@transaction.atomic
def open_quarter(*, key: QuarterKey, at: datetime) -> AppraisalQuarter | None:
    """Open the appraisal of a quarter that is over: units, rows with their facts, scorers, notices to them.

    Does nothing, and returns None, when no standard was published before the quarter began; returns the quarter when it
    is open already. Raises ValueError before the quarter is over.
    """
    company = Company.objects.get(pk=current_company_id())
    if company.today(at) < key.after:
        raise ValueError(f"{key} is not over.")
    if found := AppraisalQuarter.objects.filter(period=key.index).first():
        return found
    began = datetime.combine(key.first_day, time(), company.timezone)
    standard = current_standard(before=began)
    if standard is None:
        return None
    times = timetable(at, company.timezone)
    quarter = AppraisalQuarter.objects.create(
        year=key.year,
        number=key.number,
        period=key.index,
        standard=standard,
        opened_at=at,
        closes_at=times.closes_at,
        lock_at=times.lock_at,
        next_due_at=at,
    )
    places = who_belongs_where(key)
    units = _create_units(quarter, places)
    rows = _create_rows(quarter, units, places, facts.employees_in(key, company.timezone))
    _appoint_scorers(list(units.values()), rows, bench())
    _announce(quarter, list(units.values()), rows, at=at)
    return quarter


Place = tuple[Employee, int | None, int, Eligibility]  # employee, unit's department (None: the heads), own department


def who_belongs_where(key: QuarterKey) -> list[Place]:
    """Everybody to be appraised: heads in the unit of heads, the general manager nowhere, all others where they worked most."""
    heads = dict(Department.objects.filter(head__isnull=False, closed_on=None).values_list("head_id", "pk"))
    manager = general_manager()
    moves: dict[int, list] = defaultdict(list)
    for employee, day, before in Transfer.objects.order_by("moved_on").values_list(
        "employee_id", "moved_on", "from_department_id"
    ):
        moves[employee].append((day, before))
    spans: dict[tuple[int, str], list[Span]] = defaultdict(list)
    for span in EmploymentSpan.objects.filter(starts_on__lt=key.after, ends_on__gt=key.first_day):
        spans[span.employee_id, span.kind].append(Span(span.starts_on, span.ends_on))
    places: list[Place] = []
    for employee in Employee.objects.filter(joined_on__lt=key.after).order_by("pk"):
        if manager is not None and employee.pk == manager.pk:
            continue
        services = services_of(
            joined=employee.joined_on,
            left=employee.left_on,
            unit=employee.department_id,
            moves=() if employee.pk in heads else moves[employee.pk],
        )
        judged = judge(
            first=key.first_day,
            after=key.after,
            services=services,
            leaves=spans[employee.pk, EmploymentSpan.Kind.LEAVE],
            probations=spans[employee.pk, EmploymentSpan.Kind.PROBATION],
        )
        if judged is not None:
            is_head = employee.pk in heads
            places.append((employee, None if is_head else judged.unit, heads[employee.pk] if is_head else judged.unit, judged))
    return places


def _create_units(quarter: AppraisalQuarter, places: list[Place]) -> dict[int | None, AppraisalUnit]:
    wanted = {unit for _employee, unit, _department, _judged in places}
    departments = Department.objects.select_related("head").in_bulk([unit for unit in wanted if unit is not None])
    units = [
        AppraisalUnit(
            company_id=quarter.company_id, quarter=quarter, department=departments.get(unit), due_at=quarter.closes_at
        )
        for unit in sorted(wanted, key=lambda unit: (unit is None, unit or 0))
    ]
    return {unit.department_id: unit for unit in AppraisalUnit.objects.bulk_create(units)}


def _create_rows(
    quarter: AppraisalQuarter,
    units: dict[int | None, AppraisalUnit],
    places: list[Place],
    told: dict[int, facts.EmployeeFacts],
) -> dict[int, list[Appraisal]]:
    day = quarter.key.after
    rows = [
        Appraisal(
            company_id=quarter.company_id,
            quarter=quarter,
            unit=units[unit],
            employee=employee,
            department_id=department,
            post=employee.post,
            sex=employee.sex,
            age=age_on(employee.born_on, day),
            contract=employee.contract,
            days=judged.days,
            leave_days=judged.leave_days,
            elsewhere_days=judged.elsewhere_days,
            reason=judged.reason,
            **asdict(told.get(employee.pk, facts.EmployeeFacts())),
        )
        for employee, unit, department, judged in places
    ]
    by_unit: dict[int, list[Appraisal]] = defaultdict(list)
    for row in Appraisal.objects.bulk_create(rows, batch_size=2000):
        by_unit[row.unit_id].append(row)
    return by_unit


def age_on(born_on: date | None, day: date) -> int | None:
    """Full years on that day; None where the birthday is not known."""
    if born_on is None:
        return None
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def _appoint_scorers(units: list[AppraisalUnit], rows: dict[int, list[Appraisal]], people: Bench) -> None:
    for unit in units:
        members = {row.employee_id for row in rows[unit.pk]}
        for stage in Stage:
            unit.stage, unit.scorer = stage, people.scorer(stage, unit, members)
            if unit.scorer is not None:
                break
    AppraisalUnit.objects.bulk_update(units, ["stage", "scorer"])


def _announce(quarter: AppraisalQuarter, units: list[AppraisalUnit], rows: dict[int, list[Appraisal]], *, at: datetime) -> None:
    what = {"quarter": str(quarter.key)}
    events = [NewEvent(stream_of(quarter), "appraisal.opened", what)]
    events += [
        NewEvent(stream_of(unit), "appraisal_unit.opened", {**what, "scorer": unit.scorer_id, "rows": len(rows[unit.pk])})
        for unit in units
    ]
    record_events(events, by=None, at=at)
    queue_notices(
        [
            notice
            for unit in units
            for notice in notices.tell(
                "opened",
                [unit.scorer],
                path=notices.sheet_path(unit.pk),
                quarter=str(quarter.key),
                unit=unit.name,
                due_at=quarter.closes_at,
            )
        ],
        at=at,
    )
    nothing_to_score = [unit for unit in units if not any(row.is_ranked for row in rows[unit.pk])]
    for unit in nothing_to_score:
        hand_to_employees(unit, rows[unit.pk], by=None, at=at)
