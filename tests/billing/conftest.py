from collections.abc import Callable

import pytest

from billing.models import BillRun, FeeAgreement, Survey
from billing.quarters import Quarter
from billing.services.runs import run_bills
from billing.services.surveys import count_due_surveys
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Community, Department, Household
from propman.tenancy.scope import company_scope
from tests.factories import make_employee, make_household, make_resident
from tests.factories.billing import fill_sheet, local, make_agreement, make_survey

COUNTED = local(2026, 4, 6, 1)


@pytest.fixture
def finance(company_office: Department) -> User:
    return make_employee(company_office, Role.FINANCE_OFFICER, name="Finance")


@pytest.fixture
def neighbours(community: Community) -> list[tuple[Household, User]]:
    """Six more households with an owner each."""
    pairs = []
    for number in range(6):
        household = make_household(community, area=90 + number)
        pairs.append((household, make_resident(household, name=f"Neighbour {number}")))
    return pairs


@pytest.fixture
def agreement(community: Community, scope) -> FeeAgreement:
    return make_agreement(community)


@pytest.fixture
def survey(agreement: FeeAgreement, community: Community, household: Household, owner: User, neighbours) -> Survey:
    """The sheets of the first quarter of 2026, out, for seven households."""
    return make_survey(community, "2026Q1")


@pytest.fixture
def fill_all(survey: Survey, household: Household, owner: User, neighbours) -> Callable[..., None]:
    """Fills in the sheet of every household with the same scores."""

    def fill(*scores: int | None) -> None:
        for place, user in [(household, owner), *neighbours]:
            fill_sheet(survey, place, user, *scores)

    return fill


@pytest.fixture
def counted(survey: Survey, fill_all) -> Survey:
    """92.5 % satisfied: 9 for cleaning (weight 2), 10 for lifts, 9 for security."""
    fill_all(9, 10, 9)
    with company_scope(survey.company_id):
        count_due_surveys(company=survey.company, at=COUNTED)
        return Survey.objects.get(pk=survey.pk)


@pytest.fixture
def run(counted: Survey) -> BillRun:
    with company_scope(counted.company_id):
        return run_bills(community=counted.community, quarter=Quarter(2026, 1), at=COUNTED)
