"""What becomes of work orders when their complaint is withdrawn, or merged into another."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from complaints import services
from complaints.models import WorkOrder
from complaints.order_workflow import OrderState
from complaints.selectors.costs import used_by_line
from complaints.selectors.dispatch import coming_to
from complaints.services.reminding import remind_of_late_orders
from complaints.workflow import MoveNotAllowed, State
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department
from propman.notify.models import Notice
from propman.tenancy.events import facts_of, stream_of
from propman.tenancy.models import Event
from tests.factories import make_community, make_department, make_employee, make_household
from tests.factories.complaints import make_complaint, make_order, make_policy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def complaint(scope, now, household, owner, office, head, agent):
    make_policy(now - timedelta(days=30))
    return make_complaint(household=household, at=now - 2 * HOUR)


@pytest.fixture
def other(complaint, now):
    """A complaint about the same trouble, which goes on."""
    return make_complaint(household=make_household(complaint.community), at=now - 3 * HOUR)


@pytest.fixture
def order(complaint, engineering, engineer, agent) -> WorkOrder:
    return make_order(complaint, department=engineering, by=agent)


def told(user: User, event: str) -> int:
    return Notice.objects.filter(user_id=user.pk, event=f"work_order.{event}").count()


def withdraw(complaint, at) -> None:
    services.withdraw_complaint(complaint=complaint, by=complaint.asker, at=at)


def merge(complaint, other, *, by, at) -> None:
    services.merge_complaint(complaint=complaint, into=other, by=by, at=at)


def test_withdrawing_cancels_what_nobody_has_accepted(order, complaint, engineer, agent, now, scope):
    withdraw(complaint, now)
    order.refresh_from_db()
    assert (order.state, order.finished_at, order.reminds_at) == (OrderState.CANCELLED, now, None)
    assert told(engineer, "not_needed") == told(agent, "not_needed") == 1
    last = Event.objects.filter(stream=stream_of(complaint)).latest("position")
    facts = facts_of(last)
    assert (last.name, facts["order"], facts["because"]) == ("work_order.cancelled", order.number, State.WITHDRAWN)
    assert (facts["state"], last.actor_id) == (State.WITHDRAWN, None)
    assert remind_of_late_orders(order.due_at + HOUR) == 0
    call_command("check_integrity", scope.address)


def test_withdrawing_gives_the_budget_line_back(complaint, engineering, engineer, agent, company_office, staff, now):
    finance = staff(make_employee(company_office, Role.FINANCE_OFFICER, name="Finance"))
    year = timezone.localdate(now).year
    line = services.set_budget(department=engineering, year=year, line="Repairs", amount=100_000, by=finance, at=now)
    make_order(complaint, department=engineering, by=agent, budget=line, estimate=60_000)
    held = make_order(complaint, department=engineering, by=agent, budget=line, estimate=60_000, is_over_allowed=True)
    assert (held.state, used_by_line([line.pk])) == (OrderState.HELD, {line.pk: 60_000})
    withdraw(complaint, now)
    held.refresh_from_db()
    assert (held.state, used_by_line([line.pk])) == (OrderState.CANCELLED, {})
    assert (told(engineer, "not_needed"), told(agent, "not_needed")) == (1, 2)  # the department never heard of what was held


def test_withdrawing_leaves_accepted_work_to_whoever_does_it(order, complaint, engineer, agent, staff, now, scope):
    services.accept_order(order=order, by=staff(engineer), at=now - HOUR)
    withdraw(complaint, now)
    order.refresh_from_db()
    assert order.state == OrderState.ACCEPTED
    assert told(engineer, "complaint_withdrawn") == told(agent, "complaint_withdrawn") == 1
    services.finish_order(order=order, by=staff(engineer), at=now, text="Done already.", actual_cost=1_000)
    call_command("check_integrity", scope.address)


def test_withdrawing_leaves_what_is_finished_alone(order, complaint, engineer, staff, now):
    services.refuse_order(order=order, by=staff(engineer), at=now - HOUR, reason="No ladder")
    withdraw(complaint, now)
    order.refresh_from_db()
    assert order.state == OrderState.REFUSED
    assert told(engineer, "not_needed") == told(engineer, "complaint_withdrawn") == 0


def test_cancelled_with_its_complaint_cannot_be_accepted(order, complaint, engineer, staff, now):
    withdraw(complaint, now)
    with pytest.raises(MoveNotAllowed):
        services.accept_order(order=order, by=staff(engineer), at=now)


def test_merging_lets_the_work_go_on_for_the_other_complaint(order, complaint, other, engineer, agent, staff, now, scope):
    asker = make_complaint(household=make_household(complaint.community), at=now - HOUR)
    merge(asker, complaint, by=staff(agent), at=now)  # gathered before, so that it moves on with it
    merge(complaint, other, by=staff(agent), at=now)
    order.refresh_from_db()
    assert order.state == OrderState.ORDERED
    assert told(engineer, "complaint_merged") == told(agent, "complaint_merged") == 1
    assert Notice.objects.filter(event="work_order.complaint_merged").first().words["into"] == other.number
    services.accept_order(order=order, by=staff(engineer), at=now)
    complaint.refresh_from_db(), asker.refresh_from_db()
    assert [one.pk for one in coming_to(other)] == [one.pk for one in coming_to(complaint)] == [order.pk]
    assert [one.pk for one in coming_to(asker)] == [order.pk]
    call_command("check_integrity", scope.address)


def test_merging_tells_the_askers_and_handler_of_the_other_complaint(order, complaint, other, engineer, agent, staff, now):
    services.take_over_complaint(complaint=other, by=staff(agent), at=now)
    merge(complaint, other, by=staff(agent), at=now)
    services.accept_order(order=order, by=staff(engineer), at=now)
    coming = Notice.objects.filter(event="work_order.coming")
    assert {one.words["number"] for one in coming} == {complaint.number, other.number}
    services.finish_order(order=order, by=staff(engineer), at=now, text="Closed.", actual_cost=0)
    assert told(agent, "done") == 1


def test_pages_say_what_became_of_the_complaint(order, complaint, engineer, agent, client_of, staff, now):
    services.accept_order(order=order, by=staff(engineer), at=now - HOUR)
    withdraw(complaint, now)
    page = client_of(engineer).get(f"/lanting/complaints/work-orders/{order.number}/").content.decode()
    assert "The complaint was withdrawn." in page
    assert "finish the work, or let the service centre cancel it" in page
    assert "Complaint withdrawn" in client_of(agent).get("/lanting/complaints/work-orders/").content.decode()
    one = client_of(agent).get(f"/lanting/api/v1/work-orders/{order.number}/").json()
    assert (one["complaint_state"], one["merged_into"], one["state"]) == ("withdrawn", None, "accepted")


def test_cancelled_order_says_that_its_complaint_was_withdrawn(order, complaint, engineer, client_of, owner, now):
    withdraw(complaint, now)
    page = client_of(engineer).get(f"/lanting/complaints/work-orders/{order.number}/").content.decode()
    assert "was cancelled, as the complaint was withdrawn" in page
    assert owner.name not in page.partition("What has happened")[2]


def test_ticket_shows_the_orders_of_what_was_merged_into_it(order, complaint, other, agent, client_of, staff, now):
    merge(complaint, other, by=staff(agent), at=now)
    client = client_of(agent)
    page = client.get(f"/lanting/complaints/{other.number}/").content.decode()
    assert f"/complaints/work-orders/{order.number}/" in page
    assert f"From {complaint.number}" in page
    assert f"merged into {other.number}" in client.get(f"/lanting/complaints/work-orders/{order.number}/").content.decode()
    assert client.get(f"/lanting/api/v1/work-orders/{order.number}/").json()["merged_into"] == other.number


def test_ticket_hides_the_orders_that_are_not_the_viewers(order, complaint, agent, client_of, staff, scope, now):
    community = make_community(scope, "elsewhere")
    office = make_department(scope, Department.Kind.MANAGEMENT_OFFICE, community=community)
    stranger = make_employee(office, Role.DEPARTMENT_HEAD)
    elsewhere = make_complaint(household=make_household(community), at=now - HOUR)
    merge(complaint, elsewhere, by=staff(agent), at=now)
    client = client_of(stranger)
    page = client.get(f"/lanting/complaints/{elsewhere.number}/")
    assert page.status_code == 200
    assert order.number not in page.content.decode()
    assert client.get(f"/lanting/complaints/work-orders/{order.number}/").status_code == 404
