"""Forms of the directory."""

from pathlib import Path
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.common.forms import offer_rows

from ..models import Building, Community, Entrance, Occupancy, Person
from ..services.imports import LARGEST_UPLOAD

KINDS = Occupancy.Kind.choices


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class RoomFilter(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=80)
    building = forms.ModelChoiceField(
        label=_("Building"), queryset=Building.objects.none(), required=False, empty_label=_("All")
    )
    lived_in = forms.ChoiceField(
        label=_("Households"), required=False, choices=[("", _("All")), ("yes", _("Lived in")), ("no", _("Empty"))]
    )

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        buildings = Building.objects.filter(community=community).order_by("name")
        offer_rows(self, building=buildings)


class PeopleFilter(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=80)
    kind = forms.ChoiceField(label=_("Who"), required=False, choices=[("", _("All")), *KINDS])


class OpenCommunityForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    address = forms.SlugField(
        label=_("Web address"), max_length=60, help_text=_("Small letters, digits and hyphens; it stays for good.")
    )
    street = forms.CharField(label=_("Street address"), max_length=200, required=False)


class RenameCommunityForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    street = forms.CharField(label=_("Street address"), max_length=200, required=False)


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=60)


class AddEntranceForm(forms.Form):
    building = forms.ModelChoiceField(label=_("Building"), queryset=Building.objects.none(), empty_label=_("Choose"))
    name = forms.CharField(label=_("Entrance"), max_length=30)

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        buildings = Building.objects.filter(community=community).order_by("name")
        offer_rows(self, building=buildings)


class EntranceChoice(forms.ModelChoiceField):
    def label_from_instance(self, entrance: Any) -> str:
        return " ".join(name for name in (entrance.building.name, entrance.name) if name)


class AddRoomForm(forms.Form):
    entrance = EntranceChoice(label=_("Entrance"), queryset=Entrance.objects.none())
    name = forms.CharField(label=_("Room"), max_length=30)
    area = forms.DecimalField(label=_("Area in m²"), max_digits=8, decimal_places=2, min_value=0)

    def __init__(self, *args: Any, community: Community, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entrances = Entrance.objects.filter(building__community=community).select_related("building")
        offer_rows(self, entrance=entrances.order_by("building__name", "name"))


class ChangeRoomForm(forms.Form):
    name = forms.CharField(label=_("Room"), max_length=30)
    area = forms.DecimalField(label=_("Area in m²"), max_digits=8, decimal_places=2, min_value=0)


class MoveInForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    phone = forms.CharField(label=_("Telephone"), max_length=32, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    kind = forms.ChoiceField(label=_("Moves in as"), choices=KINDS)
    on = forms.DateField(label=pgettext_lazy("time", "From"), widget=DayInput)


class ChangePersonForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    phone = forms.CharField(label=_("Telephone"), max_length=32, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)


class DayForm(forms.Form):
    on = forms.DateField(label=_("On"), widget=DayInput)


class OwnerChoice(forms.ModelChoiceField):
    def label_from_instance(self, person: Any) -> str:
        return f"{person.name} {person.phone}".strip()


class JoinCommitteeForm(forms.Form):
    person = OwnerChoice(label=_("Owner"), queryset=Person.objects.none())
    office = forms.CharField(label=_("Office"), max_length=60, required=False)
    on = forms.DateField(label=pgettext_lazy("time", "From"), widget=DayInput)

    def __init__(self, *args: Any, owners: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, person=owners)


class UploadForm(forms.Form):
    file = forms.FileField(label=_("CSV or XLSX file"), max_length=200)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_UPLOAD:
            raise forms.ValidationError(_("The file is larger than 20 MB; split it, or use the command import_rooms."))
        file.name = Path(file.name or "").name
        return file


class UploadRoomsForm(UploadForm):
    area = forms.DecimalField(
        label=_("Area in m² of rooms whose row names none"), max_digits=8, decimal_places=2, min_value=0, required=False
    )
