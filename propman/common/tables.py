"""What `components/_table.html` draws: columns, and rows of cells that may lead to the rows behind a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise


@dataclass(frozen=True)
class Column:
    """One column; a figure's unit stands in its label."""

    label: str | Promise
    is_number: bool = False
    sort_url: str = ""
    sorted: Literal["", "ascending", "descending"] = ""


@dataclass(frozen=True)
class Cell:
    """One cell."""

    text: object
    url: str = ""


@dataclass(frozen=True)
class Row:
    """One line: its cells beside the columns they stand in."""

    columns: Sequence[Column]
    cells: Sequence[Cell]
    is_on: bool = False

    @property
    def pairs(self) -> list[tuple[Cell, Column]]:
        """Each cell with its column; as many as there are columns."""
        return list(zip(self.cells, self.columns, strict=True))
