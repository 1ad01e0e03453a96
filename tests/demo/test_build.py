import json
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from propman.community.models import DutyShift, Household
from propman.demo.sample import build_sample
from propman.demo.sign_ins import file
from propman.tenancy.companies import open_company
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def test_interrupted_build_leaves_nothing(db, monkeypatch):
    monkeypatch.setattr("propman.demo.sample.live", lambda town: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_sample(NOW, households=20)
    assert not Company.objects.exists()
    assert not file().exists()


def simulate(capsys, **options):
    given = {"communities": 2, "households": 5, "months": 1, "seed": 3, **options}
    call_command("simulate", "--json", *(f"--{name}={value}" for name, value in given.items()))
    return json.loads(capsys.readouterr().out.strip().splitlines()[-1])


def test_simulated_company_is_new_every_time(db, capsys):
    first, second = simulate(capsys), simulate(capsys)
    assert (first["company"], second["company"]) == ("town-3", "town-3-2")
    assert first["communities"] == ["willow-court", "harbour-gardens"]
    assert first["households"] == second["households"] == 10


def test_same_seed_gives_the_same_town(db, capsys):
    names = []
    for _n in range(2):
        result = simulate(capsys, start="2026-01", households=12)
        with company_scope(Company.objects.get(address=result["company"]).pk):
            rooms = Household.objects.order_by("pk").values_list("room__label", "room__area", "occupancies__person__name")
            names.append(list(rooms))
    assert names[0] == names[1]


@pytest.mark.parametrize(("option", "value"), [("communities", 0), ("households", -1), ("months", 0), ("start", "soon")])
def test_impossible_town_is_refused(db, option, value):
    given = {"communities": 1, "households": 1, "months": 1, "seed": 1, option: value}
    with pytest.raises(CommandError, match=option):
        call_command("simulate", *(f"--{name}={number}" for name, number in given.items()))
    assert not Company.objects.exists()


def test_rota_covers_every_hour(db, capsys):
    result = simulate(capsys, start="2026-01")
    company = Company.objects.get(address=result["company"])
    with company_scope(company.pk):
        shifts = list(DutyShift.objects.filter(is_lead=True).order_by("starts_at").values_list("starts_at", "ends_at"))
    assert all(before[1] == after[0] for before, after in pairwise(shifts))
    assert shifts[0][0].astimezone(company.timezone).isoformat() == "2026-01-01T00:00:00+08:00"


@pytest.mark.parametrize("address", ["static", "accounts", "lanting", "Big", "9lives", "", "a b"])
def test_company_of_an_unusable_address_is_refused(company, address):
    with pytest.raises(ValidationError):
        open_company(address=address, name="X", by=None, at=NOW)
    assert Company.objects.count() == 1
