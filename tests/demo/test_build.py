import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from propman.accounts.models import Membership, User
from propman.accounts.roles import OFFICIALS, Role
from propman.announcements.models import Announcement, Reading
from propman.announcements.workflow import State
from propman.community.models import Community, Department, DutyShift, Household, OwnersCommittee
from propman.community.selectors import duty_manager, general_manager, office_of
from propman.demo.sample import build_sample
from propman.demo.sign_ins import file
from propman.tenancy.companies import open_company
from propman.tenancy.events import broken_links
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def sample(db):
    return build_sample(NOW, households=20)


def test_sample_town_has_everybody(sample):
    lanting = Company.objects.get(address="lanting")
    with company_scope(lanting.pk):
        assert Household.objects.count() == 60
        assert OwnersCommittee.objects.count() == Community.objects.count() - 1 == 2
        assert not Department.objects.filter(closed_on=None, head=None).exists()
        assert all(office_of(community) for community in Community.objects.all())
        assert general_manager() is not None
        for days in (-60, -1, 0, 90):
            assert duty_manager(at=NOW + timedelta(days=days)) is not None
    assert {person.role for person in sample if person.company == "lanting"} == set(Role.values)
    assert "operator" in {person.role for person in sample}


def test_offices_have_announced_something_of_every_standing(sample):
    with company_scope(Company.objects.get(address="lanting").pk):
        assert {one.state_at(NOW) for one in Announcement.objects.all()} == set(State)
        assert Reading.objects.exists()
        assert not list(broken_links("announcement:"))


def test_officials_supervise_both_companies(sample):
    for address in ("lanting", "jinhe"):
        with company_scope(Company.objects.get(address=address).pk):
            roles = set(Membership.objects.current().values_list("role", flat=True))
            assert roles >= OFFICIALS


def test_building_again_changes_nothing(sample):
    before, people = file().read_text(), User.objects.count()
    assert build_sample(NOW + timedelta(days=1), households=20) == []
    assert (file().read_text(), User.objects.count()) == (before, people)


def test_lost_sign_ins_are_made_anew(sample):
    file().unlink()
    people = build_sample(NOW, households=20)
    assert {person.email for person in people} == {person.email for person in sample}
    assert json.loads(file().read_text())[0]["password"] == people[0].password != sample[0].password
    assert file().stat().st_mode & 0o077 == 0


def test_interrupted_build_leaves_nothing(db, monkeypatch):
    monkeypatch.setattr("propman.demo.sample.live", lambda town: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_sample(NOW, households=20)
    assert not Company.objects.exists()
    assert not file().exists()


def signs_in(person) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": person.password})
    if person.totp_seed:
        code = hotp_value(person.totp_seed, next(yield_hotp_counters_from_time()))
        client.post("/accounts/2fa/authenticate/", {"code": f"{code:06}"})
    return client


@pytest.mark.parametrize("role", ["owner", "company_administrator", "association_official"])
def test_people_of_the_file_can_sign_in(sample, role):
    person = next(person for person in sample if person.role == role)
    client = signs_in(person)
    assert client.session.get("_auth_user_id")
    page = client.get("/oversight/" if role in OFFICIALS else f"/{person.company}/")
    assert page.status_code != 302
    if role not in OFFICIALS:
        assert page.status_code == 200
        assert client.get("/jinhe/").status_code == 404


def test_second_factor_is_kept_for_staff_only(sample):
    seeds = {person.role: person.totp_seed for person in sample}
    assert seeds["company_administrator"]
    assert not seeds["owner"]
    assert Authenticator.objects.filter(user__email__in=[person.email for person in sample if person.totp_seed]).exists()


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
