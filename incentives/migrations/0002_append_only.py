"""What decided about money and tiers can only grow."""

from django.db import migrations

from kosops.lib.guards import append_only

PLAN_VERSION = """
CREATE FUNCTION incentives_plan_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'valid') <> (to_jsonb(OLD) - 'valid')
       OR lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid) THEN
        RAISE EXCEPTION 'a commission plan is never edited; only its last day may be set'
            USING ERRCODE = '23001', HINT = 'Add a new version from a later day.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE OR DELETE ON incentives_planversion
    FOR EACH ROW EXECUTE FUNCTION incentives_plan_version_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0001_initial"), ("accounts", "0002_append_only")]

    operations = [
        *append_only(
            "incentives_ladderversion",
            "incentives_tierchange",
            "incentives_planrate",
            "incentives_commissionline",
            "incentives_releaseline",
            "incentives_journal",
            "incentives_posting",
            "incentives_statement",
            "incentives_approval",
        ),
        migrations.RunSQL(
            PLAN_VERSION,
            """
            DROP TRIGGER kosops_frozen ON incentives_planversion;
            DROP FUNCTION incentives_plan_version_frozen();
            """,
        ),
    ]
