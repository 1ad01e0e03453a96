"""A company with two offices: Engineering of six ranked people, a small one of three; a manager, an officer and a deputy."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hr.models import Appraisal, AppraisalQuarter, AppraisalUnit
from hr.selectors import rows_of
from hr.services import NewCriterion, RowScores, appoint_deputy, open_quarter, publish_standard, save_sheet, submit_sheet
from hr.workflow import QuarterKey
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories import make_company, make_department, make_employee

ZONE = ZoneInfo("Asia/Shanghai")
KEY = QuarterKey(2026, 3)
OPENING = datetime(2026, 10, 1, tzinfo=ZONE)
CRITERIA = ("Results", "Quality", "Attitude", "Teamwork", "Discipline")


def shanghai(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=ZONE)


@dataclass
class Staff:
    """Users by what they are; `people` and `few` are the offices' members."""

    company: Company
    engineering: Department
    small: Department
    manager: User
    officer: User
    administrator: User
    head: User
    small_head: User
    deputy: User
    people: list[User]
    few: list[User]

    def employee(self, user: User) -> Employee:
        return Employee.objects.get(user=user)


def make_staff(address: str = "lanting") -> Staff:
    company = make_company(address)
    office = make_department(company, Department.Kind.COMPANY_OFFICE, name="Company office")
    engineering = make_department(company, name="Engineering")
    small = make_department(company, name="Gardens")
    staff = Staff(
        company=company,
        engineering=engineering,
        small=small,
        manager=make_employee(office, Role.GENERAL_MANAGER, name="Ran Wei"),
        officer=make_employee(office, Role.HR_OFFICER, name="Officer Bai"),
        administrator=make_employee(office, Role.COMPANY_ADMINISTRATOR, name="Administrator Lu"),
        head=make_employee(engineering, Role.DEPARTMENT_HEAD, name="Shen Ke"),
        small_head=make_employee(small, Role.DEPARTMENT_HEAD, name="Gu Yan"),
        deputy=make_employee(office, name="Deputy Mo"),
        people=[
            make_employee(engineering, name=name) for name in ("Tao Min", "Hua Jing", "Song Rui", "Pei An", "Luo Qi", "Xu Ling")
        ],
        few=[make_employee(small, name=name) for name in ("Fan Yu", "Deng Hao", "Mu Chen")],
    )
    with company_scope(company.pk):
        publish_standard(
            criteria=[NewCriterion(name, f"What {name} means") for name in CRITERIA],
            by=staff.officer,
            at=datetime(2026, 6, 20, tzinfo=ZONE),
        )
        appoint_deputy(
            department=engineering,
            employee=staff.employee(staff.deputy),
            by=staff.officer,
            at=datetime(2026, 6, 20, tzinfo=ZONE),
        )
    return staff


@pytest.fixture
def staff(db) -> Staff:
    return make_staff()


@pytest.fixture
def at_work(staff):
    """Serves the company for the whole test."""
    with company_scope(staff.company.pk):
        yield staff


@pytest.fixture
def quarter(at_work) -> AppraisalQuarter:
    quarter = open_quarter(key=KEY, at=OPENING)
    assert quarter is not None
    return quarter


@pytest.fixture
def unit(quarter, at_work) -> AppraisalUnit:
    """Engineering's sheet."""
    return AppraisalUnit.objects.get(quarter=quarter, department=at_work.engineering)


def scores_for(rows: list[Appraisal], totals: list[int]) -> dict[int, RowScores]:
    """Scores that add up to the given totals, with a fact for everybody."""
    found = {}
    for row, total in zip(rows, totals, strict=True):
        low, more = divmod(total, 5)
        found[row.pk] = RowScores(tuple(low + (place < more) for place in range(5)), f"Fact about {row.employee.name}")
    return found


TOTALS = [23, 21, 21, 19, 18, 14]


def submit(unit: AppraisalUnit, at: datetime, totals: list[int] | None = None) -> AppraisalUnit:
    """The unit's scorer fills the sheet and submits it."""
    rows = [row for row in rows_of(unit) if row.is_ranked]
    given = totals or (TOTALS + [15] * len(rows))[: len(rows)]
    save_sheet(unit=unit, rows=scores_for(rows, given), by=unit.scorer)
    return submit_sheet(unit=unit, by=unit.scorer, at=at)


def submit_all(quarter: AppraisalQuarter, at: datetime) -> None:
    for unit in AppraisalUnit.objects.filter(quarter=quarter, state="open").select_related("scorer"):
        submit(unit, at)


def row_of(quarter: AppraisalQuarter, user: User) -> Appraisal:
    return Appraisal.objects.select_related("employee", "unit").get(quarter=quarter, employee__user=user)


def add_people(department: Department, count: int, **fields) -> list[Employee]:
    """Employees without an account."""
    start = Employee.objects.count()
    return Employee.objects.bulk_create(
        Employee(
            company_id=department.company_id,
            number=f"P{start + place:05}",
            name=f"Person {start + place}",
            department=department,
            joined_on=date(2024, 1, 1) + timedelta(days=place),
            **fields,
        )
        for place in range(count)
    )
