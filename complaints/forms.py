"""What people type: parsing and layout."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout, LayoutObject
from django import forms
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from propman.common.forms import Act, Drop, MoneyField, Picks, Segment, Step, TakesFiles
from propman.common.money import in_figures
from propman.community.models import Community, Department, Employee, Household
from propman.tenancy.idempotency import OnceForm

from .clocks import Clock
from .models import Complaint, Contact, Severity
from .selectors import categories
from .selectors.costs import budgets_of, lines_with_use
from .services.dispatch import LONGEST_WHAT, NewOrder
from .services.moving import LONGEST_TEXT
from .workflow import HELPED, Verb

TEXT = {"rows": 4, "maxlength": LONGEST_TEXT}
USUAL_TIME = timedelta(hours=4)  # what a new work order is given


class RowField(forms.TypedChoiceField):
    """A choice among a few rows, fetched once: the answer is checked against what the page offers."""

    def __init__(self, widget: type[forms.Widget] = forms.RadioSelect, **kwargs: Any) -> None:
        super().__init__(widget=widget, empty_value=None, **kwargs)

    def offer(self, rows: Iterable[Model], label: Callable[[Any], str] = str, *, none: Any = "") -> None:
        """`none` says in words that nothing is chosen, where that may be."""
        by_key = {str(row.pk): row for row in rows}
        self.choices = [*([("", none)] if none else []), *((key, label(row)) for key, row in by_key.items())]
        self.coerce = by_key.__getitem__


def offer_categories(form: forms.Form) -> dict[str, str]:
    """Offer the company's categories in the field `category`; gives the icon of each."""
    rows = list(categories())
    cast(RowField, form.fields["category"]).offer(rows)
    return {str(category.pk): category.icon for category in rows}


