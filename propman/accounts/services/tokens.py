import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from propman.tenancy.events import NewEvent, record_event, record_events, stream_of

from ..models import ApiToken, User, token_digest


@transaction.atomic
def create_token(*, user: User, name: str, at: datetime) -> tuple[ApiToken, str]:
    """Make a key for the API of the current company; the second value is the key itself, which nobody can read again."""
    secret = f"pm_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(user=user, name=name, digest=token_digest(secret), created_at=at)
    record_event("api_token.created", token, by=user, at=at, facts={"user": user.pk})
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User | None, at: datetime) -> None:
    """End a key at once; ending one that has ended changes nothing."""
    revoke_tokens(ApiToken.objects.filter(pk=token.pk, revoked_at=None), by=by, at=at)


def revoke_tokens(tokens: QuerySet[ApiToken], *, by: User | None, at: datetime) -> None:
    ending = list(tokens.select_for_update().order_by("pk"))
    ApiToken.objects.filter(pk__in=[token.pk for token in ending]).update(revoked_at=at)
    record_events([NewEvent(stream_of(token), "api_token.revoked", {"user": token.user_id}) for token in ending], by=by, at=at)
