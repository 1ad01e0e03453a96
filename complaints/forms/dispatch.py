"""What is typed about work orders: ordering work, the board's filters, the verbs of an order, budget lines."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any, ClassVar, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, LayoutObject
from django import forms
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from propman.common.forms import Drop, MoneyField, TakesFiles, offer_rows
from propman.common.money import in_figures, plain
from propman.community.models import Community, Department, Employee
from propman.tenancy.idempotency import OnceForm
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from ..models import WorkOrder
from ..order_workflow import COMMITTED, FINISHED, UNFINISHED, OrderVerb
from ..querysets import WorkOrderQuerySet
from ..selectors.costs import budgets_of, lines_with_use
from ..selectors.dispatch import VIEWS
from ..services.dispatch import LONGEST_WHAT, NewOrder
from ..services.moving import LONGEST_TEXT
from .verbs import VerbForm

MONTH = re.compile(r"(\d{4})-(\d{2})")
# What the figures of the costs open: the orders that went out, those of them still open, those done.
SENT = {"any": COMMITTED, "open": COMMITTED & UNFINISHED, "done": COMMITTED & FINISHED}


class BoardForm(forms.Form):
    """The filters that stand in the address; what is wrong in one is left out."""

    department = forms.ModelChoiceField(Department.objects.none(), label=_("Department"), required=False, empty_label=_("All"))
    community = forms.ModelChoiceField(
        Community.objects.none(), label=_("Community"), required=False, empty_label=_("All"), to_field_name="address"
    )
    month = forms.CharField(
        label=_("Ordered in"), required=False, max_length=7, widget=forms.TextInput(attrs={"type": "month"})
    )
    complaint = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    line = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)
    nowhere = forms.BooleanField(required=False, widget=forms.HiddenInput)  # of no community
    year = forms.IntegerField(min_value=2000, max_value=2200, required=False, widget=forms.HiddenInput)
    sent = forms.ChoiceField(choices=[(name, "") for name in ("", *SENT)], required=False, widget=forms.HiddenInput)
    view = forms.ChoiceField(choices=[("", ""), *((one.name, "") for one in VIEWS)], required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, department=Department.objects.order_by("name"), community=Community.objects.order_by("name"))
        self.is_valid()

    def clean_month(self) -> str:
        month: str = self.cleaned_data["month"]
        found = MONTH.fullmatch(month)
        return month if found and 1 <= int(found[2]) <= 12 and int(found[1]) else ""

    def narrowed(self, rows: WorkOrderQuerySet) -> WorkOrderQuerySet:
        """The orders that the filters leave."""
        data = self.cleaned_data
        if data.get("department"):
            rows = rows.filter(department=data["department"])
        if data.get("community"):
            rows = rows.filter(complaint__community=data["community"])
        if data.get("line"):
            rows = rows.filter(budget=data["line"])
        if data.get("nowhere"):
            rows = rows.filter(complaint__community=None)
        if data.get("complaint"):
            rows = rows.filter(complaint__number=data["complaint"])
        if month := data.get("month"):
            first = date.fromisoformat(f"{month}-01")
            rows = rows.filter(ordered_at__year=first.year, ordered_at__month=first.month)
        if data.get("year"):
            rows = rows.filter(ordered_at__year=data["year"])
        if data.get("sent"):
            rows = rows.filter(state__in=sorted(SENT[data["sent"]]))
        return rows

    FILTERS = ("department", "community", "month", "complaint", "line", "nowhere", "year", "sent")

    @property
    def kept(self) -> dict[str, str]:
        """The filters as they stand in the address."""
        return {name: self.data[name] for name in self.FILTERS if self.cleaned_data.get(name)}

    @property
    def is_filtered(self) -> bool:
        return bool(self.kept)


class CostForm(forms.Form):
    """Over which months the costs are added up, and by what."""

    BY = [("department", _("Department")), ("community", _("Community")), ("month", _("Month")), ("complaint", _("Complaint"))]

    by = forms.ChoiceField(choices=BY, required=False)
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2200, required=False)

    def wanted(self, *, this_year: int) -> tuple[str, int]:
        """The grouping and the year; what is wrong is left out."""
        self.is_valid()
        return self.cleaned_data.get("by") or "department", self.cleaned_data.get("year") or this_year


class OrderVerbForm(OnceForm):
    """A verb of an order that needs nothing."""

    def __init__(self, *args: Any, verb: OrderVerb, order: WorkOrder, by: Employee | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verb, self.order = verb, order
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(*self.fields)


class AcceptOrderForm(OrderVerbForm):
    """The head may say who goes."""

    people = forms.ModelMultipleChoiceField(
        Employee.objects.none(), label=_("Who goes"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, by: Employee | None = None, **kwargs: Any) -> None:
        super().__init__(*args, by=by, **kwargs)
        if by is None or by.pk != self.order.department.head_id:
            del self.fields["people"]
            self.helper.layout = Layout(*self.fields)
            return
        staff = Employee.objects.filter(department=self.order.department_id, left_on=None).order_by("name", "pk")
        offer_rows(self, people=staff)


class OrderReasonForm(OrderVerbForm):
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 2}))


class ChangeOrderForm(OrderReasonForm):
    due_at = forms.DateTimeField(
        label=_("By when"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    estimate = MoneyField(label=_("Estimated cost"), may_be_nothing=True)
    over_budget = forms.BooleanField(label=_("Change it all the same; the general manager is told"), required=False)
    field_order = ("due_at", "estimate", "reason", "over_budget")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = self.order
        cast(MoneyField, self.fields["estimate"]).currency = order.currency
        self.initial["due_at"], self.initial["estimate"] = order.due_at, plain(order.estimate, order.currency)
        shown = [name for name in self.fields if name != "over_budget" or self.is_bound]
        self.helper.layout = Layout(*shown)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "due_at" not in self.changed_data:  # the field knows no seconds
            data.pop("due_at", None)
        data["is_over_allowed"] = data.pop("over_budget", False)
        return data


class FinishOrderForm(OrderVerbForm, TakesFiles):
    """What was done and what it cost, with photos for colleagues."""

    text = forms.CharField(label=_("What was done"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3}))
    actual_cost = MoneyField(label=_("What it cost"), may_be_nothing=True)
    field_order = ("text", "actual_cost", "files")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = self.order
        cast(MoneyField, self.fields["actual_cost"]).currency = order.currency
        self.initial.setdefault("actual_cost", plain(order.estimate, order.currency))
        self.helper.layout = Layout(*(Drop(name) if name == "files" else name for name in self.fields))


ORDER_FORMS: dict[OrderVerb, type[OrderVerbForm]] = {
    OrderVerb.ALLOW: OrderVerbForm,
    OrderVerb.ACCEPT: AcceptOrderForm,
    OrderVerb.REFUSE: OrderReasonForm,
    OrderVerb.CHANGE: ChangeOrderForm,
    OrderVerb.FINISH: FinishOrderForm,
    OrderVerb.CANCEL: OrderReasonForm,
}


class BudgetForm(OnceForm):
    """A budget line; the same line of the same department and year again changes its sum."""

    department = forms.ModelChoiceField(Department.objects.none(), label=_("Department"), empty_label=_("Choose"))
    year = forms.IntegerField(label=_("Year"), min_value=2000, max_value=2200)
    line = forms.CharField(label=_("Budget line"), max_length=60)
    amount = MoneyField(label=_("Amount"), may_be_nothing=True)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, department=Department.objects.filter(closed_on=None).order_by("name"))
        cast(MoneyField, self.fields["amount"]).currency = currency
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(*self.fields)


USUAL_TIME = timedelta(hours=4)  # what a new work order is given
ROWS = range(3)  # departments that one form orders from


class OrderWorkForm(VerbForm):
    """Work for up to three departments; an empty row is none. Who and which line: only those of the row's department."""

    use_required_attribute = False  # a folded row must not keep the others from being sent

    gives_room = forms.BooleanField(label=_("Give the departments the room; name and phone stay hidden"), required=False)
    over_budget = forms.BooleanField(
        label=_("Order it all the same; the general manager decides, at once when there is danger"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = timezone.now()
        units = {one.pk: one for one in Department.objects.filter(closed_on=None).order_by("name")}
        people = Employee.objects.filter(left_on=None, department__in=units).order_by("name", "pk")
        self.units, self.people, lines = units, {one.pk: one for one in people}, lines_with_use(budgets_of(at))
        self.lines = {one.budget.pk: one.budget for one in lines}
        currency = Company.objects.get(pk=current_company_id()).currency
        of_line = {one.budget.pk: f"{one.budget.line}, {in_figures(one.left, one.budget.currency)}" for one in lines}
        choices: dict[str, list[Any]] = {
            "department": [("", _("Choose")), *((pk, str(one)) for pk, one in units.items())],
            "budget": [("", _("None")), *_grouped(units, self.lines, of_line)],
            "people": _grouped(units, self.people, {pk: str(one) for pk, one in self.people.items()}),
        }
        due = {"type": "datetime-local"}
        for row in ROWS:
            fields: dict[str, forms.Field] = {
                "department": forms.ChoiceField(
                    label=_("Department"), choices=choices["department"], widget=forms.Select(attrs={"data-unit": ""})
                ),
                "what": forms.CharField(
                    label=_("What is to be done"), max_length=LONGEST_WHAT, widget=forms.Textarea(attrs={"rows": 2})
                ),
                "due_at": forms.DateTimeField(
                    label=_("By when"), widget=forms.DateTimeInput(attrs=due, format="%Y-%m-%dT%H:%M"), initial=at + USUAL_TIME
                ),
                "estimate": MoneyField(label=_("Estimated cost"), currency=currency, may_be_nothing=True),
                "budget": forms.ChoiceField(
                    label=_("Budget line"),
                    choices=choices["budget"],
                    help_text=_("The figure is what is left."),
                    widget=forms.Select(attrs={"data-of-unit": ""}),
                ),
                "people": forms.MultipleChoiceField(
                    label=_("Who"),
                    choices=choices["people"],
                    widget=forms.SelectMultiple(attrs={"data-of-unit": "", "size": 3}),
                ),
            }
            is_needed = row == 0 or not self.is_bound or self._is_typed(row)
            for name, field in fields.items():
                field.required = is_needed and name not in {"budget", "people"}
                self.fields[f"{name}_{row}"] = field
        if self.complaint is None or not self.complaint.contact.is_confidential:
            del self.fields["gives_room"]
        self.helper.layout = Layout("idempotency_key", "version", OrderRows())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The fields of each row by name; `is_open` when something was typed into it."""
        names = ("department", "what", "due_at", "estimate", "budget", "people")
        return [{name: self[f"{name}_{row}"] for name in names} | {"is_open": row == 0 or self._is_typed(row)} for row in ROWS]

    def _is_typed(self, row: int) -> bool:
        """Whether the row is meant: its time and its estimate stand there unasked."""
        return bool(self.data.get(f"department_{row}") or str(self.data.get(f"what_{row}", "")).strip())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            data["orders"] = [self._order(row, data) for row in ROWS if row == 0 or self._is_typed(row)]
        data["is_over_allowed"] = data.pop("over_budget", False)
        return data

    def _order(self, row: int, data: dict[str, Any]) -> NewOrder:
        budget = data[f"budget_{row}"]
        return NewOrder(
            department=self.units[int(data[f"department_{row}"])],
            what=data[f"what_{row}"],
            due_at=data[f"due_at_{row}"],
            estimate=data[f"estimate_{row}"],
            budget=self.lines[int(budget)] if budget else None,
            people=[self.people[int(pk)] for pk in data[f"people_{row}"]],
            place=row,
        )


def _grouped(units: dict[int, Department], rows: dict[int, Any], labels: dict[int, str]) -> list[tuple[str, list[Any]]]:
    """Choices under the name of their department."""
    of_unit: dict[int, list[Any]] = {}
    for pk, one in rows.items():
        of_unit.setdefault(one.department_id, []).append((pk, labels[pk]))
    return [(str(unit), of_unit[pk]) for pk, unit in units.items() if pk in of_unit]


class OrderRows(LayoutObject):
    """The rows of the form that orders work; those that are not needed are folded."""

    fields: ClassVar[list[Any]] = []

    def render(self, form: Any, context: Any, *args: Any, **kwargs: Any) -> str:
        return render_to_string("complaints/_order_rows.html", {"form": form, "rows": form.rows})
