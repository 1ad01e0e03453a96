"""A real installation, behind a proxy that ends TLS."""

from .base import *  # noqa: F403
from .base import REST_FRAMEWORK
from .environment import flag, text, words

SECRET_KEY = text("SECRET_KEY")
CARDS_ISSUER_KEY = text("CARDS_ISSUER_KEY")  # losing it loses the cards of open rounds: keep it apart from the backups
ALLOWED_HOSTS = words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
DEMO = False

ALLAUTH_TRUSTED_PROXY_COUNT = int(text("TRUSTED_PROXIES", "1"))  # limits count the visitor, not the proxy
REST_FRAMEWORK = REST_FRAMEWORK | {"NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT}
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True

EMAIL_HOST = text("EMAIL_HOST", "localhost")
EMAIL_PORT = int(text("EMAIL_PORT", "25"))
EMAIL_HOST_USER = text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS")
