"""Forms of the counting: its settings, a list to bring in, what is said about an entry."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.common.forms import Act
from propman.community.services.imports import LARGEST_UPLOAD

from ..logs import read_mapping
from ..models import CountingPolicy, LogEntry, LogSource
from ..selectors.counting import RANGES, counting_policy

SHORT = {"rows": 2}


class CountingForm(forms.Form):
    """Share of call-backs, window of the matching, threshold of the alarm."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = counting_policy()
        for name, (least, most) in RANGES.items():
            self.fields[name] = forms.IntegerField(
                label=CountingPolicy._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
                min_value=least,
                max_value=most,
                initial=getattr(now, name),
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )
        self.helper = FormHelper()
        self.helper.layout = Layout(*RANGES, Act(gettext_lazy("Publish the new version")))


class LogUploadForm(forms.Form):
    """A list and the mapping by which it is read."""

    source = forms.ChoiceField(label=gettext_lazy("List"), choices=LogSource.choices)
    file = forms.FileField(label=gettext_lazy("File"), help_text=gettext_lazy("CSV (UTF-8 or GB18030) or XLSX"))
    mapping = forms.CharField(
        label=gettext_lazy("Mapping"),
        required=False,
        max_length=10_000,
        help_text=gettext_lazy("TOML: which heading of your file says what. It is kept for the next file."),
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "autocapitalize": "off", "class": "pm-mono"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "source",
            "file",
            "mapping",
            Act(gettext_lazy("Look at it"), says=gettext_lazy("Nothing is brought in before you confirm it."), icon="eye"),
        )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST_UPLOAD:
            raise ValidationError(_("The file is larger than 20 MB; split it."))
        return file

    def clean_mapping(self) -> str:
        mapping: str = self.cleaned_data["mapping"]
        read_mapping(mapping)
        return mapping


class MatchForm(forms.Form):
    """Which contact answers for an entry, and why."""

    number = forms.CharField(label=gettext_lazy("Number of the contact"), max_length=20)
    reason = forms.CharField(label=gettext_lazy("Why it fits"), max_length=500, widget=forms.Textarea(attrs=SHORT))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        says = gettext_lazy("The contact does not change; your name and the reason are kept.")
        self.helper.layout = Layout("number", "reason", Act(gettext_lazy("Match"), says=says, icon="link"))


class ExplainForm(forms.Form):
    """Why an entry is no matter for the company."""

    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=LogEntry.Reason.choices)
    text = forms.CharField(
        label=gettext_lazy("In a few words"), max_length=500, required=False, widget=forms.Textarea(attrs=SHORT)
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "reason", "text", Act(gettext_lazy("Explain"), says=gettext_lazy("The duty manager sees the reason."), icon="check")
        )


class ReasonForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


class NumberForm(forms.Form):
    """The number on a receipt."""

    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "2026-000123"}),
    )
