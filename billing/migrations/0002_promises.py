"""What the database keeps by itself: the ledger's balances, and the secret of who filled in a sheet."""

from django.db import migrations

# Statement triggers see all new rows at once: a run of a million bills costs two updates of accounts, not a million.
KEEP_BALANCES = """
    CREATE FUNCTION billing_keep_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        PERFORM 1 FROM billing_account AS account
        WHERE (account.company_id, account.id) IN (
            SELECT company_id, debit_id FROM fresh UNION SELECT company_id, credit_id FROM fresh
        ) ORDER BY account.id FOR NO KEY UPDATE;  -- a plain FOR UPDATE would meet the foreign keys of others, and deadlock
        IF EXISTS (
            SELECT 1 FROM (
                SELECT DISTINCT company_id, kind, debit_id, credit_id FROM fresh
            ) AS moved
            JOIN billing_account AS debit ON debit.company_id = moved.company_id AND debit.id = moved.debit_id
            JOIN billing_account AS credit ON credit.company_id = moved.company_id AND credit.id = moved.credit_id
            WHERE debit.currency <> credit.currency OR debit.community_id <> credit.community_id
                OR (moved.kind, debit.kind, credit.kind) NOT IN (VALUES
                    ('bill', 'receivables', 'revenue'),
                    ('payment', 'cash', 'receivables'),
                    ('overpayment', 'cash', 'owner_credit'),
                    ('credit_used', 'owner_credit', 'receivables'),
                    ('credit_note', 'revenue', 'receivables'),
                    ('released', 'receivables', 'owner_credit'),
                    ('refund', 'owner_credit', 'cash'))
        ) THEN
            RAISE EXCEPTION 'a transfer joins the wrong accounts' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM fresh
            JOIN billing_account AS debit ON debit.company_id = fresh.company_id AND debit.id = fresh.debit_id
            JOIN billing_bill AS bill ON bill.company_id = fresh.company_id AND bill.id = fresh.bill_id
            WHERE bill.currency <> debit.currency OR bill.community_id <> debit.community_id
                OR (fresh.kind = 'bill' AND (fresh.amount <> bill.amount OR fresh.key <> 'bill:' || bill.id))
        ) THEN
            RAISE EXCEPTION 'a transfer does not agree with its bill' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE billing_account AS account
        SET debits = account.debits + moved.debits, credits = account.credits + moved.credits
        FROM (
            SELECT company_id, account_id, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits
            FROM (
                SELECT company_id, debit_id AS account_id, amount AS debits, 0 AS credits FROM fresh
                UNION ALL
                SELECT company_id, credit_id, 0, amount FROM fresh
            ) AS sides GROUP BY company_id, account_id
        ) AS moved
        WHERE account.company_id = moved.company_id AND account.id = moved.account_id;
        UPDATE billing_bill AS bill
        SET settled = bill.settled + moved.settled, credited = bill.credited + moved.credited
        FROM (
            SELECT company_id, bill_id,
                sum(CASE WHEN kind = 'released' THEN -amount ELSE amount END)::bigint AS settled,
                sum(CASE WHEN kind = 'credit_note' THEN amount ELSE 0 END)::bigint AS credited
            FROM fresh WHERE bill_id IS NOT NULL AND kind <> 'bill' GROUP BY company_id, bill_id
        ) AS moved
        WHERE bill.company_id = moved.company_id AND bill.id = moved.bill_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER billing_transfer_balances AFTER INSERT ON billing_transfer
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION billing_keep_balances();

    CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% of % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
    END $$;
    CREATE TRIGGER billing_account_begins_empty BEFORE INSERT ON billing_account FOR EACH ROW
        WHEN (NEW.debits <> 0 OR NEW.credits <> 0)
        EXECUTE FUNCTION billing_refuse('an account begins at nothing');
    CREATE TRIGGER billing_bill_begins_open BEFORE INSERT ON billing_bill FOR EACH ROW
        WHEN (NEW.settled <> 0 OR NEW.credited <> 0 OR NEW.cancelled_at IS NOT NULL)
        EXECUTE FUNCTION billing_refuse('a bill begins open');
    CREATE TRIGGER billing_bill_cancelled_once BEFORE UPDATE OF cancelled_at ON billing_bill FOR EACH ROW
        WHEN (OLD.cancelled_at IS NOT NULL)
        EXECUTE FUNCTION billing_refuse('a cancelled bill stays cancelled');
"""
DROP_BALANCES = """
    DROP TRIGGER billing_bill_cancelled_once ON billing_bill;
    DROP TRIGGER billing_bill_begins_open ON billing_bill;
    DROP TRIGGER billing_account_begins_empty ON billing_account;
    DROP FUNCTION billing_refuse();
    DROP TRIGGER billing_transfer_balances ON billing_transfer;
    DROP FUNCTION billing_keep_balances();
"""

