"""What complaints say of employees and offices; the rows behind a figure are as many as the figure says."""

from dataclasses import asdict
from datetime import timedelta

import pytest

from complaints import services
from complaints.figures import (
    FIGURES_OF_EMPLOYEE,
    complaints_of_employee,
    complaints_of_office,
    employee_facts,
    office_facts,
)
from propman.cases.models import Case
from propman.cases.services import (
    Breach,
    Decision,
    appeal_decision,
    confirm_case,
    decide_case,
    draft_cases,
    reply_to_case,
    review_appeal,
)
from propman.cases.workflow import Ground, Measure, Source, Verdict
from propman.community.models import Employee
from tests.factories import make_employee
from tests.factories.complaints import START, make_complaint

UNTIL = START + timedelta(days=30)


@pytest.fixture
def handler(staff, head) -> Employee:
    return staff(head)


def accepted(household, handler, at=START):
    complaint = make_complaint(household=household, first_asked=handler, at=at)
    if complaint.state == "received":
        complaint = services.accept_complaint(complaint=complaint, by=handler, at=at + timedelta(minutes=1))
    return complaint


def put_right(complaint, handler, at):
    return services.resolve_complaint(complaint=complaint, by=handler, at=at, text="It is dry again.")


def test_nothing_received_gives_nothing(policy):
    assert employee_facts(START, UNTIL) == {}
    assert office_facts(START, UNTIL) == {}


def test_confirmed_complaint_is_on_time_and_verified_for_the_office(policy, household, owner, office, handler):
    complaint = put_right(accepted(household, handler), handler, START + timedelta(minutes=10))
    services.confirm_complaint(complaint=complaint, by=owner, at=START + timedelta(minutes=20))
    assert asdict(employee_facts(START, UNTIL)[handler.pk]) == {
        "contacts": 1, "verified": 0, "on_time": 1, "reopened": 0, "breaches": 0,
    }  # fmt: skip
    told = office_facts(START, UNTIL)[office.pk]
    assert (told.contacts, told.on_time, told.verified, told.reopened) == (1, 1, 1, 0)


def test_reopened_complaint_is_verified_against_the_handler(policy, household, owner, office, handler):
    complaint = put_right(accepted(household, handler), handler, START + timedelta(minutes=10))
    services.reopen_complaint(complaint=complaint, by=owner, at=START + timedelta(minutes=20), text="Still wet")
    told = employee_facts(START, UNTIL)[handler.pk]
    assert (told.verified, told.reopened, told.on_time) == (1, 1, 1)
    assert office_facts(START, UNTIL)[office.pk].verified == 0


def test_breach_counts_once_confirmed_and_not_when_an_appeal_lifted_it(
    policy, household, office, head, agent, manager, handler
):
    complaint = make_complaint(household=household, at=START)
    clerk = Employee.objects.get(user=make_employee(office, name="Clerk"))
    word = Breach(
        origin="complaint:word", source=Source.ASKER, ground=Ground.DECEIVED, accused=clerk.pk, occurred_at=START,
        subject_kind="complaint", subject=complaint.number,
    )  # fmt: skip
    (key,) = draft_cases(breaches=[word], at=START + timedelta(hours=1))
    assert clerk.pk not in employee_facts(START, UNTIL)
    case = confirm_case(case=Case.objects.get(pk=key), by=handler, at=START + timedelta(hours=2), text="The log shows it.")
    assert employee_facts(START, UNTIL)[clerk.pk].breaches == 1
    assert complaints_of_employee(clerk.pk, "breaches", START, UNTIL).get() == complaint
    assert employee_facts(UNTIL, UNTIL + timedelta(days=30)) == {}

    case = reply_to_case(case=case, by=clerk, at=START + timedelta(hours=3), text="I was not there.")
    decision = Decision(Measure.WARNING)
    case = decide_case(case=case, by=case.decider, at=START + timedelta(hours=4), decision=decision, text="The rota says so.")
    case = appeal_decision(case=case, by=clerk, at=START + timedelta(hours=5), text="The rota was changed.")
    review_appeal(case=case, by=case.reviewer, at=START + timedelta(hours=6), verdict=Verdict.LIFTED, text="So it was.")
    assert clerk.pk not in employee_facts(START, UNTIL)


def test_figures_are_counted_only_in_their_days(policy, household, handler):
    accepted(household, handler, at=UNTIL)
    assert employee_facts(START, UNTIL) == {}


def test_the_rows_behind_a_figure_are_as_many_as_it_says(policy, household, owner, office, handler):
    first = put_right(accepted(household, handler), handler, START + timedelta(minutes=10))
    services.reopen_complaint(complaint=first, by=owner, at=START + timedelta(minutes=20), text="Still wet")
    accepted(household, handler, at=START + timedelta(days=1))
    told = asdict(employee_facts(START, UNTIL)[handler.pk])
    for figure in FIGURES_OF_EMPLOYEE:
        assert complaints_of_employee(handler.pk, figure, START, UNTIL).count() == told[figure]
    seen = asdict(office_facts(START, UNTIL)[office.pk])
    for figure in ("contacts", "on_time", "verified", "reopened", "ratings"):
        assert complaints_of_office(office.pk, figure, START, UNTIL).count() == seen[figure]


def test_the_query_count_does_not_grow(policy, household, handler, django_assert_num_queries):
    for day in range(3):
        accepted(household, handler, at=START + timedelta(days=day))
    with django_assert_num_queries(3):
        employee_facts(START, UNTIL)
        office_facts(START, UNTIL)
