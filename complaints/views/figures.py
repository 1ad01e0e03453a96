"""Figures for centre and managers, the complaints behind each of them, and their files."""

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from complaints.figures_shown import COLUMNS, Shown, shown_lines, summary_of, text_of
from complaints.forms.figures import Asked, CostExportForm, ExportForm, FiguresForm, asked_for, chips_of, query_of
from complaints.models import Export
from complaints.permissions import BUDGETS, SEES_FIGURES, Viewer, may_read_counted, offices_counted_for, viewer_of
from complaints.selectors import figures as selectors
from complaints.selectors.figures import DIMENSIONS, FIGURES
from complaints.services.exporting import ask_for_export
from propman.accounts.permissions import role_required
from propman.common.exports import CONTENT_TYPES
from propman.common.keyset import listed
from propman.tenancy.middleware import company_of

from .queue import swaps

DRAWN = ("hour", "month")  # as one large chart; the others have a bar in each line


def asked_by(request: HttpRequest, viewer: Viewer) -> tuple[FiguresForm, Asked]:
    company = company_of(request)
    today = company.today(timezone.now())
    return asked_for(request.GET, company=company, today=today, offices=offices_counted_for(viewer))


@dataclass(frozen=True)
class Choice:
    """One of a few views of the same figures."""

    label: Any
    url: str
    is_on: bool


def periods(asked: Asked, today: date) -> list[Choice]:
    """The periods that people ask for, as addresses."""
    first = today.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    quarter = first.replace(month=first.month - (first.month - 1) % 3)
    spans = [
        (_("Last 30 days"), today - timedelta(days=29), today),
        (_("This month"), first, today),
        (_("Last month"), before, first - timedelta(days=1)),
        (_("This quarter"), quarter, today),
        (_("Twelve months"), first.replace(year=first.year - 1), today),
    ]
    found: list[Choice] = []
    for label, since, until in spans:
        is_on = (asked.of.since, asked.of.until) == (since, until) and not any(one.is_on for one in found)
        found.append(Choice(label, f"?{query_of(asked, since=since, until=until)}", is_on))
    return found


def sorted_columns(asked: Asked) -> list[dict[str, str]]:
    """The headings, each with the address that sorts by it: the highest first, then the lowest."""
    return [
        {
            "label": str(label),
            "url": f"?{query_of(asked, sort=name if asked.sort == f'-{name}' else f'-{name}')}",
            "sorted": {name: "ascending", f"-{name}": "descending"}.get(asked.sort, ""),
        }
        for name, label in COLUMNS.items()
    ]


@require_GET
@role_required(*SEES_FIGURES)
def figures(request: HttpRequest) -> HttpResponse:
    """What came in during the period and how it went, split one way; a head sees his own office."""
    viewer = viewer_of(request)
    form, asked = asked_by(request, viewer)
    lines = selectors.lines(asked.by, asked.of)
    whole = selectors.total(lines)
    shown = shown_lines(lines, asked, columns=list(COLUMNS))
    context = {
        "form": form,
        "asked": asked,
        "title": DIMENSIONS[asked.by][1],
        "periods": periods(asked, company_of(request).today(timezone.now())),
        "splits": [Choice(label, f"?{query_of(asked, by=name)}", name == asked.by) for name, (label, _t) in DIMENSIONS.items()],
        "chips": chips_of(asked),
        "columns": sorted_columns(asked),
        "dimension": DIMENSIONS[asked.by][0],
        "shown": shown,
        "whole": whole,
        "total": [text_of(whole, name) for name in COLUMNS],
        "summary": summary_of(lines),
        "stats": stats_of(asked, whole),
        "chart": chart_of(shown) if asked.by in DRAWN else None,
        "query": query_of(asked, sort=asked.sort),
    }
    return render(request, "complaints/figures.html", context)


