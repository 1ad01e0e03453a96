from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from propman.common.forms import Act

from .models import CardSettings


class CardSettingsForm(forms.ModelForm):
    class Meta:
        model = CardSettings
        fields = ["count_time", "remind_days"]
        widgets = {"count_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.helper = FormHelper()
        self.helper.layout = Layout("count_time", "remind_days", Act(_("Save")))


def _field(widget: type[forms.Widget], **attrs: str) -> forms.Widget:
    return widget(attrs={"class": "form-control", "inputmode": "numeric", **attrs})


class HallForm(forms.Form):
    """What is noted when a count begins."""

    hall = forms.IntegerField(
        label=_("Owners in the hall"), required=False, min_value=0, max_value=100_000, widget=_field(forms.NumberInput)
    )


class SignForm(forms.Form):
    code = forms.CharField(
        label=_("Code of your second factor"),
        max_length=40,
        widget=_field(forms.TextInput, autocomplete="one-time-code"),
    )
