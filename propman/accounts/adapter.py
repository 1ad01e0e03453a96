import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by himself: people come in by an invitation or a code for their room."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever gave his password a moment ago, to sign in, need not give it again to set up his second factor."""
        request = context.request
        records = get_authentication_records(request, request.user)
        recent = any(time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)
        return not recent and super().is_reauthentication_required(app=app, **kwargs)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Whoever chose a language meets it wherever they sign in."""
        response = super().post_login(request, user, **kwargs)
        speak(response, user)
        return response

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)


def speak(response: HttpResponse, user: Any) -> None:
    """From now on this browser is answered in the language that the person chose for himself, if he did."""
    if user.language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            user.language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            path=settings.LANGUAGE_COOKIE_PATH,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        )


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets are kept encrypted."""

    def _cipher(self) -> Any:
        import base64
        import hashlib

        from cryptography.fernet import Fernet
        from django.conf import settings

        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"mfa:{settings.SECRET_KEY}".encode()).digest()))

    def encrypt(self, text: str) -> str:
        return str(self._cipher().encrypt(text.encode()).decode())

    def decrypt(self, encrypted_text: str) -> str:
        return str(self._cipher().decrypt(encrypted_text.encode()).decode())
