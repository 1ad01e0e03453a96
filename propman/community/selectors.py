"""Who lives where, who works where, and who is to be asked when nobody answers."""

from datetime import date, datetime

from django.db.models import Q, QuerySet

from propman.accounts.models import Membership, User
from propman.accounts.roles import Role

from .models import Community, Department, DutyShift, Employee, Household, Occupancy


def employee_of(user: User) -> Employee | None:
    """The employee that the user is in the current company; nobody once they have left."""
    return Employee.objects.select_related("department").filter(user=user, left_on=None).first()


def occupancies_of(user: User, *, on: date) -> QuerySet[Occupancy]:
    """The user's occupancies that hold on that day."""
    return (
        Occupancy.objects.select_related("household__room", "household__community", "person")
        .filter(person__user=user, starts_on__lte=on)
        .filter(Q(ends_on=None) | Q(ends_on__gt=on))
    )


def households_of(user: User, *, on: date) -> QuerySet[Household]:
    """The households in which the user lives or which the user owns on that day."""
    return Household.objects.select_related("room", "community").filter(
        pk__in=occupancies_of(user, on=on).order_by().values("household_id")
    )


def service_centre() -> Department | None:
    return Department.objects.filter(kind=Department.Kind.SERVICE_CENTRE, closed_on=None).select_related("head").first()


def communities_named(text: str) -> QuerySet[Community]:
    """The company's communities in whose name or street the text stands; all for an empty one."""
    rows: QuerySet[Community] = Community.objects.all()
    return rows.filter(Q(name__icontains=text) | Q(street__icontains=text)) if text else rows


def phones_of(community: Community) -> list[Department]:
    """Whom to call about the community: its management office, then the service centre; without those that have no phone."""
    kind = Department.Kind
    asked = Q(kind=kind.MANAGEMENT_OFFICE, community=community) | Q(kind=kind.SERVICE_CENTRE)
    return list(Department.objects.filter(asked, closed_on=None).exclude(phone="").order_by("kind"))


def office_of(community: Community) -> Department | None:
    """The management office of the community."""
    return (
        Department.objects.filter(kind=Department.Kind.MANAGEMENT_OFFICE, community=community, closed_on=None)
        .select_related("head")
        .first()
    )


def duty_manager(*, at: datetime) -> Employee | None:
    """The service centre's duty manager at that moment: the lead of the running shift."""
    shift = (
        DutyShift.objects.select_related("employee")
        .filter(
            department__kind=Department.Kind.SERVICE_CENTRE,
            starts_at__lte=at,
            ends_at__gt=at,
            is_lead=True,
            employee__left_on=None,
        )
        .order_by("starts_at", "pk")
        .first()
    )
    return shift.employee if shift else None


def general_manager() -> Employee | None:
    """The employee who holds the role of general manager; the first appointed if there are several."""
    managers = Membership.objects.filter(role=Role.GENERAL_MANAGER, ended_at=None).order_by("started_at", "pk")
    users = list(managers.values_list("user_id", flat=True))
    employees = {employee.user_id: employee for employee in Employee.objects.filter(user__in=users, left_on=None)}
    return next((employees[user] for user in users if user in employees), None)
