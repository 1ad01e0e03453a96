from django.db import migrations

# The columns as they were when this migration was written.
STATE_COLUMNS = [
    "state", "room_id", "words_id", "category_id", "severity", "handler_id", "first_inquirer_id", "department_id",
    "accepted_at", "first_answered_at", "resolved_at", "closed_at", "closed_as", "wakes_at", "deferrals", "urges",
    "reopenings", "half_fixes", "refusals", "merged_into_id", "rating", "is_with_centre",
]  # fmt: skip

OLD, NEW = (", ".join(f"{row}.{column}" for column in STATE_COLUMNS) for row in ("OLD", "NEW"))

STATE_MOVES_WITH_EVENT = f"""
    CREATE FUNCTION complaints_state_moves_with_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.event_position <= OLD.event_position OR NOT EXISTS (
            SELECT FROM tenancy_event WHERE company_id = NEW.company_id
            AND stream = 'complaint:' || NEW.id AND position = NEW.event_position
        ) THEN
            RAISE EXCEPTION 'complaint %: its state moves only together with an event', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER complaints_state_moves_with_event BEFORE UPDATE ON complaints_complaint
        FOR EACH ROW WHEN (ROW({OLD}) IS DISTINCT FROM ROW({NEW})) EXECUTE FUNCTION complaints_state_moves_with_event();
"""

# Set once: the number by the last statement of the filing, the first inquirer when somebody takes a web complaint.
SET_ONCE = """
    CREATE FUNCTION complaints_set_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'complaint %: number and first inquirer are set once', NEW.id USING ERRCODE = 'check_violation';
    END $$;
    CREATE TRIGGER complaints_set_once BEFORE UPDATE ON complaints_complaint
        FOR EACH ROW WHEN (
            OLD.number IS DISTINCT FROM NEW.number AND OLD.number IS NOT NULL
            OR OLD.first_inquirer_id IS DISTINCT FROM NEW.first_inquirer_id AND OLD.first_inquirer_id IS NOT NULL
        ) EXECUTE FUNCTION complaints_set_once();
"""

NUMBERED_AT_COMMIT = """
    CREATE FUNCTION complaints_numbered_at_commit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        IF EXISTS (SELECT FROM complaints_complaint WHERE company_id = NEW.company_id AND id = NEW.id AND number IS NULL) THEN
            RAISE EXCEPTION 'complaint % has no number', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER complaints_numbered_at_commit AFTER INSERT ON complaints_complaint
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.number IS NULL)
        EXECUTE FUNCTION complaints_numbered_at_commit();
"""

# Row-level security hides all companies but one; a sweep only learns which of them have something due.
COMPANIES_DUE = """
    CREATE FUNCTION complaints_companies_with_due_timers(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT DISTINCT company_id FROM complaints_timer
        WHERE due_at <= at AND fired_at IS NULL AND cancelled_at IS NULL
    $$;
    CREATE FUNCTION complaints_companies_to_wake(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT DISTINCT company_id FROM complaints_complaint WHERE wakes_at <= at
    $$;
    CREATE FUNCTION complaints_overdue_timers(before timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT count(*) FROM complaints_timer WHERE due_at <= before AND fired_at IS NULL AND cancelled_at IS NULL
    $$;
    REVOKE ALL ON FUNCTION complaints_companies_with_due_timers(timestamptz) FROM PUBLIC;
    REVOKE ALL ON FUNCTION complaints_companies_to_wake(timestamptz) FROM PUBLIC;
    REVOKE ALL ON FUNCTION complaints_overdue_timers(timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION complaints_companies_with_due_timers(timestamptz) TO propman_app;
    GRANT EXECUTE ON FUNCTION complaints_companies_to_wake(timestamptz) TO propman_app;
    GRANT EXECUTE ON FUNCTION complaints_overdue_timers(timestamptz) TO propman_app;
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_initial")]

    operations = [
        migrations.RunSQL(
            STATE_MOVES_WITH_EVENT,
            "DROP TRIGGER complaints_state_moves_with_event ON complaints_complaint; DROP FUNCTION complaints_state_moves_with_event()",
        ),
        migrations.RunSQL(
            SET_ONCE, "DROP TRIGGER complaints_set_once ON complaints_complaint; DROP FUNCTION complaints_set_once()"
        ),
        migrations.RunSQL(
            NUMBERED_AT_COMMIT,
            "DROP TRIGGER complaints_numbered_at_commit ON complaints_complaint; DROP FUNCTION complaints_numbered_at_commit()",
        ),
        migrations.RunSQL(
            COMPANIES_DUE,
            "DROP FUNCTION complaints_companies_with_due_timers(timestamptz); "
            "DROP FUNCTION complaints_companies_to_wake(timestamptz); DROP FUNCTION complaints_overdue_timers(timestamptz)",
        ),
    ]
