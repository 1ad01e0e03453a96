"""What the pages take from people."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from propman.common.forms import offer_rows
from propman.community.models import Department, Employee

from .models import Appraisal, AppraisalObjection, EmploymentSpan
from .scoring import CRITERIA, HIGHEST, LOWEST
from .selectors import barred_from
from .services import NewCriterion, RowScores
from .workflow import Verdict

SCORE = re.compile(rf"[{LOWEST}-{HIGHEST}]\Z")


def sheet_rows(data: QueryDict, rows: Iterable[Appraisal]) -> dict[int, RowScores]:
    """The posted sheet: `s<row>-<criterion>` is a score, `f<row>` the fact. Raises ValueError for anything else in a score."""
    return {row.pk: RowScores(_scores(data, row.pk), data.get(f"f{row.pk}", "")[:300]) for row in rows if row.is_ranked}


def _scores(data: QueryDict, key: int) -> tuple[int | None, ...]:
    given = [data.get(f"s{key}-{place}", "") for place in range(1, CRITERIA + 1)]
    if any(score and not SCORE.match(score) for score in given):
        raise ValueError(_("A score is a whole number from 1 to 5."))
    return tuple(int(score) if score else None for score in given)


class ObjectionForm(forms.Form):
    words = forms.CharField(
        label=_("What do you object to, and why?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5})
    )


class AnswerForm(forms.Form):
    """The reviewer's answer: a reason, and new scores when they are changed."""

    verdict = forms.ChoiceField(label=_("Decision"), choices=Verdict.choices, widget=forms.RadioSelect)
    reply = forms.CharField(label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, *args: Any, criteria: list[str], scores: tuple[int | None, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(score), str(score)) for score in range(LOWEST, HIGHEST + 1)]
        for place, name in enumerate(criteria, start=1):
            self.fields[f"score{place}"] = forms.ChoiceField(
                label=name, choices=choices, widget=forms.RadioSelect, required=False, initial=str(scores[place - 1] or "")
            )

    @property
    def score_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("score")]

    def scores(self) -> tuple[int, ...]:
        given = [self.cleaned_data.get(f"score{place}", "") for place in range(1, CRITERIA + 1)]
        return tuple(int(score) for score in given if score)


class StandardForm(forms.Form):
    """Five criteria and what each looks at."""

    def __init__(self, *args: Any, initial: list[NewCriterion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for place in range(1, CRITERIA + 1):
            new = initial[place - 1]
            self.fields[f"name{place}"] = forms.CharField(
                label=_("Criterion %(place)d") % {"place": place}, max_length=40, initial=new.name
            )
            self.fields[f"meaning{place}"] = forms.CharField(
                label=_("What is looked at"), max_length=300, initial=new.meaning, widget=forms.Textarea(attrs={"rows": 2})
            )

    def criteria(self) -> list[NewCriterion]:
        return [
            NewCriterion(self.cleaned_data[f"name{place}"], self.cleaned_data[f"meaning{place}"])
            for place in range(1, CRITERIA + 1)
        ]


def present_employees() -> Any:
    return Employee.objects.filter(left_on=None).order_by("name", "pk")


class Day(forms.DateInput):
    input_type = "date"


class SpanForm(forms.Form):
    employee: Any = forms.ModelChoiceField(label=_("Employee"), queryset=None, empty_label=_("Choose"))
    kind = forms.ChoiceField(label=_("Kind"), choices=EmploymentSpan.Kind.choices)
    starts_on = forms.DateField(label=_("First day"), widget=Day)
    ends_on = forms.DateField(label=_("First day back"), widget=Day)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, employee=present_employees())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        starts_on, ends_on = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts_on and ends_on and ends_on <= starts_on:
            self.add_error("ends_on", _("It ends after it begins."))
        return cleaned


class TransferForm(forms.Form):
    employee: Any = forms.ModelChoiceField(label=_("Employee"), queryset=None, empty_label=_("Choose"))
    to: Any = forms.ModelChoiceField(label=_("New department"), queryset=None, empty_label=_("Choose"))
    moved_on = forms.DateField(label=_("First day there"), widget=Day)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, employee=present_employees(), to=Department.objects.filter(closed_on=None).order_by("name"))


class DeputyForm(forms.Form):
    department: Any = forms.ModelChoiceField(
        label=_("Department"), queryset=None, required=False, empty_label=_("Heads of departments")
    )
    employee: Any = forms.ModelChoiceField(label=_("Deputy"), queryset=None, empty_label=_("Choose"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_rows(self, department=Department.objects.filter(closed_on=None).order_by("name"), employee=present_employees())


class ReviewerForm(forms.Form):
    reviewer: Any = forms.ModelChoiceField(label=_("Who answers instead"), queryset=None, empty_label=_("Choose"))

    def __init__(self, *args: Any, objection: AppraisalObjection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        able = present_employees().exclude(pk__in=barred_from(objection)).exclude(pk=objection.reviewer_id)
        offer_rows(self, reviewer=able)
