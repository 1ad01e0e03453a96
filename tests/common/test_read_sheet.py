import io
import zipfile
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from openpyxl import Workbook

from propman.common.exports import safe_text, written
from propman.common.sheets import Column, UnreadableFile, open_sheet, plain_heading
from propman.common.text import tidy

COLUMNS = [
    Column("room", "Room", ("房号",), is_required=True),
    Column("area", "Area", ("面积", "建筑面积"), is_required=True),
    Column("owner", "Owner", ("业主",)),
]


def read(content: bytes | str, **kwargs):
    sheet = open_sheet(io.BytesIO(content.encode() if isinstance(content, str) else content), COLUMNS, **kwargs)
    return sheet, list(sheet.rows())


def workbook(*rows) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


CHINESE = "房号,建筑面积（㎡）,业主\n1201室,94.6,林佳\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_file_of_any_encoding_is_read(encoding):
    _sheet, (row,) = read(CHINESE.encode(encoding))
    assert (row.line, row.cells, row.problems) == (2, {"room": "1201室", "area": "94.6", "owner": "林佳"}, [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_by_the_headings(delimiter):
    _sheet, (row,) = read(delimiter.join(["Room", "Area (m²)", "Owner"]) + "\r\n" + delimiter.join(["101", "80", '"A, B; C"']))
    assert row.cells == {"room": "101", "area": "80", "owner": "A, B; C"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        ("room,area\n101,Qu\xe9bec\n".encode("latin-1"), "neither UTF-8 nor GB18030"),
        (b"room,area\n\x81\x00\xff\xfe", "neither UTF-8 nor GB18030"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old excel", "old Excel"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (b'room,area\n"101,80\n', "breaks off"),
        (b"room,size\n101,80\n", "Area (area, 面积, 建筑面积)"),
        (b"floor,size\n1,2\n", "Room (room, 房号); Area"),
        (b"room,area,Room\n1,2,3\n", "twice: Room"),
        (b"room,area\n1," + b"9" * 200_000, "breaks off"),
    ],
)
def test_unusable_file_says_why(content, says):
    with pytest.raises(UnreadableFile) as refused:
        read(content)
    assert says in refused.value.messages[0]


def test_zip_that_is_no_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("readme.txt", "hello")
    with pytest.raises(UnreadableFile, match="damaged"):
        read(file.getvalue())


def test_bomb_of_a_workbook_is_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package, package.open("xl/a.xml", "w", force_zip64=True) as part:
        for _n in range(510):
            part.write(b"\0" * (1 << 20))
    with pytest.raises(UnreadableFile, match="too large"):
        read(file.getvalue())


@pytest.mark.parametrize("formula", ["=1+1", "=cmd|' /C calc'!A0", "@SUM(1)", "+1+cmd", "-A1", "＝1"])
def test_formula_is_a_problem_of_its_row(formula):
    _sheet, rows = read(f"room,area,owner\n101,80,Lin\n102,80,{formula}\n")
    assert [len(row.problems) for row in rows] == [0, 1]
    assert "formula" in rows[1].problems[0]


def test_formula_of_a_workbook_is_a_problem_of_its_row():
    _sheet, rows = read(workbook(["房号", "面积"], [101.0, "=40*2"], [102, 80.5], [103, "#REF!"]))
    assert rows[0].cells["room"] == "101"
    assert "formula" in rows[0].problems[0]
    assert (rows[1].cells["area"], rows[1].problems) == ("80.5", [])


def test_figures_and_phones_are_no_formulas():
    _sheet, (row,) = read("room,area,owner\n-101,80,+86 138 0000 0000\n")
    assert (row.cells["room"], row.cells["owner"], row.problems) == ("-101", "+86 138 0000 0000", [])


@pytest.mark.parametrize("cell", ["a\x00b", "a\x07b", "a\u202eb", "x" * 100_000])
def test_unusable_cell_is_a_problem_of_its_row(cell):
    _sheet, rows = read(f"room,area,owner\n101,80,{cell}\n102,80,Lin\n")
    assert [len(row.problems) for row in rows] == [1, 0]


def test_row_longer_than_the_heading_is_a_problem():
    _sheet, rows = read("room,area\n101,80,extra\n102\n")
    assert "more cells" in rows[0].problems[0]
    assert rows[1].cells == {"room": "102", "area": "", "owner": ""}


def test_mapping_reads_foreign_headings_in_order():
    sheet, (row, other) = read(
        "SITE,A1,A2,WARD\n12 King,,7,3\n13 King,5,7,3\n", mapping={"room": ["SITE"], "area": ["A1", "A2"]}
    )
    assert (row.cells["area"], other.cells["area"], sheet.unused) == ("7", "5", ["WARD"])


def test_dates_and_blank_rows_of_a_workbook():
    _sheet, rows = read(workbook([], ["room", "area", "owner"], [None], [1, 2, date(2026, 3, 2)]))
    assert [(row.line, row.cells["owner"]) for row in rows] == [(4, "2026-03-02")]


def test_heading_is_compared_without_its_trimmings():
    assert plain_heading(" Confirmed_Units: ") == plain_heading("confirmed units") == "confirmedunits"


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_export_comes_back_by_import(kind):
    with written(kind, ["Room", "Area", "Owner"], [["-101", 80, "=1+1"], ["102", 81.5, "+86 138 0000 0000"]]) as file:
        rows = list(open_sheet(file, COLUMNS).rows())
    assert rows[1].cells == {"room": "102", "area": "81.5", "owner": "+86 138 0000 0000"}
    assert rows[0].cells["owner"] == "=1+1"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", " =1", "＝1"])
def test_exported_text_never_begins_a_formula(text):
    assert safe_text(text) == f"'{text}"
    assert safe_text("plain") == "plain"
    assert safe_text(-1) == "-1"


def test_tidy_text_is_composed_and_on_one_line():
    assert tidy("  Cafe\u0301\n bar ", longest=20) == "Café bar"
    with pytest.raises(ValidationError):
        tidy("x" * 21, longest=20)
