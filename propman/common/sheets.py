"""Reading what people export from elsewhere: CSV in any usual encoding and delimiter, and XLSX, row by row.

A sheet is read as a stream: a file of 100,000 rows takes no more memory than one of ten. Nothing is guessed silently: a
file that cannot be read says why, a cell that holds a formula or a control character is a problem of its row.
"""

import codecs
import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from openpyxl import load_workbook

from .text import printable, tidy

DELIMITERS = ",;\t|"
CHUNK = 1 << 20
LARGEST_UNPACKED = 500 * CHUNK
LONGEST_CELL = 400
MOST_ROWS = 500_000
LEADS_A_FORMULA = re.compile(r"[=@＝＠]|[+\-](?![\d\s().]+$)(?!\d[\d\s().-]{8,}$)")


class UnreadableFile(ValidationError):
    """The file as a whole cannot be used."""


@dataclass(frozen=True)
class Column:
    """A column that an import understands, by any of its headings."""

    name: str
    label: str | Promise
    headings: Sequence[str] = ()
    is_required: bool = False


@dataclass(frozen=True)
class SheetRow:
    """One row: its line in the file, tidy cells by column name (missing ones are empty), and what is wrong with it."""

    line: int
    cells: Mapping[str, str]
    problems: Sequence[str] = ()


@dataclass
class Sheet:
    """An opened file; `unused` are headings that no column reads."""

    columns: dict[str, list[int]]
    headings: list[str]
    body: Iterator[tuple[int, list[Any]]]
    encoding: str = ""
    unused: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[SheetRow]:
        """The rows that are not blank. Raises UnreadableFile when the file breaks off or is too long."""
        for number, (line, raw) in enumerate(self.body):
            if number >= MOST_ROWS:
                raise UnreadableFile(_("The file has more than %(most)d rows; split it."), params={"most": MOST_ROWS})
            yield self._row(line, raw)

    def _row(self, line: int, raw: list[Any]) -> SheetRow:
        problems: list[str] = []
        if any(cell not in (None, "") for cell in raw[len(self.headings) :]):
            problems.append(_("The row has more cells than the heading."))
        cells = {}
        for name, places in self.columns.items():
            texts = (self._text(raw[place], place, problems) for place in places if place < len(raw))
            cells[name] = next((text for text in texts if text), "")
        return SheetRow(line, cells, problems)

    def _text(self, cell: Any, place: int, problems: list[str]) -> str:
        heading = printable(self.headings[place])
        if isinstance(cell, Formula):
            problems.append(_("“%(heading)s” holds a formula; put the value there.") % {"heading": heading})
            return ""
        if isinstance(cell, FaultyCell):
            problems.append(_("“%(heading)s” holds the error %(error)s.") % {"heading": heading, "error": cell})
            return ""
        try:
            text = tidy(as_text(cell), longest=LONGEST_CELL)
        except ValidationError as error:
            problems.append(f"{heading}: {error.messages[0]}")
            return ""
        if not isinstance(cell, str):
            return text
        if text[:1] == "'" and text[1:].lstrip()[:1] in tuple("=+-@＝＋－＠"):
            return text[1:]  # our own exports put it there to keep spreadsheets from calculating
        if LEADS_A_FORMULA.match(text):
            problems.append(_("“%(heading)s” holds a formula; put the value there.") % {"heading": heading})
            return ""
        return text


class Formula(str):
    """A cell that a spreadsheet would calculate."""


class FaultyCell(str):
    """A cell that holds a spreadsheet's error, such as #REF!."""


