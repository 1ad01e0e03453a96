"""The officials' calendar, count page and stage."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value

from cards import services
from cards.models import Count, CountSignature, Round
from cards.workflow import Card, State
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_household, make_member
from tests.factories.cards import cast, count_round, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(round, household):
    cast(round, household, Card.COMPANY_BLUE, Card.COMMITTEE_RED)
    cast(round, household, Card.COMPANY_YELLOW, opinion="The lift stops.")
    with company_scope(round.company_id):
        return services.close_round(round=round, at=round.closes_at)


def url(round, name=""):
    return f"/oversight/cards/lanting/{round.pk}/{name}"


def code_of(user):
    """A code that the person's second factor shows now."""
    Authenticator.objects.filter(user=user).delete()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_calendar_shows_the_rounds_of_supervised_companies(closed, official, client_of, rival_company):
    elsewhere = make_community(rival_company, "far-away", name="Far Away")
    make_household(elsewhere)
    make_round(elsewhere)
    page = client_of(official).get("/oversight/?month=2026-03").content.decode()
    assert "Willow-Garden" in page
    assert "Far Away" not in page
    assert url(closed) in page


def test_calendar_of_two_companies_shows_both(closed, official, client_of, rival_company):
    make_member(rival_company, Role.ASSOCIATION_OFFICIAL, user=official)
    elsewhere = make_community(rival_company, "far-away", name="Far Away")
    make_household(elsewhere)
    make_round(elsewhere)
    page = client_of(official).get("/oversight/?month=2026-03").content.decode()
    assert "Willow-Garden" in page
    assert "Far Away" in page


@pytest.mark.parametrize("role", ["owner", "manager", "administrator", "head", "rival_manager"])
def test_others_find_no_oversight(closed, role, client_of, request):
    client = client_of(request.getfixturevalue(role))
    for path in ("/oversight/", url(closed), url(closed, "stage/"), url(closed, "stage/now/")):
        assert client.get(path).status_code == 404
    for path in ("open/", "join/", "deal/", "pause/", "sign/"):
        assert client.post(url(closed, path)).status_code == 404


def test_official_of_another_company_finds_nothing(closed, rival_company, client_of):
    stranger = make_member(rival_company, Role.ASSOCIATION_OFFICIAL)
    client = client_of(stranger)
    assert client.get(url(closed)).status_code == 404
    assert client.get(f"/oversight/cards/rival/{closed.pk}/").status_code == 404
    assert client.post(url(closed, "open/")).status_code == 404


def test_consumers_officer_counts_nothing(closed, company, client_of):
    officer = make_member(company, Role.CONSUMERS_OFFICER)
    assert client_of(officer).get(url(closed)).status_code == 404


def test_count_from_the_start_to_the_bulletin(closed, official, government_official, client_of):
    dealer, witness = client_of(official), client_of(government_official)
    assert dealer.post(url(closed, "open/"), {"hall": "12"}).url == url(closed, "stage/")
    assert witness.post(url(closed, "join/")).status_code == 302
    for after in range(3):
        page = dealer.get(url(closed, "stage/")).content.decode()
        assert f'name="after" value="{after}"' in page
        assert dealer.post(url(closed, "deal/"), {"after": after, "number": "1"}).status_code == 302
    assert "is-end" in dealer.get(url(closed, "stage/")).content.decode()
    assert dealer.post(url(closed, "sign/"), {"code": code_of(official)}).status_code == 302
    assert witness.post(url(closed, "sign/"), {"code": code_of(government_official)}).status_code == 302
    with company_scope(closed.company_id):
        assert Round.objects.get().state == State.PUBLISHED
    assert "COUNTED" in dealer.get(url(closed, "stage/")).content.decode()


def test_stage_reloaded_in_another_browser_goes_on(closed, official, client_of):
    client_of(official).post(url(closed, "open/"))
    client_of(official).post(url(closed, "deal/"), {"after": "0", "number": "1"})
    page = client_of(official).get(url(closed, "stage/")).content.decode()
    assert 'name="after" value="1"' in page


def test_stage_answers_204_while_nothing_changes(closed, official, client_of):
    client = client_of(official)
    client.post(url(closed, "open/"))
    seen = f"0-0-{State.COUNTING}-None-0"
    assert client.get(url(closed, f"stage/now/?seen={seen}")).status_code == 204
    client.post(url(closed, "deal/"), {"after": "0", "number": "1"})
    assert client.get(url(closed, f"stage/now/?seen={seen}")).status_code == 200


def test_opinion_is_shown_with_its_card_and_escaped(round, household, official, client_of):
    cast(round, household, Card.COMPANY_YELLOW, opinion="<script>alert(1)</script>")
    with company_scope(round.company_id):
        services.close_round(round=round, at=round.closes_at)
        services.open_count(round=round, by=official, at=round.closes_at)
    client = client_of(official)
    client.post(url(round, "pause/"), {"paused": "1"})
    client.post(url(round, "deal/"), {"after": "0", "number": "1"})
    with company_scope(round.company_id):
        assert Count.objects.get().dealt == 0
    client.post(url(round, "pause/"), {"paused": "0"})
    # the last card ends the count; the words are then in the bulletin
    page = client.post(url(round, "deal/"), {"after": "0", "number": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("fields", [{}, {"after": "x"}, {"after": "0", "number": "7"}, {"after": "0", "number": "-1"}])
def test_bad_deal_is_not_there(closed, official, client_of, fields):
    client = client_of(official)
    client.post(url(closed, "open/"))
    assert client.post(url(closed, "deal/"), fields).status_code == 404


def test_wrong_code_signs_nothing_and_says_so(closed, official, government_official, client_of):
    dealer, witness = client_of(official), client_of(government_official)
    dealer.post(url(closed, "open/"))
    witness.post(url(closed, "join/"))
    dealer.post(url(closed, "deal/"), {"after": "0", "number": "0"})
    dealer.post(url(closed, "deal/"), {"after": "2", "number": "0"})
    response = dealer.post(url(closed, "sign/"), {"code": "000000"})
    assert response.status_code == 422
    assert b"This code is wrong" in response.content
    with company_scope(closed.company_id):
        assert not CountSignature.objects.exists()


def test_count_before_its_time_is_refused_in_words(round, official, client_of):
    response = client_of(official).post(url(round, "open/"), follow=True)
    assert "not ready for that" in response.content.decode()


def test_calendar_asks_the_same_number_of_questions(
    company, official, government_official, client_of, django_assert_max_num_queries
):
    for number in range(3):
        community = make_community(company, f"place-{number}-x")
        household = make_household(community)
        round = make_round(community)
        cast(round, household, Card.COMPANY_BLUE)
        count_round(round, official, government_official)
    client = client_of(official)
    with django_assert_max_num_queries(30):
        assert client.get("/oversight/?month=2026-03").status_code == 200
