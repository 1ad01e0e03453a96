"""The head's one-page sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from .. import services
from ..forms import sheet_rows
from ..models import Appraisal, AppraisalUnit, Criterion
from ..permissions import may_score, sheet_for, viewer_of
from ..rankings import post_sums
from ..scoring import SHOWN_FROM, competition_ranks, stands_out
from ..selectors import Gap, criteria_of, gaps_of, rows_of
from ..workflow import MoveNotAllowed
from .chips import Chips, chips_of


@dataclass(frozen=True)
class Cell:
    criterion: Criterion
    score: int | None
    name: str

    @property
    def choices(self) -> range:
        return range(1, 6)


@dataclass(frozen=True)
class SheetRow:
    row: Appraisal
    cells: list[Cell]
    chips: Chips
    rank: int | None
    is_tie: bool
    third: str  # "top", "bottom" or nothing

    @property
    def missing(self) -> list[str]:
        return [cell.criterion.name for cell in self.cells if cell.score is None]


def sheet_context(unit: AppraisalUnit, rows: Sequence[Appraisal]) -> dict[str, Any]:
    """What page and fragment show of a sheet."""
    criteria = criteria_of(unit.quarter)
    totals = {row.pk: row.total for row in rows if row.is_ranked and row.total is not None}
    ranks, thirds, posts = competition_ranks(totals), stands_out(totals), post_sums(unit.quarter)
    shown = [
        SheetRow(
            row=row,
            cells=[
                Cell(criterion, row.scores[criterion.position - 1], f"s{row.pk}-{criterion.position}") for criterion in criteria
            ],
            chips=chips_of(row, posts),
            rank=ranks.get(row.pk),
            is_tie=list(ranks.values()).count(ranks.get(row.pk, 0)) > 1,
            third=thirds.get(row.pk, ""),
        )
        for row in rows
    ]
    gaps: list[Gap] = gaps_of(rows)
    return {
        "unit": unit,
        "quarter": unit.quarter,
        "criteria": criteria,
        "rows": shown,
        "shows_order": sum(row.is_ranked for row in rows) >= SHOWN_FROM,
        "order": sorted((line for line in shown if line.rank), key=lambda line: (line.rank, line.row.employee.number)),
        "gaps": [(gap, criteria[gap.criterion - 1].name if gap.criterion else "") for gap in gaps],
    }


def sheet(request: HttpRequest, key: int) -> HttpResponse:
    """Score everybody of a unit on one page; it works without scripts. Once submitted it is there to read."""
    viewer = viewer_of(request)
    unit = sheet_for(viewer, key)
    if not may_score(viewer, unit):
        if request.method == "POST":
            messages.error(request, _("The sheet is submitted; its scores can no longer be changed."))
            return redirect("hr:sheet", key)
        return render(request, "hr/sheet_settled.html", sheet_context(unit, rows_of(unit)))
    if request.method != "POST":
        return render(request, "hr/sheet.html", sheet_context(unit, rows_of(unit)))
    rows = rows_of(unit)
    try:
        rows = services.save_sheet(unit=unit, rows=sheet_rows(request.POST, rows), by=viewer.me)
        if request.POST.get("act") == "submit":
            services.submit_sheet(unit=unit, by=viewer.me, at=timezone.now())
            messages.success(request, _("The sheet is submitted. Each employee now sees his or her own row."))
            return redirect("hr:sheet", key)
    except services.SheetIncomplete:
        return render(request, "hr/sheet.html", {**sheet_context(unit, rows), "is_incomplete": True}, status=422)
    except (MoveNotAllowed, ValueError) as refused:
        return render(request, "hr/sheet.html", {**sheet_context(unit, rows), "refused": str(refused)}, status=422)
    messages.success(request, _("The draft is saved."))
    return redirect("hr:sheet", key)


@require_POST
def save_sheet(request: HttpRequest, key: int) -> HttpResponse:
    """Keep the draft while the head goes on scoring; answers what is still missing."""
    viewer = viewer_of(request)
    unit = sheet_for(viewer, key)
    if not may_score(viewer, unit):
        raise Http404
    try:
        rows = services.save_sheet(unit=unit, rows=sheet_rows(request.POST, rows_of(unit)), by=viewer.me)
    except (MoveNotAllowed, ValueError) as refused:
        return HttpResponse(str(refused), status=422, content_type="text/plain; charset=utf-8")
    return render(request, "hr/_sheet_saved.html", {**sheet_context(unit, rows), "saved_at": timezone.now(), "is_saved": True})
