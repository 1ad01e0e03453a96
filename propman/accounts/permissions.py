"""Who is asking, and what their roles let them do."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse

from .models import Membership, User
from .roles import OFFICIALS, Role

View = Callable[..., HttpResponse]


def current_roles(user: User) -> frozenset[str]:
    """The person's roles in the current company."""
    with transaction.atomic():
        return frozenset(Membership.objects.filter(user=user, ended_at=None).values_list("role", flat=True))


def has_role(request: HttpRequest, *roles: str) -> bool:
    held: frozenset[str] = getattr(request, "roles", frozenset())
    return not held.isdisjoint(roles)


def role_required(*roles: str) -> Callable[[View], View]:
    """Members without any of the roles get 403; strangers never get this far (404)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not has_role(request, *roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        checked.roles = frozenset(roles)  # type: ignore[attr-defined]
        return checked

    return decorate


def operator_required(view: View) -> View:
    """For the operators of the platform; for everybody else the page does not exist."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (isinstance(request.user, User) and request.user.is_operator):
            raise Http404
        return view(request, *args, **kwargs)

    return checked


def companies_of(user: User) -> dict[int, set[str]]:
    """The companies in which the person has a current role, with those roles."""
    found: dict[int, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT company_id, role FROM accounts_memberships_of(%s)", [user.pk])
        for company_id, role in cursor.fetchall():
            found.setdefault(company_id, set()).add(role)
    return found


def supervised_companies(user: User, *roles: Role) -> list[int]:
    """The companies that the official supervises, narrowed to the given official roles."""
    wanted = set(roles or OFFICIALS)
    return sorted(company_id for company_id, held in companies_of(user).items() if held & wanted)


def official_required(*roles: Role) -> Callable[[View], View]:
    """For pages under /oversight/: people who supervise nothing get 404; `request.supervised` holds the company ids."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not isinstance(request.user, User):
                raise PermissionDenied
            request.supervised = supervised_companies(request.user, *roles)  # type: ignore[attr-defined]
            if not request.supervised:  # type: ignore[attr-defined]
                raise Http404
            return view(request, *args, **kwargs)

        checked.roles = frozenset(roles or OFFICIALS)  # type: ignore[attr-defined]
        return checked

    return decorate
