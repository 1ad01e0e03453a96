"""How people of the directory get their accounts: by invitation, by a code on paper, by the office's check."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import Invitation, User, token_digest
from propman.accounts.outgoing import tell
from propman.accounts.roles import Role
from propman.accounts.services import invite
from propman.common.text import tidy
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from ..models import Community, Employee, Household, Invitee, Occupancy, Person, Room, RoomClaim, RoomCode
from .places import named
from .residents import add_person, connect_account, found_household, move_in
from .staff import connect_employee

SIGNS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without those that look alike on paper
CODE_LENGTH = 12  # 58 bits: nobody guesses one
CODE_VALID_FOR = timedelta(days=90)


class UnknownCode(ValidationError):
    """The code was never printed, was used, or has expired."""


class ClaimDecided(ValidationError):
    """The office has answered this claim already."""


@transaction.atomic
def invite_employee(
    *, email: str, name: str, roles: Collection[Role], employee: Employee | None, by: User | None, at: datetime
) -> tuple[Invitation, str]:
    """Invite a colleague; with `employee` the account will be his. The second value is the secret of the link.

    Raises ValidationError for an unusable name, NotGrantable for roles that `by` may not grant.
    """
    invitation, secret = invite(email=email, name=named(name, 80), roles=roles, by=by, at=at)
    if employee is not None:
        Invitee.objects.create(invitation=invitation, employee=employee)
    return invitation, secret


@transaction.atomic
def invite_resident(*, person: Person, email: str, by: User | None, at: datetime) -> tuple[Invitation, str]:
    """Invite a resident whom the directory knows; his roles follow from where he lives. The second value is the secret."""
    invitation, secret = invite(email=email, name=person.name, roles=[], by=by, at=at)
    Invitee.objects.create(invitation=invitation, person=person)
    return invitation, secret


@transaction.atomic
def invite_to_household(
    *, household: Household, kind: Occupancy.Kind, name: str, email: str, phone: str = "", by: User | None, at: datetime
) -> Occupancy:
    """Note somebody as living in the household from today, and invite him by e-mail: what an owner does for family and tenants.

    Raises AlreadyLivesThere, ValidationError.
    """
    person = Person.objects.filter(email__iexact=email, name=named(name, 80)).order_by("pk").first()
    if person is None:
        person = add_person(name=name, phone=phone, email=email, by=by, at=at)
    today = Company.objects.get(pk=current_company_id()).today(at)
    room = Room.objects.get(pk=household.room_id)
    occupancy = move_in(room=room, person=person, kind=kind, on=today, by=by, at=at)
    if person.user_id is None:
        invite_resident(person=person, email=email, by=by, at=at)
    return occupancy


@transaction.atomic
def print_codes(*, occupancies: Sequence[Occupancy], by: User, at: datetime) -> list[tuple[Occupancy, str]]:
    """Make a code for each of the occupancies, to be printed now: nobody can read them again. Older ones end."""
    RoomCode.objects.filter(occupancy__in=occupancies, used_at=None, expires_at__gt=at).update(expires_at=at)
    printed = []
    for occupancy in occupancies:
        code = "".join(secrets.choice(SIGNS) for _sign in range(CODE_LENGTH))
        printed.append((occupancy, code))
    RoomCode.objects.bulk_create(
        RoomCode(
            company_id=current_company_id(),
            occupancy=occupancy,
            digest=token_digest(code),
            printed_by=by,
            printed_at=at,
            expires_at=at + CODE_VALID_FOR,
        )
        for occupancy, code in printed
    )
    return [(occupancy, "-".join(code[start : start + 4] for start in range(0, CODE_LENGTH, 4))) for occupancy, code in printed]


@transaction.atomic
def use_code(*, code: str, email: str, at: datetime) -> Invitation:
    """Take a code from paper: the person it was written to is invited at the address he gives. Raises UnknownCode."""
    plain = "".join(sign for sign in code.upper() if sign in SIGNS)
    found = (
        RoomCode.objects.select_for_update(of=("self",))
        .select_related("occupancy__person")
        .filter(digest=token_digest(plain), used_at=None, expires_at__gt=at, occupancy__ends_on=None)
        .first()
    )
    if found is None:
        raise UnknownCode(
            _("This code is unknown, was used already, or has expired. Ask your management office for a new one.")
        )
    found.used_at = at
    found.save(update_fields=["used_at"])
    invitation, _secret = invite_resident(person=found.occupancy.person, email=email, by=None, at=at)
    record_event("room_code.used", found, by=None, at=at, facts={"occupancy": found.occupancy_id})
    return invitation


@transaction.atomic
def claim_room(
    *, community: Community, room: str, kind: Occupancy.Kind, name: str, phone: str, email: str, at: datetime
) -> RoomClaim:
    """Say that one lives in a room; the office checks. Raises ValidationError."""
    claim = RoomClaim(
        community=community,
        room=named(room, 60),
        kind=kind,
        name=named(name, 80),
        phone=tidy(phone, longest=32),
        email=email.lower(),
        claimed_at=at,
    )
    claim.clean_fields(exclude=["company", "community", "occupancy", "decided_by", "decided_at"])
    claim.save()
    record_event("room.claimed", claim, by=None, at=at, facts={"community": community.pk}, texts={"name": claim.name})
    return claim


@transaction.atomic
def accept_claim(*, claim: RoomClaim, room: Room, by: User, at: datetime) -> RoomClaim:
    """The office has checked: the claimant moves into that room of the community and is invited by e-mail.

    Where he is noted there already, only the invitation goes out. Raises ClaimDecided.
    """
    claim = _open_claim(claim)
    living = (
        Occupancy.objects.select_related("person")
        .filter(household__room=room, ends_on=None, kind=claim.kind, person__name=claim.name, person__user=None)
        .first()
    )
    if living is not None:
        invite_resident(person=living.person, email=claim.email, by=by, at=at)
        claim.occupancy = living
    else:
        household = Household.objects.filter(room=room, ended_on=None).first() or _found(room, by=by, at=at)
        claim.occupancy = invite_to_household(
            household=household,
            kind=Occupancy.Kind(claim.kind),
            name=claim.name,
            email=claim.email,
            phone=claim.phone,
            by=by,
            at=at,
        )
    claim.decided_by, claim.decided_at = by, at
    claim.save(update_fields=["decided_by", "decided_at", "occupancy"])
    record_event("room.claim_accepted", claim, by=by, at=at, facts={"room": room.pk})
    return claim


@transaction.atomic
def refuse_claim(*, claim: RoomClaim, reason: str, by: User, at: datetime) -> RoomClaim:
    """The office found it otherwise; the claimant is told why. Raises ClaimDecided, ValidationError without a reason."""
    claim = _open_claim(claim)
    reason = tidy(reason, longest=300)
    if not reason:
        raise ValidationError({"reason": _("Say why.")})
    claim.decided_by, claim.decided_at, claim.reason = by, at, reason
    claim.save(update_fields=["decided_by", "decided_at", "reason"])
    record_event("room.claim_refused", claim, by=by, at=at, texts={"reason": reason})
    tell(event="account.claim_refused", email=claim.email, words={"room": claim.room, "reason": reason}, at=at)
    return claim


def connect_invitee(invitation: Invitation, user: User, at: datetime) -> None:
    """Connect the account with the resident or employee whom the invitation was for: see register_on_accepting."""
    invitee = Invitee.objects.select_related("person", "employee").filter(invitation=invitation).first()
    if invitee is None:
        return
    if invitee.employee is not None:
        connect_employee(employee=invitee.employee, user=user, by=user, at=at)
    if invitee.person is not None:
        _connect_person(invitee.person, user, at=at)


def _connect_person(person: Person, user: User, *, at: datetime) -> None:
    """Where the account is a resident already, what the invited one has in the directory becomes his."""
    known = Person.objects.filter(user=user).first()
    if known is None:
        connect_account(person=person, user=user, by=user, at=at)
    elif known.pk != person.pk:
        for occupancy in Occupancy.objects.select_related("household__room").filter(person=person, ends_on=None):
            room, kind, on = occupancy.household.room, occupancy.kind, occupancy.starts_on
            move_in(room=room, person=known, kind=kind, on=on, by=user, at=at)
            occupancy.ends_on = on
            occupancy.save(update_fields=["ends_on"])


def _open_claim(claim: RoomClaim) -> RoomClaim:
    claim = RoomClaim.objects.select_for_update().get(pk=claim.pk)
    if claim.decided_at:
        raise ClaimDecided(_("This was answered already."))
    return claim


def _found(room: Room, *, by: User, at: datetime) -> Household:
    return found_household(room=room, on=Company.objects.get(pk=current_company_id()).today(at), by=by, at=at)
