"""What an agent types while somebody is on the line."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from propman.common.forms import RowField
from propman.community.models import Community
from propman.tenancy.idempotency import OnceForm

from ..models import Contact, Severity
from ..services.moving import LONGEST_TEXT
from .filing import offer_categories

HERE, OFFICE, SOLVED = "me", "office", "solved"


class IntakeForm(OnceForm):
    """One call: who, what, how urgent, and what happens next."""

    who = forms.CharField(label=_("Search caller"), max_length=60, required=False)
    caller = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)
    means = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=80, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=32, required=False, widget=forms.TextInput(attrs={"type": "tel"}))
    community = RowField(forms.Select, label=_("Community"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=Contact.Kind.choices, initial=Contact.Kind.COMPLAINT)
    said = forms.CharField(label=_("In the caller’s words"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5}))
    category = RowField(label=_("Category"))
    severity = forms.ChoiceField(label=_("Severity"), choices=Severity.choices, initial=Severity.NORMAL)
    is_confidential = forms.BooleanField(label=_("Hide name, phone and room from the office"), required=False)
    next = forms.ChoiceField(
        label=_("What happens next"),
        choices=[(HERE, _("Stays with me")), (OFFICE, _("Offer to the office")), (SOLVED, _("Solved on the phone"))],
        initial=HERE,
    )
    solution = forms.CharField(
        label=_("How it was solved"), max_length=LONGEST_TEXT, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(RowField, self.fields["community"]).offer(Community.objects.order_by("name"), none=_("None of ours"))
        offer_categories(self)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("next") == SOLVED and not (data.get("solution") or "").strip():
            self.add_error("solution", _("Say how it was solved; the caller is asked whether it holds."))
        return data
