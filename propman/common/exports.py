"""Lists as CSV or XLSX files that a spreadsheet shows and never calculates."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Literal

from django.http import FileResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

Format = Literal["csv", "xlsx"]
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LEADS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
IN_MEMORY = 5 * 1024 * 1024


def safe_text(value: Any) -> str:
    """The value as text; what a spreadsheet would take for a formula gets an apostrophe in front.

    Imports take the apostrophe away again.
    """
    if value is None:
        return ""
    text = timezone.localtime(value).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else str(value)
    if isinstance(value, (int, float, Decimal)):
        return text
    return f"'{text}" if text.lstrip(" \u00a0\u3000\ufeff").startswith(LEADS_A_FORMULA) else text


def written(kind: Format, heading: Sequence[Any], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A file of the heading and the rows, at its beginning; large ones lie on disk."""
    file: IO[bytes] = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the response closes it
    (write_csv if kind == "csv" else write_xlsx)(file, heading, rows)
    file.seek(0)
    return file


def write_csv(file: IO[bytes], heading: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """UTF-8 with a mark, which Excel needs to read Chinese."""
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([safe_text(cell) for cell in heading])
    writer.writerows([safe_text(cell) for cell in row] for row in rows)
    text.detach()


def write_xlsx(file: IO[bytes], heading: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Figures and dates keep their kind; every text is a text, whatever it begins with."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in chain([heading], rows):
        sheet.append([_xlsx_cell(sheet, value) for value in row])
    book.save(file)


def _xlsx_cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, (int, float, Decimal)) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", safe_text(value)))
    cell.data_type = "s"
    return cell


def file_response(kind: Format, name: str, heading: Sequence[Any], rows: Iterable[Sequence[Any]]) -> FileResponse:
    """The file as a download; it is whole before the response begins, so that it is read in the view's transaction."""
    return FileResponse(
        written(kind, heading, rows), as_attachment=True, filename=f"{name}.{kind}", content_type=CONTENT_TYPES[kind]
    )
