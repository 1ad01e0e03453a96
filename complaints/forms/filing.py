"""Filing a complaint, logging a contact, following one by number and code."""

from collections.abc import Sequence
from typing import Any, cast

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Field, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from propman.common.forms import Act, Drop, Picks, RowField, Segment, Step, TakesFiles
from propman.community.models import Community, Household
from propman.tenancy.idempotency import OnceForm

from ..models import Contact, Severity
from ..selectors import categories
from ..services.moving import LONGEST_TEXT

TEXT = {"rows": 4, "maxlength": LONGEST_TEXT}


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


class EraseForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Everybody who reads the thread reads it."))
    is_sure = forms.BooleanField(label=_("I have looked at it: this file is to be erased for good"))


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
