from django.db import migrations, models

import propman.tenancy.constraints
import propman.tenancy.operations

# Row-level security hides all companies but one; the sweeps only learn which of them have something to do.
COMPANIES_WITH_WORK = """
    CREATE INDEX cards_round_closing ON cards_round (closes_at) WHERE state IN ('issued', 'open');
    CREATE INDEX cards_round_unarchived ON cards_round (published_at) WHERE state = 'published' AND archived_at IS NULL;
    CREATE FUNCTION cards_companies_with_work(what text, at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT DISTINCT company_id FROM cards_round WHERE what = 'close' AND state IN ('issued', 'open') AND closes_at <= at
        UNION
        SELECT DISTINCT company_id FROM cards_round WHERE what = 'archive' AND state = 'published' AND archived_at IS NULL
    $$;
    REVOKE ALL ON FUNCTION cards_companies_with_work(text, timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION cards_companies_with_work(text, timestamptz) TO propman_app;
"""
UNDO = "DROP FUNCTION cards_companies_with_work(text, timestamptz); DROP INDEX cards_round_closing, cards_round_unarchived"


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0002_box"),
        ("community", "0002_imports"),
        ("tenancy", "0002_answers"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="round",
            name="cards_round_grants",
        ),
        migrations.AddField(
            model_name="round",
            name="archived_at",
            field=models.DateTimeField(null=True),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="round",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False,
                insert=True,
                name="cards_round_grants",
                update=[
                    "state",
                    "issued_at",
                    "opened_at",
                    "closed_at",
                    "published_at",
                    "archived_at",
                    "households",
                    "issued_root",
                    "cast_root",
                    "void_root",
                    "opinions_root",
                    "opinions",
                    "root",
                ],
            ),
        ),
        migrations.RunSQL(COMPANIES_WITH_WORK, UNDO),
    ]
