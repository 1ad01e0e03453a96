"""The two logins: migrations and test set-up run as the owner of the tables, everything else as the application."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections


@contextmanager
def as_owner(alias: str = "default") -> Iterator[Any]:
    """Let the connection sign in as the owner of the tables for a while."""
    connection = connections[alias]
    application = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
    owner = {key: settings.DATABASE_OWNER[key] for key in application}
    connection.close()
    connection.settings_dict.update(owner)
    try:
        yield connection
    finally:
        connection.close()
        connection.settings_dict.update(application)
