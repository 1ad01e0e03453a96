"""What every installation shares."""

from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

from . import environment as env

BASE_DIR = env.BASE_DIR
VAR_DIR = env.VAR_DIR

DEBUG = False
ALLOWED_HOSTS: list[str] = []
ROOT_URLCONF = "propman.urls"
COMPANY_URLCONF = "propman.company_urls"
RESERVED_ADDRESSES = frozenset({"static", "accounts", "oversight", "api", "healthz", "readyz", "metrics", "operator"})
WSGI_APPLICATION = "propman.wsgi.application"
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    # ours come first: they replace templates and commands of the libraries
    "propman.common",
    "propman.tenancy",
    "propman.accounts",
    "propman.community",
    "propman.notify",
    "propman.announcements",
    "propman.cases",
    "complaints",
    "cards",
    "billing",
    "hr",
    "propman.demo",
    "propman.ops",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "pgtrigger",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "propman.tenancy.middleware.CompanyPrefixMiddleware",
    "propman.common.middleware.NoNullMiddleware",
    "cards.box.BoxMiddleware",  # before sessions: casting reads and sets no cookie
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "propman.accounts.middleware.MembershipMiddleware",
    "propman.accounts.middleware.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "propman.tenancy.middleware.RenderInTransactionMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "propman.accounts.context.portal",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# The portal signs in as the application role; DATABASE_OWNER is for migrations and test set-up only (propman.tenancy.roles).
DATABASES = {
    "default": {
        "ENGINE": "propman.tenancy.backend",
        **env.database(env.service_url("DATABASE_URL")),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    },
}
DATABASE_OWNER = env.database(env.service_url("DATABASE_OWNER_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.service_url("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# Celery: the queue is never the truth (the outbox and the job rows are), so a lost or doubled task changes nothing.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,  # a request does not wait for a queue that cannot be reached
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
}

# People and the way in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/accounts/login/"  # literally: a name cannot be reversed below a company's address
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_ADAPTER = "propman.accounts.adapter.AccountAdapter"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
MFA_ADAPTER = "propman.accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Propman"
MFA_FORMS = {"activate_totp": "propman.accounts.forms.ActivateTOTPForm"}
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = {  # counted in the shared cache
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",  # the key is the address; second-factor codes count under it too
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "join": "20/h/ip",  # codes on paper and claims of a room
    "invite": "20/h/user",  # an owner's, to any address
}
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# Words and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Chinese"))]
LOCALE_PATHS = [BASE_DIR / "propman" / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# Files
STATIC_URL = "/static/"  # literally: a relative one would freeze the first company's prefix into every page
STATIC_ROOT = VAR_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"  # made by `npm ci`; only what pages load is served
STATICFILES_DIRS = [
    BASE_DIR / "propman" / "static",
    ("vendor/tabler/css", NODE_MODULES / "@tabler/core/dist/css"),
    ("vendor/icons", NODE_MODULES / "@tabler/icons-webfont/dist"),
    ("vendor/inter", NODE_MODULES / "@fontsource-variable/inter"),
    ("vendor/chart", NODE_MODULES / "chart.js/dist"),
    ("vendor/htmx", NODE_MODULES / "htmx.org/dist"),
]
PACKAGE_FILES = [
    "tabler.min.css*",
    "tabler-icons.min.css",
    "fonts/tabler-icons.*",
    "index.css",
    "files/inter-*-wght-normal.woff2",
    "chart.umd.min.js*",
    "htmx.min.js",
]
STATICFILES_FINDERS = [
    "propman.common.finders.PackagesFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
STORAGES = {
    "default": env.file_storage(),  # photos, documents, bulletins; what is in it is only ever sent by views that check
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "ttf", "woff", "woff2", "png", "jpg", "jpeg", "webp", "gif", "ico", "gz", "br"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["propman.common.uploads.FrugalUploadHandler"]
FILE_UPLOAD_PERMISSIONS = 0o600

# What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb", "accelerometer", "gyroscope")
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "propman.accounts.api.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["propman.accounts.api.IsMember"],
    "DEFAULT_PAGINATION_CLASS": "propman.common.pagination.KeyPagination",
    "DEFAULT_FILTER_BACKENDS": ["propman.common.filters.AllowedFilters"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle", "rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min"},
    "NUM_PROXIES": 0,  # nobody chooses by a header of his own whom a limit counts
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["propman.common.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "EXCEPTION_HANDLER": "propman.common.problems.problem_response",
    "DATETIME_FORMAT": "iso-8601",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "PAGE_SIZE": 50,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Propman",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["propman.accounts.api.IsMember"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # a test looks at the schema
}

METRICS_TOKEN = env.text("METRICS_TOKEN", "")  # without one, /metrics answers this machine alone
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Propman <no-reply@localhost>")
EMAIL_TIMEOUT = 10
SMS_GATEWAY = env.text("SMS_GATEWAY", "")  # a class such as propman.notify.sms.FileGateway; without one no SMS is offered
OUTGOING_PRIVATE = False  # whether webhooks may call this machine and its network: only on a machine for trying out
SMS_FOLDER = VAR_DIR / "sms"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
