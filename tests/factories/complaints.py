"""Complaints for tests, filed through the services."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from complaints import services
from complaints.models import Category, Complaint, WorkOrder
from complaints.services.dispatch import NewOrder
from complaints.services.policies import default_rules
from propman.accounts.models import User
from propman.common.uploads import NewFile
from propman.community.models import Department, Employee, Household, Person

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def make_category(code: str = "leak", name: str = "Leak", name_zh: str = "漏水") -> Category:
    category, _made = Category.objects.get_or_create(code=code, defaults={"name": name, "name_zh": name_zh})
    return category


def make_policy(at: datetime = START):
    return services.publish_policy(rules=default_rules(), by=None, at=at)


def make_complaint(*, household: Household | None = None, at: datetime = START, **given) -> Complaint:
    """A complaint filed on the web by the household's owner, or with `first_asked` by an employee."""
    if "asker" not in given:
        person = Person.objects.filter(occupancies__household=household).first() if household else None
        given["asker"] = services.Asker(
            user=person.user if person else None, person=person, name=person.name if person else "Caller", phone="555 0100"
        )
    given.setdefault("category", make_category())
    given.setdefault("channel", "phone" if given.get("first_asked") else "web")
    given.setdefault("title", "Water through the ceiling")
    given.setdefault("text", "It drips since noon.")
    return services.file_complaint(household=household, at=at, **given).complaint


def make_order(complaint: Complaint, *, department: Department, by: User, at: datetime | None = None, **given) -> WorkOrder:
    """Work ordered from a department by an employee of the centre, due four hours later."""
    at = at or complaint.received_at + timedelta(minutes=5)
    wanted = {"what": "Close the riser valve", "due_at": at + timedelta(hours=4), "estimate": 30_000} | given
    choices = {name: wanted.pop(name) for name in ("gives_room", "is_over_allowed") if name in wanted}
    agent = Employee.objects.select_related("department").get(user=by)
    department = Department.objects.get(pk=department.pk)
    return services.order_work(
        complaint=complaint, orders=[NewOrder(department=department, **wanted)], by=agent, at=at, **choices
    )[0]


def make_order_done(order: WorkOrder, *, by: User, actual_cost: int = 28_000, files: Sequence[NewFile] = ()) -> WorkOrder:
    """The order accepted and done within two hours by an employee of its department."""
    employee, at = Employee.objects.select_related("department").get(user=by), order.ordered_at + timedelta(hours=1)
    services.accept_order(order=order, by=employee, at=at)
    return services.finish_order(
        order=order, by=employee, at=at + timedelta(hours=1), text="Closed.", actual_cost=actual_cost, files=files
    )
