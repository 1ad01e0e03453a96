import pytest

from complaints.models import ClockPolicy
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from tests.factories import make_department, make_employee
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


@pytest.fixture
def engineering(company) -> Department:
    return make_department(company, Department.Kind.OTHER, name="Engineering")


@pytest.fixture
def engineer(engineering) -> User:
    """The head of Engineering."""
    return make_employee(engineering, Role.DEPARTMENT_HEAD, name="Engineer")
