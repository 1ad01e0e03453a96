import re
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from propman.common.forms import Act

from .models import Hours, Message, Preference
from .sms import PHONE, sms_gateway


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class PreferenceForm(forms.ModelForm):
    """How one wants to be told."""

    class Meta:
        model = Preference
        fields = ["email", "sms", "quiet_from", "quiet_until"]
        widgets = {"quiet_from": TimeInput(), "quiet_until": TimeInput()}

    def __init__(self, *args: Any, hours: Hours, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sms_gateway() is None:
            del self.fields["sms"]
        quiet = {"from": f"{hours.quiet_from:%H:%M}", "until": f"{hours.quiet_until:%H:%M}"}
        self.fields["quiet_until"].help_text = (
            gettext("Empty: the company's quiet hours, %(from)s to %(until)s. What is urgent comes all the same.") % quiet
        )
        channels = [name for name in ("email", "sms") if name in self.fields]
        self.helper = FormHelper()
        self.helper.layout = Layout(*channels, Div("quiet_from", "quiet_until", css_class="pm-even"), Act(_("Save")))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for one, other in (("quiet_from", "quiet_until"), ("quiet_until", "quiet_from")):
            if cleaned.get(one) and not cleaned.get(other) and other not in self.errors:
                self.add_error(other, _("Give both times, or none."))
        return cleaned


class HoursForm(forms.ModelForm):
    """The company's hours."""

    class Meta:
        model = Hours
        fields = ["quiet_from", "quiet_until", "digest_at"]
        widgets = {"quiet_from": TimeInput(), "quiet_until": TimeInput(), "digest_at": TimeInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["quiet_until"].help_text = gettext("The same time twice: no quiet hours.")
        self.helper = FormHelper()
        self.helper.layout = Layout(Div("quiet_from", "quiet_until", css_class="pm-even"), "digest_at", Act(_("Save")))


class WebhookForm(forms.Form):
    """Another program of the company that wants to know."""

    url = forms.URLField(label=_("Address"), max_length=500, assume_scheme="https", help_text=_("Begins with https://."))
    events = forms.CharField(
        label=_("What about"),
        max_length=200,
        required=False,
        help_text=_("The first words of events, such as complaint, bill. Empty: everything."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout("url", "events", Act(_("Add")))

    def clean_events(self) -> list[str]:
        nouns = re.split(r"[\s,，、]+", self.cleaned_data["events"].strip()) if self.cleaned_data["events"].strip() else []
        if wrong := [noun for noun in nouns if not re.fullmatch(r"[a-z_]{1,40}", noun)]:
            raise ValidationError(_("“%(word)s” is not the first word of an event."), params={"word": wrong[0]})
        return sorted(set(nouns))


class SendAgainForm(forms.Form):
    """Where an undeliverable message goes next."""

    address = forms.CharField(label=_("To"), max_length=254)

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        self.helper = FormHelper()
        self.helper.layout = Layout("address", Act(_("Send again"), icon="send"))

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if self.channel == Message.Channel.EMAIL:
            validate_email(address)
        elif not PHONE.fullmatch(re.sub(r"[\s().-]", "", address)):
            raise ValidationError(_("This is no phone number."))
        return address
