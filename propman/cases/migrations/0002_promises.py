"""What the database itself keeps: a case moves only together with an event, and a step that was taken stays as it was."""

from django.db import migrations

# The columns as they were when this migration was written.
STATE_COLUMNS = [
    "state", "is_serious", "judged_at", "judged_by_id", "judgement", "replied_at", "reply", "decided_at", "decided_by_id",
    "measure", "amount", "clause", "reason", "appealed_at", "appeal", "reviewed_at", "reviewed_by_id", "verdict",
    "review_reason", "closed_at", "final_measure", "final_amount",
]  # fmt: skip
STEPS = {
    "judged_at": ["judged_at", "judged_by_id", "judgement", "head_id"],
    "replied_at": ["replied_at", "reply", "is_serious"],
    "decided_at": ["decided_at", "decided_by_id", "measure", "amount", "clause", "reason", "is_serious"],
    "appealed_at": ["appealed_at", "appeal"],
    "reviewed_at": ["reviewed_at", "reviewed_by_id", "verdict", "review_reason"],
    "closed_at": ["closed_at", "final_measure", "final_amount", "state"],
}


def rows(columns: list[str]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"ROW({old}) IS DISTINCT FROM ROW({new})"


MOVES_WITH_EVENT = f"""
    CREATE FUNCTION cases_move_with_event() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
    BEGIN
        IF NEW.event_position <= OLD.event_position OR NOT EXISTS (
            SELECT FROM tenancy_event WHERE company_id = NEW.company_id
            AND stream = 'case:' || NEW.id AND position = NEW.event_position
        ) THEN
            RAISE EXCEPTION 'case %: it moves only together with an event', NEW.id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER cases_move_with_event BEFORE UPDATE ON cases_case
        FOR EACH ROW WHEN ({rows(STATE_COLUMNS)}) EXECUTE FUNCTION cases_move_with_event();
"""
SET_ONCE = """
    CREATE FUNCTION cases_set_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
    BEGIN
        RAISE EXCEPTION 'case %: what was decided cannot be rewritten', NEW.id USING ERRCODE = 'check_violation';
    END $$;
""" + "".join(
    f"""
    CREATE TRIGGER cases_set_once_{step} BEFORE UPDATE ON cases_case FOR EACH ROW
        WHEN (OLD.{step} IS NOT NULL AND {rows(columns)}) EXECUTE FUNCTION cases_set_once();
    """
    for step, columns in STEPS.items()
)
DROPPED_STAYS = """
    CREATE TRIGGER cases_set_once_dropped BEFORE UPDATE ON cases_case FOR EACH ROW
        WHEN (OLD.state = 'dropped') EXECUTE FUNCTION cases_set_once();
"""
# Row-level security hides all companies but one; the sweep only learns which of them have something due.
COMPANIES_DUE = """
    CREATE FUNCTION cases_companies_with_due_cases(at timestamptz) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
        SELECT DISTINCT company_id FROM cases_case WHERE due_at <= at
    $$;
    REVOKE ALL ON FUNCTION cases_companies_with_due_cases(timestamptz) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION cases_companies_with_due_cases(timestamptz) TO propman_app;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("tenancy", "0001_initial")]

    operations = [
        migrations.RunSQL(
            MOVES_WITH_EVENT, "DROP TRIGGER cases_move_with_event ON cases_case; DROP FUNCTION cases_move_with_event()"
        ),
        migrations.RunSQL(
            SET_ONCE + DROPPED_STAYS,
            "".join(f"DROP TRIGGER cases_set_once_{step} ON cases_case; " for step in [*STEPS, "dropped"])
            + "DROP FUNCTION cases_set_once()",
        ),
        migrations.RunSQL(COMPANIES_DUE, "DROP FUNCTION cases_companies_with_due_cases(timestamptz)"),
    ]