class FilingForm(TakesFiles, OnceForm):
    """A resident files a complaint: what, where, how to be reached."""

    HOME, SHARED = "home", "shared"

    category = RowField(label=_("What is it about"))
    title = forms.CharField(label=_("In a few words"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    text = forms.CharField(label=_("Tell it in your own words"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs=TEXT))
    household = RowField(label=_("For which home"))
    where = forms.ChoiceField(
        label=_("Where"),
        choices=[(HOME, _("In my home")), (SHARED, _("A shared place"))],
        widget=forms.RadioSelect,
        initial=HOME,
    )
    place = forms.CharField(
        label=_("Which place"),
        max_length=120,
        required=False,
        help_text=_("A building, a gate, a lamp number: whatever finds it fastest."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    severity = forms.ChoiceField(
        label=_("How urgent is it"), choices=Severity.choices, widget=forms.RadioSelect, initial="normal"
    )
    phone = forms.CharField(
        label=_("Phone for questions"),
        max_length=32,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    is_confidential = forms.BooleanField(
        label=_("Hide my name, phone and room from the management office; the service centre speaks for me."),
        help_text=_("The office sees your photos without their names, place and time; see that none shows who you are."),
        required=False,
    )

    def __init__(self, *args: Any, homes: Sequence[Household], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        icons = offer_categories(self)
        household = cast(RowField, self.fields["household"])
        household.offer(homes, label=lambda home: f"{home.community} {home.room}")
        if len(homes) == 1:
            household.initial = homes[0].pk
            household.widget = forms.HiddenInput()
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "idempotency_key",
            Step(1, _("What"), Picks("category", icons=icons), "title", "text", Drop("files")),
            Step(2, _("Where"), Picks("household") if len(homes) > 1 else Field("household"), Picks("where"), "place"),
            Step(3, _("How to reach you"), Segment("severity"), "phone", "is_confidential"),
            Act(
                _("File the complaint"),
                says=_("You get a number at once. Nobody can delete it, only answer it."),
                class_="btn btn-primary is-wide",
            ),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("where") == self.SHARED and not data.get("place"):
            self.add_error("place", _("Say which place, so that somebody finds it."))
        return data


class ContactForm(TakesFiles, OnceForm):
    """An employee logs somebody who phoned, came by or wrote; the employee was asked first and owns it."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Contact.Kind.choices, initial="complaint")
    channel = forms.ChoiceField(
        label=_("By"),
        choices=[choice for choice in Contact.Channel.choices if choice[0] in {"phone", "visit", "letter", "email"}],
        widget=forms.RadioSelect,
        initial="phone",
    )
    asker_name = forms.CharField(label=_("Name"), max_length=80)
    asker_phone = forms.CharField(
        label=_("Phone"), max_length=32, required=False, widget=forms.TextInput(attrs={"type": "tel"})
    )
    asker_email = forms.EmailField(label=_("E-mail"), required=False)
    community = RowField(forms.Select, label=_("Community"), required=False)
    room = forms.CharField(
        label=_("Room"),
        max_length=60,
        required=False,
        help_text=_("As on the door, such as 3-2-1201; leave it empty for visitors."),
    )
    category = RowField(label=_("What is it about"))
    severity = forms.ChoiceField(
        label=_("How urgent is it"), choices=Severity.choices, widget=forms.RadioSelect, initial="normal"
    )
    title = forms.CharField(label=_("In a few words"), max_length=120)
    text = forms.CharField(label=_("What they said"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs=TEXT))
    received_at = forms.DateTimeField(
        label=_("When they asked"),
        required=False,
        help_text=_("Only if it was before now."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    is_confidential = forms.BooleanField(label=_("Name, phone and room are hidden from the management office."), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(RowField, self.fields["community"]).offer(Community.objects.order_by("name"), none=_("None of ours"))
        icons = offer_categories(self)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "idempotency_key",
            Step(1, _("Who asks"), Segment("channel"), "asker_name", "asker_phone", "asker_email", "community", "room"),
            Step(2, _("What"), "kind", Picks("category", icons=icons), Segment("severity"), "title", "text", Drop("files")),
            Step(3, _("When"), "received_at", "is_confidential"),
            Act(
                _("Log the contact"),
                says=_("You were asked first: it is yours until somebody else has taken it."),
                icon="check",
            ),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("room") and not data.get("community"):
            self.add_error("community", _("Choose the community of the room."))
        elif data.get("room"):
            found = data["community"].rooms.filter(label__iexact=data["room"].strip()).first()
            if found is None:
                self.add_error("room", _("There is no such room in this community."))
            data["room"] = found
        else:
            data["room"] = None
        return data


WORDS = {  # what the text of a verb is, for whoever writes it
    Verb.ANSWER: _("What the asker reads"),
    Verb.REPLY: _("Your message"),
    Verb.NOTE: _("Note"),
    Verb.WAIT: _("What you ask"),
    Verb.RESOLVE: _("What was done"),
    Verb.HALF_FIX: _("What is still wrong"),
    Verb.REOPEN: _("What is still wrong"),
    Verb.URGE: _("Anything to add"),
    Verb.WITHDRAW: _("Why"),
    Verb.TELL: _("Anything to add"),
    Verb.CALL_BACK: _("What the asker said"),
}


class VerbForm(OnceForm):
    """The form of a verb that needs nothing; the others extend it. `version` is the thread that was read."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    verb: Verb
    icon = "check"
    is_staff = False

    def __init__(self, *args: Any, verb: Verb, complaint: Complaint | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verb, self.complaint = verb, complaint
        if "text" in self.fields:
            self.fields["text"].label = WORDS[verb]
            self.fields["text"].widget.attrs |= {"placeholder": WORDS[verb], "data-keep": "text"}
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(*(name for name in self.fields if name != "files"))  # the page has a place for them


class TextForm(TakesFiles, VerbForm):
    text = forms.CharField(label=_("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={**TEXT, "rows": 3}))


class OptionalTextForm(VerbForm):
    text = forms.CharField(
        label=_("Text"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs={**TEXT, "rows": 2})
    )


class ReasonForm(VerbForm):
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={**TEXT, "rows": 2}))


class AnswerForm(TakesFiles, VerbForm):
    """A solution, or who is responsible with phone and time; “not our job” alone cannot be sent."""

    kind = forms.ChoiceField(
        label=_("Kind of answer"),
        choices=[("responsible", _("Who is responsible")), ("solution", _("Solution"))],
        widget=forms.RadioSelect,
        initial="solution",
    )
    text = forms.CharField(label=_("Text"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={**TEXT, "rows": 3}))
    responsible_name = forms.CharField(label=_("Who is responsible"), max_length=80, required=False)
    responsible_phone = forms.CharField(label=_("Phone"), max_length=32, required=False)
    responsible_by = forms.DateTimeField(
        label=_("By when"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout(
            "idempotency_key", "version", Segment("kind"), "text", "responsible_name", "responsible_phone", "responsible_by"
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == "responsible":
            for name in ("responsible_name", "responsible_phone", "responsible_by"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Say who, how to reach them, and by when."))
        return data


class HandOverForm(ReasonForm):
    to_employee = forms.ModelChoiceField(
        Employee.objects.none(), label=_("To an employee"), required=False, empty_label=_("Anybody of the department")
    )
    to_department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Or to a department"), required=False, empty_label=_("The employee's own")
    )
    field_order = ("to_employee", "to_department", "reason", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Employee.objects.filter(left_on=None).select_related("department").order_by("department__name", "name")
        self.fields["to_employee"].queryset = people  # type: ignore[attr-defined]
        self.fields["to_employee"].label_from_instance = lambda one: f"{one.name}, {one.department.name}"  # type: ignore[attr-defined]
        self.fields["to_department"].queryset = Department.objects.filter(closed_on=None).order_by("name")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("to_employee") and not data.get("to_department") and not self.errors:
            self.add_error("to_employee", _("Choose an employee or a department."))
        return data


class UntilForm(VerbForm):
    until = forms.DateTimeField(
        label=_("Until"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )


class DeferForm(UntilForm, ReasonForm):
    field_order = ("until", "reason", "version")


class WaitForm(TextForm):
    """A question; it comes back by itself after three days."""


class RecategoriseForm(VerbForm):
    category = RowField(forms.Select, label=_("What is it about"))
    severity = forms.ChoiceField(label=_("How urgent is it"), choices=Severity.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(RowField, self.fields["category"]).offer(categories(), none=_("Choose"))


class LengthenForm(ReasonForm):
    clock = forms.ChoiceField(label=_("Clock"), choices=Clock.choices)
    hours = forms.IntegerField(label=_("Hours in all"), min_value=1, max_value=8784)
    field_order = ("clock", "hours", "reason", "version")


class CorrectForm(ReasonForm):
    asker_name = forms.CharField(label=_("Name"), max_length=80, required=False)
    asker_phone = forms.CharField(label=_("Phone"), max_length=32, required=False)
    field_order = ("asker_name", "asker_phone", "reason", "version")


class MergeForm(VerbForm):
    into = forms.CharField(label=_("Into number"), max_length=20)


class RateForm(VerbForm):
    rating = forms.TypedChoiceField(
        label=_("How well was it handled? 5 is best."),
        choices=[(n, str(n)) for n in range(1, 6)],
        coerce=int,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper.layout = Layout("idempotency_key", "version", Segment("rating"))


class HelpedForm(OptionalTextForm):
    """Whom the asker asked first, and whether he was helped: by himself, or as he says on the phone."""

    helped = forms.ChoiceField(label=_("Were you helped?"), choices=HELPED, widget=forms.RadioSelect)
    asked = forms.CharField(
        label=_("Whom did you ask first?"),
        max_length=80,
        required=False,
        help_text=_("A name; empty if it is who stands as first asked."),
    )
    field_order: tuple[str, ...] = ("helped", "asked", "text", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["text"].widget.attrs["placeholder"]  # the label above says it


class CalledForm(HelpedForm):
    """What the asker says when the centre calls: first whether it is put right."""

    fixed = forms.ChoiceField(
        label=_("Is it put right?"),
        choices=[("yes", _("Yes")), ("no", _("No: it goes back to whoever had it"))],
        required=False,
        widget=forms.RadioSelect,
    )
    field_order = ("fixed", "helped", "asked", "text", "version")


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
        currency = lines[0].budget.currency if lines else "CNY"
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


FORMS: dict[Verb, type[VerbForm]] = {
    Verb.ACCEPT: VerbForm,
    Verb.HAND_OVER: HandOverForm,
    Verb.TAKE: VerbForm,
    Verb.REFUSE: ReasonForm,
    Verb.ANSWER: AnswerForm,
    Verb.REPLY: TextForm,
    Verb.NOTE: TextForm,
    Verb.WAIT: WaitForm,
    Verb.DEFER: DeferForm,
    Verb.RESOLVE: TextForm,
    Verb.CONFIRM: VerbForm,
    Verb.HALF_FIX: TextForm,
    Verb.REOPEN: TextForm,
    Verb.URGE: OptionalTextForm,
    Verb.RATE: RateForm,
    Verb.WITHDRAW: OptionalTextForm,
    Verb.MERGE: MergeForm,
    Verb.TAKE_OVER: VerbForm,
    Verb.SKIP: ReasonForm,
    Verb.RECATEGORISE: RecategoriseForm,
    Verb.LENGTHEN: LengthenForm,
    Verb.CORRECT: CorrectForm,
    Verb.TELL: HelpedForm,
    Verb.CALL_BACK: CalledForm,
    Verb.ORDER_WORK: OrderWorkForm,
}


class FollowForm(forms.Form):
    """Number and tracking code of somebody without an account."""

    number = forms.CharField(
        label=_("Number"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "2026-000123"})
    )
    code = forms.CharField(label=_("Tracking code"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout("number", "code", Act(_("Show the complaint"), icon="search"))
