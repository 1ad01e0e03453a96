import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from propman.accounts import services
from propman.accounts.models import ApiToken, Membership
from propman.accounts.permissions import companies_of, current_roles
from propman.accounts.roles import STAFF, Role
from propman.tenancy.events import facts_of
from propman.tenancy.models import Event
from tests.factories import BEGIN, make_member, make_user
from tests.factories.people import PASSWORD


def test_granted_role_counts_and_is_recorded(scope, owner, administrator):
    membership = services.grant_role(user=owner, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)
    assert current_roles(owner) == {Role.OWNER, Role.CENTRE_AGENT}
    event = Event.objects.get(stream=f"membership:{membership.pk}")
    assert (event.name, event.actor_id, facts_of(event)["role"]) == ("role.granted", administrator.pk, "centre_agent")


def test_role_held_already_is_refused(scope, agent, administrator):
    with pytest.raises(services.RoleHeld):
        services.grant_role(user=agent, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)


def test_ended_role_is_gone_and_can_come_back(scope, agent, administrator):
    services.end_role(user=agent, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)
    assert current_roles(agent) == {Role.EMPLOYEE}
    with pytest.raises(services.RoleNotHeld):
        services.end_role(user=agent, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)
    services.grant_role(user=agent, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)
    assert Membership.objects.filter(user=agent, role=Role.CENTRE_AGENT).count() == 2


def test_last_administrator_stays(scope, administrator):
    with pytest.raises(services.LastAdministrator):
        services.end_role(user=administrator, role=Role.COMPANY_ADMINISTRATOR, by=administrator, at=BEGIN)
    with pytest.raises(services.LastAdministrator):
        services.end_memberships(user=administrator, roles=STAFF, by=None, at=BEGIN)


def test_only_the_operator_decides_who_supervises(scope, administrator, official, operator):
    newcomer = make_user()
    with pytest.raises(services.NotGrantable):
        services.grant_role(user=newcomer, role=Role.GOVERNMENT_OFFICIAL, by=administrator, at=BEGIN)
    with pytest.raises(services.NotGrantable):
        services.end_role(user=official, role=Role.ASSOCIATION_OFFICIAL, by=administrator, at=BEGIN)
    services.grant_role(user=newcomer, role=Role.GOVERNMENT_OFFICIAL, by=operator, at=BEGIN)
    assert current_roles(newcomer) == {Role.GOVERNMENT_OFFICIAL}


def test_nobody_supervises_his_own_company(scope, agent, official, administrator, operator):
    with pytest.raises(services.ConflictingRoles):
        services.grant_role(user=agent, role=Role.ASSOCIATION_OFFICIAL, by=operator, at=BEGIN)
    with pytest.raises(services.ConflictingRoles):
        services.grant_role(user=official, role=Role.CENTRE_AGENT, by=administrator, at=BEGIN)


def test_one_person_has_roles_in_several_companies(scope, rival_company, agent):
    make_member(rival_company, Role.OWNER, user=agent)
    assert companies_of(agent) == {scope.pk: {"employee", "centre_agent"}, rival_company.pk: {"owner"}}
    assert current_roles(agent) == {Role.EMPLOYEE, Role.CENTRE_AGENT}


def test_leaver_is_signed_out_at_once(scope, agent, administrator, client_of):
    client = client_of(agent)
    token, _secret = services.create_token(user=agent, name="script", at=BEGIN)
    assert client.get("/lanting/").status_code == 200
    services.end_memberships(user=agent, roles=STAFF, by=administrator, at=timezone.now())
    assert client.get("/lanting/").url.startswith("/accounts/login/")
    assert ApiToken.objects.get(pk=token.pk).revoked_at
    client.post("/accounts/login/", {"login": agent.email, "password": PASSWORD})
    assert not current_roles(agent)


def test_leaver_who_owns_a_flat_keeps_it_and_his_keys(scope, company, agent, administrator):
    make_member(company, Role.OWNER, user=agent)
    token, _secret = services.create_token(user=agent, name="script", at=BEGIN)
    services.end_memberships(user=agent, roles=STAFF, by=administrator, at=BEGIN)
    assert current_roles(agent) == {Role.OWNER}
    assert ApiToken.objects.get(pk=token.pk).revoked_at is None


def test_database_refuses_the_same_role_twice(scope, agent):
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=agent, role=Role.CENTRE_AGENT)


def test_revoked_key_opens_nothing(scope, agent):
    token, secret = services.create_token(user=agent, name="script", at=BEGIN)
    assert secret not in str(token.__dict__)
    services.revoke_token(token=token, by=agent, at=BEGIN)
    services.revoke_token(token=token, by=agent, at=BEGIN)
    assert Event.objects.filter(stream=f"apitoken:{token.pk}", name="api_token.revoked").count() == 1
