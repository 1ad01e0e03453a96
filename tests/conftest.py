"""Real PostgreSQL and Valkey: migrated as the owner of the tables, used as the application."""

import gc
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY, AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation

from propman.accounts.models import User
from propman.accounts.roles import Role
from propman.common import catalogues
from propman.community.models import Community, Department, Household
from propman.tenancy.models import Company
from propman.tenancy.roles import as_owner
from propman.tenancy.scope import company_scope
from tests.factories import (
    make_community,
    make_company,
    make_department,
    make_employee,
    make_household,
    make_member,
    make_resident,
    make_user,
)

# What migrations fill stays between transactional tests.
KEEP = {"django_migrations", "django_content_type", "auth_permission"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--chromium", default=os.environ.get("CHROMIUM"), help="the browser that the browser tests drive")


def pytest_configure() -> None:
    """Django reads compiled catalogues only."""
    catalogues.compile_all()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    django_test_environment: None,
    django_db_blocker,
    django_db_modify_db_settings: None,
) -> Iterator[None]:
    keep = request.config.getvalue("reuse_db") and not request.config.getvalue("create_db")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    with django_db_blocker.unblock(), as_owner():
        if keep or workers == 1:
            databases = setup_databases(verbosity=0, interactive=False, keepdb=keep)
        else:
            databases = migrated_once(tmp_path_factory.getbasetemp().parent, workers)
    yield
    if not keep:
        with django_db_blocker.unblock(), as_owner():
            drop(databases)


def migrated_once(shared: Path, workers: int) -> Any:
    """The first worker to come migrates a database and copies it for the others, who wait for it in `shared`."""
    made, failed = shared / "databases-made", shared / "databases-failed"
    try:
        (shared / "databases-begun").touch(exist_ok=False)
    except FileExistsError:
        while not made.exists():
            assert not failed.exists(), "another worker could not set up the databases"
            time.sleep(0.1)
        return setup_databases(verbosity=0, interactive=False, keepdb=True)
    try:
        databases = setup_databases(verbosity=0, interactive=False)
        mine = connection.settings_dict["NAME"]
        connection.close()
        with connection._nodb_cursor() as cursor:
            for worker in range(workers):
                if (other := re.sub(r"gw\d+$", f"gw{worker}", mine)) != mine:
                    cursor.execute(f'DROP DATABASE IF EXISTS "{other}"')
                    cursor.execute(f'CREATE DATABASE "{other}" TEMPLATE "{mine}"')
    except BaseException:
        failed.touch()
        raise
    made.touch()
    return databases


def drop(databases: Any) -> None:
    """Drop the databases; a session whose client was killed by a test may take some seconds to end."""
    for seconds in (2, 5, 10, 20, 0):
        gc.collect()  # connections of threads that ended, held by the cycles of what they raised
        try:
            teardown_databases(databases, verbosity=0)
        except OperationalError:
            if not seconds:
                raise
            time.sleep(seconds)
        else:
            return


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
    """After a transactional test: the application may not truncate, and append-only tables refuse even the owner.

    A page that asks every two seconds may still be answered meanwhile; then one of the two waits for the other in vain.
    """
    connection.close()
    owner = owner_connection()
    for is_last in (False, False, True):
        try:
            delete_rows(owner)
            break
        except psycopg2.errors.DeadlockDetected:
            if is_last:
                raise
    owner.close()


def delete_rows(owner: psycopg2.extensions.connection) -> None:
    with owner, owner.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            if table not in KEEP:
                cursor.execute(f'DELETE FROM "{table}"')


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(autouse=True)
def _first_language() -> None:
    """A request in Chinese leaves its thread in Chinese."""
    translation.deactivate()


# The cast. People of the company "lanting"; the rival company must see nothing of it.


@pytest.fixture
def company(db: None) -> Company:
    return make_company("lanting")


@pytest.fixture
def rival_company(db: None) -> Company:
    return make_company("rival")


@pytest.fixture
def community(company: Company) -> Community:
    return make_community(company, "willow-garden")


@pytest.fixture
def centre(company: Company) -> Department:
    """The 24-hour service centre."""
    return make_department(company, Department.Kind.SERVICE_CENTRE, name="Service centre")


@pytest.fixture
def office(community: Community) -> Department:
    """The management office of the community."""
    return make_department(community.company, Department.Kind.MANAGEMENT_OFFICE, community=community, name="Willow office")


@pytest.fixture
def household(community: Community) -> Household:
    return make_household(community)


@pytest.fixture
def owner(household: Household) -> User:
    return make_resident(household, name="Owner")


@pytest.fixture
def rival_owner(community: Community) -> User:
    """The owner of another household of the same community."""
    return make_resident(make_household(community), name="Rival owner")


@pytest.fixture
def agent(centre: Department) -> User:
    return make_employee(centre, Role.CENTRE_AGENT, name="Agent")


@pytest.fixture
def head(office: Department) -> User:
    """The head of the management office."""
    return make_employee(office, Role.DEPARTMENT_HEAD, name="Head")


@pytest.fixture
def company_office(company: Company) -> Department:
    return make_department(company, Department.Kind.COMPANY_OFFICE, name="Company office")


@pytest.fixture
def manager(company_office: Department) -> User:
    """The general manager."""
    return make_employee(company_office, Role.GENERAL_MANAGER, name="Manager")


@pytest.fixture
def administrator(company_office: Department) -> User:
    return make_employee(company_office, Role.COMPANY_ADMINISTRATOR, name="Administrator")


@pytest.fixture
def official(company: Company) -> User:
    """An official of the Association who supervises the company."""
    return make_member(company, Role.ASSOCIATION_OFFICIAL, name="Official")


@pytest.fixture
def rival_manager(rival_company: Company) -> User:
    """General manager and administrator of the rival company."""
    department = make_department(rival_company, Department.Kind.COMPANY_OFFICE, name="Rival office")
    return make_employee(department, Role.GENERAL_MANAGER, Role.COMPANY_ADMINISTRATOR, name="Rival manager")


@pytest.fixture
def operator(db: None) -> User:
    """Runs the platform; belongs to no company."""
    return make_user("Operator", is_operator=True)


@pytest.fixture
def scope(company: Company) -> Iterator[Company]:
    """Serves the company for the whole test."""
    with company_scope(company.pk):
        yield company


def signed_in(user: User) -> Client:
    """A client of the user, who has passed the second factor."""
    if not Authenticator.objects.filter(user=user).exists():
        TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.force_login(user)
    session = client.session
    now = time.time()
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": now, "email": user.email},
        {"method": "mfa", "at": now, "type": "totp"},
    ]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session.save()
    return client


@pytest.fixture
def client_of(db: None) -> Callable[[User], Client]:
    return signed_in
