"""What is typed for a verb of a complaint."""

from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from propman.common.forms import RowField, Segment, TakesFiles, offer_rows
from propman.community.models import Department, Employee
from propman.tenancy.idempotency import OnceForm

from ..clocks import Clock
from ..models import Complaint, Severity
from ..selectors import categories
from ..services.moving import LONGEST_TEXT
from ..workflow import HELPED, Verb
from .filing import TEXT

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


class ColleagueField(forms.ModelChoiceField):
    def label_from_instance(self, employee: Any) -> str:
        return f"{employee.name}, {employee.department.name}"


class HandOverForm(ReasonForm):
    to_employee = ColleagueField(
        Employee.objects.none(), label=_("To an employee"), required=False, empty_label=_("Anybody of the department")
    )
    to_department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Or to a department"), required=False, empty_label=_("The employee's own")
    )
    field_order = ("to_employee", "to_department", "reason", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = Employee.objects.filter(left_on=None).select_related("department").order_by("department__name", "name")
        offer_rows(self, to_employee=people, to_department=Department.objects.filter(closed_on=None).order_by("name"))

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
