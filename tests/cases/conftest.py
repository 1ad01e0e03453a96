"""A company with an office (head, clerk, colleague), a second office with its head, and a manager and an officer who lead."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.cases import services
from propman.cases.models import Case
from propman.cases.services import Breach, Decision, Found
from propman.cases.workflow import Ground, Source
from propman.community.models import Department, Employee
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories import make_company, make_department, make_employee

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Court:
    """Users by what they are."""

    company: Company
    office: Department
    clerk: User
    colleague: User
    head: User
    other_head: User
    manager: User
    officer: User

    def employee(self, user: User) -> Employee:
        return Employee.objects.select_related("department").get(user=user)


def make_court(address: str = "lanting") -> Court:
    company = make_company(address)
    office = make_department(company, name="Willow office")
    other = make_department(company, name="Gardens")
    seat = make_department(company, Department.Kind.COMPANY_OFFICE, name="Company office")
    return Court(
        company=company,
        office=office,
        clerk=make_employee(office, name="Clerk Tao"),
        colleague=make_employee(office, name="Colleague Hua"),
        head=make_employee(office, Role.DEPARTMENT_HEAD, name="Head Shen"),
        other_head=make_employee(other, Role.DEPARTMENT_HEAD, name="Head Gu"),
        manager=make_employee(seat, Role.GENERAL_MANAGER, name="Manager Ran"),
        officer=make_employee(seat, Role.HR_OFFICER, name="Officer Bai"),
    )


@pytest.fixture
def court(db):
    court = make_court()
    with company_scope(court.company.pk):
        yield court


def breach(accused: Employee, origin: str = "complaint:1:accept", **given) -> Breach:
    given.setdefault("ground", Ground.INDIFFERENT)
    return Breach(
        origin=origin,
        source=Source.CLOCK,
        accused=accused.pk,
        occurred_at=START,
        subject_kind="complaint",
        subject="2026-000001",
        evidence=[Found(START, "complaint.received", "ab" * 32)],
        **given,
    )


def draft(court: Court, accused: User | None = None, origin: str = "complaint:1:accept") -> Case:
    [pk] = services.draft_cases(breaches=[breach(court.employee(accused or court.clerk), origin)], at=START)
    return Case.objects.get(pk=pk)


WORDS = {"text": "Said it is not his job, and put the phone down."}


def bring(court: Court, state: str, *, is_serious: bool = True, measure: str = "pay") -> Case:
    """A case against the clerk in that state, an hour a step."""
    case, me = draft(court), court.employee
    if state == "drafted":
        return case
    if state == "dropped":
        return services.drop_case(case=case, by=me(court.head), at=START + HOUR, **WORDS)
    services.confirm_case(case=case, by=me(court.head), at=START + HOUR, is_serious=is_serious, **WORDS)
    if state == "opened":
        return Case.objects.get(pk=case.pk)
    services.reply_to_case(case=case, by=me(court.clerk), at=START + 2 * HOUR, text="I was alone at the desk.")
    if state == "ready":
        return Case.objects.get(pk=case.pk)
    decision = Decision(measure, 20000, "4.2") if measure == "pay" else Decision(measure)
    services.decide_case(case=case, by=me(court.manager), at=START + 3 * HOUR, decision=decision, **WORDS)
    if state == "decided":
        return Case.objects.get(pk=case.pk)
    services.appeal_decision(case=case, by=me(court.clerk), at=START + 4 * HOUR, text="The rota shows it.")
    case = Case.objects.select_related("reviewer").get(pk=case.pk)
    if state == "closed":
        services.review_appeal(case=case, by=case.reviewer, at=START + 5 * HOUR, verdict="kept", **WORDS)
    return Case.objects.get(pk=case.pk)
