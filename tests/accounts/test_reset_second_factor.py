import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import IntegrityError, transaction

from propman.accounts import services
from propman.accounts.models import SecondFactorReset
from propman.accounts.roles import Role
from propman.notify.models import Notice
from propman.tenancy.models import Event
from tests.factories import BEGIN, make_member, make_user


@pytest.fixture
def officer(company):
    return make_member(company, Role.HR_OFFICER, name="Officer")


@pytest.fixture
def asked(scope, agent, administrator, officer):
    TOTP.activate(agent, generate_totp_secret())
    return services.ask_second_factor_reset(user=agent, reason="lost telephone", by=administrator, at=BEGIN)


def test_asking_alone_changes_nothing(asked, agent):
    assert Authenticator.objects.filter(user=agent).exists()
    assert Notice.objects.get(event="account.reset_asked").user_id == agent.pk


def test_second_signature_removes_it_and_ends_sessions(asked, agent, officer, client_of):
    client = client_of(agent)
    services.decide_second_factor_reset(reset=asked, approve=True, by=officer, at=BEGIN)
    assert not Authenticator.objects.filter(user=agent).exists()
    assert client.get("/lanting/").url.startswith("/accounts/login/")
    assert Notice.objects.get(event="account.reset_done").user_id == agent.pk
    names = Event.objects.filter(stream=f"secondfactorreset:{asked.pk}").order_by("position").values_list("name", "actor_id")
    assert list(names) == [("second_factor.reset_asked", asked.asked_by_id), ("second_factor.reset", officer.pk)]


def test_refused_reset_leaves_everything(asked, agent, officer):
    services.decide_second_factor_reset(reset=asked, approve=False, by=officer, at=BEGIN)
    assert Authenticator.objects.filter(user=agent).exists()
    with pytest.raises(services.NotResettable):
        services.decide_second_factor_reset(reset=asked, approve=True, by=officer, at=BEGIN)


def test_same_person_cannot_sign_twice(asked, administrator):
    with pytest.raises(services.NotResettable):
        services.decide_second_factor_reset(reset=asked, approve=True, by=administrator, at=BEGIN)
    with pytest.raises(IntegrityError), transaction.atomic():
        SecondFactorReset.objects.filter(pk=asked.pk).update(decided_by=administrator, decided_at=BEGIN, is_approved=True)


def test_nobody_signs_for_himself(asked, agent, scope):
    with pytest.raises(services.NotResettable):
        services.decide_second_factor_reset(reset=asked, approve=True, by=agent, at=BEGIN)
    with pytest.raises(services.NotResettable):
        services.ask_second_factor_reset(user=agent, reason="mine", by=agent, at=BEGIN)


def test_second_request_waits_for_the_first(asked, agent, officer):
    with pytest.raises(services.NotResettable):
        services.ask_second_factor_reset(user=agent, reason="again", by=officer, at=BEGIN)


def test_company_cannot_open_an_officials_account(scope, official, administrator, operator):
    TOTP.activate(official, generate_totp_secret())
    with pytest.raises(services.NotResettable):
        services.ask_second_factor_reset(user=official, reason="lost", by=administrator, at=BEGIN)
    reset = services.ask_second_factor_reset(user=official, reason="lost", by=operator, at=BEGIN)
    second = make_user("Second operator", is_operator=True)
    services.decide_second_factor_reset(reset=reset, approve=True, by=second, at=BEGIN)
    assert not Authenticator.objects.filter(user=official).exists()
