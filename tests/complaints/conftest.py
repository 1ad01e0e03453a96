import pytest

from complaints.models import ClockPolicy
from propman.community.models import Employee
from tests.factories.complaints import make_complaint, make_policy


@pytest.fixture
def policy(scope) -> ClockPolicy:
    return make_policy()


@pytest.fixture
def staff(scope, agent, head, manager):
    """The employees behind the cast: staff(user)."""
    return lambda user: Employee.objects.select_related("department").get(user=user)


@pytest.fixture
def complaint(policy, household, owner, office, staff):
    return make_complaint(household=household)
