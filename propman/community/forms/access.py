"""Forms of the ways in for residents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from propman.common.forms import offer_rows

from ..models import Community, Occupancy, Room

KINDS = [(Occupancy.Kind.FAMILY_MEMBER.value, _("Family member")), (Occupancy.Kind.TENANT.value, _("Tenant"))]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code of the letter"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "characters"}),
    )
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254)


class ClaimForm(forms.Form):
    community = forms.ModelChoiceField(label=_("Community"), queryset=Community.objects.none(), empty_label=_("Choose"))
    room = forms.CharField(label=_("Building, entrance, room"), max_length=60, help_text=_("For example 3-2-1201."))
    kind = forms.ChoiceField(label=_("I am the"), choices=Occupancy.Kind.choices)
    name = forms.CharField(label=_("Your name"), max_length=80)
    phone = forms.CharField(label=_("Your telephone"), max_length=32)
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, community=Community.objects.order_by("name"))


class DecideForm(forms.Form):
    """The office's answer: the room as the directory has it, or why not."""

    room = forms.CharField(label=_("Room in the directory"), max_length=120, required=False)
    reason = forms.CharField(label=_("If not: why"), max_length=300, required=False)

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.community = community

    def clean_room(self) -> Room | None:
        label = self.cleaned_data["room"].strip()
        room = Room.objects.filter(community=self.community, label=label).first() if label else None
        if label and room is None:
            raise forms.ValidationError(_("The community has no room “%(room)s”."), params={"room": label[:30]})
        return room


class HouseholdInviteForm(forms.Form):
    kind = forms.ChoiceField(label=_("Who comes in"), choices=KINDS)
    name = forms.CharField(label=_("Name"), max_length=80)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    phone = forms.CharField(label=_("Telephone"), max_length=32, required=False)
