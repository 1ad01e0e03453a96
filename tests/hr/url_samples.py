"""Rows of the cast's office; the scorer is the head, the row is a clerk's whom nobody of the cast is."""

from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from hr.models import AppraisalUnit, EmploymentSpan, OfficeResult
from hr.services import NewCriterion, object_to_appraisal, open_quarter, publish_standard, save_sheet, submit_sheet
from hr.services.sheet import RowScores
from hr.workflow import QuarterKey
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.tenancy.scope import company_scope
from tests.factories import make_department, make_employee

ZONE = ZoneInfo("Asia/Shanghai")
OUTSIDERS = ["owner", "rival_owner", "agent", "head", "administrator", "official"]
FORBIDDEN = {
    "hr:sheet": OUTSIDERS,
    "hr:save_sheet": [*OUTSIDERS, "manager"],
    "hr:form": OUTSIDERS,
    "hr:appraisal": OUTSIDERS,
    "hr:agree": [*OUTSIDERS, "manager"],
    "hr:object": [*OUTSIDERS, "manager"],
    "hr:facts": OUTSIDERS,
    "hr:objection": OUTSIDERS,
    "api-appraisal-detail": OUTSIDERS,
    "api-appraisal-agree": [*OUTSIDERS, "manager"],
    "api-appraisal-object": [*OUTSIDERS, "manager"],
    "api-appraisal-answer": OUTSIDERS,
}


def samples(cast: SimpleNamespace) -> dict[str, dict[str, Any]]:
    company = cast.company
    department = make_department(company, Department.Kind.OTHER, name="Workshop")
    boss = make_employee(department, Role.DEPARTMENT_HEAD, name="Workshop head")
    clerk = make_employee(department, name="Workshop clerk")
    with company_scope(company.pk):
        publish_standard(
            criteria=[NewCriterion(f"C{place}", "") for place in range(5)], by=None, at=datetime(2026, 1, 1, tzinfo=ZONE)
        )
        opened = datetime(2026, 7, 1, tzinfo=ZONE)
        quarter = open_quarter(key=QuarterKey(2026, 2), at=opened)
        unit = AppraisalUnit.objects.get(quarter=quarter, department=department)
        scorer = Employee.objects.get(user=boss)
        row = unit.appraisals.get(employee__user=clerk)
        save_sheet(unit=unit, rows={row.pk: RowScores((3, 3, 3, 3, 3))}, by=scorer)
        submit_sheet(unit=unit, by=scorer, at=opened)
        objection = object_to_appraisal(appraisal=row, words="No", by=row.employee, at=opened)
        span = EmploymentSpan.objects.create(
            employee=row.employee, kind="leave", starts_on=date(2026, 8, 1), ends_on=date(2026, 8, 9)
        )
        office = OfficeResult.objects.create(
            quarter=quarter, period=quarter.period, department=cast.office, contacts=1, on_time=1, verified=1, reopened=0,
            ratings=0, rating_sum=0, people=5, company_numerator=100, company_denominator=1, numerator=100, denominator=1,
            rank=1,
        )  # fmt: skip
    sheet = {"key": unit.pk}
    return {
        "hr:sheet": sheet,
        "hr:save_sheet": sheet,
        "hr:form": sheet,
        "hr:appraisal": {"key": row.pk},
        "hr:agree": {"key": row.pk},
        "hr:object": {"key": row.pk},
        "hr:facts": {"key": row.pk, "figure": "verified"},
        "hr:objection": {"key": objection.pk},
        **{f"api-appraisal-{name}": {"pk": row.pk} for name in ("detail", "agree", "object", "answer")},
        "hr:reviewer": {"key": objection.pk},
        "hr:end_span": {"key": span.pk},
        "hr:office_facts": {"key": office.pk, "figure": "contacts"},
    }
