"""What every table owes to the separation of companies, read from PostgreSQL's own catalogues."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, UniqueConstraint

from propman.tenancy.base import CompanyModel, Link
from propman.tenancy.constraints import AppGrants, CompanyForeignKey, OfficialPolicy
from propman.tenancy.scope import NoCompany

pytestmark = pytest.mark.django_db

# Tables without a company, and why; for those of the libraries, what the application may do with them.
SHARED = {
    "tenancy_company": "the companies themselves",
    "accounts_user": "one person has roles in several companies",
}
LIBRARIES = {
    "django_session": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "account_emailaddress": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "account_emailconfirmation": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "mfa_authenticator": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "django_content_type": {"SELECT"},
    "auth_permission": {"SELECT"},
    "django_migrations": {"SELECT"},
    "auth_group": set(),
    "auth_group_permissions": set(),
}
# Company tables written and read by sets, without a model.
WITHOUT_MODEL = {"cards_issued": {"SELECT", "INSERT"}, "cards_counted": {"SELECT"}}
# References that no key holds, so that a row of words can be erased.
ERASABLE = {("complaints_complaint", "words_id")}
# References that a statement's trigger checks once for all its rows.
CHECKED_AS_A_SET = {("cards_rollentry", "round_id")}
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def company_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, CompanyModel)]


def declared(model: type[Model], kind: type) -> list:
    return [constraint for constraint in model._meta.constraints if isinstance(constraint, kind)]


def tables() -> dict[str, bool]:
    """Every table, and whether its rows belong to a company."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT relname, EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.oid AND attname = 'company_id')
            FROM pg_class AS c WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
            """
        )
        return dict(cursor.fetchall())


def table_privileges(role: str, table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT verb FROM unnest(%s) AS verb WHERE has_table_privilege(%s, %s, verb)", [list(VERBS), role, table]
        )
        return {verb for (verb,) in cursor.fetchall()}


def column_privileges(role: str, table: str, verb: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT attname FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
              AND has_column_privilege(%s, attrelid, attnum, %s)
            """,
            [table, role, verb],
        )
        return {name for (name,) in cursor.fetchall()}


def test_every_table_belongs_to_a_company_or_is_listed():
    unlisted = {name for name, is_company in tables().items() if not is_company} - set(SHARED) - set(LIBRARIES)
    assert not unlisted
    owned = {name for name, is_company in tables().items() if is_company}
    assert {model._meta.db_table for model in company_models()} | set(WITHOUT_MODEL) == owned


def test_every_company_table_is_under_forced_row_level_security():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        secured = {name for (name,) in cursor.fetchall()}
        cursor.execute(
            """
            SELECT tablename FROM pg_policies
            WHERE roles = '{propman_app}' AND cmd = 'ALL' AND permissive = 'PERMISSIVE'
              AND qual = with_check AND qual LIKE '%(company_id = (current_setting(''app.company''::text))::bigint)%'
            """
        )
        policed = {name for (name,) in cursor.fetchall()}
    expected = {name for name, is_company in tables().items() if is_company}
    assert expected - secured == set()
    assert expected - policed == set()


def test_policies_speak_of_the_two_roles_only():
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT unnest(roles)::text, cmd FROM pg_policies")
        assert set(cursor.fetchall()) <= {("propman_app", "ALL"), ("propman_official", "SELECT")}
        cursor.execute(
            "SELECT tablename FROM pg_policies GROUP BY tablename, roles HAVING count(*) > 1"
        )  # permissive policies add up: a second one opens what the first one closed
        assert cursor.fetchall() == []


@pytest.mark.parametrize("model", company_models(), ids=lambda model: model._meta.db_table)
def test_application_may_do_what_is_declared(model):
    table = model._meta.db_table
    (grants,) = declared(model, AppGrants)
    expected = {"SELECT"} if grants.select is True else set()
    expected |= {"INSERT"} if grants.insert else set()
    expected |= {"UPDATE"} if grants.update is True else set()
    expected |= {"DELETE"} if grants.delete else set()
    assert table_privileges("propman_app", table) == expected
    columns = set(grants.update) if isinstance(grants.update, list) else set()
    if grants.update is not True:
        assert column_privileges("propman_app", table, "UPDATE") == columns
        assert not columns & {"id", "company_id"}


