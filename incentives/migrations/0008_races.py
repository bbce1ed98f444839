"""What of a race must not change, held by the database."""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

RACE = """
CREATE FUNCTION incentives_race_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.formula_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM incentives_raceformula f WHERE f.id = NEW.formula_id AND f.race_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'the formula is of another race' USING ERRCODE = '23514';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'running'), ('running', 'closing'), ('closing', 'frozen')) THEN
        RAISE EXCEPTION 'a race does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    IF OLD.state <> 'draft' AND (
        OLD.brand_id, OLD.scheme, OLD.kind, OLD.creator_kind, OLD.first_day, OLD.last_day,
        OLD.cut_off_on, OLD.formula_id, OLD.created_by_id)
       IS DISTINCT FROM (
        NEW.brand_id, NEW.scheme, NEW.kind, NEW.creator_kind, NEW.first_day, NEW.last_day,
        NEW.cut_off_on, NEW.formula_id, NEW.created_by_id) THEN
        RAISE EXCEPTION 'a race that has started keeps its days and its formula'
            USING ERRCODE = '23001';
    END IF;
    IF OLD.state = 'frozen' AND (
        to_jsonb(NEW) - 'approved_at' - 'approved_by_id'
            <> to_jsonb(OLD) - 'approved_at' - 'approved_by_id'
        OR OLD.approved_at IS NOT NULL) THEN
        RAISE EXCEPTION 'the result of race % is fixed', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_kept BEFORE UPDATE ON incentives_race
    FOR EACH ROW EXECUTE FUNCTION incentives_race_kept();
"""

ENTRY = """
CREATE TRIGGER kosops_no_change BEFORE UPDATE OR DELETE ON incentives_raceentry
    FOR EACH ROW EXECUTE FUNCTION kosops_append_only();
CREATE FUNCTION incentives_race_entry_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT race_id FROM added) a
          JOIN incentives_race r ON r.id = a.race_id
         WHERE r.state NOT IN ('running', 'closing')
    ) THEN
        RAISE EXCEPTION 'nobody enters a race that does not run' USING ERRCODE = '23001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_race_runs AFTER INSERT ON incentives_raceentry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_race_entry_kept();
"""

STANDING = """
CREATE FUNCTION incentives_race_standing_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT race_id FROM touched) a
          JOIN incentives_race r ON r.id = a.race_id
         WHERE r.state = 'frozen'
    ) THEN
        RAISE EXCEPTION 'the standings of a fixed race stay' USING ERRCODE = '23001';
    END IF;
    IF TG_OP <> 'DELETE' AND EXISTS (
        SELECT 1 FROM touched a JOIN incentives_raceentry e ON e.id = a.entry_id
         WHERE e.race_id <> a.race_id
    ) THEN
        RAISE EXCEPTION 'a standing of another race' USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_race_open_insert AFTER INSERT ON incentives_racestanding
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_race_standing_kept();
CREATE TRIGGER kosops_race_open_update AFTER UPDATE ON incentives_racestanding
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_race_standing_kept();
CREATE TRIGGER kosops_race_open_delete AFTER DELETE ON incentives_racestanding
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_race_standing_kept();
"""


class Migration(migrations.Migration):
    replaces = [
        ("incentives", "0051_race_rules"),
        ("incentives", "0070_dry_runs"),
    ]
    dependencies = [("incentives", "0007_tiers_and_rewards")]

    operations = [
        *append_only(
            "incentives_raceformula",
            "incentives_raceaward",
            "incentives_raceproof",
        ),
        *never_deleted("incentives_race", "incentives_racedispute", "incentives_racescreen"),
        migrations.RunSQL(
            RACE,
            """
            DROP TRIGGER kosops_kept ON incentives_race;
            DROP FUNCTION incentives_race_kept();
            """,
        ),
        migrations.RunSQL(
            ENTRY,
            """
            DROP TRIGGER kosops_no_change ON incentives_raceentry;
            DROP TRIGGER kosops_race_runs ON incentives_raceentry;
            DROP FUNCTION incentives_race_entry_kept();
            """,
        ),
        migrations.RunSQL(
            STANDING,
            """
            DROP TRIGGER kosops_race_open_insert ON incentives_racestanding;
            DROP TRIGGER kosops_race_open_update ON incentives_racestanding;
            DROP TRIGGER kosops_race_open_delete ON incentives_racestanding;
            DROP FUNCTION incentives_race_standing_kept();
            """,
        ),
    ]
