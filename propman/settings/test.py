"""The test suite: the same services as production, fast password hashing, mail kept in memory."""

from .base import *  # noqa: F403
from .base import REDIS_URL, VAR_DIR
from .environment import text

SECRET_KEY = "only for tests"  # noqa: S105
CARDS_ISSUER_KEY = "only for tests"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
DEMO = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_RATE_LIMITS = False
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": VAR_DIR / "test-files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# every worker of the suite empties a broker and cache of its own
CELERY_BROKER_URL = f"{REDIS_URL.rsplit('/', 1)[0]}/{1 + int(text('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))}"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CELERY_BROKER_URL}}
WHITENOISE_AUTOREFRESH = True
SMS_GATEWAY = "propman.notify.sms.FileGateway"
SMS_FOLDER = VAR_DIR / "test-sms"
