"""The roll is written while its round is issued, and then no more."""

import django.db.models.deletion
from django.db import migrations, models

GUARD = """
    CREATE FUNCTION cards_rollentry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT company_id, round_id FROM fresh) AS wanted
            LEFT JOIN cards_round AS round ON round.company_id = wanted.company_id AND round.id = wanted.round_id
            WHERE round.state IS DISTINCT FROM 'issuing'
        ) THEN
            RAISE EXCEPTION 'households are added to a roll only while its round is issued'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER cards_rollentry_guard AFTER INSERT ON cards_rollentry REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION cards_rollentry_guard();
"""
UNDO = "DROP TRIGGER cards_rollentry_guard ON cards_rollentry; DROP FUNCTION cards_rollentry_guard()"


class Migration(migrations.Migration):
    dependencies = [("cards", "0004_guards"), ("tenancy", "0002_answers")]

    operations = [
        migrations.RemoveConstraint(model_name="rollentry", name="cards_rollentry_round_id_fk"),
        migrations.AlterField(
            model_name="rollentry",
            name="company",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenancy.company",
            ),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
