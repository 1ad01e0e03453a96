"""Forms of the company's settings."""

import re
import zoneinfo
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.accounts.roles import OFFICIALS, Role
from propman.common.forms import offer_rows
from propman.tenancy.models import Company

from ..models import Community, Department, Employee

# What an administrator grants by hand; the other roles follow from homes, departments, committees and supervision.
GRANTABLE = [
    Role.COMPANY_ADMINISTRATOR,
    Role.GENERAL_MANAGER,
    Role.CENTRE_AGENT,
    Role.DUTY_MANAGER,
    Role.HR_OFFICER,
    Role.FINANCE_OFFICER,
    Role.UNION_PANEL_MEMBER,
]


class PeopleFilter(forms.Form):
    q = forms.CharField(label=_("Search"), required=False, max_length=80)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Every role")), *Role.choices])
    who = forms.ChoiceField(
        label=_("Who"), required=False, choices=[("", _("Those who are in")), ("former", _("Those who were"))]
    )


class GrantForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, held: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in GRANTABLE if role not in held]  # type: ignore[attr-defined]


class ResetForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class SuperviseForm(forms.Form):
    """Who is to supervise a company: somebody with an account, or somebody to be invited."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=80)
    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, role.label) for role in sorted(OFFICIALS)], widget=forms.RadioSelect
    )


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=_("Name"), max_length=80)
    employee = forms.ModelChoiceField(
        label=_("Employee"),
        queryset=Employee.objects.none(),
        required=False,
        empty_label=_("Not an employee of the company"),
        help_text=_("The account will belong to this employee, with the roles that follow from the work."),
    )
    roles = forms.MultipleChoiceField(
        label=_("Further roles"),
        choices=[(role.value, role.label) for role in GRANTABLE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without = Employee.objects.filter(user=None, left_on=None).order_by("name", "pk")
        offer_rows(self, employee=without)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "employee" in data and "roles" in data and not data["employee"] and not data["roles"]:
            self.add_error("roles", _("Choose an employee or at least one role."))
        return data


class DepartmentForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=Department.Kind.choices)
    community = forms.ModelChoiceField(
        label=_("Community"), queryset=Community.objects.none(), required=False, empty_label=_("None")
    )
    phone = forms.CharField(label=_("Telephone"), max_length=32, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, community=Community.objects.order_by("name"))


class DepartmentChangeForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=80)
    phone = forms.CharField(label=_("Telephone"), max_length=32, required=False)


class HeadForm(forms.Form):
    head = forms.ModelChoiceField(label=_("Head"), queryset=Employee.objects.none(), required=False, empty_label=_("Nobody"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, head=Employee.objects.filter(left_on=None).order_by("name", "pk"))


class EmployeeForm(forms.Form):
    number = forms.CharField(label=_("Employee number"), max_length=20)
    name = forms.CharField(label=_("Name"), max_length=80)
    post = forms.CharField(label=_("Post"), max_length=80, required=False)
    phone = forms.CharField(label=_("Telephone"), max_length=32, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    joined_on = forms.DateField(label=_("Joined on"), widget=forms.DateInput({"type": "date"}))


class ShiftForm(forms.Form):
    """A shift in the company's zone; an end before the beginning means the next morning."""

    employee = forms.ModelChoiceField(label=_("Employee"), queryset=Employee.objects.none(), empty_label=_("Choose"))
    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}))
    begins = forms.TimeField(label=pgettext_lazy("time", "From"), widget=forms.TimeInput({"type": "time"}))
    ends = forms.TimeField(label=pgettext_lazy("time", "Until"), widget=forms.TimeInput({"type": "time"}))
    is_lead = forms.BooleanField(label=_("Duty manager of this shift"), required=False)

    def __init__(self, *args: Any, zone: zoneinfo.ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        offer_rows(self, employee=Employee.objects.filter(left_on=None).order_by("name", "pk"))

    def times(self) -> dict[str, datetime]:
        day, begins, ends = (self.cleaned_data[name] for name in ("day", "begins", "ends"))
        until = day if ends > begins else day + timedelta(days=1)
        return {
            "starts_at": timezone.make_aware(datetime.combine(day, begins), self.zone),
            "ends_at": timezone.make_aware(datetime.combine(until, ends), self.zone),
        }


class CompanyForm(forms.ModelForm):
    zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())]
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)

    class Meta:
        model = Company
        fields = ["name", "zone", "currency", "language"]

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            raise forms.ValidationError(_("Three letters, for example CNY."))
        return currency
