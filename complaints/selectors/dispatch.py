"""The dispatch board, one order with its history, and what others see of orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.models import Complaint, OrderedPerson, WorkOrder
from complaints.order_workflow import UNFINISHED, OrderState
from complaints.permissions import Viewer
from complaints.querysets import WorkOrderQuerySet
from complaints.workflow import State
from propman.common.money import in_figures
from propman.common.templatetags.components import moment
from propman.community.models import Employee
from propman.tenancy.events import facts_of, stream_of, texts_of
from propman.tenancy.models import Event

ON_BOARD = 12  # orders of a column; the rest stands in its list


@dataclass(frozen=True)
class BoardView:
    """One way to look at the orders: its name in the address, and the column of the board that it is."""

    name: str
    label: Any
    icon: str
    order_by: str
    is_column: bool = True


VIEWS = (
    BoardView("late", gettext_lazy("Overdue"), "alert-circle", "due_at"),
    BoardView("waiting", pgettext_lazy("work order", "Waiting"), "inbox", "due_at"),
    BoardView("accepted", gettext_lazy("At work"), "tool", "due_at"),
    BoardView("done", pgettext_lazy("work order", "Done"), "circle-check", "-finished_at"),
    BoardView("over", gettext_lazy("Order over budget"), "coin", "due_at", is_column=False),
    BoardView("refused", pgettext_lazy("work order", "Refused"), "arrow-back-up", "-finished_at", is_column=False),
    BoardView("cancelled", pgettext_lazy("work order", "Cancelled"), "x", "-finished_at", is_column=False),
    BoardView("all", gettext_lazy("All"), "list", "-ordered_at", is_column=False),
)


def _is(name: str, at: datetime) -> Q:
    """The orders of a view; each unfinished one stands in exactly one column."""
    match name:
        case "late":
            return Q(state__in=sorted(UNFINISHED), due_at__lte=at)
        case "waiting":
            return Q(state__in=[OrderState.HELD, OrderState.ORDERED], due_at__gt=at)
        case "accepted":
            return Q(state=OrderState.ACCEPTED, due_at__gt=at)
        case "over":
            return Q(over_by__gt=0, allowed_at=None) & ~Q(state__in=[OrderState.REFUSED, OrderState.CANCELLED])
        case "done" | "refused" | "cancelled":
            return Q(state=name)
        case _:
            return Q()


def in_view(rows: WorkOrderQuerySet, name: str, *, at: datetime) -> WorkOrderQuerySet:
    return rows.filter(_is(name, at))


def counts(rows: WorkOrderQuerySet, *, at: datetime) -> dict[str, int]:
    """How many orders stand in each view, with one query."""
    named = {view.name: Count("pk", filter=_is(view.name, at)) for view in VIEWS if view.name != "all"}
    return rows.order_by().aggregate(**named, all=Count("pk"))


def with_people(rows: WorkOrderQuerySet) -> WorkOrderQuerySet:
    """With the people who were named, in two more queries for any number of orders."""
    people = OrderedPerson.objects.select_related("employee").order_by("employee__name", "pk")
    return rows.for_list().prefetch_related(Prefetch("people", people, to_attr="named"))


@dataclass(frozen=True)
class Column:
    view: BoardView
    count: int
    rows: list[WorkOrder]


def board(rows: WorkOrderQuerySet, *, at: datetime) -> list[Column]:
    """The columns of the board, the next due first, what was done last first."""
    counted = counts(rows, at=at)
    found = []
    for view in VIEWS:
        if not view.is_column:
            continue
        pk = "-pk" if view.order_by.startswith("-") else "pk"
        shown = (
            with_people(in_view(rows, view.name, at=at)).order_by(view.order_by, pk)[:ON_BOARD] if counted[view.name] else []
        )
        found.append(Column(view, counted[view.name], list(shown)))
    return found


def for_me(employee: Employee) -> WorkOrderQuerySet:
    """What waits for the employee to be accepted or done: as head of the department, or as somebody who is named.

    What somebody else has accepted and nobody was named for is that other's.
    """
    named = Q(pk__in=OrderedPerson.objects.filter(employee=employee).values("order_id"))
    headless = Q(department__head=None, department_id=employee.department_id)
    mine = Q(department__head=employee) | named | headless
    waiting: WorkOrderQuerySet = WorkOrder.objects.filter(mine, state__in=[OrderState.ORDERED, OrderState.ACCEPTED])
    return waiting.exclude(~Q(accepted_by=employee) & ~named, state=OrderState.ACCEPTED)


def orders_of(complaint: Complaint, viewer: Viewer) -> list[WorkOrder]:
    """What was ordered for the complaint, newest first, and what the viewer may see of those merged into it."""
    seen = WorkOrder.objects.visible_to(viewer).filter(complaint__merged_into=complaint)
    orders = WorkOrder.objects.filter(Q(complaint=complaint) | Q(pk__in=seen.values("pk")))
    return list(with_people(orders).order_by("-pk"))


def coming_to(complaint: Complaint) -> list[WorkOrder]:
    """Which departments have said that they come: all that the asker sees of orders.

    They come for everybody whose complaints were merged into one.
    """
    one = complaint.merged_into_id or complaint.pk
    coming = WorkOrder.objects.filter(Q(complaint=one) | Q(complaint__merged_into=one), state=OrderState.ACCEPTED)
    return list(coming.select_related("department").order_by("due_at", "pk"))


ICONS = {
    "work_order.ordered": "tool",
    "work_order.allowed": "coin",
    "work_order.accepted": "check",
    "work_order.refused": "arrow-back-up",
    "work_order.changed": "clock-edit",
    "work_order.done": "circle-check",
    "work_order.cancelled": "x",
    "work_order.reminded": "bell-ringing",
}
ENDINGS = {"complaint.withdrawn": "x", "complaint.merged": "git-merge", "complaint.merged_on": "git-merge"}  # with their icons


def says(name: str, facts: dict[str, Any], texts: dict[str, str], unit: str) -> str:
    """What happened to an order, after the name of who did it; or what became of its complaint, of nobody's name."""
    if name == "complaint.withdrawn":
        return _("The complaint was withdrawn.")
    if name in ENDINGS:
        return _("The complaint was merged into %(number)s.") % {"number": facts["into"]}
    due_at = moment(datetime.fromisoformat(facts["due_at"]))
    told = {
        "number": facts["order"],
        "unit": unit,
        "time": due_at,
        "what": texts.get("what", ""),
        "text": texts.get("text", ""),
    }
    match name:
        case "work_order.ordered" if facts["order_state"] == OrderState.HELD:
            return _("ordered work from %(unit)s, over the budget line, by %(time)s: %(what)s") % told
        case "work_order.ordered":
            return _("ordered work from %(unit)s by %(time)s: %(what)s") % told
        case "work_order.allowed":
            return _("allowed order %(number)s over the budget line") % told
        case "work_order.accepted":
            return _("accepted order %(number)s: %(unit)s does it by %(time)s") % told
        case "work_order.refused":
            return _("refused order %(number)s: %(text)s") % told
        case "work_order.changed":
            cost = in_figures(facts["estimate"], facts["currency"])
            return _("changed order %(number)s, now by %(time)s for %(cost)s: %(text)s") % (told | {"cost": cost})
        case "work_order.done":
            cost = in_figures(facts["actual_cost"], facts["currency"])
            return _("has done order %(number)s for %(cost)s: %(text)s") % (told | {"cost": cost})
        case "work_order.cancelled" if facts.get("because") == State.WITHDRAWN:
            return _("Order %(number)s was cancelled, as the complaint was withdrawn.") % told
        case "work_order.cancelled":
            return _("cancelled order %(number)s: %(text)s") % told
        case _:
            return _("Order %(number)s is overdue; %(unit)s was reminded.") % told


