"""What the queue's addresses and its small forms may say; everything else is answered in words."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ..models import Contact, Severity
from ..selectors.queue import FOUND, VIEWS, Wanted

CODE = r"^[a-z0-9][a-z0-9_-]*$"
LONGEST_WORDS = 60


class QueueForm(forms.Form):
    """The grammar of the queue's address: a view, filters and words; no other parameter means anything."""

    view = forms.ChoiceField(choices=[(name, name) for name in VIEWS], required=False)
    q = forms.CharField(label=_("Search"), max_length=LONGEST_WORDS, required=False)
    community = forms.RegexField(CODE, label=_("Community"), max_length=60, required=False)
    category = forms.RegexField(CODE, label=_("Category"), max_length=30, required=False)
    severity = forms.ChoiceField(label=_("Severity"), choices=[("", _("All")), *Severity.choices], required=False)
    channel = forms.ChoiceField(label=_("By"), choices=[("", _("All")), *Contact.Channel.choices], required=False)

    def wanted(self, *, usual: str, after: str) -> Wanted:
        """What the address asks for; a part that is not understood is left out and named by `problems`."""
        self.is_valid()
        data = self.cleaned_data
        words = data.get("q") or ""
        view = data.get("view") or (FOUND if words else usual)
        named = {name: data.get(name) or "" for name in ("community", "category", "severity", "channel")}
        return Wanted(view=view, words=words, after=after, **named)

    @property
    def problems(self) -> list[str]:
        return [
            f"{self.fields[name].label or name}: {' '.join(str(line) for line in lines)}" for name, lines in self.errors.items()
        ]


def query_of(wanted: Wanted, **changes: str) -> str:
    """The address of a view with its filters, for links; an empty change drops a part."""
    query = QueryDict(mutable=True)
    parts = {
        "view": "" if wanted.view == FOUND else wanted.view,
        "q": wanted.words,
        "community": wanted.community,
        "category": wanted.category,
        "severity": wanted.severity,
        "channel": wanted.channel,
        **changes,
    }
    for name, value in parts.items():
        if value:
            query[name] = value
    return query.urlencode()


class LiveForm(forms.Form):
    """What an open page says every two seconds: what it shows, and whether something is being typed."""

    since = forms.IntegerField(min_value=0)
    drawn = forms.CharField(max_length=5, required=False)
    query = forms.CharField(max_length=500, required=False)
    rows = forms.CharField(max_length=3000, required=False)
    open = forms.CharField(max_length=20, required=False)
    version = forms.IntegerField(min_value=0, required=False)
    is_typing = forms.BooleanField(required=False)
    clocks = forms.BooleanField(required=False)

    def clean_rows(self) -> list[str]:
        return [number for number in self.cleaned_data["rows"].split(",") if number][:200]


class SaveViewForm(forms.Form):
    name = forms.CharField(label=_("Name of the view"), max_length=40)
    query = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)


class SkipForm(forms.Form):
    """Which complaint is passed over, and why."""

    number = forms.CharField(max_length=20, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].widget.attrs["autocomplete"] = "off"
