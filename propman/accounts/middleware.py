from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode

from .models import User
from .permissions import companies_of
from .roles import SECOND_FACTOR_REQUIRED

GetResponse = Callable[[HttpRequest], HttpResponse]
SET_UP_PAGE = "/accounts/2fa/totp/activate/"
PROVE_PAGE = "/accounts/2fa/reauthenticate/"
FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]

# What a session may do that still lacks the second factor: set the first one up, or prove the one there is.
TO_SET_UP = {"account_reauthenticate", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_email"}
TO_PROVE = {"mfa_reauthenticate", "mfa_reauthenticate_webauthn"}
ALWAYS = {"account_login", "account_logout", "mfa_authenticate", "choose_language", "choose_theme"}


class MembershipMiddleware:
    """Below a company's address everybody needs a role there; to a stranger the page does not exist.

    Roles are read at every request, so one that was granted or ended counts from the next click on.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.roles = frozenset()  # type: ignore[attr-defined]
        request.held = {}  # type: ignore[attr-defined]
        if isinstance(request.user, User):
            request.held = companies_of(request.user)  # type: ignore[attr-defined]
            company = getattr(request, "company", None)
            if company is not None:
                request.roles = frozenset(request.held.get(company.pk, ()))  # type: ignore[attr-defined]
        is_signed_in = isinstance(request.user, User) or "Authorization" in request.headers
        response = self.get_response(request)
        if is_signed_in:
            add_never_cache_headers(response)  # no-store: nothing of a signed-in page stays on a shared machine
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if getattr(request, "company", None) is None or not getattr(view, "login_required", True):
            return
        if not request.roles:  # type: ignore[attr-defined]
            raise Http404


class SecondFactorMiddleware:
    """Staff, officials and operators prove a second factor in every session, whichever page or API they call.

    It stands behind the password, the reset of the password, and the granting of a role: what counts is that this
    session holds a record of the second factor. Without it the session is nobody's
    for the API and for pages that need no sign-in, and every other page leads to the set-up or the proof.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        user = request.user
        if not isinstance(user, User) or not needs_second_factor(request) or has_proven(request, user):
            return None
        is_set_up = is_mfa_enabled(user, FACTORS)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if getattr(request, "company", None) is None and name in ALWAYS | (TO_PROVE if is_set_up else TO_SET_UP):
            return None
        if hasattr(view, "cls") or not getattr(view, "login_required", True):
            # The API and pages open to everybody: the session counts for nothing there, an API key decides by itself.
            request.user, request.roles = AnonymousUser(), frozenset()  # type: ignore[attr-defined]
            return None
        page = PROVE_PAGE if is_set_up else SET_UP_PAGE
        return redirect(f"{page}?{urlencode({'next': request.get_full_path()})}")


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether any role that the person holds, in any company, asks for a second factor."""
    held: set[str] = set().union(*request.held.values())  # type: ignore[attr-defined]
    return bool(isinstance(request.user, User) and (request.user.is_operator or held & SECOND_FACTOR_REQUIRED))


def has_proven(request: HttpRequest, user: User) -> bool:
    """Whether this session passed the second factor, and there still is one."""
    records = get_authentication_records(request, user)
    return any(record.get("method") == "mfa" for record in records) and is_mfa_enabled(user, FACTORS)
