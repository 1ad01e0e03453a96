"""The demo and development on one machine: embedded services, plain cookies, no sign-in limit."""

import secrets

from .base import *  # noqa: F403
from .base import MFA_FORMS, VAR_DIR
from .environment import text


def machine_secret(name: str) -> str:
    """A secret made once for this machine and kept in var/."""
    file = VAR_DIR / f"{name}.secret"
    if not file.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(48))
    return file.read_text()


SECRET_KEY = machine_secret("django")
CARDS_ISSUER_KEY = machine_secret("cards-issuer")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
DEMO = text("PROPMAN_DEMO", "1") == "1"
ACCOUNT_RATE_LIMITS = False
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    **MFA_FORMS,
    "authenticate": "propman.accounts.forms.DemoAuthenticateForm",
    "reauthenticate": "propman.accounts.forms.DemoReauthenticateForm",
}
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
SMS_GATEWAY = "propman.notify.sms.FileGateway"
OUTGOING_PRIVATE = True
