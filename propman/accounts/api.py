from typing import Any

from django.http import Http404
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from .models import ApiToken, User, token_digest
from .permissions import current_roles


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`, a token of the company whose address is called."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, token = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = (
            ApiToken.objects.select_related("user")
            .filter(digest=token_digest(token.strip()), revoked_at=None, user__is_active=True)
            .first()
        )
        if found is None:
            raise AuthenticationFailed
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsMember(BasePermission):
    """Signed in, and holding a role in the company; a view may name the roles in `roles` (403 without one of them)."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.user, User):
            return False
        held = current_roles(request.user)
        request._request.roles = held  # type: ignore[attr-defined]
        if not held:
            raise Http404
        wanted = getattr(view, "roles", None)
        return wanted is None or bool(held & wanted)
