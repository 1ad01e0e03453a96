import io
import json
import random
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook

from propman.community.models import Building, Household, Import, ImportedRows, Occupancy, Person, Room
from propman.community.services.import_rooms import RoomsImporter
from propman.community.services.imports import ImportClosed, RowsRefused, StillReferredTo, plan_import, run_import, undo_import
from propman.community.services.places import change_room
from propman.community.services.residents import add_person, move_in
from propman.tenancy.models import Event
from propman.tenancy.scope import company_scope

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
ACT = {"by": None, "at": AT}
GOOD = (
    "楼栋,单元,房号,建筑面积(㎡),业主,电话\n"
    '1栋,1单元,101,94.6,林佳,13800000001\n1栋,1单元,102,80,,\n2栋,,201,"1,200.5",王伟,13800000002\n'
)


def bring(community, content: str, **kwargs):
    file = io.BytesIO(content.encode())
    area = kwargs.pop("area", None)
    importers = [RoomsImporter(community, area) for _n in range(2)]
    return run_import(importer=importers[0], again=importers[1], file=file, file_name="rooms.csv", **ACT, **kwargs)


def counts():
    return [model.objects.count() for model in (Building, Room, Household, Occupancy, Person)]


def test_room_list_becomes_rooms_and_owners(scope, community):
    plan, done = bring(community, GOOD)
    assert (plan.rows, plan.created, plan.also["owners"]) == (3, 3, 2)
    assert counts() == [2, 3, 2, 2, 2]
    assert sorted(Room.objects.values_list("label", "area")) == [
        ("1-1-101", Decimal("94.6")),
        ("1-1-102", Decimal(80)),
        ("2-201", Decimal("1200.5")),
    ]
    assert Occupancy.objects.get(person__name="林佳").starts_on.isoformat() == "2026-03-02"
    assert Event.objects.filter(name="import.confirmed", stream=f"import:{done.pk}").exists()


def test_importing_again_changes_nothing(scope, community):
    bring(community, GOOD)
    before, events = counts(), Event.objects.count()
    plan, done = bring(community, GOOD)
    assert (plan.created, plan.changed, plan.left, done) == (0, 0, 3, None)
    assert (counts(), Event.objects.count()) == (before, events)


def test_changed_list_changes_only_what_differs(scope, community):
    bring(community, GOOD)
    plan, _done = bring(community, GOOD.replace("102,80,,", "102,81,陈静,").replace("1栋,1单元,101,94.6", "1栋,1单元,101,"))
    assert (plan.created, plan.changed, plan.left) == (0, 1, 2)
    assert Room.objects.get(label="1-1-102").area == 81
    assert Room.objects.get(label="1-1-101").area == Decimal("94.6")
    assert Occupancy.objects.filter(person__name="陈静").exists()


ROW = "1,1,301,80,,"
BAD_ROWS = [
    (",1,301,80,,", "building is missing"),
    ("1,1,,80,,", "room is missing"),
    ("1,1,301,,,", "area is missing"),
    ("1,1,301,0,,", "0.01"),
    ("1,1,301,-5,,", "0.01"),
    ("1,1,301,ninety,,", "not an area"),
    ("1,1,301,NaN,,", "not an area"),
    ("1,1,301,1e9,,", "not an area"),
    ("1,1,301,80,,call me", "not a phone"),
    ("1,1,301,=40*2,,", "formula"),
    (f"1,1,{'3' * 31},80,,", "31 characters"),
    (f"{'1' * 100_000},1,301,80,,", "characters long"),
    ("1,1,30\u202e1,80,,", "direction"),
    ("1,1,30\x001,80,,", "control character"),
    ("1栋,1单元,101,80,赵敏,", "belongs to 林佳"),
    ("1,1,302,80,,", "stands in row 2 already"),
    ("１,１,３０２,80,,", "stands in row 2 already"),
]


@pytest.mark.parametrize(("row", "says"), BAD_ROWS)
def test_bad_row_is_named_and_nothing_is_written(scope, community, row, says):
    bring(community, GOOD)
    before = counts()
    with pytest.raises(RowsRefused) as refused:
        bring(community, f"building,entrance,room,area,owner,phone\n1,1,302,80,,\n{row}\n1,1,303,80,,\n")
    (problem,) = refused.value.plan.problems
    assert problem["line"] == 3
    assert says in " ".join(problem["says"])
    assert counts() == before


