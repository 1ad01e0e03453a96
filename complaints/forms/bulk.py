"""What is typed for many complaints at once, and ready-made words."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from ..models import Macro
from ..services.bulk import BULK_VERBS, MOST_ROWS
from ..workflow import Verb


class ChosenForm(forms.Form):
    """Which complaints, and what is to be done with them."""

    verb = forms.ChoiceField(label=_("What to do"), choices=[(verb.value, verb.label) for verb in BULK_VERBS])
    numbers = forms.MultipleChoiceField(choices=[], label=_("Complaints"))

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        given = list(dict.fromkeys(data.getlist("numbers")))[: MOST_ROWS + 1]
        # Which of them exist and are the viewer's is asked of the database.
        cast(forms.MultipleChoiceField, self.fields["numbers"]).choices = [(number, number) for number in given]

    @property
    def chosen(self) -> Verb:
        return Verb(self.cleaned_data["verb"])


class MacroForm(forms.ModelForm):
    class Meta:
        model = Macro
        fields = ["name", "kind", "text"]
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"text": _("{name}, {number}, {agent} and {phone} are filled in when the words are used.")}

    def validate_constraints(self) -> None:
        """The same name replaces the words: the service sees to it."""