def stats_of(asked: Asked, whole: selectors.Line) -> list[dict[str, str]]:
    """The figures of all lines together, above the table."""
    icons = {
        "received": "inbox",
        "late": "clock-check",
        "reopened": "rotate",
        "rated": "star",
        "breaches": "gavel",
        "ordered": "coin",
    }
    return [
        {
            "label": str(COLUMNS[name]),
            "figure": text_of(whole, name),
            "icon": icon,
            "url": f"rows/?{query_of(asked, figure=name)}",
        }
        for name, icon in icons.items()
    ]


def chart_of(shown: list[Shown]) -> dict[str, str]:
    """What the script draws; the same figures stand in the table beneath."""
    lines = [one.line for one in shown]
    return {
        "names": ",".join(line.name.partition("–")[0] for line in lines),
        "fine": ",".join(str(line.fine) for line in lines),
        "late": ",".join(str(line.late) for line in lines),
        "back": ",".join(str(line.troubled - line.late) for line in lines),
    }


@require_GET
@role_required(*SEES_FIGURES)
def figure_rows(request: HttpRequest) -> HttpResponse:
    """The complaints behind one figure, newest first."""
    viewer = viewer_of(request)
    form, asked = asked_by(request, viewer)
    rows = selectors.rows_behind(asked.figure, asked.of)
    page = listed(request, rows.for_list().select_related("office"), by="-received_at")
    late = selectors.late_clocks(page.rows)
    context = {
        "form": form,
        "asked": asked,
        "figure": FIGURES[asked.figure],
        "figures": [Choice(label, f"?{query_of(asked, figure=name)}", name == asked.figure) for name, label in FIGURES.items()],
        "chips": chips_of(asked),
        "count": rows.count(),
        "received": selectors.counted(asked.of).count(),
        "page": page,
        "rows": [(row, late.get(row.pk, [])) for row in page.rows],
        "reads": may_read_counted(viewer),
        "query": query_of(asked, figure=asked.figure),
        "back": query_of(asked),
    }
    return render(request, "complaints/figure_rows.html", context)


@require_POST
@role_required(*SEES_FIGURES)
def export_figures(request: HttpRequest) -> HttpResponse:
    """Ask for a file; it is written in the background."""
    offices_counted_for(viewer_of(request))
    return export_asked_for(request, ExportForm(request.POST), back="complaints:figures")


@require_POST
@role_required(*BUDGETS)
def export_costs(request: HttpRequest) -> HttpResponse:
    """The same for what work orders cost."""
    return export_asked_for(request, CostExportForm(request.POST), back="complaints:costs")


def export_asked_for(request: HttpRequest, form: ExportForm, *, back: str) -> HttpResponse:
    if not form.is_valid():
        messages.error(request, _("Choose what is to be written, and CSV or XLSX."))
        return redirect(back)
    language = get_language() or company_of(request).language
    export = ask_for_export(**form.cleaned_data, by=viewer_of(request).user, language=language, at=timezone.now())
    return redirect("complaints:export", pk=export.pk)


def export_of(request: HttpRequest, pk: int) -> Export:
    """The export, for nobody but the person who asked for it. Raises Http404."""
    export: Export | None = Export.objects.filter(pk=pk, by=viewer_of(request).user).first()
    if export is None:
        raise Http404
    return export


@require_GET
@role_required(*(SEES_FIGURES | BUDGETS))
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the file is; once it is whole, the way to it."""
    found = export_of(request, pk)
    share = 100 if found.finished_at else round(100 * found.done / found.total) if found.total else 0
    context = {
        "export": found,
        "done": found.done,
        "total": found.total,
        "percent": min(share, 99 if not found.finished_at else 100),
    }
    return render(request, "complaints/_export.html" if swaps(request, "export") else "complaints/export.html", context)


@require_GET
@role_required(*(SEES_FIGURES | BUDGETS))
def export_file(request: HttpRequest, pk: int) -> Any:
    """The file itself; after a day it is gone."""
    found = export_of(request, pk)
    if found.content is None:
        raise Http404
    name = f"{found.what}-{timezone.localtime(found.asked_at):%Y-%m-%d}.{found.kind}"
    return FileResponse(BytesIO(found.content), as_attachment=True, filename=name, content_type=CONTENT_TYPES[found.kind])
