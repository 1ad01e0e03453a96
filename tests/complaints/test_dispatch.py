"""Work orders: every verb, who must not, what the asker's secret is worth, budgets, reminders, two at once."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from complaints import services
from complaints.models import Budget, Complaint, OrderedPerson, Timer, WorkOrder
from complaints.order_workflow import OrderState, OverBudget
from complaints.services.dispatch import NewOrder
from complaints.services.reminding import remind_of_late_orders
from complaints.workflow import BadInput, MoveNotAllowed, NotYours, Refused
from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.notify.models import Notice
from propman.tenancy.events import facts_of, stream_of
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope
from tests.factories import make_department, make_employee
from tests.factories.complaints import START, make_complaint, make_policy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def fitter(engineering, engineer) -> User:
    return make_employee(engineering, name="Fitter")


@pytest.fixture
def finance(company_office) -> User:
    return make_employee(company_office, Role.FINANCE_OFFICER, name="Finance")


@pytest.fixture
def line(scope, engineering, engineer, finance, staff) -> Budget:
    """Engineering may spend 1,000.00 on repairs."""
    return services.set_budget(department=engineering, year=2026, line="Repairs", amount=100_000, by=staff(finance), at=START)


@pytest.fixture
def order(complaint, engineering, engineer, agent, staff):
    """Orders work of Engineering: order(estimate=…, people=…, budget=…, by=…, …)."""

    def order(*, by=None, complaint=complaint, department=engineering, at=START + HOUR, **given) -> WorkOrder:
        choices = {name: given.pop(name) for name in ("gives_room", "is_over_allowed") if name in given}
        engineering.refresh_from_db()
        wanted = {"what": "Close the riser valve", "due_at": at + 4 * HOUR, "estimate": 30_000} | given
        new = NewOrder(department=department, **wanted)
        made = services.order_work(complaint=complaint, orders=[new], by=by or staff(agent), at=at, **choices)
        return WorkOrder.objects.with_words().get(pk=made[0].pk)

    return order


def told(user: User, event: str) -> int:
    return Notice.objects.filter(user_id=user.pk, event=f"work_order.{event}").count()


def last_event(order: WorkOrder) -> Event:
    return Event.objects.filter(stream=f"complaint:{order.complaint_id}").latest("position")


def test_order_goes_through_accept_to_done(order, staff, engineer, fitter, agent, owner):
    made = order(people=[staff(fitter)])
    assert (made.number, made.state, made.what) == ("2026-000001-1", OrderState.ORDERED, "Close the riser valve")
    assert told(engineer, "ordered") == told(fitter, "ordered") == 1
    made = services.accept_order(order=made, by=staff(fitter), at=START + 2 * HOUR)
    assert (made.state, made.accepted_by) == (OrderState.ACCEPTED, staff(fitter))
    assert told(agent, "accepted") == told(owner, "coming") == 1
    made = services.finish_order(order=made, by=staff(fitter), at=START + 3 * HOUR, text="Closed.", actual_cost=28_050)
    made.refresh_from_db()
    assert (made.state, made.actual_cost, made.cost, made.reminds_at) == (OrderState.DONE, 28_050, 28_050, None)
    assert told(agent, "done") == 1


def test_order_moves_neither_handler_nor_clock_nor_state(order, complaint, staff, agent, engineer):
    services.accept_complaint(complaint=complaint, by=staff(agent), at=START + HOUR / 4)
    columns = [one.attname for one in Complaint._meta.concrete_fields if one.attname != "event_position"]
    before = Complaint.objects.values(*columns).get(pk=complaint.pk)
    timers = list(Timer.objects.order_by("pk").values())
    made = order()
    services.accept_order(order=made, by=staff(engineer), at=START + 2 * HOUR)
    services.finish_order(order=made, by=staff(engineer), at=START + 3 * HOUR, text="Closed.", actual_cost=1)
    assert Complaint.objects.values(*columns).get(pk=complaint.pk) == before
    assert list(Timer.objects.order_by("pk").values()) == timers


def test_several_departments_are_ordered_at_once_or_not_at_all(complaint, engineering, engineer, office, head, staff, agent):
    engineering.refresh_from_db()
    due_at = START + 5 * HOUR
    good = NewOrder(engineering, "Close the valve", due_at, 0)
    with pytest.raises(BadInput) as refused:
        services.order_work(
            complaint=complaint, orders=[good, NewOrder(office, " ", due_at, 0, place=1)], by=staff(agent), at=START
        )
    assert refused.value.field == "what_1"
    assert not WorkOrder.objects.exists()
    orders = [good, NewOrder(office, "Put up a notice", due_at, 0, place=1)]
    made = services.order_work(complaint=complaint, orders=orders, by=staff(agent), at=START)
    assert [one.number for one in made] == ["2026-000001-1", "2026-000001-2"]


def test_refused_order_says_why_to_who_ordered(order, staff, engineer, agent):
    made = order()
    with pytest.raises(BadInput):
        services.refuse_order(order=made, by=staff(engineer), at=START + 2 * HOUR, reason=" ")
    made = services.refuse_order(order=made, by=staff(engineer), at=START + 2 * HOUR, reason="No ladder here")
    assert made.state == OrderState.REFUSED
    assert Notice.objects.get(event="work_order.refused").words["reason"] == "No ladder here"


def test_centre_changes_time_and_estimate_with_a_reason(order, staff, agent, engineer):
    made = order()
    later = START + 9 * HOUR
    made = services.change_order(
        order=made, by=staff(agent), at=START + 2 * HOUR, reason="Parts come late", due_at=later, estimate=40_000
    )
    assert (made.due_at, made.estimate, made.reminds_at) == (later, 40_000, later)
    assert told(engineer, "changed") == 1
    with pytest.raises(BadInput):
        services.change_order(order=made, by=staff(agent), at=START + 3 * HOUR, reason="x", due_at=later, estimate=40_000)


def test_centre_cancels_with_a_reason(order, staff, agent, engineer):
    made = services.cancel_order(order=order(), by=staff(agent), at=START + 2 * HOUR, reason="The asker fixed it")
    assert (made.state, made.finished_at) == (OrderState.CANCELLED, START + 2 * HOUR)
    assert told(engineer, "cancelled") == 1


@pytest.mark.parametrize("verb", ["accept", "refuse", "change", "finish", "cancel", "allow"])
def test_finished_order_stays_as_it_is(verb, order, staff, engineer, agent, manager, complaint):
    made = order()
    services.accept_order(order=made, by=staff(engineer), at=START + 2 * HOUR)
    services.finish_order(order=made, by=staff(engineer), at=START + 3 * HOUR, text="Done.", actual_cost=0)
    with pytest.raises(MoveNotAllowed):
        act(verb, made, by=staff({"allow": manager, "change": agent, "cancel": agent}.get(verb, engineer)))


def act(verb: str, order: WorkOrder, *, by: Employee, at=START + 4 * HOUR) -> WorkOrder:
    given = {
        "refuse": {"reason": "No"},
        "cancel": {"reason": "No"},
        "change": {"reason": "No", "estimate": 1},
        "finish": {"text": "Done.", "actual_cost": 1},
    }.get(verb, {})
    return getattr(services, f"{verb}_order")(order=order, by=by, at=at, **given)


@pytest.mark.parametrize(
    ("verb", "somebody"),
    [
        *((verb, who) for verb in ("accept", "refuse", "finish") for who in ("agent", "manager", "head", "colleague")),
        *((verb, who) for verb in ("change", "cancel") for who in ("engineer", "head", "finance", "administrator")),
        *(("allow", who) for who in ("agent", "engineer", "finance", "administrator")),
    ],
)
def test_verb_of_somebody_else_is_refused(verb, somebody, order, staff, request, engineering):
    made = order()
    make_employee(engineering, name="Colleague")
    by = (
        Employee.objects.select_related("department").get(name="Colleague")
        if somebody == "colleague"
        else staff(request.getfixturevalue(somebody))
    )
    with pytest.raises(NotYours):
        act(verb, made, by=by)


@pytest.mark.parametrize("somebody", ["head", "engineer", "finance", "administrator"])
def test_only_centre_and_managers_order(somebody, order, staff, request):
    with pytest.raises(NotYours):
        order(by=staff(request.getfixturevalue(somebody)))
    assert not WorkOrder.objects.exists()


def test_general_manager_orders_too(order, staff, manager):
    assert order(by=staff(manager)).ordered_by == staff(manager)


def test_department_without_a_head_is_served_by_anybody_of_it(order, staff, company):
    yard = make_department(company, Department.Kind.OTHER, name="Yard")
    sweeper = make_employee(yard, name="Sweeper")
    made = order(department=yard)
    assert services.accept_order(order=made, by=staff(sweeper), at=START + 2 * HOUR).accepted_by == staff(sweeper)


def test_head_names_who_goes_when_accepting(order, staff, engineer, fitter, head):
    made = order()
    with pytest.raises(BadInput):
        services.accept_order(order=made, by=staff(engineer), at=START + 2 * HOUR, people=[staff(head)])
    services.accept_order(order=made, by=staff(engineer), at=START + 2 * HOUR, people=[staff(fitter)])
    assert told(fitter, "ordered") == 1
    assert (
        services.finish_order(order=made, by=staff(fitter), at=START + 3 * HOUR, text="Closed.", actual_cost=0).state
        == OrderState.DONE
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"what": "x" * 501}, "what_0"),
        ({"due_at": START}, "due_at_0"),
        ({"due_at": START + timedelta(days=400)}, "due_at_0"),
        ({"estimate": -1}, "estimate_0"),
        ({"estimate": 10**15}, "estimate_0"),
    ],
)
def test_bad_order_names_its_field(given, field, order):
    with pytest.raises(BadInput) as refused:
        order(**given)
    assert refused.value.field == field


def test_people_of_another_department_cannot_be_named(order, staff, head):
    with pytest.raises(BadInput) as refused:
        order(people=[staff(head)])
    assert refused.value.field == "people_0"


def test_closed_complaint_takes_no_order(order, complaint, owner):
    services.withdraw_complaint(complaint=complaint, by=owner, at=START + HOUR / 2)
    with pytest.raises(MoveNotAllowed):
        order()


# Money


def test_budget_is_set_by_finance_and_manager_only(engineering, staff, agent, engineer, manager, finance):
    for user in (agent, engineer):
        with pytest.raises(NotYours):
            services.set_budget(department=engineering, year=2026, line="Repairs", amount=1, by=staff(user), at=START)
    for amount, user in ((1, manager), (2, finance)):
        services.set_budget(department=engineering, year=2026, line="Repairs", amount=amount, by=staff(user), at=START)
    assert Budget.objects.get().amount == 2
    assert [facts_of(one)["amount"] for one in Event.objects.filter(name="budget.set").order_by("position")] == [1, 2]


def test_order_over_the_line_warns_and_waits_for_the_manager(order, line, staff, manager, engineer, agent):
    order(budget=line, estimate=60_000)
    with pytest.raises(OverBudget, match=r"Repairs: ¥200\.00 over the line"):
        order(budget=line, estimate=60_000)
    made = order(budget=line, estimate=60_000, is_over_allowed=True)
    assert (made.state, made.over_by) == (OrderState.HELD, 20_000)
    assert told(manager, "over_budget") == 1
    assert told(engineer, "ordered") == 1  # the first one only
    with pytest.raises(MoveNotAllowed):
        services.accept_order(order=made, by=staff(engineer), at=START + 2 * HOUR)
    services.allow_order(order=made, by=staff(manager), at=START + 2 * HOUR)
    assert told(engineer, "ordered") == 2
    assert told(agent, "allowed") == 1
    with pytest.raises(MoveNotAllowed):
        services.allow_order(order=made, by=staff(manager), at=START + 3 * HOUR)


def test_danger_to_life_does_not_wait_for_the_manager(order, line, staff, manager, engineer, household):
    flood = make_complaint(household=household, severity="emergency")
    made = order(complaint=flood, budget=line, estimate=200_000, is_over_allowed=True)
    assert made.state == OrderState.ORDERED
    assert made.waits_for_manager
    services.allow_order(order=made, by=staff(manager), at=START + 2 * HOUR)
    assert not WorkOrder.objects.over_budget().exists()


def test_manager_ordering_over_the_line_need_not_ask_himself(order, line, staff, manager):
    made = order(by=staff(manager), budget=line, estimate=200_000, is_over_allowed=True)
    assert (made.state, made.over_by, made.waits_for_manager) == (OrderState.ORDERED, 100_000, False)


def test_several_orders_of_one_line_count_together(complaint, line, engineering, staff, agent):
    engineering.refresh_from_db()
    two = [NewOrder(engineering, "Valve", START + 5 * HOUR, 60_000, line, place=n) for n in range(2)]
    with pytest.raises(OverBudget):
        services.order_work(complaint=complaint, orders=two, by=staff(agent), at=START)


def test_line_of_another_department_or_year_is_refused(order, line, office, head, staff, finance, engineering):
    with pytest.raises(BadInput):
        order(department=office, budget=line)
    with pytest.raises(BadInput):
        order()  # Engineering has lines: one has to be named
    next_year = services.set_budget(department=engineering, year=2027, line="Repairs", amount=1, by=staff(finance), at=START)
    with pytest.raises(BadInput):
        order(budget=next_year)


def test_cost_above_estimate_and_line_is_told_to_the_manager(order, line, staff, engineer, manager):
    made = order(budget=line, estimate=90_000)
    services.accept_order(order=made, by=staff(engineer), at=START + 2 * HOUR)
    services.finish_order(order=made, by=staff(engineer), at=START + 3 * HOUR, text="Two valves.", actual_cost=130_000)
    assert WorkOrder.objects.over_budget().get().over_by == 30_000
    assert told(manager, "over_budget") == 1


def test_raised_estimate_is_measured_against_the_line(order, line, staff, agent, manager):
    made = order(budget=line)
    with pytest.raises(OverBudget):
        services.change_order(order=made, by=staff(agent), at=START + 2 * HOUR, reason="More", estimate=150_000)
    services.change_order(
        order=made, by=staff(agent), at=START + 2 * HOUR, reason="More", estimate=150_000, is_over_allowed=True
    )
    assert WorkOrder.objects.over_budget().get().over_by == 50_000


def test_held_order_that_fits_after_all_goes_out(order, line, staff, agent, engineer):
    made = order(budget=line, estimate=150_000, is_over_allowed=True)
    services.change_order(order=made, by=staff(agent), at=START + 2 * HOUR, reason="Cheaper part", estimate=80_000)
    made.refresh_from_db()
    assert (made.state, made.over_by) == (OrderState.ORDERED, 0)
    assert told(engineer, "ordered") == 1


# The asker's secret


@pytest.fixture
def secret(policy, household, owner, office, staff):
    return make_complaint(
        household=household,
        is_confidential=True,
        asker=services.Asker(user=owner, name="Wen Hao", phone="138 0013 8000"),
    )


@pytest.mark.parametrize("what", ["Call Wen Hao first", "Ring 13800138000", "Go to {room} and look"])
def test_words_that_name_a_confidential_asker_are_refused(what, order, secret):
    with pytest.raises(BadInput) as refused:
        order(complaint=secret, what=what.format(room=secret.room.label))
    assert refused.value.field == "what_0"


def test_centre_may_give_the_room_of_a_confidential_asker(order, secret):
    assert order(complaint=secret).gives_room is False
    assert order(complaint=secret, what=f"Look in {secret.room.label}", gives_room=True).gives_room is True
    assert facts_of(last_event(WorkOrder.objects.latest("pk")))["gives_room"] is True


# Reminders


def test_overdue_order_is_reminded_of_once_a_day(order, staff, engineer, fitter, agent):
    made = order(people=[staff(fitter)])
    assert remind_of_late_orders(made.due_at - HOUR) == 0
    assert remind_of_late_orders(made.due_at) == 1
    assert remind_of_late_orders(made.due_at + HOUR) == 0
    assert (told(engineer, "overdue"), told(fitter, "overdue"), told(agent, "overdue")) == (1, 1, 0)
    assert remind_of_late_orders(made.due_at + timedelta(days=1)) == 1
    assert (told(engineer, "overdue"), told(agent, "overdue")) == (2, 1)
    made.refresh_from_db()
    assert last_event(made).name == "work_order.reminded"
    assert made.complaint.event_position == made.event_position == last_event(made).position


def test_reminders_end_after_a_week_and_with_the_order(order, staff, engineer):
    first, second = order(), order()
    services.accept_order(order=second, by=staff(engineer), at=START + 2 * HOUR)
    services.finish_order(order=second, by=staff(engineer), at=START + 3 * HOUR, text="Done.", actual_cost=0)
    days = [remind_of_late_orders(first.due_at + timedelta(days=n)) for n in range(10)]
    assert days == [1] * 7 + [0] * 3


def test_held_order_reminds_the_manager(order, line, manager, engineer):
    made = order(budget=line, estimate=150_000, is_over_allowed=True)
    assert remind_of_late_orders(made.due_at) == 1
    assert (told(manager, "overdue"), told(engineer, "overdue")) == (1, 0)


def test_two_late_orders_of_one_complaint_are_both_reminded_of(order, scope):
    order(), order()
    assert remind_of_late_orders(START + timedelta(days=1)) == 2
    call_command("check_integrity", scope.address)


# What the database keeps


def test_history_of_orders_passes_the_integrity_check(order, line, staff, engineer, fitter, agent, manager, scope):
    made = order(budget=line, people=[staff(fitter)])
    services.accept_order(order=made, by=staff(fitter), at=START + 2 * HOUR)
    services.change_order(order=made, by=staff(agent), at=START + 2 * HOUR, reason="More", estimate=40_000)
    services.finish_order(order=made, by=staff(fitter), at=START + 3 * HOUR, text="Done.", actual_cost=50_000)
    held = order(budget=line, estimate=900_000, is_over_allowed=True)
    services.allow_order(order=held, by=staff(manager), at=START + 2 * HOUR)
    services.refuse_order(order=held, by=staff(engineer), at=START + 3 * HOUR, reason="Too dear")
    call_command("check_integrity", scope.address)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE complaints_workorder SET number = 'x'",
        "UPDATE complaints_workorder SET ordered_at = now()",
        "UPDATE complaints_workorder SET gives_room = NOT gives_room",
        "DELETE FROM complaints_workorder",
        "DELETE FROM complaints_orderedperson",
        "UPDATE complaints_orderedperson SET employee_id = 1",
        "DELETE FROM complaints_budget",
        "UPDATE complaints_budget SET line = 'x'",
    ],
)
def test_application_may_not_rewrite_orders(sql, order, line):
    order(budget=line)
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE complaints_workorder SET estimate = 1",
        "UPDATE complaints_workorder SET state = 'cancelled', finished_at = now(), reminds_at = NULL",
        "UPDATE complaints_workorder SET estimate = 1, event_position = event_position + 1",
    ],
)
def test_order_moves_only_with_an_event(sql, order):
    order()
    with (
        pytest.raises(IntegrityError, match="only together with an event"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_line_of_another_department_is_refused_by_the_database(order, line, office):
    made = order(budget=line)
    made.pk, made.number, made.department = None, "x", office
    with pytest.raises(IntegrityError, match="line_of_department"), transaction.atomic():
        made.save(force_insert=True)


# Two at once


@pytest.mark.django_db(transaction=True)
def test_two_accepting_at_once_are_not_both_first(company, community, household, owner, office, agent, engineering, engineer):
    with company_scope(company.pk):
        make_policy()
        complaint = make_complaint(household=household)
        by = Employee.objects.select_related("department").get(user=agent)
        engineering.refresh_from_db()
        new = NewOrder(engineering, "Close the valve", START + 5 * HOUR, 0)
        made = services.order_work(complaint=complaint, orders=[new], by=by, at=START)[0]
    start, outcomes = Barrier(4), []

    def accept() -> None:
        start.wait()
        try:
            with company_scope(company.pk):
                head = Employee.objects.select_related("department").get(user=engineer)
                services.accept_order(order=made, by=head, at=START + HOUR)
            outcomes.append("accepted")
        except Refused as problem:
            outcomes.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [Thread(target=accept) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["MoveNotAllowed"] * 3 + ["accepted"]
    with company_scope(company.pk):
        assert Event.objects.filter(name="work_order.accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_do_not_overdraw_a_line(
    company, community, household, owner, office, agent, engineering, engineer, finance
):
    with company_scope(company.pk):
        make_policy()
        complaints = [make_complaint(household=household) for _n in range(4)]
        by = Employee.objects.select_related("department").get(user=agent)
        payer = Employee.objects.select_related("department").get(user=finance)
        line = services.set_budget(department=engineering, year=2026, line="Repairs", amount=100, by=payer, at=START)
        engineering.refresh_from_db()
    start, outcomes = Barrier(4), []

    def place(complaint: Complaint) -> None:
        start.wait()
        try:
            with company_scope(company.pk):
                new = NewOrder(engineering, "Close the valve", START + 5 * HOUR, 60, line)
                services.order_work(complaint=complaint, orders=[new], by=by, at=START)
            outcomes.append("ordered")
        except Refused as problem:
            outcomes.append(type(problem).__name__)
        finally:
            connection.close()

    threads = [Thread(target=place, args=[one]) for one in complaints]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["OverBudget"] * 3 + ["ordered"]


def test_order_of_another_company_is_not_there(order, rival_company):
    made = order()
    with company_scope(rival_company.pk):
        assert not WorkOrder.objects.filter(pk=made.pk).exists()
        assert not OrderedPerson.objects.exists()


def test_order_stands_in_the_chain_of_its_complaint(order, complaint):
    made = order()
    assert made.event.stream == stream_of(complaint)
    assert facts_of(made.event)["order"] == made.number
