"""The lists of cards and the box.

These tables have no model: they are written and read by sets. The issued and the counted list are company tables like any
other. A live box is a table of the schema `box`, which the application may not even enter: it casts, looks and closes
through the functions below, so that nothing partial can be read before the count. A box holds hashes and what was cast;
no household, user, time, address or sequence.
"""

from django.db import migrations

from propman.tenancy.constraints import APPLICATION

OWN = "company_id = current_setting('app.company')::bigint"

LISTS = f"""
    CREATE TABLE cards_issued (
        company_id bigint NOT NULL,
        round_id bigint NOT NULL,
        hash bytea NOT NULL,
        card smallint NOT NULL,
        PRIMARY KEY (company_id, round_id, hash),
        CONSTRAINT cards_issued_hash CHECK (octet_length(hash) = 32),
        CONSTRAINT cards_issued_card CHECK (card BETWEEN 1 AND 6)
    );
    CREATE TABLE cards_counted (
        company_id bigint NOT NULL,
        round_id bigint NOT NULL,
        hash bytea NOT NULL,
        card smallint NOT NULL,
        void boolean NOT NULL,
        opinion text,
        PRIMARY KEY (company_id, round_id, hash),
        CONSTRAINT cards_counted_hash CHECK (octet_length(hash) = 32),
        CONSTRAINT cards_counted_card CHECK (card BETWEEN 1 AND 6),
        CONSTRAINT cards_counted_opinion CHECK (NOT void OR opinion IS NULL)
    );
    REVOKE ALL ON cards_issued, cards_counted FROM PUBLIC;
    GRANT SELECT, INSERT ON cards_issued TO {APPLICATION};
    GRANT SELECT ON cards_counted TO {APPLICATION};
    ALTER TABLE cards_issued ENABLE ROW LEVEL SECURITY;
    ALTER TABLE cards_issued FORCE ROW LEVEL SECURITY;
    CREATE POLICY cards_issued_policy ON cards_issued FOR ALL TO {APPLICATION} USING ({OWN}) WITH CHECK ({OWN});
    ALTER TABLE cards_counted ENABLE ROW LEVEL SECURITY;
    ALTER TABLE cards_counted FORCE ROW LEVEL SECURITY;
    CREATE POLICY cards_counted_policy ON cards_counted FOR ALL TO {APPLICATION} USING ({OWN}) WITH CHECK ({OWN});
"""

# One look at the set instead of a foreign-key check per row: 6,000,000 cards are issued at once.
GUARDS = """
    CREATE FUNCTION cards_issued_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM (SELECT DISTINCT company_id, round_id FROM fresh) AS wanted
            LEFT JOIN cards_round AS round ON round.company_id = wanted.company_id AND round.id = wanted.round_id
            WHERE round.state IS DISTINCT FROM 'issuing'
        ) THEN
            RAISE EXCEPTION 'cards are added to a round only while it is being issued' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER cards_issued_guard AFTER INSERT ON cards_issued REFERENCING NEW TABLE AS fresh
        FOR EACH STATEMENT EXECUTE FUNCTION cards_issued_guard();
    CREATE TRIGGER cards_issued_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON cards_issued
        FOR EACH STATEMENT EXECUTE FUNCTION tenancy_forbid_rewriting();
    CREATE TRIGGER cards_counted_forever BEFORE UPDATE OR DELETE OR TRUNCATE ON cards_counted
        FOR EACH STATEMENT EXECUTE FUNCTION tenancy_forbid_rewriting();

    CREATE FUNCTION cards_round_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state <> OLD.state AND NOT (OLD.state, NEW.state) IN (
            ('issuing', 'issued'), ('issued', 'open'), ('issued', 'closed'), ('open', 'closed'),
            ('closed', 'counting'), ('counting', 'counted'), ('counted', 'published')
        ) THEN
            RAISE EXCEPTION 'a round that is % cannot become %', OLD.state, NEW.state USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF (OLD.issued_root <> '' AND (NEW.issued_root, NEW.households) IS DISTINCT FROM (OLD.issued_root, OLD.households))
            OR (OLD.root <> '' AND (NEW.root, NEW.cast_root, NEW.void_root, NEW.opinions_root, NEW.opinions)
                IS DISTINCT FROM (OLD.root, OLD.cast_root, OLD.void_root, OLD.opinions_root, OLD.opinions)) THEN
            RAISE EXCEPTION 'the roots of a round are written once' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER cards_round_guard BEFORE UPDATE ON cards_round FOR EACH ROW EXECUTE FUNCTION cards_round_guard();
    CREATE TRIGGER cards_round_forever BEFORE DELETE ON cards_round FOR EACH ROW EXECUTE FUNCTION tenancy_forbid_rewriting();
"""

