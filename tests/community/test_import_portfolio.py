import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from propman.community.models import Building, Community, Room
from propman.community.services.import_portfolio import UnusableMapping, company_address, import_portfolio, read_mapping
from propman.community.services.import_rooms import RoomsImporter
from propman.community.services.imports import RowsRefused, plan_import, run_import
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories import make_company

DATA = Path(__file__).parent.parent / "data"
AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
AKELIUS, PORTFOLIO, MAPPING = (str(DATA / name) for name in ("rentsafe_akelius.csv", "rentsafe_portfolio.csv", "rentsafe.toml"))


def test_buildings_of_a_real_company_pass_through_import_rooms(scope, community):
    with Path(AKELIUS).open("rb") as file:
        importers = [RoomsImporter(community, Decimal("62.5")) for _n in range(2)]
        plan, done = run_import(
            importer=importers[0], again=importers[1], file=file, file_name="rentsafe_akelius.csv", by=None, at=AT
        )
    assert done is not None
    assert (plan.rows, plan.created, plan.also["rooms"], plan.refused) == (49, 49, 3380, 0)
    assert (Building.objects.count(), Room.objects.count()) == (49, 3380)
    with Path(AKELIUS).open("rb") as file:
        again = plan_import(importer=RoomsImporter(community, Decimal("62.5")), file=file)
    assert (again.created, again.changed, again.left) == (0, 0, 49)


def test_dirty_rows_of_the_registry_are_named_and_nothing_is_written(scope, community):
    importers = [RoomsImporter(community, Decimal("62.5")) for _n in range(2)]
    with Path(PORTFOLIO).open("rb") as file, pytest.raises(RowsRefused) as refused:
        run_import(importer=importers[0], again=importers[1], file=file, file_name="x", by=None, at=AT)
    says = [" ".join(problem["says"]) for problem in refused.value.plan.problems]
    assert sum("“0” is no number of units" in one for one in says) == 6
    assert any("33 FLAMBOROUGH DR stands in row" in one for one in says)
    assert not Room.objects.exists()
    assert not Building.objects.exists()


def run(capsys, path, *flags, mapping=MAPPING):
    failed = ""
    try:
        call_command("import_portfolio", path, "--mapping", mapping, "--json", *flags)
    except CommandError as error:
        failed = str(error)
    out = capsys.readouterr().out.strip().splitlines()
    return failed, out[:-1], json.loads(out[-1]) if out else {}


def test_registry_becomes_companies_communities_and_rooms(db, capsys):
    failed, lines, first = run(capsys, PORTFOLIO, "--dry-run")
    assert (failed, Company.objects.count(), first["imported"]) == ("", 0, False)
    failed, lines, first = run(capsys, PORTFOLIO)
    assert failed == ""
    nameless = [line for line in lines if "The company is missing." in line]
    assert len(nameless) == 21  # fifteen, and the six without units
    assert len([line for line in lines if line.startswith("row")]) == first["refused"]
    akelius = Company.objects.get(address="akelius-canada-ltd")
    assert (akelius.name, akelius.zone, akelius.currency, akelius.language) == (
        "AKELIUS CANADA LTD",
        "America/Toronto",
        "CAD",
        "en",
    )
    with company_scope(akelius.pk):
        assert Room.objects.count() == 3380
        assert Community.objects.filter(name__startswith="Toronto ward").count() == Community.objects.count() > 5
    _failed, _lines, second = run(capsys, PORTFOLIO)
    assert (second["companies"], second["communities"], second["rooms"], second["imported"]) == (0, 0, 0, False)
    assert second["left"] == first["created"]


def test_strict_import_writes_nothing_when_a_row_is_wrong(db, capsys):
    failed, lines, result = run(capsys, PORTFOLIO, "--strict")
    assert "nothing was imported" in failed
    assert len(lines) == result["refused"] > 20
    assert not Company.objects.exists()


def bring(content: str, **kwargs):
    mapping = read_mapping(
        {
            "columns": {"company": "C", "community": "P", "building": "B", "room": "R", "units": "U", "area": "A"},
            "rooms": {"area": 60},
        }
    )
    return import_portfolio(file=io.BytesIO(content.encode()), file_name="x.csv", mapping=mapping, at=AT, **kwargs)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",P1,1,101,,80", "company is missing"),
        ("Acme,,1,101,,80", "community is missing"),
        ("Acme,P1,,101,,80", "building is missing"),
        ("Acme,P1,1,,0,80", "no number of units"),
        ("Acme,P1,1,,,80", "room is missing"),
        ("=A1,P1,1,101,,80", "formula"),
        ("Acme,P1,1,101,,much", "not an area"),
        ("Other Co,P1,1,102,,80", "is taken"),
        ("Static,P1,1,102,,80", "is taken"),
    ],
)
def test_bad_row_is_left_out_and_the_others_come_in(db, row, says):
    make_company("other-co", name="Somebody else")
    done = bring(f"C,P,B,R,U,A\nAcme,P1,1,100,,80\n{row}\nACME.,P1,1,103,,80\n")
    (problem,) = done.problems
    assert problem["line"] == 3
    assert says in " ".join(problem["says"])
    with company_scope(Company.objects.get(address="acme").pk):
        assert sorted(Room.objects.values_list("name", flat=True)) == ["100", "103"]


def test_rooms_of_two_companies_stay_apart(db):
    bring("C,P,B,R,U,A\nAcme,P1,1,101,,80\nBest,P1,1,101,,90\n")
    for address, area in (("acme", 80), ("best", 90)):
        with company_scope(Company.objects.get(address=address).pk):
            assert list(Room.objects.values_list("area", flat=True)) == [area]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Acme Inc.", "acme-inc"),
        ("ACME INC", "acme-inc"),
        ("O'Neil & Sons", "oneil-sons"),
        ("1234 Ontario Inc", "c-1234-ontario-inc"),
    ],
)
def test_address_follows_from_the_name(name, address):
    assert company_address(name) == address


def test_address_of_a_long_or_chinese_name_is_distinct():
    assert company_address("兰亭物业") != company_address("金河物业")
    first, second = company_address("A" * 60), company_address("A" * 61)
    assert first != second
    assert len(first) == len(second) == 40


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"columns": {"company": "C"}},
        {"columns": {"company": "C", "community": "P", "building": "B", "rent": "R"}},
        {"columns": {"company": "C", "community": "P", "building": "B"}, "community": {"name": "Toronto"}},
    ],
)
def test_unusable_mapping_says_why(told):
    with pytest.raises(UnusableMapping):
        read_mapping(told)


def test_command_names_what_is_wrong_with_the_mapping(db, capsys, tmp_path):
    assert "cannot be read" in run(capsys, PORTFOLIO, mapping="/nowhere.toml")[0]
    (tmp_path / "bad.toml").write_text("[columns")
    assert "is not TOML" in run(capsys, PORTFOLIO, mapping=str(tmp_path / "bad.toml"))[0]
    (tmp_path / "half.toml").write_text("[columns]\ncompany = 'X'\ncommunity = 'WARD'\nbuilding = 'SITE_ADDRESS'\n")
    assert "A column is missing: company (X)" in run(capsys, PORTFOLIO, mapping=str(tmp_path / "half.toml"))[0]
