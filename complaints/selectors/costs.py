"""What work orders cost, by complaint, community, department and month, and what is left of each budget line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _

from complaints.models import Budget, WorkOrder
from complaints.order_workflow import COMMITTED
from complaints.permissions import Viewer
from complaints.querysets import WorkOrderQuerySet

COST = Coalesce(F("actual_cost"), F("estimate"))


def used_by_line(lines: Iterable[int], *, but: int | None = None) -> dict[int, int]:
    """What each budget line is used for: actual costs, and the estimates of what is not done yet; held orders not."""
    orders = WorkOrder.objects.filter(budget__in=list(lines), state__in=sorted(COMMITTED)).exclude(pk=but)
    return {row["budget"]: row["used"] for row in orders.values("budget").annotate(used=Sum(COST)).order_by()}


@dataclass(frozen=True)
class Line:
    """A budget line with what it is used for; sums in minor units."""

    budget: Budget
    used: int
    orders: int

    @property
    def left(self) -> int:
        return self.budget.amount - self.used

    @property
    def share(self) -> int:
        """Per cent of the line that is used, at most 100."""
        if not self.budget.amount:
            return 100 if self.used else 0
        return min(100, self.used * 100 // self.budget.amount)


def lines_of(viewer: Viewer, *, year: int) -> list[Line]:
    """The budget lines of the year that the viewer may see: all for centre, managers and finance, else the department's."""
    budgets = Budget.objects.select_related("department").filter(year=year)
    if not (viewer.sees_all or viewer.is_finance):
        budgets = budgets.filter(department_id=viewer.employee.department_id if viewer.employee else 0)
    return lines_with_use(budgets.order_by("department__name", "department", "line"))


def budgets_of(at: datetime) -> QuerySet[Budget]:
    """The lines from which work is paid that is ordered at that moment."""
    year = timezone.localdate(at).year
    return Budget.objects.filter(year=year, department__closed_on=None).order_by("department__name", "department", "line")


def lines_with_use(budgets: QuerySet[Budget]) -> list[Line]:
    committed = Q(orders__state__in=sorted(COMMITTED))
    cost = Coalesce(F("orders__actual_cost"), F("orders__estimate"))
    counted = budgets.annotate(used=Coalesce(Sum(cost, filter=committed), 0), placed=Count("orders", filter=committed))
    return [Line(one, one.used, one.placed) for one in counted]


GROUPS = ("complaint", "community", "department", "month")


@dataclass(frozen=True)
class CostRow:
    """The costs of one group; `key` is the filter that opens its orders. Sums in minor units.

    `still`: estimates of what is not done yet; `planned`: estimates of what is done, beside what was `spent` for it.
    """

    key: str
    label: str
    orders: int
    open_orders: int
    still: int
    planned: int
    spent: int

    @property
    def done_orders(self) -> int:
        return self.orders - self.open_orders

    def share_of(self, total: CostRow) -> int:
        """Per cent of all costs, what is still open by its estimate."""
        return (self.spent + self.still) * 100 // max(1, total.spent + total.still)


def costs(rows: WorkOrderQuerySet, *, by: str) -> QuerySet[Any, dict[str, Any]]:
    """Costs of the orders that went out, grouped by one of GROUPS: months in their order, complaints by cost, else by name.

    An order counts in the month in which it was ordered, so that no figure moves from one month to another.
    """
    counted = rows.filter(state__in=sorted(COMMITTED))
    match by:
        case "month":
            keyed = counted.annotate(group=TruncMonth("ordered_at"), name=F("group"))
        case "department":
            keyed = counted.annotate(group=F("department_id"), name=F("department__name"))
        case "community":
            keyed = counted.annotate(group=F("complaint__community__address"), name=F("complaint__community__name"))
        case _:
            keyed = counted.annotate(group=F("complaint__number"), name=F("complaint__words__title"))
    order = {"month": "group", "complaint": "-sum"}.get(by, "name")
    return (
        keyed.values("group", "name")
        .annotate(
            orders=Count("pk"),
            open_orders=Count("pk", filter=Q(actual_cost=None)),
            still=Coalesce(Sum("estimate", filter=Q(actual_cost=None)), 0),
            planned=Coalesce(Sum("estimate", filter=Q(actual_cost__isnull=False)), 0),
            spent=Coalesce(Sum("actual_cost"), 0),
            sum=Sum(COST),
        )
        .order_by(order, "group")
    )


def cost_rows(groups: Iterable[dict[str, Any]], *, by: str) -> list[CostRow]:
    found, nowhere = [], _("No community")
    for one in groups:
        group = one["group"]
        key = f"{group:%Y-%m}" if isinstance(group, datetime) else str(group or "")
        label = {"month": key, "complaint": f"{group} {one['name'] or ''}"}.get(by, str(one["name"] or nowhere))
        sums = {name: one[name] for name in ("orders", "open_orders", "still", "planned", "spent")}
        found.append(CostRow(key, label.strip(), **sums))
    return found


def total_of(rows: Sequence[CostRow]) -> CostRow:
    names = ("orders", "open_orders", "still", "planned", "spent")
    return CostRow("", "", **{name: sum(getattr(row, name) for row in rows) for name in names})
