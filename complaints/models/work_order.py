"""Work that the centre orders from a department, and the budget lines that it is paid from. Rulebook section 2.5."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.order_workflow import FINISHED, OrderState
from complaints.querysets import WorkOrderManager
from propman.community.models import Department, Employee
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting
from propman.tenancy.models import Event

from .complaint import Complaint

ORDER_FACT_COLUMNS = [
    "company_id", "complaint_id", "number", "department_id", "budget_id", "event_id", "ordered_by_id", "ordered_at",
    "gives_room", "currency",
]  # fmt: skip
ORDER_STATE_COLUMNS = [
    "state", "due_at", "estimate", "actual_cost", "accepted_by_id", "accepted_at", "finished_at", "over_by", "allowed_at",
]  # fmt: skip


class Budget(CompanyModel):
    """What a department may spend in a year on one line, in minor units of its currency."""

    department = Link(Department, related_name="+")
    year = models.IntegerField(_("Year"))
    line = models.CharField(_("Budget line"), max_length=60)
    amount = models.BigIntegerField(_("Amount"))
    currency = models.CharField(max_length=3)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "department", "year", "line"], name="complaints_budget_line"),
            models.UniqueConstraint(fields=["company", "id", "department"], name="complaints_budget_of"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="complaints_budget_amount"),
            models.CheckConstraint(condition=Q(year__range=(2000, 2200)), name="complaints_budget_year"),
            *company_constraints("complaints_budget", references={"department_id": "community_department"}, update=["amount"]),
            ForbidRewriting(
                name="complaints_budget_forever", columns=["company_id", "department_id", "year", "line", "currency"]
            ),
        ]

    def __str__(self) -> str:
        return self.line


class WorkOrder(CompanyModel):
    """What a department was ordered to do for a complaint; its words and every move are events of the complaint.

    Sums are minor units of `currency`. `over_by` is by how much it ran over its line; until `allowed_at` that waits for the
    general manager.
    """

    # facts
    complaint = Link(Complaint, related_name="work_orders")
    number = models.CharField(_("number"), max_length=24)
    department = Link(Department, related_name="+")
    budget = Link(Budget, null=True, related_name="orders")
    event = Link(Event, related_name="+")  # where the words of the order stand
    ordered_by = Link(Employee, related_name="+")
    ordered_at = models.DateTimeField()
    gives_room = models.BooleanField()
    currency = models.CharField(max_length=3)

    # state
    state = models.CharField(_("state"), max_length=10, choices=OrderState.choices)
    due_at = models.DateTimeField()
    estimate = models.BigIntegerField()
    actual_cost = models.BigIntegerField(null=True)
    accepted_by = Link(Employee, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    over_by = models.BigIntegerField(default=0)
    allowed_at = models.DateTimeField(null=True)

    # derived from the events
    event_position = models.IntegerField()
    reminds_at = models.DateTimeField(null=True)
    reminders = models.IntegerField(default=0)

    what: str  # the words of the order, where with_words() or whoever wrote them gave them

    objects = WorkOrderManager()  # type: ignore[misc]

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="complaints_workorder_number"),
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="complaints_workorder_state"),
            models.CheckConstraint(
                condition=Q(estimate__gte=0, over_by__gte=0) & (Q(actual_cost=None) | Q(actual_cost__gte=0)),
                name="complaints_workorder_sums",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("ordered_at")), name="complaints_workorder_due"),
            models.CheckConstraint(
                condition=Q(state="done", actual_cost__isnull=False) | (~Q(state="done") & Q(actual_cost=None)),
                name="complaints_workorder_cost",
            ),
            models.CheckConstraint(
                condition=Q(state__in=sorted(FINISHED), finished_at__isnull=False, reminds_at=None)
                | (~Q(state__in=sorted(FINISHED)) & Q(finished_at=None)),
                name="complaints_workorder_end",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "done"]) | Q(accepted_by__isnull=False, accepted_at__isnull=False),
                name="complaints_workorder_accepted",
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(over_by__gt=0, allowed_at=None), name="complaints_workorder_held"
            ),
            *company_constraints(
                "complaints_workorder",
                references={
                    "complaint_id": "complaints_complaint",
                    "department_id": "community_department",
                    "budget_id": "complaints_budget",
                    "event_id": "tenancy_event",
                    "ordered_by_id": "community_employee",
                    "accepted_by_id": "community_employee",
                },
                update=[*ORDER_STATE_COLUMNS, "event_position", "reminds_at", "reminders"],
            ),
            ForbidRewriting(name="complaints_workorder_forever", columns=ORDER_FACT_COLUMNS),
        ]
        indexes = [
            models.Index(fields=["company", "complaint"], name="complaints_order_of"),
            models.Index(fields=["company", "department", "due_at"], name="complaints_order_unit"),
            models.Index(fields=["company", "budget"], name="complaints_order_line"),
            models.Index(fields=["company", "state", "due_at", "id"], name="complaints_order_board"),
            models.Index(fields=["company", "ordered_at", "id"], name="complaints_order_time"),
            models.Index(fields=["reminds_at"], name="complaints_order_reminds", condition=Q(reminds_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def cost(self) -> int:
        """What it cost once it is done, until then what it is thought to cost."""
        return self.estimate if self.actual_cost is None else self.actual_cost

    @property
    def done_for(self) -> Complaint:
        """The complaint that the work is for: the one that its own was merged into, if it was."""
        return self.complaint.merged_into or self.complaint

    @property
    def waits_for_manager(self) -> bool:
        return self.over_by > 0 and self.allowed_at is None and self.state not in {OrderState.REFUSED, OrderState.CANCELLED}


class OrderedPerson(CompanyModel):
    """Somebody who is to do the work of an order: named by the centre, or by the head who accepted it."""

    order = Link(WorkOrder, related_name="people")
    employee = Link(Employee, related_name="+")

    class Meta(CompanyModel.Meta):
        verbose_name = pgettext_lazy("work order", "person")
        constraints = [
            models.UniqueConstraint(fields=["company", "order", "employee"], name="complaints_orderedperson_key"),
            *company_constraints(
                "complaints_orderedperson",
                references={"order_id": "complaints_workorder", "employee_id": "community_employee"},
                update=False,
            ),
            ForbidRewriting(name="complaints_orderedperson_forever"),
        ]
        indexes = [models.Index(fields=["company", "employee"], name="complaints_ordered_who")]
