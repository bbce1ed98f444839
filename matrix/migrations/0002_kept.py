"""What was signed stays signed; evidence, violations and consent texts can only grow."""

from django.db import migrations

from kosops.lib.guards import append_only

SIGNED = """
CREATE FUNCTION matrix_custody_signed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given text[] := ARRAY['giver_name', 'giver_by_id', 'giver_at', 'giver_on_paper'];
    taken text[] := ARRAY['taker_name', 'taker_by_id', 'taker_at', 'taker_on_paper'];
    may text[] := ARRAY['until'];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a custody is kept' USING ERRCODE = '23001';
    END IF;
    IF OLD.until IS NOT NULL THEN
        may := ARRAY[]::text[];
    ELSIF OLD.giver_at IS NULL AND OLD.taker_at IS NULL THEN
        RETURN NEW;
    ELSIF OLD.giver_at IS NULL THEN
        may := may || given || ARRAY['note', 'evidence_id'];
    ELSIF OLD.taker_at IS NULL THEN
        may := may || taken || ARRAY['note', 'evidence_id'];
    END IF;
    IF (to_jsonb(NEW) - may) <> (to_jsonb(OLD) - may) THEN
        RAISE EXCEPTION 'a custody that was signed or has ended is never edited'
            USING ERRCODE = '23001', HINT = 'End it and begin a new one.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE OR DELETE ON matrix_custody
    FOR EACH ROW EXECUTE FUNCTION matrix_custody_signed();
"""


class Migration(migrations.Migration):
    replaces = [
        ("matrix", "0014_custody_is_kept"),
        ("matrix", "0017_consent_kept"),
    ]
    dependencies = [("matrix", "0001_tables"), ("accounts", "0002_rules")]

    operations = [
        *append_only("matrix_evidence", "matrix_accountevent", "matrix_consenttext"),
        migrations.RunSQL(
            SIGNED,
            """
            DROP TRIGGER kosops_frozen ON matrix_custody;
            DROP FUNCTION matrix_custody_signed();
            """,
        ),
    ]
