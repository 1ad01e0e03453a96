"""Forms of the administrator: limits of the clocks, categories."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.common.forms import Act

from ..clocks import Clock
from ..models import MAX_SILENCE, MIN_SILENCE, Category, ClockPolicy, ClockRule, Severity
from ..selectors import categories
from ..services.policies import RuleKey, default_rules


@dataclass(frozen=True)
class RuleGroup:
    """The limits of a category, or of all the rest: a line for each severity with the field of each clock."""

    category: Category | None
    lines: list[tuple[str, list[Any]]]

    @property
    def is_own(self) -> bool:
        """Whether anything differs here from the rule for all other categories."""
        return any(field.value() not in (None, "") or field.errors for _severity, fields in self.lines for field in fields)


class PolicyForm(forms.Form):
    """Minutes of each clock for every category and severity; an empty cell takes the rule for all other categories."""

    silence_days = forms.IntegerField(
        label=gettext_lazy("Days of silence after which what was put right closes"),
        min_value=MIN_SILENCE,
        max_value=MAX_SILENCE,
        widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        newest = ClockPolicy.objects.order_by("-version").first()
        self.fields["silence_days"].initial = newest.silence_days if newest else 7
        self.categories: list[Category | None] = [None, *categories()]
        self.lines = [(category, severity) for category in self.categories for severity in Severity.values]
        now = self._current(newest)
        for category, severity in self.lines:
            for clock in Clock:
                self.fields[self.name(category, severity, clock)] = forms.IntegerField(
                    min_value=1,
                    max_value=366 * 24 * 60,
                    required=category is None,
                    initial=now.get((category.pk if category else None, severity, clock)),
                    widget=forms.NumberInput(
                        attrs={
                            "class": "form-control",
                            "inputmode": "numeric",
                            "aria-label": self.label(category, severity, clock),
                            "placeholder": now.get((None, severity, clock), "") if category else "",
                        }
                    ),
                )

    @staticmethod
    def name(category: Category | None, severity: str, clock: Clock) -> str:
        return f"{category.code if category else '*'}-{severity}-{clock}"

    @staticmethod
    def label(category: Category | None, severity: str, clock: Clock) -> str:
        return f"{category or _('All other categories')}, {Severity(severity).label}, {clock.label}"

    @staticmethod
    def _current(newest: ClockPolicy | None) -> dict[tuple[int | None, str, str], int]:
        if newest is None:
            return {(None, severity, clock): minutes for (_category, severity, clock), minutes in default_rules().items()}
        rules = ClockRule.objects.filter(policy=newest)
        return {(rule.category_id, rule.severity, rule.clock): rule.minutes for rule in rules}

    def groups(self) -> Iterator[RuleGroup]:
        for category in self.categories:
            lines = [
                (str(severity.label), [self[self.name(category, severity, clock)] for clock in Clock]) for severity in Severity
            ]
            yield RuleGroup(category, lines)

    def rules(self) -> dict[RuleKey, int]:
        """What was typed, for publish_policy()."""
        found: dict[RuleKey, int] = {}
        for category, severity in self.lines:
            for clock in Clock:
                minutes = self.cleaned_data.get(self.name(category, severity, clock))
                if minutes:
                    found[(category, severity, clock)] = minutes
        return found


class CategoryForm(forms.Form):
    code = forms.SlugField(label=gettext_lazy("Code"), max_length=30, help_text=gettext_lazy("Small letters; it stays."))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    name_zh = forms.CharField(label=gettext_lazy("Chinese name"), max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout("code", "name", "name_zh", Act(gettext_lazy("Add the category"), icon="plus"))
