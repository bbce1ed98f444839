"""What was answered about money is said again word for word, and nothing is kept without an answer."""

from django.db import migrations

RULES = """
CREATE FUNCTION accounts_kept_answer_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status IS NOT NULL
       OR (to_jsonb(NEW) - '{status,body}'::text[]) <> (to_jsonb(OLD) - '{status,body}'::text[]) THEN
        RAISE EXCEPTION 'an answer that was given never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE ON accounts_keptanswer
    FOR EACH ROW EXECUTE FUNCTION accounts_kept_answer_frozen();

CREATE FUNCTION accounts_kept_answer_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM accounts_keptanswer WHERE id = NEW.id AND status IS NULL) THEN
        RAISE EXCEPTION 'a key is not kept without its answer' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER kosops_answered AFTER INSERT ON accounts_keptanswer
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION accounts_kept_answer_whole();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_kept_answers")]

    operations = [
        migrations.RunSQL(
            RULES,
            """
            DROP TRIGGER kosops_answered ON accounts_keptanswer;
            DROP TRIGGER kosops_frozen ON accounts_keptanswer;
            DROP FUNCTION accounts_kept_answer_whole();
            DROP FUNCTION accounts_kept_answer_frozen();
            """,
        )
    ]