BOX = f"""
    CREATE SCHEMA box;
    REVOKE ALL ON SCHEMA box FROM PUBLIC;

    -- Casting holds this lock shared, closing holds it alone: a cast is in the count or refused, never lost or late.
    CREATE FUNCTION cards_box_lock(round bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
        SELECT hashtextextended('cards.box', round)
    $$;

    CREATE FUNCTION cards_open_box(the_round bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM cards_round WHERE id = the_round AND state = 'issued' AND {OWN}) THEN
            RAISE EXCEPTION 'a box is opened for an issued round of the current company';
        END IF;
        EXECUTE format('CREATE TABLE box.round_%s (hash bytea PRIMARY KEY, void boolean NOT NULL, opinion text,
            CHECK (NOT void OR opinion IS NULL))', the_round);
    END $$;

    CREATE FUNCTION cards_cast(
        the_company bigint, the_hash bytea, is_void boolean, words text, at timestamptz,
        OUT outcome text, OUT round bigint, OUT name text, OUT card smallint, OUT closes_at timestamptz, OUT signing bytea
    ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        its_state text;
        was_void boolean;
    BEGIN
        SELECT candidate.id, candidate.name, issued.card, candidate.closes_at, key.signing
        INTO round, name, card, closes_at, signing
        FROM cards_round AS candidate
        JOIN cards_issued AS issued
            ON issued.company_id = the_company AND issued.round_id = candidate.id AND issued.hash = the_hash
        JOIN cards_roundkey AS key ON key.company_id = the_company AND key.round_id = candidate.id
        WHERE candidate.company_id = the_company
            AND candidate.state IN ('issued', 'open', 'closed', 'counting', 'counted');
        IF round IS NULL THEN
            outcome := 'unknown';
            RETURN;
        END IF;
        PERFORM pg_advisory_xact_lock_shared(cards_box_lock(round));
        -- read again: the round may have been closed while we waited
        SELECT current.state INTO its_state FROM cards_round AS current
        WHERE current.company_id = the_company AND current.id = round;
        IF its_state = 'open' THEN
            IF at < closes_at THEN
                EXECUTE format('INSERT INTO box.round_%s (hash, void, opinion) VALUES ($1, $2, $3)
                    ON CONFLICT DO NOTHING RETURNING void', round)
                    INTO was_void USING the_hash, is_void, CASE WHEN is_void THEN NULL ELSE words END;
            END IF;
            IF was_void IS NULL THEN
                EXECUTE format('SELECT void FROM box.round_%s WHERE hash = $1', round) INTO was_void USING the_hash;
            END IF;
        ELSE
            SELECT counted.void INTO was_void FROM cards_counted AS counted
            WHERE counted.company_id = the_company AND counted.round_id = round AND counted.hash = the_hash;
        END IF;
        outcome := CASE
            WHEN was_void THEN 'void'
            WHEN NOT was_void THEN 'cast'
            WHEN its_state = 'issued' AND at < closes_at THEN 'early'
            ELSE 'late'
        END;
    END $$;

    CREATE FUNCTION cards_box_look(the_round bigint, hashes bytea[]) RETURNS TABLE (hash bytea, void boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        IF EXISTS (SELECT FROM cards_round WHERE id = the_round AND state IN ('issued', 'open') AND {OWN}) THEN
            RETURN QUERY EXECUTE format('SELECT hash, void FROM box.round_%s WHERE hash = ANY($1)', the_round) USING hashes;
        END IF;
    END $$;

    -- Copied in the order of the hashes, then dropped with its table: neither order, xmin nor time tells anything.
    CREATE FUNCTION cards_close_box(the_round bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        counted bigint;
    BEGIN
        PERFORM pg_advisory_xact_lock(cards_box_lock(the_round));
        IF NOT EXISTS (SELECT FROM cards_round WHERE id = the_round AND state IN ('issued', 'open') AND {OWN}) THEN
            RAISE EXCEPTION 'a box is closed once, by its company';
        END IF;
        EXECUTE format('
            INSERT INTO cards_counted (company_id, round_id, hash, card, void, opinion)
            SELECT issued.company_id, issued.round_id, issued.hash, issued.card, live.void, live.opinion
            FROM box.round_%s AS live
            JOIN cards_issued AS issued
                ON issued.company_id = current_setting(''app.company'')::bigint AND issued.round_id = $1 AND issued.hash = live.hash
            ORDER BY issued.hash', the_round) USING the_round;
        GET DIAGNOSTICS counted = ROW_COUNT;
        EXECUTE format('DROP TABLE box.round_%s', the_round);
        RETURN counted;
    END $$;

    REVOKE ALL ON FUNCTION cards_open_box(bigint), cards_cast(bigint, bytea, boolean, text, timestamptz),
        cards_box_look(bigint, bytea[]), cards_close_box(bigint), cards_box_lock(bigint) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION cards_open_box(bigint), cards_cast(bigint, bytea, boolean, text, timestamptz),
        cards_box_look(bigint, bytea[]), cards_close_box(bigint) TO {APPLICATION};
"""

UNDO = """
    DROP FUNCTION cards_open_box(bigint), cards_cast(bigint, bytea, boolean, text, timestamptz),
        cards_box_look(bigint, bytea[]), cards_close_box(bigint), cards_box_lock(bigint);
    DROP SCHEMA box CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("cards", "0001_initial")]

    operations = [
        migrations.RunSQL(LISTS, "DROP TABLE cards_issued, cards_counted"),
        migrations.RunSQL(
            GUARDS,
            "DROP TRIGGER cards_round_guard ON cards_round; DROP TRIGGER cards_round_forever ON cards_round;"
            "DROP FUNCTION cards_round_guard(); DROP TRIGGER cards_issued_guard ON cards_issued; DROP FUNCTION cards_issued_guard()",
        ),
        migrations.RunSQL(BOX, UNDO),
    ]