def test_application_may_do_what_is_declared_with_shared_tables():
    for table, expected in LIBRARIES.items():
        assert table_privileges("propman_app", table) == expected, table
    for table, expected in WITHOUT_MODEL.items():
        assert table_privileges("propman_app", table) == expected, table
    for table in SHARED:
        assert table_privileges("propman_app", table) <= {"SELECT", "INSERT", "UPDATE"}


@pytest.mark.parametrize(
    "table", sorted({*SHARED, *LIBRARIES, *WITHOUT_MODEL}) + [model._meta.db_table for model in company_models()]
)
def test_official_may_only_read_listed_columns(table):
    model = next((model for model in apps.get_models() if model._meta.db_table == table), None)
    policies = declared(model, OfficialPolicy) if model and issubclass(model, CompanyModel) else []
    every = column_privileges("propman_ddl", table, "SELECT")
    expected = set()
    for policy in policies:
        expected |= set(policy.columns) if policy.columns else every
    if policies:
        assert column_privileges("propman_official", table, "SELECT") == expected
    readable_by_everyone = {"tenancy_company"}
    for verb in VERBS:
        if verb == "SELECT" and (policies or table in readable_by_everyone):
            continue
        assert verb not in table_privileges("propman_official", table), (table, verb)
        if verb in {"SELECT", "INSERT", "UPDATE"}:
            assert not column_privileges("propman_official", table, verb), (table, verb)


def test_public_may_nothing():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class, LATERAL aclexplode(relacl) AS acl "
            "WHERE relnamespace = 'public'::regnamespace AND acl.grantee = 0 "
            "AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')"  # of an extension
        )
        assert cursor.fetchall() == []


def test_definer_functions_are_closed_and_pinned():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
              AND (proconfig IS NULL OR NOT EXISTS (SELECT 1 FROM unnest(proconfig) AS c WHERE c LIKE 'search_path=%')
                   OR prorettype <> 'trigger'::regtype AND has_function_privilege('public', pg_proc.oid, 'EXECUTE'))
            """
        )
        assert cursor.fetchall() == []


def test_nobody_but_the_owner_enters_the_live_box():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_schema_privilege(role, 'box', 'USAGE') FROM unnest(ARRAY['propman_app', 'propman_official']) AS role"
        )
        assert cursor.fetchall() == [(False,), (False,)]


def test_application_owns_nothing():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("propman_app", False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("model", company_models(), ids=lambda model: model._meta.db_table)
def test_references_stay_inside_the_company(model):
    keys = {(key.column, key.to) for key in declared(model, CompanyForeignKey)}
    for field in model._meta.fields:
        target = field.remote_field and field.remote_field.model
        if target and issubclass(target, CompanyModel):
            assert isinstance(field, Link), f"{field} refers to a company's row, so it is a Link"
            if (model._meta.db_table, field.column) not in ERASABLE | CHECKED_AS_A_SET:
                assert (field.column, target._meta.db_table) in keys, f"{field} lacks its CompanyForeignKey"
            assert not field.db_constraint


@pytest.mark.parametrize("model", company_models(), ids=lambda model: model._meta.db_table)
def test_unique_constraints_begin_with_the_company(model):
    for constraint in declared(model, UniqueConstraint):
        if constraint.fields:
            assert constraint.fields[0] == "company", constraint.name
    assert not [field.name for field in model._meta.fields if field.unique and not field.primary_key]


@pytest.mark.parametrize("model", company_models(), ids=lambda model: model._meta.db_table)
def test_nothing_can_be_read_without_a_scope(model):
    with pytest.raises(NoCompany):
        model.objects.first()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
