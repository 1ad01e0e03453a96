"""Layout pieces of our forms; a form says `helper.layout = Layout(Step(...), ...)` and `{% crispy form %}` draws it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from crispy_forms.layout import Field, LayoutObject
from crispy_forms.utils import TEMPLATE_PACK, flatatt
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, QuerySet
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import money
from .uploads import ACCEPT, NewFile, UnfitFile, read_files

Label = str | Promise


class RowField(forms.TypedChoiceField):
    """A choice among a few rows, fetched once: the answer is checked against what the page offers."""

    def __init__(self, widget: type[forms.Widget] = forms.RadioSelect, **kwargs: Any) -> None:
        super().__init__(widget=widget, empty_value=None, **kwargs)

    def offer(self, rows: Iterable[Model], label: Callable[[Any], str] = str, *, none: Any = "") -> None:
        """`none` says in words that nothing is chosen, where that may be."""
        by_key = {str(row.pk): row for row in rows}
        self.choices = [*([("", none)] if none else []), *((key, label(row)) for key, row in by_key.items())]
        self.coerce = by_key.__getitem__


def offer_rows(form: forms.Form, **rows: QuerySet[Any]) -> None:
    """Offer the rows in the form's fields of these names: what a company has is known only when its page is drawn."""
    for name, found in rows.items():
        cast("forms.ModelChoiceField[Any]", form.fields[name]).queryset = found


class MoneyField(forms.CharField):
    """An amount as people type it; its value is minor units. With `may_be_nothing` 0 is an amount too."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def __init__(self, *, currency: str = "CNY", may_be_nothing: bool = False, **kwargs: Any) -> None:
        self.currency, self.may_be_nothing = currency, may_be_nothing
        super().__init__(max_length=20, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if text in self.empty_values:
            return None
        try:
            amount = money.parse(text, self.currency)
        except money.NotMoney:
            raise forms.ValidationError(_("Write an amount such as 654.47.")) from None
        if amount <= 0 and not self.may_be_nothing:
            raise forms.ValidationError(_("The amount is more than nothing."))
        return amount


class Picks(Field):
    """Radios or checkboxes as tiles for a thumb; `icons` names one per value, which makes the tiles tall."""

    template = "bootstrap5/picks.html"

    def __init__(self, name: str, *, icons: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.icons = icons or {}

    def render(self, form: Any, context: Any, extra_context: dict[str, Any] | None = None, **kwargs: Any) -> str:
        return super().render(form, context, extra_context={**(extra_context or {}), "icons": self.icons}, **kwargs)


class Segment(Field):
    """Two to five choices in one line."""

    template = "bootstrap5/segment.html"


class Drop(Field):
    """A file field one can drop photos on."""

    template = "bootstrap5/drop.html"


class Step(LayoutObject):
    """A numbered part of a form."""

    def __init__(self, number: int, title: Label, *fields: Any) -> None:
        self.number, self.title, self.fields = number, title, list(fields)

    def render(self, form: Any, context: Any, template_pack: str = TEMPLATE_PACK, **kwargs: Any) -> str:
        inner = self.get_rendered_fields(form, context, template_pack, **kwargs)
        return render_to_string("bootstrap5/step.html", {"number": self.number, "title": self.title, "fields": inner})


class Act(LayoutObject):
    """The button that sends the form; say above it what a final act will do."""

    def __init__(self, word: Label, *, icon: str = "", says: Label = "", **attrs: str) -> None:
        self.word, self.icon, self.says = word, icon, says
        self.fields: list[Any] = []
        self.attrs = {"class": "btn btn-primary", **{name.rstrip("_"): value for name, value in attrs.items()}}

    def render(self, form: Any, context: Any, template_pack: str = TEMPLATE_PACK, **kwargs: Any) -> str:
        shown = {"word": self.word, "icon": self.icon, "says": self.says, "attrs": flatatt(self.attrs)}
        return render_to_string("bootstrap5/act.html", shown)


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[UploadedFile]:
        return cast("list[UploadedFile]", files.getlist(name)) if hasattr(files, "getlist") else []


class FilesField(forms.FileField):
    """Photos and documents; gives what is kept of each (NewFile). What is wrong with any of them is said of each."""

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=FilesInput(attrs={"accept": ACCEPT, "multiple": True}), required=False, **kwargs)

    def clean(self, data: Sequence[UploadedFile], initial: Any = None) -> list[NewFile]:
        try:
            return read_files(data)
        except UnfitFile as problem:
            raise forms.ValidationError([str(line) for line in problem.args]) from problem


class TakesFiles(forms.Form):
    """A form with photos and documents. A browser does not keep them: when anything was wrong, they are chosen again."""

    files = FilesField(  # type: ignore[assignment]
        label=_("Add photos or a PDF"), help_text=_("Up to six, if they help. Optional.")
    )

    @property
    def has_lost_files(self) -> bool:
        return bool(self.files)
