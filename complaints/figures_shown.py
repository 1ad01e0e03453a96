"""Figures as pages draw them: percentages, links to the complaints behind, bars, and the sentence that says what stands out."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from propman.common.money import in_figures
from propman.common.tables import Cell

from .clocks import Clock
from .forms.figures import Asked, query_of
from .models import Category
from .selectors.figures import FEWEST, NONE, Line, standout, total

DASH = "–"
COLUMNS: dict[str, Any] = {
    "received": gettext_lazy("Received"),
    "late": gettext_lazy("On time"),
    **{f"late_{clock.value}": clock.label for clock in Clock},
    "reopened": gettext_lazy("Reopened"),
    "rated": gettext_lazy("Rated, of 5"),
    "breaches": pgettext_lazy("figure", "Breaches"),
    "ordered": gettext_lazy("Costs"),
}
SHORT = ("received", "late", "reopened", "rated")  # what the home page has room for


@dataclass(frozen=True)
class Shown:
    """A line as a page draws it: each figure leads to its complaints, the bar is measured by the longest line."""

    name: Cell
    cells: list[Cell]
    bar: list[tuple[str, str, str]]  # tone, x and width in per cent
    line: Line


def shown_lines(lines: Sequence[Line], asked: Asked, *, columns: Sequence[str]) -> list[Shown]:
    """The lines in the order that is asked for, by volume otherwise; hours and months in their own order."""
    categories = dict(Category.objects.values_list("pk", "code")) if asked.by == "category" else {}
    most = max((line.received for line in lines), default=0)
    ordered = sorted(lines, key=lambda line: line.key) if asked.by in {"hour", "month"} else in_order(lines, "-received")
    if asked.sort.lstrip("-") in COLUMNS:
        ordered = in_order(lines, asked.sort)
    return [_shown(line, asked, narrowing(line, asked, categories), columns, most) for line in ordered]


def _shown(line: Line, asked: Asked, narrowed: dict[str, Any], columns: Sequence[str], most: int) -> Shown:
    following = "office" if asked.by != "office" and asked.of.office is None else "category"
    name = Cell(line.name, f"{reverse('complaints:figures')}?{query_of(asked, **narrowed, by=following)}")
    return Shown(name, cells_of(line, asked, narrowed, columns), bar_of(line, most), line)


def narrowing(line: Line, asked: Asked, categories: dict[int, str]) -> dict[str, Any]:
    """What an address needs to mean this line alone."""
    match asked.by:
        case "office":
            return {"office": line.key or NONE}
        case "category":
            return {"category": categories[line.key]}
        case "month":
            last = line.key.replace(day=monthrange(line.key.year, line.key.month)[1])
            return {"since": max(line.key, asked.of.since), "until": min(last, asked.of.until)}
        case dimension:
            return {dimension: line.key}


def in_order(lines: Sequence[Line], sort: str) -> list[Line]:
    """Sorted by a column; lines without the figure stand last."""
    name, sign = sort.lstrip("-"), -1 if sort.startswith("-") else 1
    values = {id(line): value_of(line, name) for line in lines}
    return sorted(lines, key=lambda line: (values[id(line)] is None, sign * (values[id(line)] or 0), line.name))


def value_of(line: Line, column: str) -> float | None:
    """What a column is sorted by: the share or the mean that it shows."""
    match column:
        case "received":
            return line.received
        case "late":
            return line.on_time_share
        case "reopened":
            return line.reopened_share
        case "rated":
            return line.rating
        case "breaches":
            return line.breaches
        case "ordered":
            return line.cost
        case _:
            return line.in_time(column.removeprefix("late_"))


def text_of(line: Line, column: str) -> str:
    value = value_of(line, column)
    if value is None:
        return DASH
    if column == "ordered":
        return in_figures(line.cost, line.currency)
    if column in {"received", "breaches"}:
        return number_format(value, decimal_pos=0, force_grouping=True)
    return tenths(value) if column == "rated" else percent(value)


def tenths(value: float) -> str:
    """With one place; number_format alone would cut off what is to be rounded."""
    return number_format(round(value, 1), decimal_pos=1)


def percent(share: float) -> str:
    return f"{tenths(share)} %"


def cells_of(line: Line, asked: Asked, narrowed: dict[str, Any], columns: Sequence[str]) -> list[Cell]:
    """Each figure with the address of its complaints; a share of what went well leads to what did not."""
    rows = reverse("complaints:figure_rows")
    return [Cell(text_of(line, name), f"{rows}?{query_of(asked, **narrowed, figure=name)}") for name in columns]


def bar_of(line: Line, most: int) -> list[tuple[str, str, str]]:
    """On time, late, and of the rest what was reopened, side by side: together the volume."""
    parts = (("jade", line.fine), ("late", line.late), ("muted", line.troubled - line.late))
    drawn, x = [], 0.0
    for tone, part in parts:
        if part:
            width = 100 * part / most
            drawn.append((tone, f"{x:.2f}", f"{max(width - 0.6, 0.3):.2f}"))
            x += width
    return drawn


@dataclass(frozen=True)
class Summary:
    """A sentence or two about the lines: who stands out in bold, and what there is to say."""

    lead: str
    text: str


def summary_of(lines: Sequence[Line]) -> Summary | None:
    """Which line is the one to look at, or that chance explains the differences. None where nothing was received."""
    whole = total(lines)
    if not whole.received:
        return None
    told = {"on_time": percent(whole.on_time_share or 0.0), "reopened": percent(whole.reopened_share or 0.0)}
    if (found := standout(lines)) is None:
        text = _("%(on_time)s on time and %(reopened)s reopened.") % told
        if len(lines) > 1:
            text += " " + _("Fewer than two lines have %(fewest)d complaints, too few to compare.") % {"fewest": FEWEST}
        return Summary("", text)
    others = {
        "lowest": percent(found.lowest_on_time),
        "highest": percent(found.highest_on_time),
        "reopened": percent(found.highest_reopened),
    }
    if (line := found.line) is None:
        says = _("Between %(lowest)s and %(highest)s on time, at most %(reopened)s reopened.") % others
        return Summary(_("Nothing stands out:"), says)
    told = {"on_time": percent(line.on_time_share or 0.0), "reopened": percent(line.reopened_share or 0.0)}
    if line.rating is None:
        says = _("%(on_time)s on time and %(reopened)s reopened.") % told
    else:
        says = _("%(on_time)s on time and %(reopened)s reopened, rated %(rating)s.") % {
            **told,
            "rating": tenths(line.rating),
        }
    if found.others == 1:
        says += " " + _("The other one: %(lowest)s on time and %(reopened)s reopened.") % others
    else:
        says += " " + _("The others are at %(lowest)s on time or above, and at %(reopened)s reopened or below.") % others
    return Summary(_("%(name)s is the one to look at:") % {"name": line.name}, says)