def test_every_bad_row_is_named_at_once(scope, community):
    rows = "\n".join(row for row, _says in BAD_ROWS[:13])
    with pytest.raises(RowsRefused) as refused:
        bring(community, f"building,entrance,room,area,owner,phone\n{rows}\n1,1,303,80,,\n")
    assert [problem["line"] for problem in refused.value.plan.problems] == list(range(2, 15))
    assert refused.value.plan.created == 1


def test_other_rows_come_in_where_bad_ones_are_skipped(scope, community):
    plan, _done = bring(community, "building,room,area\n1,101,80\n1,102,zero\n", skip_bad_rows=True)
    assert (plan.created, plan.refused, Room.objects.count()) == (1, 1, 1)


def test_building_with_units_becomes_rooms(scope, community):
    plan, _done = bring(community, "building,units\n12 King St,3\n", area=Decimal(60))
    assert (plan.created, plan.also["rooms"]) == (1, 3)
    assert sorted(Room.objects.values_list("label", flat=True)) == [f"12 King St-000{n}" for n in (1, 2, 3)]
    plan, _done = bring(community, "building,units\n12 King St,4\n", area=Decimal(99))
    assert plan.also["rooms"] == 1
    assert sorted(Room.objects.values_list("area", flat=True)) == [60, 60, 60, 99]


@pytest.mark.parametrize("units", ["0", "-1", "1.5", "5001", "many", "1e3"])
def test_impossible_number_of_units_is_refused(scope, community, units):
    with pytest.raises(RowsRefused) as refused:
        bring(community, f"building,units\n12 King St,{units}\n", area=Decimal(60))
    assert "number of units" in refused.value.plan.problems[0]["says"][0]


def test_undo_takes_back_rooms_and_people(scope, community):
    _plan, first = bring(community, GOOD)
    _plan, second = bring(community, GOOD.replace("102,80,,", "102,81,陈静,"))
    undo_import(done=second, **ACT)
    assert Room.objects.get(label="1-1-102").area == 80
    assert not Person.objects.filter(name="陈静").exists()
    undo_import(done=first, **ACT)
    assert counts() == [0, 0, 0, 0, 0]
    with pytest.raises(ImportClosed):
        undo_import(done=first, **ACT)


def test_undo_is_refused_when_something_refers_to_a_row(scope, community):
    _plan, done = bring(community, GOOD)
    room = Room.objects.get(label="1-1-102")
    move_in(room=room, person=add_person(name="Later", **ACT), kind="tenant", on=AT.date(), **ACT)
    before = counts()
    with pytest.raises(StillReferredTo, match="household"):
        undo_import(done=done, **ACT)
    assert counts() == before


def test_undo_is_refused_when_a_row_was_changed_since(scope, community):
    bring(community, GOOD)
    _plan, done = bring(community, GOOD.replace("102,80,,", "102,81,,"))
    change_room(room=Room.objects.get(label="1-1-102"), name="102", area=Decimal(82), **ACT)
    with pytest.raises(StillReferredTo, match="1-1-102"):
        undo_import(done=done, **ACT)
    assert Room.objects.get(label="1-1-102").area == 82


def test_import_reaches_no_other_community(scope, company, community):
    from tests.factories import make_community

    other = make_community(company, "other")
    bring(other, GOOD)
    plan, _done = bring(community, GOOD)
    assert (plan.created, Room.objects.filter(community=community).count()) == (3, 3)


# The command


def run(capsys, *arguments, **options):
    try:
        call_command("import_rooms", *arguments, "--json", **options)
        failed = ""
    except CommandError as error:
        failed = str(error)
    out = capsys.readouterr().out.strip().splitlines()
    return failed, out[:-1], json.loads(out[-1]) if out else {}


@pytest.fixture
def room_file(tmp_path):
    def write(content: str | bytes, name="rooms.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_command_imports_once(community, room_file, capsys, encoding):
    path = room_file(GOOD.encode(encoding))
    failed, _lines, result = run(capsys, "lanting", "willow-garden", path, "--dry-run")
    assert (failed, result["created"], result["imported"]) == ("", 3, False)
    failed, _lines, result = run(capsys, "lanting", "willow-garden", path)
    assert (failed, result["created"], result["imported"]) == ("", 3, True)
    failed, _lines, result = run(capsys, "lanting", "willow-garden", path)
    assert (failed, result["created"], result["left"], result["imported"]) == ("", 0, 3, False)
    with company_scope(community.company_id):
        assert Room.objects.count() == 3


def test_command_lists_every_bad_row(community, room_file, capsys):
    path = room_file("building,room,area\n1,101,80\n1,101,90\n1,102,0\n,103,80\n")
    for flags in (["--dry-run"], []):
        failed, lines, result = run(capsys, "lanting", "willow-garden", path, *flags)
        assert "3 " in failed
        assert [line.split(":")[0] for line in lines if line.startswith("row")] == ["row 3", "row 4", "row 5"]
        assert (result["refused"], result["imported"]) == (3, False)
    with company_scope(community.company_id):
        assert not Room.objects.exists()
        assert not Building.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", "willow-garden", "x.csv"), "There is no company “nobody”. There are: lanting."),
        (("lanting", "nowhere", "x.csv"), "It has: willow-garden."),
        (("lanting", "willow-garden", "/nowhere/x.csv"), "cannot be read"),
    ],
)
def test_command_names_what_is_wrong(community, capsys, arguments, says):
    failed, _lines, _result = run(capsys, *arguments)
    assert says in failed


