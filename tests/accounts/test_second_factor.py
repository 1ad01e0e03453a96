"""Nobody who works for a company or supervises one gets by with a password alone."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.core import mail
from django.test import Client

from propman.accounts import services
from propman.accounts.roles import Role
from propman.tenancy.scope import company_scope
from tests.architecture.test_every_url import addresses
from tests.factories import BEGIN
from tests.factories.people import PASSWORD

SET_UP = "/accounts/2fa/totp/activate/"
PROVE = "/accounts/2fa/reauthenticate/"


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def sign_in(user, password=PASSWORD) -> Client:
    client = Client()
    client.sent = client.post("/accounts/login/", {"login": user.email, "password": password})
    return client


def test_agent_sets_up_the_second_factor_before_anything_else(company, agent):
    client = sign_in(agent)
    response = client.get(f"/{company.address}/")
    assert response.status_code == 302
    assert response.url.startswith(SET_UP)
    secret = client.get(SET_UP).context["form"].secret
    response = client.post(SET_UP, {"code": code_of(secret)})
    assert response.url == "/accounts/2fa/recovery-codes/"
    assert client.get(response.url).context["unused_codes"]
    assert client.get(f"/{company.address}/").status_code == 200


def test_owner_needs_no_second_factor(company, owner):
    assert sign_in(owner).get(f"/{company.address}/").status_code == 200


def test_agent_proves_the_second_factor_at_sign_in(company, agent):
    secret = generate_totp_secret()
    TOTP.activate(agent, secret)
    client = sign_in(agent)
    assert client.sent.url == "/accounts/2fa/authenticate/"
    assert client.get(f"/{company.address}/").url.startswith("/accounts/login/")
    client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert client.get(f"/{company.address}/").url.startswith("/accounts/login/")
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert client.get(f"/{company.address}/").status_code == 200


def test_code_cannot_be_used_twice(company, agent):
    secret = generate_totp_secret()
    TOTP.activate(agent, secret)
    code = code_of(secret)
    assert sign_in(agent).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert sign_in(agent).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200


def test_code_can_be_used_twice_in_the_demo(settings, company, agent):
    settings.MFA_FORMS = {**settings.MFA_FORMS, "authenticate": "propman.accounts.forms.DemoAuthenticateForm"}
    secret = generate_totp_secret()
    TOTP.activate(agent, secret)
    code = code_of(secret)
    for _again in range(2):
        assert sign_in(agent).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302


def test_recovery_code_lets_in_once(company, agent, client_of):
    TOTP.activate(agent, generate_totp_secret())
    client = client_of(agent)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/2fa/recovery-codes/generate/")
    code = Authenticator.objects.get(user=agent, type="recovery_codes").wrap().get_unused_codes()[0]
    assert sign_in(agent).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert sign_in(agent).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200


def test_role_granted_later_asks_at_the_next_request(company, owner, administrator):
    client = sign_in(owner)
    assert client.get(f"/{company.address}/").status_code == 200
    with company_scope(company.pk):
        services.grant_role(user=owner, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)
    assert client.get(f"/{company.address}/").url.startswith(SET_UP)


def test_session_from_before_the_second_factor_proves_it(company, agent):
    client = sign_in(agent)
    TOTP.activate(agent, generate_totp_secret())
    assert client.get(f"/{company.address}/").url.startswith(PROVE)
    for page in (SET_UP, "/accounts/2fa/", "/accounts/2fa/totp/deactivate/", "/accounts/email/", "/accounts/password/change/"):
        assert client.get(page).url.startswith(PROVE)


def test_official_cannot_see_oversight_without_it(official):
    client = sign_in(official)
    assert client.get("/").url.startswith(SET_UP)


def test_operator_cannot_do_without_it(operator):
    assert sign_in(operator).get("/").url.startswith(SET_UP)


def test_password_reset_leaves_the_second_factor_in_place(company, agent):
    TOTP.activate(agent, generate_totp_secret())
    client = Client()
    client.post("/accounts/password/reset/", {"email": agent.email})
    link = next(word for word in mail.outbox[0].body.split() if "/password/reset/key/" in word)
    form = client.get(link.removeprefix("http://testserver")).url
    client.post(form, {"password1": "a new pass phrase", "password2": "a new pass phrase"})
    assert client.get(f"/{company.address}/").url.startswith("/accounts/login/")
    agent.refresh_from_db()
    client = sign_in(agent, "a new pass phrase")
    assert client.sent.url == "/accounts/2fa/authenticate/"
    assert client.get(f"/{company.address}/").url.startswith("/accounts/login/")


def test_signed_in_pages_are_not_stored(company, owner, client_of, client):
    assert "no-store" in client_of(owner).get(f"/{company.address}/").headers["Cache-Control"]
    assert "Cache-Control" not in client.get("/healthz").headers


def test_sign_in_attempts_are_limited(settings, company, owner):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/300s/key"}
    for _attempt in range(5):
        sign_in(owner, "wrong")
    client = sign_in(owner)
    assert client.sent.status_code == 200
    assert "Too many failed" in client.sent.content.decode()


@pytest.mark.parametrize("header", [{}, {"HTTP_AUTHORIZATION": "Basic eA=="}, {"HTTP_AUTHORIZATION": "Bearer wrong"}])
def test_api_does_not_take_a_session_without_it(company, agent, header):
    client = sign_in(agent)
    for address in (address for address in addresses() if address.is_api and not address.takes_arguments):
        assert client.get(address.path({}, company.address), **header).status_code == 401
