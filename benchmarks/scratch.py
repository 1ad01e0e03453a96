"""A database of its own for the benchmarks, migrated by the owner and used by the application."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from propman.tenancy.roles import as_owner


@contextmanager
def scratch_database() -> Iterator[None]:
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = "propman_bench"
    connection.settings_dict["TEST"]["NAME"] = "propman_bench"
    with as_owner():
        databases = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        with as_owner():
            teardown_databases(databases, verbosity=0)


@contextmanager
def owner_cursor() -> Iterator[Any]:
    """A cursor of the owner of the tables, past triggers and foreign keys: for laying out many rows."""
    owner = settings.DATABASE_OWNER
    link = psycopg2.connect(
        dbname=connection.settings_dict["NAME"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        host=owner["HOST"],
        port=owner["PORT"],
    )
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield cursor
    finally:
        link.close()


def analyze() -> None:
    with owner_cursor() as cursor:
        cursor.execute("ANALYZE")
