"""What the addresses of figures may say; everything else is answered in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext_lazy

from propman.community.models import Department
from propman.tenancy.models import Company

from ..models import Category, Contact, Export
from ..selectors.figures import DIMENSIONS, FIGURES, NONE, Slice
from .queue import CODE

USUAL_DAYS = 30
LONGEST = timedelta(days=3 * 366)
EARLIEST = date(2000, 1, 1)


class FiguresForm(forms.Form):
    """The grammar of an address of figures: the days, how they are split, which line of a split, and which figure."""

    since = forms.DateField(label=pgettext_lazy("of a time", "From"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=pgettext_lazy("of a time", "Until"), required=False, widget=forms.DateInput({"type": "date"}))
    by = forms.ChoiceField(choices=[(name, name) for name in DIMENSIONS], required=False)
    office = forms.IntegerField(label=_lazy("Office"), min_value=NONE, max_value=2**62, required=False)
    category = forms.RegexField(CODE, label=_lazy("Category"), max_length=30, required=False)
    channel = forms.ChoiceField(label=_lazy("Channel"), choices=[("", ""), *Contact.Channel.choices], required=False)
    hour = forms.IntegerField(label=_lazy("Hour"), min_value=0, max_value=23, required=False)
    figure = forms.ChoiceField(choices=[(name, name) for name in FIGURES], required=False)
    sort = forms.RegexField(r"^-?[a-z_]+$", max_length=30, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("since", "until"):
            if (told := data.get(name)) and not EARLIEST <= told <= EARLIEST.replace(year=2199):
                self.add_error(name, _("There is nothing so far away."))
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", _("The last day lies before the first."))
        if until and (since or until) < until - LONGEST:
            self.add_error("since", _("At most three years at once."))
        return data

    @property
    def problems(self) -> list[str]:
        return [
            f"{self.fields[name].label or name}: {' '.join(str(line) for line in lines)}" for name, lines in self.errors.items()
        ]


@dataclass(frozen=True)
class Asked:
    """What an address of figures asks for, understood."""

    of: Slice
    by: str
    figure: str
    sort: str
    is_usual: bool  # the last 30 days


def asked_for(
    query: Mapping[str, Any] | QueryDict, *, company: Company, today: date, offices: tuple[int, ...] | None
) -> tuple[FiguresForm, Asked]:
    """What is asked for; a part that is not understood is left out and named by the form's `problems`."""
    form = FiguresForm(query)
    form.is_valid()
    data = form.cleaned_data
    since, until = data.get("since"), data.get("until")
    is_usual = not since and not until
    until = until or today
    since = since or until - timedelta(days=USUAL_DAYS - 1)
    narrowed: dict[str, Any] = {"category": data.get("category") or "", "channel": data.get("channel") or ""}
    narrowed |= {"office": data.get("office"), "hour": data.get("hour"), "currency": company.currency}
    of = Slice(since, until, company.timezone, offices, **narrowed)
    usual_split = "category" if offices is not None else "office"
    return form, Asked(of, data.get("by") or usual_split, data.get("figure") or "received", data.get("sort") or "", is_usual)


def parts_of(asked: Asked) -> dict[str, Any]:
    """What stands in the address: the same for links, exports and the background job."""
    of = asked.of
    days = {} if asked.is_usual else {"since": of.since.isoformat(), "until": of.until.isoformat()}
    parts = {"office": of.office, "category": of.category, "channel": of.channel, "hour": of.hour, "by": asked.by}
    return {name: value for name, value in {**days, **parts}.items() if value not in (None, "")}


def query_of(asked: Asked, **changes: Any) -> str:
    """The address with changes; None drops a part."""
    query = QueryDict(mutable=True)
    for name, value in {**parts_of(asked), **changes}.items():
        if value not in (None, ""):
            query[name] = str(value)
    return query.urlencode()


@dataclass(frozen=True)
class Chip:
    """A narrowing that stands in the address, in words, and the address without it."""

    label: str
    url: str


def chips_of(asked: Asked) -> list[Chip]:
    """What the figures are narrowed to."""
    of, found = asked.of, {}
    if of.office is not None:
        name = Department.objects.filter(pk=of.office).values_list("name", flat=True).first() if of.office else ""
        found["office"] = name or _("No office")
    if of.category:
        category = Category.objects.filter(code=of.category).first()
        found["category"] = str(category or of.category)
    if of.channel:
        found["channel"] = str(Contact.Channel(of.channel).label)
    if of.hour is not None:
        found["hour"] = f"{of.hour:02d}:00–{(of.hour + 1) % 24:02d}:00"
    return [Chip(label, f"?{query_of(asked, **{name: None})}") for name, label in found.items()]


class ExportForm(forms.Form):
    """What is to be written into a file: the figures as they stand on the page, or the complaints behind one of them."""

    what = forms.ChoiceField(choices=[(what, what.label) for what in (Export.What.FIGURES, Export.What.ROWS)])
    kind = forms.ChoiceField(choices=Export.Kind.choices)
    query = forms.CharField(max_length=500, required=False)


class CostExportForm(ExportForm):
    """The costs as they stand on the page, for whoever may see those."""

    what = forms.ChoiceField(choices=[(Export.What.COSTS, Export.What.COSTS.label)])
