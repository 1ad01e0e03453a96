"""What the pages take from people."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from propman.common import money

from .models import LONGEST_TEXT, MAX_JUDGE_DAYS, MIN_JUDGE_DAYS, Case
from .workflow import GRAVITY, Measure, Verb, Verdict

WORDS = {
    Verb.CONFIRM: _("What you found"),
    Verb.DROP: _("Why you drop it"),
    Verb.ADD: _("What else was found"),
    Verb.REPLY: _("Your reply"),
    Verb.DECIDE: _("Reason"),
    Verb.APPEAL: _("What you appeal against, and why"),
    Verb.REVIEW: _("Reason"),
}


class VerbForm(forms.Form):
    """Words; every verb of a person needs some."""

    text = forms.CharField(max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, verb: Verb, case: Case, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = f"{verb.value}_%s"
        self.verb, self.case, self.currency = verb, case, currency
        self.fields["text"].label = WORDS[verb]


class PolicyForm(forms.Form):
    judge_days = forms.IntegerField(
        label=_("Days in which the head confirms or drops a draft"), min_value=MIN_JUDGE_DAYS, max_value=MAX_JUDGE_DAYS
    )


class SeriousForm(VerbForm):
    is_serious = forms.BooleanField(label=_("Serious: the decision may go as far as a recommended dismissal"), required=False)


class DecideForm(VerbForm):
    field_order: Sequence[str] = ("measure", "amount", "clause", "text")
    measure = forms.ChoiceField(label=_("Measure"), choices=Measure.choices, widget=forms.RadioSelect)
    amount = forms.CharField(label=_("Amount"), max_length=20, required=False, help_text=_("Only for less performance pay."))
    clause = forms.CharField(label=_("Clause of the rules"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["amount"].label = f"{_('Amount')}, {self.currency}"
        self.fields["amount"].widget.attrs["inputmode"] = "decimal"
        if not self.case.is_serious:
            open_to = [choice for choice in Measure.choices if choice[0] != Measure.DISMISSAL]
            self.fields["measure"].choices = open_to  # type: ignore[attr-defined]

    def clean_amount(self) -> int:
        typed = self.cleaned_data["amount"]
        try:
            return money.parse(typed, self.currency) if typed.strip() else 0
        except money.NotMoney:
            raise forms.ValidationError(_("Write an amount such as 200.00.")) from None


class ReviewForm(DecideForm):
    verdict = forms.ChoiceField(label=_("Decision on the appeal"), choices=Verdict.choices, widget=forms.RadioSelect)
    field_order = ("verdict", "measure", "amount", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["clause"]  # a smaller sum is taken by the same one
        gravity = GRAVITY[Measure(self.case.measure or Measure.NONE)]
        lighter = [
            choice
            for choice in Measure.choices
            if GRAVITY[Measure(choice[0])] < gravity or choice[0] == self.case.measure == Measure.PAY
        ]
        self.fields["measure"].choices = lighter  # type: ignore[attr-defined]
        self.fields["measure"].required = False
        self.fields["measure"].label = _("The lighter measure")


FORMS: dict[Verb, type[VerbForm]] = {
    Verb.CONFIRM: SeriousForm,
    Verb.DROP: VerbForm,
    Verb.ADD: SeriousForm,
    Verb.REPLY: VerbForm,
    Verb.DECIDE: DecideForm,
    Verb.APPEAL: VerbForm,
    Verb.REVIEW: ReviewForm,
}
