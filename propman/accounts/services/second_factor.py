from datetime import datetime

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from propman.tenancy.events import record_event

from ..models import SecondFactorReset, User
from ..outgoing import tell
from ..permissions import companies_of
from ..roles import OFFICIALS
from .memberships import end_sessions


class NotResettable(ValidationError):
    """The second factor of this person cannot be reset in this way, or not by these people."""


@transaction.atomic
def ask_second_factor_reset(*, user: User, reason: str, by: User, at: datetime) -> SecondFactorReset:
    """Ask for the removal of somebody's second factor; nothing changes until another person approves.

    Operators ask for those who supervise companies, and nobody of a company does. Raises NotResettable.
    """
    _ensure_may_reset(user, by)
    if by.pk == user.pk:
        raise NotResettable(_("Nobody resets his own second factor: ask a colleague."))
    if not Authenticator.objects.filter(user=user).exists():
        raise NotResettable(_("This person has no second factor."))
    try:
        with transaction.atomic():
            reset = SecondFactorReset.objects.create(user=user, reason=reason, asked_by=by, asked_at=at)
    except IntegrityError as error:
        raise NotResettable(_("A reset for this person is waiting for its second signature already.")) from error
    record_event("second_factor.reset_asked", reset, by=by, at=at, facts={"user": user.pk}, texts={"reason": reason})
    tell(event="account.reset_asked", user_id=user.pk, words={"by": by.name, "reason": reason}, at=at)
    return reset


@transaction.atomic
def decide_second_factor_reset(*, reset: SecondFactorReset, approve: bool, by: User, at: datetime) -> SecondFactorReset:
    """The second signature. Approved: the second factor and every session of the person end, and he is told.

    Raises NotResettable when it was decided already, or `by` asked for it or is the person himself.
    """
    reset = SecondFactorReset.objects.select_for_update().select_related("user").get(pk=reset.pk)
    _ensure_may_reset(reset.user, by)
    if reset.decided_at:
        raise NotResettable(_("This was decided already."))
    if by.pk in {reset.asked_by_id, reset.user_id}:
        raise NotResettable(_("Somebody else has to approve: neither the one who asked nor the one concerned."))
    reset.decided_by, reset.decided_at, reset.is_approved = by, at, approve
    reset.save(update_fields=["decided_by", "decided_at", "is_approved"])
    if approve:
        Authenticator.objects.filter(user_id=reset.user_id).delete()
        end_sessions(reset.user)
    name = "second_factor.reset" if approve else "second_factor.reset_refused"
    record_event(name, reset, by=by, at=at, facts={"user": reset.user_id})
    tell(
        event="account.reset_done" if approve else "account.reset_refused",
        user_id=reset.user_id,
        words={"by": by.name},
        at=at,
    )
    return reset


def _ensure_may_reset(user: User, by: User) -> None:
    """An account reaches as far as its widest role: a company must not open that of somebody who supervises it."""
    supervises = user.is_operator or any(roles & OFFICIALS for roles in companies_of(user).values())
    if supervises and not by.is_operator:
        raise NotResettable(_("Only operators of the platform reset the second factor of an official."))
