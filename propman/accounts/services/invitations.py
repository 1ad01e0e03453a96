import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from ..models import Invitation, Membership, User, token_digest
from ..outgoing import tell
from ..roles import Role
from .memberships import ensure_may_decide, grant_role

VALID_FOR = timedelta(days=14)


class InvitationClosed(ValidationError):
    """The invitation was used, taken back, or has expired."""


OnAccepting = Callable[[Invitation, User, datetime], None]
_on_accepting: list[OnAccepting] = []


def register_on_accepting(act: OnAccepting) -> None:
    """Let an app connect its own rows when somebody comes in; called in AppConfig.ready(), runs in the same transaction."""
    _on_accepting.append(act)


@transaction.atomic
def invite(*, email: str, name: str, roles: Collection[Role], by: User | None, at: datetime) -> tuple[Invitation, str]:
    """Invite somebody by e-mail; the second value is the secret of the link, which works once and for 14 days.

    Earlier invitations of the same address stay valid. Raises NotGrantable for roles that `by` may not grant.
    """
    for role in roles:
        ensure_may_decide(role, by)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email.lower(),
        name=name,
        roles=list(roles),
        digest=token_digest(secret),
        invited_by=by,
        invited_at=at,
        expires_at=at + VALID_FOR,
    )
    record_event(
        "invitation.sent", invitation, by=by, at=at, facts={"roles": list(roles)}, texts={"name": name, "email": email}
    )
    company = Company.objects.get(pk=current_company_id())
    tell(
        event="account.invited",
        email=invitation.email,
        words={"name": name, "company": company.name, "days": str(VALID_FOR.days)},
        path=f"/join/{secret}/",
        at=at,
    )
    return invitation, secret


def open_invitation(secret: str, *, at: datetime) -> Invitation:
    """The invitation that the link stands for. Raises InvitationClosed when it is unknown, used, taken back or expired."""
    invitation = Invitation.objects.filter(digest=token_digest(secret)).first()
    if invitation is None or invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= at:
        raise InvitationClosed(_("This invitation was used already, was taken back, or has expired. Ask for a new one."))
    return invitation


@transaction.atomic
def accept_invitation(
    *, invitation: Invitation, at: datetime, user: User | None = None, name: str = "", password: str = ""
) -> User:
    """Let the invited person in, with the roles he was invited to.

    `user` is the account of somebody who has one under the invited address and has signed in; otherwise one is made with
    the name and password. The address counts as verified: the link went there. Raises InvitationClosed when the
    invitation is not open any more, or when an account of that address exists or `user` has another one.
    """
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= at:
        raise InvitationClosed(_("This invitation was used already, was taken back, or has expired. Ask for a new one."))
    if user is None:
        user = _new_user(invitation, name=name, password=password, at=at)
    elif user.email.lower() != invitation.email:
        raise InvitationClosed(_("This invitation was sent to another e-mail address."))
    invitation.accepted_by, invitation.accepted_at = user, at
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    held = set(Membership.objects.current().filter(user=user).values_list("role", flat=True))
    for role in sorted(set(invitation.roles) - held):
        grant_role(user=user, role=Role(role), by=invitation.invited_by, at=at)
    for act in _on_accepting:
        act(invitation, user, at)
    record_event("invitation.accepted", invitation, by=user, at=at)
    return user


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: User, at: datetime) -> Invitation:
    """Take an invitation back. Raises InvitationClosed when it was used or taken back already."""
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at or invitation.revoked_at:
        raise InvitationClosed(_("This invitation is not open any more."))
    invitation.revoked_at = at
    invitation.save(update_fields=["revoked_at"])
    record_event("invitation.revoked", invitation, by=by, at=at)
    return invitation


def _new_user(invitation: Invitation, *, name: str, password: str, at: datetime) -> User:
    if User.objects.filter(email__iexact=invitation.email).exists():
        raise InvitationClosed(_("There is an account with this e-mail address: sign in, then open the link again."))
    user = User.objects.create_user(invitation.email, password, name=name, joined_at=at)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user
