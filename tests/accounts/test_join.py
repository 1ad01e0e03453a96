"""The pages of an invitation, of one's own details and of API keys."""

import pytest
from django.utils import timezone

from propman.accounts import services
from propman.accounts.models import ApiToken, User
from propman.accounts.permissions import companies_of
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.factories import make_user

GOOD = {"name": "New One", "password": "seven lanterns", "again": "seven lanterns", "agrees": "on"}


@pytest.fixture
def link(company, administrator):
    with company_scope(company.pk):
        _invitation, secret = services.invite(
            email="new@example.test", name="New", roles=[Role.CENTRE_AGENT], by=administrator, at=timezone.now()
        )
    return f"/{company.address}/join/{secret}/"


def test_newcomer_opens_an_account(client, company, link):
    assert client.get(link).status_code == 200
    response = client.post(link, GOOD)
    assert response.url == f"/accounts/login/?next=%2F{company.address}%2F"
    user = User.objects.get(email="new@example.test")
    assert companies_of(user) == {company.pk: {"centre_agent"}}
    assert client.get(link).status_code == 410
    response = client.post("/accounts/login/?next=/lanting/", {"login": user.email, "password": GOOD["password"]}, follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/2fa/totp/activate/")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "a\u202eb"),
        ("password", "short"),
        ("password", "password123"),
        ("password", "1234567890"),
        ("again", "another one"),
        ("agrees", ""),
    ],
)
def test_bad_input_keeps_what_was_typed(client, link, field, value):
    response = client.post(link, {**GOOD, field: value})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert not User.objects.filter(email="new@example.test").exists()
    if field != "name":
        assert "New One" in response.content.decode()


def test_owner_of_the_address_signs_in_and_accepts(client, link, company, client_of):
    known = make_user("Known", email="new@example.test")
    assert client.get(link).url.startswith("/accounts/login/?next=%2Flanting%2Fjoin")
    assert client.post(link, GOOD).status_code == 302
    mine = client_of(known)
    assert mine.get(link).status_code == 200
    assert mine.post(link).url == "/lanting/"
    assert companies_of(known) == {company.pk: {"centre_agent"}}


def test_somebody_else_cannot_accept(link, owner, client_of):
    client = client_of(owner)
    assert client.get(link).status_code == 409
    assert client.post(link).status_code == 409


def test_link_does_not_work_in_another_company(client, link, rival_company):
    assert client.get(link.replace("/lanting/", "/rival/")).status_code == 410


def test_details_are_changed(owner, client_of):
    client = client_of(owner)
    client.post("/lanting/me/", {"name": "Wang Fang", "phone": "138 0000 0000", "language": "zh-hans"})
    owner.refresh_from_db()
    assert (owner.name, owner.phone, owner.language) == ("Wang Fang", "138 0000 0000", "zh-hans")
    response = client.post("/lanting/me/", {"name": " ", "phone": "1", "language": "xx"})
    assert set(response.context["form"].errors) == {"name", "language"}


def test_key_is_shown_once_and_ended(company, owner, client_of):
    client = client_of(owner)
    response = client.post("/lanting/me/keys/", {"name": "script"})
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert secret not in client.get("/lanting/me/keys/").content.decode()
    with company_scope(company.pk):
        token = ApiToken.objects.get()
    client.post(f"/lanting/me/keys/{token.pk}/revoke/")
    with company_scope(company.pk):
        assert ApiToken.objects.get().revoked_at


def test_key_of_somebody_else_is_not_there(company, owner, agent, client_of):
    with company_scope(company.pk):
        token, _secret = services.create_token(user=owner, name="script", at=timezone.now())
    assert client_of(agent).post(f"/lanting/me/keys/{token.pk}/revoke/").status_code == 404