def as_text(cell: Any) -> str:
    """What a cell says: whole numbers without a point, dates as YYYY-MM-DD."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def open_sheet(file: BinaryIO, columns: Sequence[Column], *, mapping: Mapping[str, Sequence[str]] | None = None) -> Sheet:
    """Open a CSV or XLSX file, told apart by its content, and find the columns by their headings.

    `mapping` names the headings of a foreign file by column. Raises UnreadableFile.
    """
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if not start:
        raise UnreadableFile(_("The file is empty."))
    if start.startswith(b"PK\x03\x04"):
        lines, encoding = _xlsx_lines(file), "XLSX"
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableFile(_("This is an old Excel file (.xls); save it as .xlsx or CSV."))
    else:
        encoding = detect_encoding(file)
        lines = _csv_lines(file, encoding, _known_headings(columns, mapping))
    first = next(lines, None)
    if first is None:
        raise UnreadableFile(_("The file is empty."))
    headings = [printable(as_text(cell)).strip() for cell in first[1]]
    while headings and not headings[-1]:
        headings.pop()
    return _matched(Sheet({}, headings, lines, encoding), columns, mapping)


def _matched(sheet: Sheet, columns: Sequence[Column], mapping: Mapping[str, Sequence[str]] | None) -> Sheet:
    plain = [plain_heading(heading) for heading in sheet.headings]
    twice = sorted({sheet.headings[n] for n, heading in enumerate(plain) if heading and heading in plain[:n]})
    used: set[int] = set()
    for column in columns:
        wanted = [plain_heading(heading) for heading in _headings_of(column, mapping)]
        places = [plain.index(heading) for heading in wanted if heading in plain]
        sheet.columns[column.name] = list(dict.fromkeys(place for place in places if place not in used))
        used.update(places)
    if again := [heading for heading in twice if plain.index(plain_heading(heading)) in used]:
        raise UnreadableFile(_("The heading stands there twice: %(headings)s."), params={"headings": ", ".join(again)})
    missing = [column for column in columns if column.is_required and not sheet.columns[column.name]]
    if missing:
        needs = "; ".join(f"{column.label} ({', '.join(_headings_of(column, mapping))})" for column in missing)
        has = ", ".join(heading for heading in sheet.headings if heading) or "-"
        raise UnreadableFile(
            _("A column is missing: %(needs)s. The file has: %(has)s."), params={"needs": needs, "has": has[:600]}
        )
    sheet.unused = [heading for n, heading in enumerate(sheet.headings) if heading and n not in used]
    return sheet


def _headings_of(column: Column, mapping: Mapping[str, Sequence[str]] | None) -> Sequence[str]:
    return mapping[column.name] if mapping and column.name in mapping else [column.name, *column.headings]


def _known_headings(columns: Sequence[Column], mapping: Mapping[str, Sequence[str]] | None) -> set[str]:
    return {plain_heading(heading) for column in columns for heading in _headings_of(column, mapping)}


def plain_heading(heading: str) -> str:
    """The heading without case, unit in brackets, spaces, hyphens and underscores: “Area (m²)” is area."""
    folded = unicodedata.normalize("NFKC", heading).casefold()
    return re.sub(r"[\s_\-*:.]+", "", re.sub(r"\(.*?\)|\[.*?\]", "", folded))


def detect_encoding(file: BinaryIO) -> str:
    """UTF-8 with or without its mark, UTF-16 with its mark, else GB18030. Raises UnreadableFile when it is none of them."""
    file.seek(0)
    start = file.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _decodes(file, "utf-8"):
        return "utf-8-sig"
    if _decodes(file, "gb18030") and _looks_chinese(file):
        return "gb18030"
    raise UnreadableFile(_("The file is neither UTF-8 nor GB18030 text; save it as “CSV UTF-8” or as XLSX."))


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _looks_chinese(file: BinaryIO) -> bool:
    """Bytes of other encodings often happen to be valid GB18030, but of characters that nobody writes."""
    file.seek(0)
    text = codecs.getincrementaldecoder("gb18030")().decode(file.read(CHUNK))
    foreign = [sign for sign in text if sign > "\x7f"]
    common = sum(1 for sign in foreign if sign.encode("gb2312", "ignore"))
    return common >= 0.8 * len(foreign)


def _csv_lines(file: BinaryIO, encoding: str, known: set[str]) -> Iterator[tuple[int, list[Any]]]:
    file.seek(0)
    text, line = io.TextIOWrapper(file, encoding=encoding, newline=""), 0
    try:
        start = text.readline(CHUNK)
        while start and not start.strip():
            start = text.readline(CHUNK)
        text.seek(0)
        reader = csv.reader(text, delimiter=_delimiter(start, known), strict=True)
        for cells in reader:
            line = reader.line_num
            if any(cell.strip() for cell in cells):
                yield line, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(
            _("The file breaks off after line %(line)d: %(error)s."), params={"line": line, "error": error}
        ) from error
    finally:
        if not file.closed:
            text.detach()  # the wrapper would close the file with itself


def _delimiter(heading: str, known: set[str]) -> str:
    """The delimiter that finds most of the known headings."""

    def found(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([heading], delimiter=delimiter), [])
        return sum(plain_heading(cell) in known for cell in cells), len(cells)

    return max(DELIMITERS, key=found)


def _xlsx_lines(file: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    try:
        with zipfile.ZipFile(file) as package:
            if sum(part.file_size for part in package.infolist()) > LARGEST_UNPACKED:
                raise UnreadableFile(_("The workbook is too large when unpacked; save it as CSV."))
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size is often wrong
        for line, row in enumerate(sheet.iter_rows(), start=1):
            cells = [_xlsx_cell(cell) for cell in row]
            if any(cell not in (None, "") for cell in cells):
                yield line, cells
    except (zipfile.BadZipFile, KeyError, ValueError, IndexError, OSError, EOFError, ParseError) as error:
        raise UnreadableFile(_("The workbook is damaged or not an XLSX file: %(error)s."), params={"error": error}) from error


def _xlsx_cell(cell: Any) -> Any:
    if cell.data_type == "f":
        return Formula(cell.value)
    if cell.data_type == "e":
        return FaultyCell(cell.value)
    return cell.value
