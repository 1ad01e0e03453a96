"""What the database itself keeps: nothing changes after the lock, scores settle when the sheet is submitted."""

from django.db import migrations

FUNCTIONS = """
    CREATE FUNCTION hr_refuse_after_lock() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM hr_appraisalquarter
            WHERE company_id = coalesce(NEW.company_id, OLD.company_id) AND id = coalesce(NEW.quarter_id, OLD.quarter_id)
            AND locked_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION '% of % is refused: the quarter is locked', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN coalesce(NEW, OLD);
    END $$;

    CREATE FUNCTION hr_settled_scores() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM hr_appraisalunit WHERE company_id = NEW.company_id AND id = NEW.unit_id AND state = 'open'
        ) AND NOT EXISTS (
            SELECT FROM hr_appraisalobjection
            WHERE company_id = NEW.company_id AND appraisal_id = NEW.id AND verdict = 'changed'
        ) THEN
            RAISE EXCEPTION 'scores are settled once the sheet is submitted' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$;

    CREATE FUNCTION hr_companies_with_due_appraisals(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT DISTINCT company_id FROM hr_appraisalquarter WHERE locked_at IS NULL AND next_due_at <= at
    $$;
    REVOKE ALL ON FUNCTION hr_companies_with_due_appraisals(timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION hr_companies_with_due_appraisals(timestamptz) TO propman_app;
"""
NO_FUNCTIONS = """
    DROP FUNCTION hr_companies_with_due_appraisals(timestamptz);
    DROP FUNCTION hr_settled_scores();
    DROP FUNCTION hr_refuse_after_lock();
"""

FROZEN = ["hr_appraisalunit", "hr_appraisal", "hr_appraisalobjection"]
FILLED_BY_THE_LOCK = ["hr_appraisalresult", "hr_officeresult"]

TRIGGERS = (
    "".join(
        f"""
    CREATE TRIGGER {table}_locked BEFORE INSERT OR UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION hr_refuse_after_lock();
    CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION tenancy_forbid_rewriting();
    """
        for table in FROZEN
    )
    + "".join(
        f"CREATE TRIGGER {table}_locked BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION hr_refuse_after_lock();"
        for table in FILLED_BY_THE_LOCK
    )
    + """
    CREATE TRIGGER hr_appraisal_settled BEFORE UPDATE ON hr_appraisal FOR EACH ROW
        WHEN (ROW(OLD.score1, OLD.score2, OLD.score3, OLD.score4, OLD.score5, OLD.fact)
              IS DISTINCT FROM ROW(NEW.score1, NEW.score2, NEW.score3, NEW.score4, NEW.score5, NEW.fact))
        EXECUTE FUNCTION hr_settled_scores();
    CREATE TRIGGER hr_appraisalquarter_locked BEFORE UPDATE ON hr_appraisalquarter FOR EACH ROW
        WHEN (OLD.locked_at IS NOT NULL) EXECUTE FUNCTION tenancy_forbid_rewriting();
    CREATE TRIGGER hr_appraisalquarter_kept BEFORE DELETE ON hr_appraisalquarter
        FOR EACH ROW EXECUTE FUNCTION tenancy_forbid_rewriting();
    CREATE TRIGGER hr_appraisalquarter_whole BEFORE TRUNCATE ON hr_appraisalquarter
        FOR EACH STATEMENT EXECUTE FUNCTION tenancy_forbid_rewriting();
"""
)
NO_TRIGGERS = (
    "".join(f"DROP TRIGGER {table}_locked ON {table}; DROP TRIGGER {table}_kept ON {table};" for table in FROZEN)
    + "".join(f"DROP TRIGGER {table}_locked ON {table};" for table in FILLED_BY_THE_LOCK)
    + """
    DROP TRIGGER hr_appraisal_settled ON hr_appraisal;
    DROP TRIGGER hr_appraisalquarter_locked ON hr_appraisalquarter;
    DROP TRIGGER hr_appraisalquarter_kept ON hr_appraisalquarter;
    DROP TRIGGER hr_appraisalquarter_whole ON hr_appraisalquarter;
    """
)


class Migration(migrations.Migration):
    dependencies = [("hr", "0001_initial"), ("tenancy", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
