from datetime import timedelta

import pytest

from propman.accounts import services
from propman.accounts.models import User
from propman.accounts.permissions import current_roles
from propman.accounts.roles import Role
from propman.notify.models import Notice
from propman.tenancy.models import Event
from tests.factories import BEGIN, make_user


@pytest.fixture
def invited(scope, administrator):
    return services.invite(email="New@Example.test", name="New", roles=[Role.CENTRE_AGENT], by=administrator, at=BEGIN)


def test_invited_person_is_written_to(invited):
    _invitation, secret = invited
    notice = Notice.objects.get(event="account.invited")
    assert (notice.email, notice.path) == ("new@example.test", f"/join/{secret}/")


def test_accepted_invitation_makes_an_account_with_the_roles(invited):
    invitation, _secret = invited
    user = services.accept_invitation(invitation=invitation, name="New", password="long enough secret", at=BEGIN)
    assert current_roles(user) == {Role.CENTRE_AGENT}
    assert user.check_password("long enough secret")
    assert user.emailaddress_set.get().verified
    assert Event.objects.filter(name="invitation.accepted", actor=user).exists()


def test_link_works_once(invited):
    invitation, secret = invited
    services.accept_invitation(invitation=invitation, name="New", password="long enough secret", at=BEGIN)
    with pytest.raises(services.InvitationClosed):
        services.open_invitation(secret, at=BEGIN)
    with pytest.raises(services.InvitationClosed):
        services.accept_invitation(invitation=invitation, name="New", password="another secret", at=BEGIN)


def test_link_expires_after_fourteen_days(invited):
    invitation, secret = invited
    assert services.open_invitation(secret, at=BEGIN + timedelta(days=14, seconds=-1)) == invitation
    with pytest.raises(services.InvitationClosed):
        services.open_invitation(secret, at=BEGIN + timedelta(days=14))


def test_link_of_a_withdrawn_invitation_is_dead(invited, administrator):
    invitation, secret = invited
    services.revoke_invitation(invitation=invitation, by=administrator, at=BEGIN)
    with pytest.raises(services.InvitationClosed):
        services.open_invitation(secret, at=BEGIN)
    with pytest.raises(services.InvitationClosed):
        services.revoke_invitation(invitation=invitation, by=administrator, at=BEGIN)


def test_account_of_another_address_cannot_take_it(invited):
    with pytest.raises(services.InvitationClosed):
        services.accept_invitation(invitation=invited[0], user=make_user("Somebody"), at=BEGIN)


def test_existing_account_has_to_sign_in(invited):
    make_user("Known", email="NEW@example.test")
    with pytest.raises(services.InvitationClosed):
        services.accept_invitation(invitation=invited[0], name="Impostor", password="long enough secret", at=BEGIN)


def test_existing_account_gains_the_roles(invited):
    known = make_user("Known", email="new@example.test")
    services.accept_invitation(invitation=invited[0], user=known, at=BEGIN)
    assert current_roles(known) == {Role.CENTRE_AGENT}
    assert User.objects.filter(email="new@example.test").count() == 1


def test_administrator_cannot_invite_an_official(scope, administrator):
    with pytest.raises(services.NotGrantable):
        services.invite(email="o@example.test", name="O", roles=[Role.CONSUMERS_OFFICER], by=administrator, at=BEGIN)


def test_link_of_another_company_is_unknown(invited, rival_company):
    from propman.tenancy.scope import serving

    with serving(rival_company.pk), pytest.raises(services.InvitationClosed):
        services.open_invitation(invited[1], at=BEGIN)