@dataclass(frozen=True)
class Step:
    """One thing that happened to an order."""

    at: datetime
    who: str
    says: str
    icon: str


def steps_of(order: WorkOrder) -> list[Step]:
    """The history of the order, newest first, from the chain of its complaint."""
    of_orders = Q(name__startswith="work_order.")
    chain = Event.objects.filter(of_orders | Q(name__in=ENDINGS), stream=stream_of(order.complaint), position__gte=1)
    events = [(one, facts_of(one)) for one in chain.order_by("-position")]
    events = [(one, facts) for one, facts in events if facts.get("order", order.number) == order.number]
    if order.finished_at is not None:  # what became of the complaint afterwards is nothing of its history
        events = [(one, facts) for one, facts in events if one.name not in ENDINGS or one.at < order.finished_at]
    texts = texts_of([one for one, _facts in events])
    actors = {one.actor_id for one, _facts in events if one.actor_id}
    names = dict(Employee.objects.filter(user__in=actors).values_list("user_id", "name"))
    return [
        Step(
            one.at,
            "" if one.name in ENDINGS else names.get(one.actor_id or 0, ""),
            says(one.name, facts, texts.get(one.pk, {}), order.department.name),
            (ICONS | ENDINGS)[one.name],
        )
        for one, facts in events
    ]
