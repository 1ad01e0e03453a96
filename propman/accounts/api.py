from collections.abc import Mapping, Set
from typing import Any, ClassVar

from django.http import Http404
from drf_spectacular.extensions import OpenApiAuthenticationExtension
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


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema says it."""

    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


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


class RoleFields:
    """For serializers: `role_fields` maps a field to the roles that may see it; to everybody else it is not there."""

    role_fields: ClassVar[Mapping[str, Set[str]]] = {}

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()  # type: ignore[misc]
        for name in _hidden(self.role_fields, self.context.get("request")):  # type: ignore[attr-defined]
            fields.pop(name, None)
        return fields


class RoleFilters:
    """For filter sets: the same; filtering by a hidden field would reveal it."""

    role_fields: ClassVar[Mapping[str, Set[str]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _hidden(self.role_fields, self.request):  # type: ignore[attr-defined]
            self.filters.pop(name, None)  # type: ignore[attr-defined]


def _hidden(role_fields: Mapping[str, Set[str]], request: Request | None) -> list[str]:
    if request is None:  # the schema shows what there is
        return []
    held: frozenset[str] = getattr(request._request, "roles", frozenset())
    return [name for name, roles in role_fields.items() if not held & roles]
