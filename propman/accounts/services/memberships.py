from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from propman.tenancy.events import NewEvent, record_event, record_events, stream_of

from ..models import ApiToken, Membership, User
from ..roles import OFFICIALS, STAFF, Role
from .tokens import revoke_tokens


class RoleHeld(ValidationError):
    """The person has the role already."""


class RoleNotHeld(ValidationError):
    """The person has no such role."""


class NotGrantable(ValidationError):
    """Whoever asks may not grant or end this role."""


class ConflictingRoles(ValidationError):
    """Nobody supervises a company that he works for."""


class LastAdministrator(ValidationError):
    """Without an administrator the company could not let anybody in any more."""


@transaction.atomic
def grant_role(*, user: User, role: Role, by: User | None, at: datetime) -> Membership:
    """Give the person a role in the current company; it counts from his next request on.

    Roles of officials are granted by an operator of the platform alone: a company neither chooses nor dismisses those
    who supervise it. Raises RoleHeld, NotGrantable, ConflictingRoles.
    """
    ensure_may_decide(role, by)
    held = set(Membership.objects.current().filter(user=user).values_list("role", flat=True))
    if (role in OFFICIALS and held & STAFF) or (role in STAFF and held & OFFICIALS):
        raise ConflictingRoles(_("Nobody can both work for the company and supervise it."))
    try:
        with transaction.atomic():
            membership = Membership.objects.create(user=user, role=role, started_at=at, granted_by=by)
    except IntegrityError as error:
        raise RoleHeld(_("This person has the role “%(role)s” already."), params={"role": role.label}) from error
    record_event("role.granted", membership, by=by, at=at, facts={"user": user.pk, "role": role})
    return membership


@transaction.atomic
def end_role(*, user: User, role: Role, by: User | None, at: datetime) -> Membership:
    """Take a role back; it counts from the person's next request on. Raises RoleNotHeld, NotGrantable, LastAdministrator."""
    ensure_may_decide(role, by)
    if role == Role.COMPANY_ADMINISTRATOR:
        _ensure_administrator_remains(user)
    membership = Membership.objects.current().select_for_update().filter(user=user, role=role).first()
    if membership is None:
        raise RoleNotHeld(_("This person does not have the role “%(role)s”."), params={"role": role.label})
    _end([membership], by=by, at=at)
    return membership


@transaction.atomic
def end_memberships(*, user: User, roles: Collection[Role], by: User | None, at: datetime) -> list[Membership]:
    """End whatever of the roles the person holds, every session and, where no role is left, every API key: for leavers.

    Raises LastAdministrator.
    """
    if Role.COMPANY_ADMINISTRATOR in roles:
        _ensure_administrator_remains(user)
    current = list(Membership.objects.current().select_for_update().filter(user=user).order_by("pk"))
    ending = [membership for membership in current if membership.role in roles]
    _end(ending, by=by, at=at)
    if len(ending) == len(current):
        revoke_tokens(ApiToken.objects.filter(user=user, revoked_at=None), by=by, at=at)
    end_sessions(user)
    return ending


def end_sessions(user: User) -> None:
    """Sign the person out everywhere, in every company."""
    User.objects.filter(pk=user.pk).update(sessions_epoch=F("sessions_epoch") + 1)


def _end(memberships: list[Membership], *, by: User | None, at: datetime) -> None:
    Membership.objects.filter(pk__in=[membership.pk for membership in memberships]).update(ended_at=at)
    record_events(
        [
            NewEvent(stream_of(membership), "role.ended", {"user": membership.user_id, "role": membership.role})
            for membership in memberships
        ],
        by=by,
        at=at,
    )


def ensure_may_decide(role: Role, by: User | None) -> None:
    if role in OFFICIALS and not (by and by.is_operator):
        raise NotGrantable(_("Only the operator of the platform decides who supervises a company."))


def _ensure_administrator_remains(leaving: User) -> None:
    administrators = Membership.objects.current().select_for_update().filter(role=Role.COMPANY_ADMINISTRATOR).order_by("pk")
    users = {membership.user_id for membership in administrators}
    if users == {leaving.pk}:
        raise LastAdministrator(_("Name another company administrator first: this is the only one."))
