"""Real PostgreSQL and Valkey: migrated as the owner of the tables, used as the application."""

from collections.abc import Iterator

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from django.test.utils import setup_databases, teardown_databases

from propman.tenancy.roles import as_owner

# What migrations fill stays between transactional tests.
KEEP = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker, django_db_modify_db_settings: None
) -> Iterator[None]:
    keep = request.config.getvalue("reuse_db") and not request.config.getvalue("create_db")
    with django_db_blocker.unblock(), as_owner():
        databases = setup_databases(verbosity=0, interactive=False, keepdb=keep)
    yield
    if not keep:
        with django_db_blocker.unblock(), as_owner():
            teardown_databases(databases, verbosity=0)


def owner_connection() -> psycopg2.extensions.connection:
    owner = settings.DATABASE_OWNER
    return psycopg2.connect(
        dbname=connection.settings_dict["NAME"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        host=owner["HOST"],
        port=owner["PORT"],
    )


@pytest.fixture
def owner_sql(db: None):
    """Runs SQL as the owner of the tables, on a connection of its own."""
    owner = owner_connection()

    def run(sql: str, *parameters: object) -> list[tuple]:
        with owner, owner.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall() if cursor.description else []

    yield run
    owner.close()


def empty_tables(case: TransactionTestCase) -> None:
    """After a transactional test: the application may not truncate, and append-only tables refuse even the owner."""
    connection.close()
    owner = owner_connection()
    with owner, owner.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table not in KEEP:
                cursor.execute(f'DELETE FROM "{table}"')
    owner.close()


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    from django.core.cache import cache

    cache.clear()
