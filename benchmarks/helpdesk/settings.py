"""What its own quick start asks for, on our PostgreSQL."""

import os
from urllib.parse import urlsplit

owner = urlsplit(os.environ["HELPDESK_DATABASE_URL"])

SECRET_KEY = "only for benchmarks"
DEBUG = False
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "benchmarks.helpdesk.urls"
SITE_ID = 1
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
LOGIN_URL = "/login/"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.staticfiles",
    "rest_framework",
    "helpdesk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": owner.path.lstrip("/"),
        "TEST": {"NAME": "propman_bench_helpdesk"},
        "USER": owner.username,
        "PASSWORD": owner.password,
        "HOST": owner.hostname,
        "PORT": owner.port,
    },
}
# Without its optional teams, whose package its migrations name: the tables come from the models.
HELPDESK_TEAMS_MODE_ENABLED = False
MIGRATION_MODULES = {app.rpartition(".")[2]: None for app in INSTALLED_APPS}
