from django.db import migrations

# The planner takes an unknown word for a frequent one and would walk the whole table from its newest row. So the newest
# few thousand are looked through first: a frequent word fills its page from them, a rare one goes to the index of pairs.
# A last row of 0 says that there are no more.
SEARCH = """
    CREATE OR REPLACE FUNCTION complaints_search(company bigint, said text, sees_hidden boolean, before bigint, most int)
    RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE wanted tsquery; matches bigint[]; found int;
    BEGIN
        IF company IS DISTINCT FROM current_setting('app.company')::bigint THEN
            RAISE EXCEPTION 'only the current company is searched' USING ERRCODE = 'insufficient_privilege';
        END IF;
        SELECT string_agg('(' || complaints_word(company || ':', word) || CASE WHEN sees_hidden
                THEN ' | ' || complaints_word(company || '!', word) ELSE '' END || ')', ' & ')::tsquery
        INTO wanted FROM regexp_split_to_table(complaints_plain(said), ' ') AS word WHERE word <> '';
        IF wanted IS NULL THEN RETURN NEXT 0; RETURN; END IF;
        SELECT array_agg(complaint_id ORDER BY complaint_id DESC), count(*) INTO matches, found FROM (
            SELECT complaint_id, lexemes FROM complaints_searchentry
            WHERE company_id = company AND complaint_id < before ORDER BY complaint_id DESC LIMIT 3000
        ) AS newest WHERE lexemes @@ wanted;
        IF found >= 50 THEN
            RETURN QUERY SELECT unnest(matches[:most]);
            RETURN;
        END IF;
        -- The sum keeps the planner from the index of ids.
        RETURN QUERY SELECT complaint_id FROM complaints_searchentry
            WHERE lexemes @@ wanted AND company_id = company AND complaint_id < before ORDER BY complaint_id + 0 DESC LIMIT most;
        GET DIAGNOSTICS found = ROW_COUNT;
        IF found < most THEN RETURN NEXT 0; END IF;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0004_search")]

    operations = [migrations.RunSQL(SEARCH, migrations.RunSQL.noop)]
