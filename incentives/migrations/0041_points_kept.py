"""Lines of points only grow; rules and points by hand say forever what they said."""

from django.db import migrations

from kosops.lib.guards import append_only

RULE = """
CREATE FUNCTION incentives_point_rule_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'valid') <> (to_jsonb(OLD) - 'valid')
       OR lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid) THEN
        RAISE EXCEPTION 'a point rule is never edited; only its last day may be set'
            USING ERRCODE = '23001', HINT = 'Add a new rule from a later day.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE OR DELETE ON incentives_pointrule
    FOR EACH ROW EXECUTE FUNCTION incentives_point_rule_frozen();
"""

GRANT = """
CREATE FUNCTION incentives_point_grant_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR (to_jsonb(NEW) - '{state,checker_id,answer,decided_at}'::text[])
       <> (to_jsonb(OLD) - '{state,checker_id,answer,decided_at}'::text[])
       OR OLD.state <> 'waiting' THEN
        RAISE EXCEPTION 'points by hand are decided on once and never changed'
            USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE OR DELETE ON incentives_pointgrant
    FOR EACH ROW EXECUTE FUNCTION incentives_point_grant_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0040_points")]

    operations = [
        *append_only("incentives_pointline"),
        migrations.RunSQL(
            RULE,
            """
            DROP TRIGGER kosops_frozen ON incentives_pointrule;
            DROP FUNCTION incentives_point_rule_frozen();
            """,
        ),
        migrations.RunSQL(
            GRANT,
            """
            DROP TRIGGER kosops_frozen ON incentives_pointgrant;
            DROP FUNCTION incentives_point_grant_frozen();
            """,
        ),
    ]
