import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from cards import api, services
from cards.workflow import Card
from propman.tenancy.scope import company_scope
from tests.factories.cards import DURING, cast, count_round, serial_of

pytestmark = pytest.mark.django_db
API = "/lanting/api/v1/"


def code_of(user):
    Authenticator.objects.filter(user=user).delete()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_household_gets_its_own_serials(round, household, owner, client_of, monkeypatch):
    monkeypatch.setattr(api, "timezone", SimpleNamespace(now=lambda: DURING))
    cast(round, household, Card.COMMITTEE_RED)
    response = client_of(owner).get(f"{API}cards/")
    cards = response.json()["results"]
    assert [card["serial"] for card in cards] == [serial_of(round, household, card) for card in Card]
    assert [card["place"] for card in cards] == ["hand"] * 5 + ["cast"]
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("role", ["manager", "official", "agent"])
def test_others_have_no_cards(round, role, client_of, request):
    assert client_of(request.getfixturevalue(role)).get(f"{API}cards/").status_code == 403


def test_rounds_tell_nothing_before_the_count(round, household, manager, client_of):
    client = client_of(manager)
    before = client.get(f"{API}rounds/").json()["results"]
    cast(round, household, *Card)
    assert client.get(f"{API}rounds/").json()["results"] == before
    assert before[0]["issued_root"] == round.issued_root
    assert client.get(f"{API}bulletins/").json()["results"] == []
    assert client.get(f"{API}bulletins/{round.pk}/").status_code == 404


def test_rounds_are_filtered_by_month_and_community(round, manager, client_of):
    client = client_of(manager)
    for query, found in (("month=2026-02", 1), ("month=2026-03", 0), ("community=willow-garden", 1), ("community=x", 0)):
        assert len(client.get(f"{API}rounds/?{query}").json()["results"]) == found
    assert client.get(f"{API}rounds/?month=soon").status_code == 400


def test_bulletin_of_a_published_round(round, household, official, government_official, manager, client_of):
    cast(round, household, Card.COMPANY_BLUE)
    published = count_round(round, official, government_official)
    (bulletin,) = client_of(manager).get(f"{API}bulletins/").json()["results"]
    assert bulletin["bulletin"]["root"] == published.root
    assert bulletin["figures"] == {"issued": 12, "cast": 1, "void": 0, "abstained": 11, "turnout": 8.3}


def test_count_is_opened_and_signed_by_officials(round, household, official, government_official, client_of):
    cast(round, household, Card.COMPANY_BLUE)
    with company_scope(round.company_id):
        services.close_round(round=round, at=round.closes_at)
    dealer, witness = client_of(official), client_of(government_official)
    address = f"{API}rounds/{round.pk}/"
    assert dealer.post(f"{address}open-count/", {"hall": 3}).json()["state"] == "counting"
    assert witness.post(f"{address}join-count/").status_code == 200
    assert dealer.post(f"{address}sign/", {"code": code_of(official)}).status_code == 409  # not dealt yet
    with company_scope(round.company_id):
        services.deal_cards(round=round, by=official, after=0, number=None, at=round.closes_at + timedelta(minutes=5))
    wrong = dealer.post(f"{address}sign/", {"code": "000000"})
    assert wrong.status_code == 422
    assert wrong["Content-Type"] == "application/problem+json"
    assert dealer.post(f"{address}sign/", {"code": code_of(official)}).status_code == 200
    assert witness.post(f"{address}sign/", {"code": code_of(government_official)}).json()["state"] == "published"


@pytest.mark.parametrize("verb", ["open-count", "join-count", "sign"])
@pytest.mark.parametrize("role", ["manager", "owner", "administrator"])
def test_others_cannot_count(round, role, verb, client_of, request):
    assert client_of(request.getfixturevalue(role)).post(f"{API}rounds/{round.pk}/{verb}/").status_code == 403


def test_count_before_the_close_is_a_conflict(round, official, client_of):
    response = client_of(official).post(f"{API}rounds/{round.pk}/open-count/")
    assert response.status_code == 409