def test_command_refuses_missing_columns(community, room_file, capsys):
    failed, _lines, result = run(capsys, "lanting", "willow-garden", room_file("a,b\n1,2\n"))
    assert "A column is missing: building" in failed
    assert result["error"] == failed
    failed, _lines, _result = run(capsys, "lanting", "willow-garden", room_file("building,area\n1,2\n"))
    assert "room (房号), or units (户数)" in failed


def test_command_reads_a_workbook(community, room_file, capsys):
    book, file = Workbook(), io.BytesIO()
    for row in (["楼栋", "单元", "房号", "面积"], [1, 2, 101, 94.6], ["1", "2", "102", "=80"]):
        book.active.append(row)
    book.save(file)
    failed, lines, result = run(capsys, "lanting", "willow-garden", room_file(file.getvalue(), "rooms.xlsx"))
    assert failed.startswith("1 rows are wrong")
    assert lines[0].startswith("row 3: ")
    assert "formula" in lines[0]
    failed, _lines, result = run(capsys, "lanting", "willow-garden", room_file(file.getvalue(), "r.xlsx"), "--skip-bad-rows")
    assert (failed, result["created"]) == ("", 1)


@pytest.mark.long
def test_hundred_thousand_rows_come_in_and_every_bad_one_is_named(community, room_file, capsys):
    """Each thousandth row repeats the one before; nothing is written until they are left out."""
    numbers = [n - (n % 1000 == 999) for n in range(100_000)]
    lines = "".join(f"{n % 400 // 2},{n % 2 + 1},{n // 400 + 1},80,Owner {n},138{n:08}\n" for n in numbers)
    path = room_file(f"building,entrance,room,area,owner,phone\n{lines}")
    failed, said, result = run(capsys, "lanting", "willow-garden", path)
    assert failed
    assert [line.split(":")[0] for line in said if line.startswith("row")] == [
        f"row {n + 2}" for n in range(999, 100_000, 1000)
    ]
    assert (result["refused"], result["imported"]) == (100, False)
    failed, _said, result = run(capsys, "lanting", "willow-garden", path, "--skip-bad-rows")
    assert (failed, result["created"]) == ("", 99_900)
    failed, _said, result = run(capsys, "lanting", "willow-garden", path, "--skip-bad-rows")
    assert (failed, result["created"], result["left"]) == ("", 0, 99_900)
    with company_scope(community.company_id):
        assert Room.objects.count() == 99_900


def test_batches_are_bounded_in_memory(scope, community):
    """The plan of ten times as many rows takes less than half as much memory again."""

    def peak(rows: int) -> int:
        lines = "".join(f"{n % 40},1,{n:06},80,Owner {n},138{n:08}\n" for n in range(rows))
        file = io.BytesIO(f"building,entrance,room,area,owner,phone\n{lines}".encode())
        tracemalloc.start()
        plan = plan_import(importer=RoomsImporter(community), file=file)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert plan.created == rows
        return most

    few, many = peak(2000), peak(20000)
    assert many < few * 1.5 + 20000 * 150


def test_random_files_never_half_write(scope, community):
    choice = random.Random(7)
    cells = ["", "1", "0", "-1", "=1", "abc", "1栋", "９", "\x00", "x" * 500, "80", "80.5", "13800000000", "'+1", "🏠", "é"]
    for _n in range(150):
        rows = "\n".join(",".join(choice.choice(cells) for _c in range(6)) for _r in range(3))
        before, done = counts(), None
        with suppress(RowsRefused):
            plan, done = bring(community, f"building,entrance,room,area,owner,phone\n{rows}\n")
        expected = plan.also["rooms"] if done else 0
        assert counts()[1] - before[1] == expected
        assert (counts() == before) == (done is None)
    assert Import.objects.count() == ImportedRows.objects.values("of").distinct().count()
