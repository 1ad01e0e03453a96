"""A round begins at its beginning, and a counted tally stays as it was counted."""

from django.db import migrations

GUARDS = """
    CREATE FUNCTION cards_round_begins() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state <> 'issuing' OR NEW.issued_root <> '' OR NEW.root <> '' THEN
            RAISE EXCEPTION 'a round begins by being issued' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER cards_round_begins BEFORE INSERT ON cards_round FOR EACH ROW EXECUTE FUNCTION cards_round_begins();

    CREATE FUNCTION cards_tally_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM cards_round WHERE company_id = OLD.company_id AND id = OLD.round_id AND state IN ('counted', 'published')
        ) THEN
            RAISE EXCEPTION 'the tally of a counted round is final' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER cards_tally_guard BEFORE UPDATE ON cards_tally FOR EACH ROW EXECUTE FUNCTION cards_tally_guard();
"""
UNDO = """
    DROP TRIGGER cards_round_begins ON cards_round; DROP FUNCTION cards_round_begins();
    DROP TRIGGER cards_tally_guard ON cards_tally; DROP FUNCTION cards_tally_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("cards", "0003_archive")]

    operations = [migrations.RunSQL(GUARDS, UNDO)]
