from django.db import migrations

# The columns as they were when this migration was written.
STATES = {
    "callback": ("complaints_callback", ["attempts", "outcome", "called_at"]),
    "logentry": (
        "complaints_logentry",
        ["state", "contact_id", "matched_by", "reason", "decided_by_id", "decided_at", "seen_at"],
    ),
}

MOVES_WITH_EVENT = """
    CREATE FUNCTION complaints_row_moves_with_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.event_position <= OLD.event_position OR NOT EXISTS (
            SELECT FROM tenancy_event WHERE company_id = NEW.company_id
            AND stream = TG_ARGV[0] || ':' || NEW.id AND position = NEW.event_position
        ) THEN
            RAISE EXCEPTION '% %: its state moves only together with an event', TG_ARGV[0], NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$
"""


def changed(columns: list[str]) -> str:
    old, new = (", ".join(f"{row}.{column}" for column in columns) for row in ("OLD", "NEW"))
    return f"ROW({old}) IS DISTINCT FROM ROW({new})"


class Migration(migrations.Migration):
    dependencies = [("complaints", "0011_counting")]

    operations = [
        migrations.RunSQL(MOVES_WITH_EVENT, "DROP FUNCTION complaints_row_moves_with_event()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_moves_with_event BEFORE UPDATE ON {table} FOR EACH ROW "
                f"WHEN ({changed(columns)}) EXECUTE FUNCTION complaints_row_moves_with_event('{stream}')",
                f"DROP TRIGGER {table}_moves_with_event ON {table}",
            )
            for stream, (table, columns) in STATES.items()
        ),
    ]
