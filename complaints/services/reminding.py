"""The clock of work orders: whoever has to act on an overdue one is reminded. Rulebook section 2.5."""

from datetime import datetime, timedelta

from django.db import connection

from complaints.models import WorkOrder
from complaints.order_workflow import OrderState
from propman.community.models import Employee
from propman.community.selectors import general_manager
from propman.notify.services import queue_notices
from propman.tenancy.events import NewEvent, record_events
from propman.tenancy.scope import company_scope

from .dispatch import facts_of_order, order_notice

REMINDS_EVERY = timedelta(days=1)
MOST_REMINDERS = 7
BATCH = 500

DUE_ORDERS = """
    SELECT worder.id FROM complaints_workorder AS worder
    JOIN complaints_complaint AS complaint ON complaint.company_id = worder.company_id AND complaint.id = worder.complaint_id
    WHERE worder.company_id = %s AND worder.reminds_at <= %s
    ORDER BY worder.reminds_at, worder.id LIMIT %s FOR UPDATE OF complaint SKIP LOCKED
"""

NOTE_REMINDERS = """
    UPDATE complaints_workorder AS worder
    SET event_position = told.position, reminders = reminders + 1, reminds_at = CASE WHEN reminders + 1 < %s THEN %s END
    FROM unnest(%s::bigint[], %s::int[]) AS told (id, position)
    WHERE worder.company_id = %s AND worder.id = told.id
"""

NOTE_POSITIONS = """
    UPDATE complaints_complaint AS complaint SET event_position = told.position
    FROM unnest(%s::bigint[], %s::int[]) AS told (id, position)
    WHERE complaint.company_id = %s AND complaint.id = told.id
"""


def remind_of_late_orders(at: datetime) -> int:
    """Remind whoever has to act on an order that is overdue, in every company; once a day, a week at most. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT complaints_companies_with_late_orders(%s)", [at])
        companies = [row[0] for row in cursor.fetchall()]
    return sum(remind_of_late_orders_of(company_id, at) for company_id in companies)


def remind_of_late_orders_of(company_id: int, at: datetime) -> int:
    """The same for one company: a simulated town lives in a time of its own."""
    reminded = 0
    while batch := _remind_batch(company_id, at):
        reminded += batch
    return reminded


def _remind_batch(company_id: int, at: datetime) -> int:
    """One transaction: its orders are reminded of with their events and notices, or not at all."""
    with company_scope(company_id):
        with connection.cursor() as cursor:
            cursor.execute(DUE_ORDERS, [company_id, at, BATCH])
            ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return 0
        # Read anew: under the locks, and only what is still due.
        found = WorkOrder.objects.with_words().select_related("department__head", "ordered_by").filter(pk__in=ids)
        orders = list(found.filter(reminds_at__lte=at).prefetch_related("people__employee").order_by("reminds_at", "pk"))
        recorded = record_events(
            [
                NewEvent(
                    f"complaint:{order.complaint_id}",
                    "work_order.reminded",
                    facts_of_order(order) | {"reminder": order.reminders + 1},
                )
                for order in orders
            ],
            by=None,
            at=at,
        )
        positions = [event.position for event in recorded]
        complaints = {order.complaint_id: position for order, position in zip(orders, positions, strict=True)}
        with connection.cursor() as cursor:
            pks = [order.pk for order in orders]
            cursor.execute(NOTE_REMINDERS, [MOST_REMINDERS, at + REMINDS_EVERY, pks, positions, company_id])
            cursor.execute(NOTE_POSITIONS, [list(complaints), list(complaints.values()), company_id])
        manager = general_manager()
        queue_notices(
            [
                order_notice(order, "work_order.overdue", user_id)
                for order in orders
                for user_id in sorted(_reminded(order, manager))
            ],
            at=at,
        )
        return len(orders)


def _reminded(order: WorkOrder, manager: Employee | None) -> set[int]:
    """Who is reminded: the department and whoever is named, from the second time on also who ordered it."""
    people: list[Employee | None]
    if order.state == OrderState.HELD:
        people = [manager]
    else:
        people = [order.department.head, *(one.employee for one in order.people.all())]
    if order.reminders:
        people.append(order.ordered_by)
    return {one.user_id for one in people if one is not None and one.left_on is None and one.user_id}
