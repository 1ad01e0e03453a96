"""The portal refuses to work with a database login that could go past row-level security."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

APPLICATION_LOGIN: str = ""
_verified = False


def watch_logins() -> None:
    """From now on every first connection of a process is looked at."""
    global APPLICATION_LOGIN
    APPLICATION_LOGIN = settings.DATABASES["default"]["USER"]
    connection_created.connect(verify_login, dispatch_uid="propman.ops.login")


def verify_login(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Raises ImproperlyConfigured, and closes the connection, when the application's login has too many rights.

    Migrations sign in as the owner of the tables on purpose (propman.tenancy.roles.as_owner): not looked at.
    """
    global _verified
    if _verified or connection.settings_dict["USER"] != APPLICATION_LOGIN:
        return
    if excess := excessive_rights(connection):
        connection.close()
        raise ImproperlyConfigured(
            f"DATABASE_URL signs in as {APPLICATION_LOGIN}, which {' and '.join(excess)}: row-level security would not hold. "
            "Use the role propman_app (propman/embedded/roles.sql makes it)."
        )
    _verified = True


def excessive_rights(connection: Any) -> list[str]:
    """What the signed-in role may do that the application must not, in words."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT rolsuper, rolbypassrls, EXISTS (
                SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                WHERE relkind IN ('r', 'p') AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
                AND pg_has_role(session_user, relowner, 'MEMBER'))
            FROM pg_roles WHERE rolname = session_user
        """)
        is_superuser, bypasses, owns = cursor.fetchone()
    if is_superuser:
        return ["is a superuser"]
    return ["has BYPASSRLS"] * bypasses + ["owns tables"] * owns
