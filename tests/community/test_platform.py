"""The operators' pages: companies, who supervises them, and the second factor of an official."""

import pytest
from allauth.mfa.models import Authenticator

from propman.accounts.models import Invitation, SecondFactorReset
from propman.accounts.permissions import companies_of
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.conftest import signed_in
from tests.factories import make_user

PAGE = "/accounts/platform/lanting/"


@pytest.fixture
def operator(db):
    return make_user("operator", is_operator=True)


@pytest.fixture
def second(db):
    return make_user("second", is_operator=True)


@pytest.fixture
def client(operator):
    return signed_in(operator)


def test_operator_lands_on_the_companies(client, company, rival_company):
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/accounts/platform/"
    page = client.get("/accounts/platform/").content.decode()
    assert company.name in page
    assert rival_company.name in page


def test_search_finds_by_name_and_says_when_nothing_matches(client, company, rival_company):
    page = client.get("/accounts/platform/", {"q": rival_company.name[:4].lower()}).content.decode()
    assert rival_company.address in page
    assert f"/{company.address}/" not in page
    assert "No company matches" in client.get("/accounts/platform/", {"q": "\0" + "x" * 100_000}).content.decode()


def test_official_with_an_account_supervises_at_once(client, company, rival_company, official):
    client.post(PAGE.replace("lanting", rival_company.address), fields(official.email))
    assert companies_of(official)[rival_company.pk] == {Role.CONSUMERS_OFFICER}


def test_official_without_account_is_invited(client, company):
    assert client.post(PAGE, fields("new@town.example")).status_code == 302
    with company_scope(company.pk):
        assert Invitation.objects.get().roles == [Role.CONSUMERS_OFFICER]


def test_employee_of_the_company_does_not_supervise_it(client, company, agent):
    response = client.post(PAGE, fields(agent.email))
    assert response.status_code == 422
    assert "Nobody can both work for the company and supervise it" in response.content.decode()
    assert agent.email in response.content.decode()


@pytest.mark.parametrize("wrong", [{"role": "centre_agent"}, {"email": "nobody"}, {"email": "x" * 100_000}, {"name": ""}])
def test_wrong_field_is_said_and_nothing_is_granted(client, company, wrong):
    assert client.post(PAGE, fields("new@town.example") | wrong).status_code == 422
    with company_scope(company.pk):
        assert not Invitation.objects.exists()


def test_role_of_an_official_is_taken_back(client, company, official):
    client.post(f"{PAGE}officials/{official.pk}/end/", {"role": Role.ASSOCIATION_OFFICIAL})
    assert Role.ASSOCIATION_OFFICIAL not in companies_of(official).get(company.pk, set())


def test_nobody_but_officials_is_reached_from_here(client, company, agent, owner):
    for person in (agent, owner):
        assert client.post(f"{PAGE}officials/{person.pk}/end/", {"role": "centre_agent"}).status_code == 404
        assert client.post(f"{PAGE}officials/{person.pk}/reset/", {"reason": "lost"}).status_code == 404


def test_second_factor_of_an_official_needs_two_operators(client, company, official, second):
    signed_in(official)
    client.post(f"{PAGE}officials/{official.pk}/reset/", {"reason": "telephone lost"})
    with company_scope(company.pk):
        reset = SecondFactorReset.objects.get()
    client.post(f"{PAGE}resets/{reset.pk}/", {"decision": "approve"})
    assert Authenticator.objects.filter(user=official).exists()
    other = signed_in(second)
    assert "telephone lost" in other.get(PAGE).content.decode()
    other.post(f"{PAGE}resets/{reset.pk}/", {"decision": "approve"})
    assert not Authenticator.objects.filter(user=official).exists()


def test_reset_without_a_reason_is_refused(client, company, official):
    signed_in(official)
    assert client.post(f"{PAGE}officials/{official.pk}/reset/", {"reason": ""}).status_code == 422


def fields(email):
    return {"email": email, "name": "Somebody", "role": Role.CONSUMERS_OFFICER}


@pytest.mark.parametrize("page", ["/accounts/platform/", PAGE, "/accounts/2fa/"])
def test_operator_signs_out_on_every_page(client, company, page):
    shown = client.get(page).content.decode()
    assert 'action="/accounts/logout/"' in shown
    assert "operator: my account" in shown
    client.post("/accounts/logout/")
    assert client.get(page)["Location"].startswith("/accounts/login/")
