"""The sample town, built once for all of these tests, and what it is good for."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import hotp_value, yield_hotp_counters_from_time
from django.test import Client
from django.test.utils import override_settings

from propman.accounts.models import Membership, User
from propman.accounts.roles import OFFICIALS, Role
from propman.announcements.models import Announcement, Reading
from propman.announcements.workflow import State
from propman.community.models import Community, Department, Household, OwnersCommittee
from propman.community.selectors import duty_manager, general_manager, office_of
from propman.demo.sample import build_sample
from propman.demo.sign_ins import SignIn, file
from propman.tenancy.events import broken_links
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.conftest import delete_rows, owner_connection

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[list[SignIn]]:
    """Its sign-ins. The town is committed: each test undoes only what it did itself, and at the end all of it goes."""
    with override_settings(VAR_DIR=tmp_path_factory.mktemp("town")), django_db_blocker.unblock():
        try:
            yield build_sample(NOW, households=20)
        finally:
            owner = owner_connection()
            delete_rows(owner)
            owner.close()


def test_sample_town_has_everybody(db, sample):
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


def test_offices_have_announced_something_of_every_standing(db, sample):
    with company_scope(Company.objects.get(address="lanting").pk):
        assert {one.state_at(NOW) for one in Announcement.objects.all()} == set(State)
        assert Reading.objects.exists()
        assert not list(broken_links("announcement:"))


def test_officials_supervise_both_companies(db, sample):
    for address in ("lanting", "jinhe"):
        with company_scope(Company.objects.get(address=address).pk):
            roles = set(Membership.objects.current().values_list("role", flat=True))
            assert roles >= OFFICIALS


def test_building_again_changes_nothing(db, sample):
    before, people = file().read_text(), User.objects.count()
    assert build_sample(NOW + timedelta(days=1), households=20) == []
    assert (file().read_text(), User.objects.count()) == (before, people)


def test_lost_sign_ins_are_made_anew(db, sample, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    people = build_sample(NOW, households=20)
    assert {person.email for person in people} == {person.email for person in sample}
    assert json.loads(file().read_text())[0]["password"] == people[0].password != sample[0].password
    assert file().stat().st_mode & 0o077 == 0


def signs_in(person) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": person.password})
    if person.totp_seed:
        code = hotp_value(person.totp_seed, next(yield_hotp_counters_from_time()))
        client.post("/accounts/2fa/authenticate/", {"code": f"{code:06}"})
    return client


@pytest.mark.parametrize("role", ["owner", "company_administrator", "association_official"])
def test_people_of_the_file_can_sign_in(db, sample, role):
    person = next(person for person in sample if person.role == role)
    client = signs_in(person)
    assert client.session.get("_auth_user_id")
    page = client.get("/oversight/" if role in OFFICIALS else f"/{person.company}/")
    assert page.status_code != 302
    if role not in OFFICIALS:
        assert page.status_code == 200
        assert client.get("/jinhe/").status_code == 404


def test_second_factor_is_kept_for_staff_only(db, sample):
    seeds = {person.role: person.totp_seed for person in sample}
    assert seeds["company_administrator"]
    assert not seeds["owner"]
    assert Authenticator.objects.filter(user__email__in=[person.email for person in sample if person.totp_seed]).exists()
