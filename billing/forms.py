"""Parsing of what people type into the pages of bills, sheets and agreements."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from billing.formula import BASIS_POINTS
from billing.models import AgreementItem, Bill, FeeAgreement, Payment
from billing.quarters import Quarter
from billing.selectors.surveys import Answer
from billing.services.agreements import NewAgreement, NewItem
from propman.common import money
from propman.common.forms import Act, MoneyField, Segment, Step
from propman.common.text import legible
from propman.tenancy.idempotency import OnceForm

LONGEST_COMMENT = 500
SKIP = "skip"


def answers_from(data: QueryDict, items: list[AgreementItem]) -> tuple[dict[int, Answer], dict[int, Any]]:
    """The answers that a sheet was sent with, by item, and what was wrong, in words."""
    answers: dict[int, Answer] = {}
    errors: dict[int, Any] = {}
    for item in items:
        given, comment = data.get(f"score-{item.pk}"), legible(data.get(f"comment-{item.pk}", ""))
        if given is None and not comment:
            continue
        if len(comment) > LONGEST_COMMENT:
            errors[item.pk] = _("At most 500 characters.")
        elif given in (None, SKIP):
            answers[item.pk] = Answer(None, comment)
        elif given.isascii() and given.isdigit() and len(given) <= 2 and int(given) <= 10:
            answers[item.pk] = Answer(int(given), comment)
        else:
            errors[item.pk] = _("A score is a whole number from 0 to 10.")
    return answers, errors


class PercentField(forms.DecimalField):
    """A per cent with up to two decimals; its value is basis points."""

    def __init__(self, *, highest: int = 100, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=highest, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        return None if number is None else int(number * (BASIS_POINTS // 100))

    def prepare_value(self, value: Any) -> Any:
        return f"{value / 100:g}" if isinstance(value, int) else value


class PaymentForm(forms.Form):
    """Money at the counter."""

    amount = MoneyField(label=_("Amount"))
    method = forms.ChoiceField(label=_("Paid by"), choices=Payment.Method.choices, initial="cash", widget=forms.RadioSelect)
    reference = forms.CharField(label=_("Reference"), max_length=80, required=False)
    key = forms.CharField(max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "key", "amount", Segment("method"), "reference",
            Act(_("Book the payment"), icon="check", says=_("A booked payment stays; what is over becomes owner credit.")),
        )  # fmt: skip


class RefundForm(OnceForm):
    """Owner credit to be paid out."""

    amount = MoneyField(label=_("Amount"))
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "refund_%s")  # the payment's form stands on the same page
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_action = "refund/"
        self.helper.layout = Layout("idempotency_key", "amount", "reason", Act(_("Pay it out"), icon="cash"))


class ReverseForm(OnceForm):
    """Why a payment is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Such as: booked to the wrong flat."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        says = _("The bills that it paid are open again. Payment, receipt and reversal stay in the books; the payer is told.")
        self.helper.layout = Layout("idempotency_key", "reason", Act(_("Reverse the payment"), icon="arrow-back-up", says=says))


