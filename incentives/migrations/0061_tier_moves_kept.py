"""Pins, notices and proposed moves are kept: only their end can be added, once."""

from django.db import migrations

from kosops.lib.guards import never_deleted

KEPT = ("incentives_tierpin", "incentives_tiernotice", "incentives_tierproposal")

# The explanation of a proposal follows the facts while it waits.
FROZEN = """
CREATE FUNCTION incentives_tier_word_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added text[] := CASE TG_TABLE_NAME
        WHEN 'incentives_tierpin' THEN ARRAY['ended_by_id', 'ended_at']
        WHEN 'incentives_tiernotice' THEN ARRAY['seen_at', 'ended_on', 'ended_as']
        ELSE ARRAY['state', 'decided_by_id', 'decided_at', 'reason', 'rests_until', 'explanation']
        END;
    final boolean := CASE TG_TABLE_NAME
        WHEN 'incentives_tierpin' THEN to_jsonb(OLD) ->> 'ended_at' IS NOT NULL
        WHEN 'incentives_tiernotice' THEN to_jsonb(OLD) ->> 'ended_on' IS NOT NULL
            AND to_jsonb(NEW) - 'seen_at' <> to_jsonb(OLD) - 'seen_at'
        ELSE to_jsonb(OLD) ->> 'state' <> 'waiting'
        END;
BEGIN
    IF final OR to_jsonb(NEW) - added <> to_jsonb(OLD) - added THEN
        RAISE EXCEPTION '% % stands as it was written', TG_TABLE_NAME, OLD.id
            USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_tierpin
    FOR EACH ROW EXECUTE FUNCTION incentives_tier_word_stands();
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_tiernotice
    FOR EACH ROW EXECUTE FUNCTION incentives_tier_word_stands();
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_tierproposal
    FOR EACH ROW EXECUTE FUNCTION incentives_tier_word_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0060_tier_moves"), ("accounts", "0002_append_only")]

    operations = [
        *never_deleted(*KEPT),
        migrations.RunSQL(
            FROZEN,
            """
            DROP TRIGGER kosops_stands ON incentives_tierpin;
            DROP TRIGGER kosops_stands ON incentives_tiernotice;
            DROP TRIGGER kosops_stands ON incentives_tierproposal;
            DROP FUNCTION incentives_tier_word_stands();
            """,
        ),
    ]
