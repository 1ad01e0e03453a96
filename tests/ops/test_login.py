"""The portal refuses logins that row-level security does not hold."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection

from propman.ops import login
from propman.settings.environment import BASE_DIR
from propman.tenancy.roles import as_owner


@pytest.mark.django_db
def test_application_login_has_no_excessive_rights():
    assert login.excessive_rights(connection) == []


@pytest.mark.django_db(transaction=True)
def test_owner_of_the_tables_has_excessive_rights():
    with as_owner():
        assert login.excessive_rights(connection) == ["has BYPASSRLS", "owns tables"]


def url_of(login: dict[str, str]) -> str:
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/".format(**login) + str(connection.settings_dict["NAME"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("user", ["owner", "application"])
def test_portal_with_the_owners_login_does_not_work(user):
    """A process of its own, as it starts in an installation."""
    owner = url_of(settings.DATABASE_OWNER)
    chosen = owner if user == "owner" else url_of(connection.settings_dict)
    portal = subprocess.run(
        [sys.executable, "-c", "import propman.wsgi"],
        cwd=BASE_DIR,
        env={
            **os.environ,
            "DATABASE_URL": chosen,
            "DATABASE_OWNER_URL": owner,
            "REDIS_URL": settings.REDIS_URL,
            "DJANGO_SETTINGS_MODULE": "propman.settings.test",
        },
        capture_output=True,
        text=True,
    )
    assert (portal.returncode == 0) == (user == "application")
    assert ("propman_app" in portal.stderr) == (user == "owner")
