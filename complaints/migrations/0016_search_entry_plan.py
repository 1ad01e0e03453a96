from django.db import migrations

# A fresh installation has no statistics while its history is imported: to the planner a company is then as selective as an
# id, and it may walk all words of the company for each new row. A comparison that no index serves leaves it only the id.
KEEP_ENTRY = """
    CREATE OR REPLACE FUNCTION complaints_keep_entry() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        IF NEW.words_id IS NULL THEN
            DELETE FROM complaints_searchentry WHERE company_id = NEW.company_id AND complaint_id = NEW.id;
            RETURN NULL;
        END IF;
        INSERT INTO complaints_searchentry (company_id, complaint_id, lexemes)
        SELECT NEW.company_id, NEW.id, complaints_lexemes(NEW.company_id, contact.is_confidential, words.title, words.text,
            room.label, words.asker_name, words.asker_phone)
        FROM complaints_contactwords AS words
        JOIN complaints_contact AS contact
            ON contact.id = words.contact_id AND contact.company_id IS NOT DISTINCT FROM words.company_id
        LEFT JOIN community_room AS room ON room.id = NEW.room_id AND room.company_id IS NOT DISTINCT FROM words.company_id
        WHERE words.id = NEW.words_id AND words.company_id IS NOT DISTINCT FROM NEW.company_id
        ON CONFLICT (company_id, complaint_id) DO UPDATE SET lexemes = excluded.lexemes;
        RETURN NULL;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0015_photos_of_work")]

    operations = [migrations.RunSQL(KEEP_ENTRY, migrations.RunSQL.noop)]