# The application may not read sheets. It can ask for the household's own sheet in the name of a resident, save
# scores in that name while the window is open, and have a closed survey counted and its sheets destroyed.
SHEETS = """
    CREATE FUNCTION billing_may_fill(survey_ bigint, household_ bigint, user_ bigint, at_ timestamptz) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT EXISTS (
            SELECT 1 FROM billing_survey AS survey
            JOIN tenancy_company AS company ON company.id = survey.company_id
            JOIN community_household AS household
                ON household.company_id = survey.company_id AND household.community_id = survey.community_id
            JOIN community_occupancy AS occupancy
                ON occupancy.company_id = household.company_id AND occupancy.household_id = household.id
            JOIN community_person AS person
                ON person.company_id = occupancy.company_id AND person.id = occupancy.person_id
            WHERE survey.company_id = current_setting('app.company')::bigint
                AND survey.id = survey_ AND household.id = household_ AND person.user_id = user_
                AND household.started_on <= (survey.opens_at AT TIME ZONE company.zone)::date
                AND occupancy.kind IN ('owner', 'tenant')
                AND occupancy.starts_on <= (at_ AT TIME ZONE company.zone)::date
                AND (occupancy.ends_on IS NULL OR occupancy.ends_on > (at_ AT TIME ZONE company.zone)::date)
        )
    $$;

    CREATE FUNCTION billing_own_sheet(survey_ bigint, household_ bigint, user_ bigint, at_ timestamptz)
    RETURNS TABLE (item_id bigint, score smallint, comment text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT answer.item_id, answer.score, answer.comment
        FROM billing_sheet AS sheet
        JOIN billing_sheetanswer AS answer ON answer.company_id = sheet.company_id AND answer.sheet_id = sheet.id
        WHERE sheet.company_id = current_setting('app.company')::bigint
            AND sheet.survey_id = survey_ AND sheet.household_id = household_
            AND billing_may_fill(survey_, household_, user_, at_)
    $$;

    CREATE FUNCTION billing_save_sheet(
        survey_ bigint, household_ bigint, user_ bigint, at_ timestamptz,
        items_ bigint[], scores_ smallint[], comments_ text[]
    ) RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        company_ bigint := current_setting('app.company')::bigint;
        survey billing_survey;
        own_sheet bigint;
    BEGIN
        IF NOT billing_may_fill(survey_, household_, user_, at_) THEN
            RETURN 'not_yours';
        END IF;
        -- The count locks the row for update: a score is in it, or is refused here.
        SELECT * INTO survey FROM billing_survey WHERE company_id = company_ AND id = survey_ FOR SHARE;
        IF survey.counted_at IS NOT NULL OR at_ < survey.opens_at OR at_ >= survey.closes_at THEN
            RETURN 'closed';
        END IF;
        INSERT INTO billing_sheet (company_id, survey_id, household_id) VALUES (company_, survey_, household_)
        ON CONFLICT (company_id, survey_id, household_id) DO NOTHING;
        SELECT id INTO own_sheet FROM billing_sheet
        WHERE company_id = company_ AND survey_id = survey_ AND household_id = household_;
        INSERT INTO billing_sheetanswer AS answer (company_id, sheet_id, item_id, score, comment)
        SELECT company_, own_sheet, item.id, given.score, given.comment
        FROM unnest(items_, scores_, comments_) AS given (item_id, score, comment)
        JOIN billing_agreementitem AS item
            ON item.company_id = company_ AND item.id = given.item_id AND item.agreement_id = survey.agreement_id
        ORDER BY item.id
        ON CONFLICT (company_id, sheet_id, item_id) DO UPDATE SET score = excluded.score, comment = excluded.comment;
        RETURN 'saved';
    END $$;

    CREATE FUNCTION billing_count_sheets(survey_ bigint, at_ timestamptz)
    RETURNS TABLE (item_id bigint, points bigint, answers bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        company_ bigint := current_setting('app.company')::bigint;
    BEGIN
        PERFORM 1 FROM billing_survey
        WHERE company_id = company_ AND id = survey_ AND counted_at IS NULL AND closes_at <= at_ FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'sheets are counted once, after they were collected' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN QUERY
            SELECT answer.item_id, sum(answer.score)::bigint, count(*) FROM billing_sheet AS sheet
            JOIN billing_sheetanswer AS answer ON answer.company_id = sheet.company_id AND answer.sheet_id = sheet.id
            WHERE sheet.company_id = company_ AND sheet.survey_id = survey_ AND answer.score IS NOT NULL
            GROUP BY answer.item_id
            UNION ALL
            SELECT NULL, NULL, count(DISTINCT sheet.id) FROM billing_sheet AS sheet
            JOIN billing_sheetanswer AS answer ON answer.company_id = sheet.company_id AND answer.sheet_id = sheet.id
            WHERE sheet.company_id = company_ AND sheet.survey_id = survey_ AND answer.score IS NOT NULL;
    END $$;

    CREATE FUNCTION billing_destroy_sheets(survey_ bigint, at_ timestamptz, commented_ bigint[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DECLARE
        company_ bigint := current_setting('app.company')::bigint;
    BEGIN
        PERFORM 1 FROM billing_survey
        WHERE company_id = company_ AND id = survey_ AND counted_at IS NULL AND closes_at <= at_ FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'sheets are destroyed when they are counted' USING ERRCODE = 'insufficient_privilege';
        END IF;
        INSERT INTO billing_comment (company_id, survey_id, item_id, text)
        SELECT company_, survey_, answer.item_id, answer.comment FROM billing_sheet AS sheet
        JOIN billing_sheetanswer AS answer ON answer.company_id = sheet.company_id AND answer.sheet_id = sheet.id
        WHERE sheet.company_id = company_ AND sheet.survey_id = survey_ AND answer.comment <> ''
            AND answer.item_id = ANY (commented_)
            AND (SELECT count(*) FROM billing_sheet AS other
                 JOIN billing_sheetanswer AS others ON others.company_id = other.company_id AND others.sheet_id = other.id
                 WHERE other.company_id = company_ AND other.survey_id = survey_
                     AND others.item_id = answer.item_id AND others.score IS NOT NULL) >= 5
        ORDER BY sha256(convert_to(answer.comment, 'UTF8')), answer.item_id;
        DELETE FROM billing_sheetanswer AS answer USING billing_sheet AS sheet
        WHERE sheet.company_id = company_ AND sheet.survey_id = survey_
            AND answer.company_id = company_ AND answer.sheet_id = sheet.id;
        DELETE FROM billing_sheet WHERE company_id = company_ AND survey_id = survey_;
    END $$;

    REVOKE ALL ON FUNCTION billing_may_fill(bigint, bigint, bigint, timestamptz),
        billing_own_sheet(bigint, bigint, bigint, timestamptz),
        billing_save_sheet(bigint, bigint, bigint, timestamptz, bigint[], smallint[], text[]),
        billing_count_sheets(bigint, timestamptz),
        billing_destroy_sheets(bigint, timestamptz, bigint[]) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION billing_may_fill(bigint, bigint, bigint, timestamptz),
        billing_own_sheet(bigint, bigint, bigint, timestamptz),
        billing_save_sheet(bigint, bigint, bigint, timestamptz, bigint[], smallint[], text[]),
        billing_count_sheets(bigint, timestamptz),
        billing_destroy_sheets(bigint, timestamptz, bigint[]) TO propman_app;
"""
DROP_SHEETS = """
    DROP FUNCTION billing_destroy_sheets(bigint, timestamptz, bigint[]);
    DROP FUNCTION billing_count_sheets(bigint, timestamptz);
    DROP FUNCTION billing_save_sheet(bigint, bigint, bigint, timestamptz, bigint[], smallint[], text[]);
    DROP FUNCTION billing_own_sheet(bigint, bigint, bigint, timestamptz);
    DROP FUNCTION billing_may_fill(bigint, bigint, bigint, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        migrations.RunSQL(KEEP_BALANCES, DROP_BALANCES),
        migrations.RunSQL(SHEETS, DROP_SHEETS),
    ]
