from datetime import UTC, date, datetime
from itertools import count

from allauth.account.models import EmailAddress

from propman.accounts.models import Membership, User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee, Household, Occupancy, Person
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

BEGIN = datetime(2026, 1, 1, 1, tzinfo=UTC)  # 09:00 in Shanghai
PASSWORD = "correct horse battery"

serial = count(1)


def make_user(name: str = "", **fields) -> User:
    """Somebody who can sign in with PASSWORD."""
    name = name or f"person {next(serial)}"
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}.{next(serial)}@example.test")
    user = User.objects.create_user(email, PASSWORD, name=name, joined_at=BEGIN, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_member(company: Company, *roles: Role, name: str = "", user: User | None = None) -> User:
    """A user who holds the roles in the company."""
    user = user or make_user(name)
    with company_scope(company.pk):
        Membership.objects.bulk_create(Membership(company=company, user=user, role=role, started_at=BEGIN) for role in roles)
    return user


def make_employee(department: Department, *roles: Role, name: str = "", user: User | None = None) -> User:
    """An employee who signs in and holds the role of employee besides the others; `Employee.user` leads back."""
    company = department.company
    user = make_member(company, Role.EMPLOYEE, *roles, name=name, user=user)
    with company_scope(company.pk):
        employee = Employee.objects.create(
            number=f"E{next(serial):05}",
            name=user.name,
            phone="021-5555-0100",
            email=user.email,
            department=department,
            joined_on=date(2025, 1, 1),
            user=user,
        )
        if Role.DEPARTMENT_HEAD in roles:
            department.head = employee
            department.save(update_fields=["head"])
    return user


def make_resident(
    household: Household,
    kind: Occupancy.Kind = Occupancy.Kind.OWNER,
    *,
    name: str = "",
    user: User | None = None,
    starts_on: date = date(2025, 1, 1),
) -> User:
    """A user who lives in the household (or owns it), with the role of that kind."""
    user = make_member(household.company, Role(kind), name=name, user=user)
    with company_scope(household.company_id):
        person, _created = Person.objects.get_or_create(
            company_id=household.company_id, user=user, defaults={"name": user.name, "email": user.email}
        )
        Occupancy.objects.create(household=household, person=person, kind=kind, starts_on=starts_on)
    return user
