"""What an export file says, written page by page in the background; jobs.py calls it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import Http404, QueryDict
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from propman.common.exports import Format, written
from propman.common.money import plain
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from .clocks import Clock
from .forms.dispatch import BoardForm, CostForm
from .forms.figures import Asked, asked_for
from .models import Complaint, Export, WorkOrder
from .permissions import BUDGETS, Viewer, may_read_counted, offices_counted_for, viewer_as
from .selectors.costs import CostRow, cost_rows, costs, total_of
from .selectors.figures import DIMENSIONS, Line, late_clocks, lines, rows_behind, total
from .services import exporting

PAGE = 1000


def write_export(company_id: int, pk: int, *, clock: Callable[[], datetime] = timezone.now) -> bool:
    """Write the file page by page, each in a transaction of its own, so that the page shows how far it is; whether it was done.

    A second worker finds it claimed; a worker that was killed is followed by another one, from the beginning.
    """
    with company_scope(company_id):
        company = Company.objects.get(pk=company_id)
        export = exporting.claim_export(pk, at=clock())
    if export is None:
        return False
    with translation.override(export.language or company.language), timezone.override(company.timezone):
        with company_scope(company_id):
            viewer = viewer_as(export.by)
        if export.what == Export.What.COSTS:
            content = _costs(export, company, viewer, clock) if viewer.roles & BUDGETS else None
        else:
            content = _figures(export, company, viewer, clock)
        refusal = _("You may not see these figures any more.") if content is None else ""
    with company_scope(company_id):
        return exporting.finish_export(pk, at=clock(), content=content, refusal=refusal)


def _asked(export: Export, company: Company, viewer: Viewer) -> Asked | None:
    """What was asked for, with the offices that the person may count by now; None when there are none."""
    try:
        offices = offices_counted_for(viewer)
    except Http404:
        return None
    today = company.today(export.asked_at)
    return asked_for(QueryDict(export.query), company=company, today=today, offices=offices)[1]


def _costs(export: Export, company: Company, viewer: Viewer, clock: Callable[[], datetime]) -> bytes:
    """What work orders cost that the person may see by now."""
    with company_scope(company.pk):
        heading, rows = costs_table(QueryDict(export.query), company, viewer, this_year=company.today(export.asked_at).year)
        return _table(export, heading, rows, clock)


def _figures(export: Export, company: Company, viewer: Viewer, clock: Callable[[], datetime]) -> bytes | None:
    """The figures, or the complaints behind one; None when the person may count no office any more."""
    with company_scope(company.pk):
        asked = _asked(export, company, viewer)
        if asked is None:
            return None
        if export.what == Export.What.FIGURES:
            return _table(export, *figures_table(asked), clock)
        count = rows_behind(asked.figure, asked.of).count()
        exporting.note_progress(export.pk, done=0, total=count, at=clock())
    with written(_kind(export), rows_heading(), _complaints(export, company, asked, viewer, clock)) as file:
        return file.read()


def _table(export: Export, heading: list[str], rows: list[list[Any]], clock: Callable[[], datetime]) -> bytes:
    """A file of what one query has counted."""
    exporting.note_progress(export.pk, done=len(rows), total=len(rows), at=clock())
    with written(_kind(export), heading, rows) as file:
        return file.read()


def _kind(export: Export) -> Format:
    return "csv" if export.kind == Export.Kind.CSV else "xlsx"


def _complaints(
    export: Export, company: Company, asked: Asked, viewer: Viewer, clock: Callable[[], datetime]
) -> Iterator[list[Any]]:
    last, done = 2**62, 0
    while True:
        with company_scope(company.pk):
            rows = rows_behind(asked.figure, asked.of).for_list().select_related("office").filter(pk__lt=last)
            page = list(rows.order_by("-pk")[:PAGE])
            told = rows_table(page, viewer)
            done += len(page)
            exporting.note_progress(export.pk, done=done, at=clock())
        yield from told
        if len(page) < PAGE:
            return
        last = page[-1].pk


def figures_table(asked: Asked) -> tuple[list[str], list[list[Any]]]:
    """The figures of the page as a table: counts, as shares can be worked out from them."""
    found = lines(asked.by, asked.of)
    heading = [str(DIMENSIONS[asked.by][0]), _("Received"), _("A clock ran out")]
    heading += [_("Late: %(clock)s") % {"clock": clock.label} for clock in Clock]
    heading += [
        _("Reopened"),
        _("Rated"),
        _("Rating, mean of 5"),
        _("Breaches confirmed"),
        _("Costs, %(currency)s") % {"currency": asked.of.currency},
    ]

    def cells(line: Line) -> list[Any]:
        late = line.late_by or {}
        rating = None if line.rating is None else round(line.rating, 2)
        by_clock = [late[clock.value] for clock in Clock]
        return [
            line.name,
            line.received,
            line.late,
            *by_clock,
            line.reopened,
            line.rated,
            rating,
            line.breaches,
            Decimal(plain(line.cost, line.currency)),
        ]

    rows = [cells(line) for line in sorted(found, key=lambda line: line.name)]
    return heading, [*rows, cells(total(found))]


def costs_table(query: QueryDict, company: Company, viewer: Viewer, *, this_year: int) -> tuple[list[str], list[list[Any]]]:
    """The costs of the page as a table, all groups of it, with their sum."""
    by, year = CostForm(query).wanted(this_year=this_year)
    orders = BoardForm(query).narrowed(WorkOrder.objects.visible_to(viewer)).filter(ordered_at__year=year)
    found = cost_rows(costs(orders, by=by), by=by)
    heading = [str(dict(CostForm.BY)[by]), _("Orders")]
    sums = [_("Still open, estimated"), _("Done, estimated"), _("Done, spent")]
    heading += [f"{name}, {company.currency}" for name in sums]

    def cells(name: str, row: CostRow) -> list[Any]:
        amounts = (row.still, row.planned, row.spent)
        return [name, row.orders, *(Decimal(plain(amount, company.currency)) for amount in amounts)]

    return heading, [*(cells(row.label, row) for row in found), cells(_("All"), total_of(found))]


def rows_heading() -> list[str]:
    return [
        _("Number"), _("Received"), _("Title"), _("Community"), _("Office"), _("Category"), _("Channel"), _("State"),
        _("Late clocks"), _("Reopened"), _("Rating"),
    ]  # fmt: skip


def rows_table(complaints: Sequence[Complaint], viewer: Viewer) -> list[list[Any]]:
    """What a line of the file says: no asker at all, and the title only for somebody who may read the complaint."""
    late = late_clocks(complaints)
    reads = may_read_counted(viewer)
    return [
        [
            row.number,
            row.received_at,
            row.words.title if reads and row.words else "",
            str(row.community or ""),
            str(row.office or ""),
            str(row.category),
            row.contact.get_channel_display(),
            row.get_state_display(),
            ", ".join(late.get(row.pk, [])),
            row.reopenings + row.half_fixes,
            row.rating,
        ]
        for row in complaints
    ]
