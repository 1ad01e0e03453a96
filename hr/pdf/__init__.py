"""The locked sheet of a unit as PDF, for the office's files."""

from collections.abc import Sequence
from pathlib import Path

from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from propman.common.pdf import typeset
from propman.tenancy.models import Company

from ..models import Appraisal, AppraisalResult, AppraisalUnit, Criterion
from ..templatetags.hr_figures import NONE, figure, in_words

TEMPLATE = Path(__file__).with_name("form.typ")
Cell = dict[str, str | int]
Row = tuple[Appraisal, AppraisalResult | None]


def sheet_as_pdf(*, company: Company, unit: AppraisalUnit, criteria: Sequence[Criterion], rows: Sequence[Row]) -> bytes:
    """The sheet in the reader's language, one line per employee in the given order."""
    quarter = unit.quarter
    intro = [f"{unit.name}, {in_words(quarter)}."]
    if unit.scorer:
        intro.append(_("Scored by %(name)s.") % {"name": unit.scorer.name})
    intro.append(_("Locked %(at)s.") % {"at": date_format(quarter.locked_at, "Y-m-d")})
    numbers = [_("Order"), *(criterion.name for criterion in criteria), _("Total"), _("Adjusted")]
    names = [_("Order"), _("Employee number"), _("Name"), _("Post"), *numbers[1:], _("Fact"), _("Answer")]
    data = {
        "title": _("Quarterly appraisal"),
        "lang": (get_language() or "en").split("-")[0],
        "company": company.name,
        "intro": " ".join(intro),
        "head": [{"text": str(name), "number": name in numbers, "wide": name == _("Fact")} for name in names],
        "rows": [cells(row, result, criteria) for row, result in rows],
        "notes": [
            _("Ties share a place: 1, 2, 2, 4. Under 5 people no order is shown. A missing score is never a zero."),
            f"{_('Fingerprint of the locked quarter:')} {quarter.digest}",
        ],
        "signatures": [_("Head, date"), _("Company office, date"), _("General manager, date")],
    }
    return typeset(TEMPLATE, data)


def cells(row: Appraisal, result: AppraisalResult | None, criteria: Sequence[Criterion]) -> list[Cell]:
    scores = [cell(row.get_reason_display(), span=len(criteria))] if row.reason else [cell(score) for score in row.scores]
    place, adjusted = (result.unit_rank, result.adjusted) if result else (None, None)
    return [
        cell(place),
        cell(row.employee.number),
        cell(row.employee.name),
        cell(row.post),
        *scores,
        cell(row.total),
        cell(None if place is None else figure(adjusted, 2)),
        cell(row.fact),
        cell(row.get_answer_display()),
    ]


def cell(content: object, *, span: int = 1) -> Cell:
    return {"text": NONE if content is None else str(content), "span": span}
