from collections.abc import Callable
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from .models import User
from .permissions import companies_of, current_roles
from .roles import SECOND_FACTOR_REQUIRED

GetResponse = Callable[[HttpRequest], HttpResponse]
SECOND_FACTOR_PAGE = "/accounts/2fa/totp/activate/"


class MembershipMiddleware:
    """Below a company's address everybody needs a role there; to a stranger the page does not exist."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.roles = frozenset()  # type: ignore[attr-defined]
        if getattr(request, "company", None) is not None and isinstance(request.user, User):
            request.roles = current_roles(request.user)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if getattr(request, "company", None) is None or not getattr(view, "login_required", True):
            return
        if not request.roles:  # type: ignore[attr-defined]
            raise Http404


class SecondFactorMiddleware:
    """Staff and officials set up a second factor before they see anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not isinstance(request.user, User) or not getattr(view, "login_required", True):
            return None
        if getattr(request, "company", None) is None and request.path_info.startswith("/accounts/"):
            return None
        if needs_second_factor(request) and not is_mfa_enabled(request.user):
            return redirect(SECOND_FACTOR_PAGE)
        return None


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether any role that the person holds, here or (outside a company) anywhere, asks for a second factor."""
    if not isinstance(request.user, User):
        return False
    if getattr(request, "company", None) is not None:
        return bool(request.roles & SECOND_FACTOR_REQUIRED)  # type: ignore[attr-defined]
    held = set().union(*companies_of(request.user).values())
    return request.user.is_operator or bool(held & SECOND_FACTOR_REQUIRED)