class CreditForm(OnceForm):
    """A correction of a bill: a credit note, a cancellation, or a re-issue from today's facts."""

    WAYS = [
        ("credit", _("Credit an amount")),
        ("cancel", _("Cancel the bill")),
        ("reissue", _("Cancel and issue anew from today's owners and area")),
    ]
    way = forms.ChoiceField(label=_("What to do"), choices=WAYS, widget=forms.RadioSelect, initial="credit")
    amount = MoneyField(label=_("Amount to credit"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=300)

    def __init__(self, *args: Any, bill: Bill, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bill = bill
        self.helper = FormHelper()
        self.helper.layout = Layout(
            "idempotency_key", "way", "amount", "reason",
            Act(_("Correct the bill"), says=_("The issued bill stays as it is: a numbered credit note corrects it.")),
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        standing = self.bill.amount - self.bill.credited
        if cleaned.get("way") == "credit":
            if not cleaned.get("amount") and "amount" not in self.errors:
                self.add_error("amount", _("Say how much to credit."))
            elif (cleaned.get("amount") or 0) > standing:
                figure = money.in_figures(standing, self.bill.currency)
                self.add_error("amount", _("The bill stands for %(amount)s at most.") % {"amount": figure})
        return cleaned


class AgreementForm(OnceForm):
    """Terms to be proposed: services one a line, bands one a line."""

    starts_quarter = forms.RegexField(r"^\d{4}Q[1-4]$", label=_("First quarter"), help_text=_("Such as 2027Q1."))
    price = MoneyField(label=_("Price per m² and month"))
    items = forms.CharField(
        label=_("Services to be scored"),
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("One a line: name | weight | standard. Weight is 1 to 100, and 1 when it is left out."),
    )
    formula = forms.ChoiceField(label=_("Formula"), choices=FeeAgreement.Formula.choices)
    floor_bp = PercentField(label=_("At least, % of the price"), initial=8000)
    cap_bp = PercentField(label=_("At most, % of the price"), initial=10000)
    dead_band_from_bp = PercentField(
        label=_("Full price from this rate on, %"), required=False, help_text=_("Leave empty for none.")
    )
    bands = forms.CharField(
        label=_("Bands"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For the tiered formula, one a line: from this rate | this share of the price, such as 80 | 90."),
    )
    non_answers = forms.ChoiceField(label=_("Households that do not answer"), choices=FeeAgreement.NonAnswers.choices)
    minimum_sheets = forms.IntegerField(label=_("Least number of sheets"), min_value=5, max_value=10**6, initial=5)
    below_minimum = forms.ChoiceField(label=_("With fewer sheets"), choices=FeeAgreement.BelowMinimum.choices)
    default_bp = PercentField(label=_("Agreed rate, %"), initial=9000)
    reading = forms.ChoiceField(label=_("Sheets go out"), choices=FeeAgreement.Reading.choices)
    days_before = forms.IntegerField(label=_("Days before"), min_value=0, max_value=60, initial=5)
    days_after = forms.IntegerField(label=_("Collected until days after the end"), min_value=0, max_value=60, initial=5)
    extension_days = forms.IntegerField(label=_("Days of the extension"), min_value=1, max_value=60, initial=10)
    due_days = forms.IntegerField(label=_("Days to pay"), min_value=1, max_value=365, initial=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.layout = Layout(
            "idempotency_key",
            Step(1, _("Service and price"), "starts_quarter", "price", "items"),
            Step(2, _("How the rate makes the fee"), "formula", "floor_bp", "cap_bp", "dead_band_from_bp", "bands"),
            Step(3, _("How answers count"), "non_answers", "minimum_sheets", "below_minimum", "default_bp"),
            Step(4, _("Days"), "reading", "days_before", "days_after", "extension_days", "due_days"),
        )  # fmt: skip

    def clean_items(self) -> list[NewItem]:
        found = []
        for line in self.cleaned_data["items"].splitlines():
            if not line.strip():
                continue
            name, weight, standard = [part.strip() for part in [*line.split("|", 2), "", ""][:3]]
            if not name or len(name) > 60 or len(standard) > 300:
                raise forms.ValidationError(_("“%(line)s”: write name | weight | standard."), params={"line": line[:60]})
            if weight and not (weight.isascii() and weight.isdigit() and 1 <= int(weight[:4]) <= 100):
                raise forms.ValidationError(_("“%(line)s”: the weight is 1 to 100."), params={"line": line[:60]})
            found.append(NewItem(name, int(weight or 1), standard))
        if not 1 <= len(found) <= 40:
            raise forms.ValidationError(_("Name 1 to 40 services."))
        return found

    def clean_bands(self) -> list[list[int]]:
        found = []
        for line in self.cleaned_data["bands"].splitlines():
            if not line.strip():
                continue
            try:
                start, pays = (PercentField(highest=120).clean(part.strip()) for part in line.split("|"))
            except (ValueError, forms.ValidationError):
                raise forms.ValidationError(_("“%(line)s”: write two per cents."), params={"line": line[:60]}) from None
            found.append([start, pays])
        return found

    def new_agreement(self) -> NewAgreement:
        """What was typed, as terms; services read the rest of their rules."""
        own = {"items", "idempotency_key"}
        return NewAgreement(**{key: value for key, value in self.cleaned_data.items() if key not in own})


def agreement_initial(agreement: FeeAgreement, items: list[AgreementItem], *, next_quarter: Quarter) -> dict[str, Any]:
    """The terms that hold now, to begin a new version from."""
    names = [name for name in AgreementForm.base_fields if name not in {"items", "bands", "price", "idempotency_key"}]
    return {
        **{name: getattr(agreement, name) for name in names},
        "starts_quarter": str(next_quarter),
        "price": money.plain(agreement.price, agreement.currency),
        "items": "\n".join(f"{item.name} | {item.weight} | {item.standard}" for item in items),
        "bands": "\n".join(f"{start / 100:g} | {pays / 100:g}" for start, pays in agreement.bands),
    }


class DayForm(forms.Form):
    """Payments by room, payer, reference or receipt, and by the day on which they were taken."""

    q = forms.CharField(max_length=60, required=False)
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))


class SearchForm(forms.Form):
    """Somebody at the counter: by room, name or bill number."""

    q = forms.CharField(label=_("Room, name or bill number"), max_length=60, required=False)
