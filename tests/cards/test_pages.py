"""The household's page and the public ones."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cards import archive, home, jobs, services
from cards.models import CardSettings, Round
from cards.selectors import month_of_cards
from cards.views import mine
from cards.workflow import Card
from propman.community.models import Occupancy
from propman.tenancy.scope import company_scope
from tests.factories import make_household, make_resident
from tests.factories.cards import DURING, cast, count_round, make_round, serial_of

pytestmark = pytest.mark.django_db
PUBLIC = "/lanting/public/willow-garden/cards/"


@pytest.fixture(autouse=True)
def _clock(monkeypatch):
    monkeypatch.setattr(mine, "timezone", SimpleNamespace(now=lambda: DURING))


def test_owner_sees_six_cards(round, household, owner, client_of):
    page = client_of(owner).get("/lanting/cards/").content.decode()
    for card in Card:
        assert page.count(f'value="{serial_of(round, household, card)}"') == 2  # to cast, to declare void
    assert 'action="/lanting/box/"' in page


def test_cast_card_leaves_the_hand(round, household, owner, client_of):
    serial = serial_of(round, household, Card.COMPANY_RED)
    cast(round, household, Card.COMPANY_RED)
    page = client_of(owner).get("/lanting/cards/").content.decode()
    assert f'value="{serial}"' not in page
    assert page.count('type="radio"') == 5


def test_page_is_never_stored(round, owner, client_of):
    assert "no-store" in client_of(owner).get("/lanting/cards/")["Cache-Control"]


def test_looking_at_the_page_writes_nothing(round, owner, client_of):
    client = client_of(owner)
    client.get("/lanting/cards/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/lanting/cards/")
    assert not [query for query in queries if query["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))]


def test_other_household_is_not_there(round, household, rival_owner, client_of):
    assert client_of(rival_owner).get(f"/lanting/cards/?household={household.pk}").status_code == 404
    page = client_of(rival_owner).get("/lanting/cards/").content.decode()
    assert serial_of(round, household, Card.COMPANY_BLUE) not in page


def test_family_member_cannot_cast(round, household, client_of):
    child = make_resident(household, Occupancy.Kind.FAMILY_MEMBER)
    assert client_of(child).get("/lanting/cards/").status_code == 403


def test_tenant_casts_like_the_owner(round, household, client_of):
    tenant = make_resident(household, Occupancy.Kind.TENANT)
    assert client_of(tenant).get("/lanting/cards/").content.decode().count('type="radio"') == 6


@pytest.mark.parametrize("role", ["manager", "administrator", "official", "head", "agent"])
def test_staff_and_officials_have_no_cards(round, role, client_of, request):
    assert client_of(request.getfixturevalue(role)).get("/lanting/cards/").status_code == 403


def test_late_household_is_told_when(round, community, client_of):
    owner = make_resident(make_household(community))
    response = client_of(owner).get("/lanting/cards/")
    assert response.status_code == 200
    assert "pm-vote__pick" not in response.content.decode()


def test_bad_month_is_not_there(round, owner, client_of):
    for month in ("2026-13", "nonsense", "2020-01"):
        assert client_of(owner).get(f"/lanting/cards/?month={month}").status_code == 404


@pytest.fixture
def published(round, household, official, government_official):
    cast(round, household, Card.COMPANY_BLUE, Card.COMMITTEE_YELLOW, opinion="<b>Gate</b> stands open.")
    return count_round(round, official, government_official)


def test_bulletin_shows_the_count_to_everybody(published):
    page = Client().get(f"{PUBLIC}2026-02/").content.decode()
    assert "&lt;b&gt;Gate&lt;/b&gt; stands open." in page
    assert published.issued_root in page
    assert "<polyline" in page


def test_nothing_partial_is_public(round, household):
    cast(round, household, Card.COMPANY_BLUE)
    assert Client().get(f"{PUBLIC}2026-02/").status_code == 404
    listed = Client().get(PUBLIC).content.decode()
    assert round.issued_root in listed  # published at the issue
    with company_scope(round.company_id):
        services.close_round(round=round, at=round.closes_at)
    assert Client().get(f"{PUBLIC}2026-02/").status_code == 404
    assert Client().get(f"{PUBLIC}2026-02/cast.csv").status_code == 404


@pytest.mark.parametrize("path", ["2026-13/", "x/", "2026-02/manage.py", "2026-02/../secret", "2026-03/cast.csv"])
def test_unknown_public_address_is_not_there(published, path):
    assert Client().get(PUBLIC + path).status_code == 404


def test_files_are_written_once_and_served(published, settings, tmp_path):
    assert Client().get(f"{PUBLIC}2026-02/cast.csv").status_code == 404
    assert jobs.archive_bulletins(DURING) == 1
    assert jobs.archive_bulletins(DURING) == 0
    for name in archive.FILES:
        response = Client().get(f"{PUBLIC}2026-02/{name}")
        assert response.status_code == 200
        assert response["Content-Disposition"].startswith("attachment")
        assert b"".join(response.streaming_content) or name == "void.csv"  # nobody was away


def test_rival_company_has_no_such_bulletin(published, rival_company):
    assert Client().get("/rival/public/willow-garden/cards/2026-02/").status_code == 404


def test_trend_shows_twelve_months(community, committee, official, government_official):
    household = make_household(community)
    for number in range(1, 15):
        month = date(2026 + number // 13, (number - 1) % 12 + 1, 1)
        round = make_round(community, month)
        cast(round, household, Card.COMPANY_BLUE if number % 2 else Card.COMPANY_RED)
        count_round(round, official, government_official)
    page = Client().get(f"{PUBLIC}2027-02/").content.decode()
    assert page.count("/cards/20") >= 12
    assert "/cards/2026-02/" not in page
    assert "/cards/2026-03/" in page


def test_promises_are_public(community):
    assert Client().get(f"{PUBLIC}promises/").status_code == 200


def test_administrator_moves_the_count_of_later_rounds(round, administrator, client_of, company):
    client = client_of(administrator)
    assert client.post("/lanting/settings/cards/", {"count_time": "10:30", "remind_days": "2"}).status_code == 302
    with company_scope(company.pk):
        assert month_of_cards(company, date(2026, 3, 1)).counted_at.hour == 10
        assert CardSettings.objects.count() == 1
        assert Round.objects.get(pk=round.pk).closes_at == round.closes_at
    assert client.post("/lanting/settings/cards/", {"count_time": "late", "remind_days": "99"}).status_code == 422


def test_manager_cannot_move_the_count(round, manager, client_of):
    assert client_of(manager).get("/lanting/settings/cards/").status_code == 403


def test_home_page_names_the_open_round_whether_or_not_cast(round, household, owner, client_of, monkeypatch):
    monkeypatch.setattr(home, "timezone", SimpleNamespace(now=lambda: DURING))
    before = client_of(owner).get("/lanting/").content.decode()
    cast(round, household, *Card)
    after = client_of(owner).get("/lanting/").content.decode()
    assert "2026-02" in before
    assert "2026-02" in after
    assert DURING + timedelta(days=1) < round.closes_at
