from django.db import migrations

MEMBERSHIPS_OF = """
    CREATE FUNCTION accounts_memberships_of(person bigint) RETURNS TABLE (company_id bigint, role text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT membership.company_id, membership.role FROM accounts_membership AS membership
        WHERE membership.user_id = person AND membership.ended_at IS NULL
    $$;
    REVOKE ALL ON FUNCTION accounts_memberships_of(bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION accounts_memberships_of(bigint) TO propman_app;
"""

# Tables of the libraries: what signing in needs, and no more.
LIBRARIES = """
    GRANT SELECT, INSERT, UPDATE, DELETE ON django_session, account_emailaddress, account_emailconfirmation, mfa_authenticator
        TO propman_app;
    GRANT SELECT ON django_content_type, auth_permission, django_migrations TO propman_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_initial"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunSQL(MEMBERSHIPS_OF, "DROP FUNCTION accounts_memberships_of(bigint)"),
        migrations.RunSQL(LIBRARIES, migrations.RunSQL.noop),
    ]
