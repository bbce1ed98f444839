"""The life of plans, the places of staff and the hard limits of the override, held by PostgreSQL.

- Versions that are there count as approved: they did until now.
- A version begins as a draft, is approved by a second person, and then only its last day is set.
- Rates, steps and margins change only while their version is a draft.
- Days that are over keep their places of staff.
- A run reaches the books only if overrides went to staff, to one person a line at most, and not
  for what that person sold; and if no month line names something that is not there.

Not reversible: approvals given under this rule could not be told from versions without one.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

KNOWN_VERSIONS = """
DROP TRIGGER kosops_frozen ON incentives_planversion;
DROP FUNCTION incentives_plan_version_frozen();
UPDATE incentives_planversion SET state = 'approved';
DROP TRIGGER kosops_no_change ON incentives_planrate;
"""

LIFE = """
CREATE FUNCTION incentives_plan_version_life() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    facts text[] := ARRAY['valid', 'state', 'submitted_by_id', 'submitted_at', 'approved_by_id',
        'approved_at', 'sent_back'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a commission plan starts as a draft' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a commission plan is kept; drop the draft' USING ERRCODE = '23001';
    END IF;
    IF OLD.state <> NEW.state THEN
        IF (OLD.state, NEW.state) NOT IN (('draft', 'submitted'), ('draft', 'dropped'),
            ('submitted', 'draft'), ('submitted', 'approved')) THEN
            RAISE EXCEPTION 'a commission plan cannot go from % to %', OLD.state, NEW.state
                USING ERRCODE = '23514';
        END IF;
        -- Who nobody made, as a test or a trial, nobody has to approve.
        IF NEW.state = 'approved' AND NEW.approved_by_id IS NULL AND NEW.created_by_id IS NOT NULL
        THEN
            RAISE EXCEPTION 'a second person approves a commission plan' USING ERRCODE = '23514';
        END IF;
        IF to_jsonb(NEW) - facts <> to_jsonb(OLD) - facts THEN
            RAISE EXCEPTION 'a step of a commission plan changes nothing else'
                USING ERRCODE = '23001';
        END IF;
    ELSIF OLD.state <> 'draft' AND (
        to_jsonb(NEW) - 'valid' <> to_jsonb(OLD) - 'valid' OR OLD.state <> 'approved'
        OR lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid)) THEN
        RAISE EXCEPTION 'a commission plan is not edited any more; only its last day may be set'
            USING ERRCODE = '23001', HINT = 'Add a new version from a later day.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_life BEFORE INSERT OR UPDATE OR DELETE ON incentives_planversion
    FOR EACH ROW EXECUTE FUNCTION incentives_plan_version_life();
CREATE FUNCTION incentives_plan_part_of_draft() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    part jsonb;
BEGIN
    FOREACH part IN ARRAY ARRAY[to_jsonb(OLD), to_jsonb(NEW)] LOOP
        CONTINUE WHEN part IS NULL;
        IF NOT EXISTS (
            SELECT 1 FROM incentives_planversion v
              LEFT JOIN incentives_planrate r ON r.version_id = v.id
                   AND r.id = (part->>'rate_id')::bigint
             WHERE v.state = 'draft'
               AND (v.id = (part->>'version_id')::bigint OR r.id IS NOT NULL)
        ) THEN
            RAISE EXCEPTION '% changes only while its plan is a draft', TG_TABLE_NAME
                USING ERRCODE = '23001', HINT = 'Add a new version from a later day.';
        END IF;
    END LOOP;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER kosops_part_of_draft BEFORE INSERT OR UPDATE OR DELETE ON incentives_planrate
    FOR EACH ROW EXECUTE FUNCTION incentives_plan_part_of_draft();
CREATE TRIGGER kosops_part_of_draft BEFORE INSERT OR UPDATE OR DELETE ON incentives_planmargin
    FOR EACH ROW EXECUTE FUNCTION incentives_plan_part_of_draft();
CREATE TRIGGER kosops_part_of_draft BEFORE INSERT OR UPDATE OR DELETE ON incentives_planband
    FOR EACH ROW EXECUTE FUNCTION incentives_plan_part_of_draft();
"""

PLACES = """
CREATE FUNCTION incentives_staff_place_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'valid' <> to_jsonb(OLD) - 'valid'
       OR lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid) OR upper(OLD.valid) IS NOT NULL THEN
        RAISE EXCEPTION 'a place in a store is never edited; it ends and another begins'
            USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_kept BEFORE UPDATE OR DELETE ON incentives_staffplace
    FOR EACH ROW EXECUTE FUNCTION incentives_staff_place_kept();
CREATE FUNCTION incentives_staff_place_of_staff() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM matrix_creator c
         WHERE c.id = NEW.creator_id AND c.kind = 'kos' AND c.number <> ''
    ) THEN
        RAISE EXCEPTION 'only staff with an employee number has a place in a store'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_staff BEFORE INSERT ON incentives_staffplace
    FOR EACH ROW EXECUTE FUNCTION incentives_staff_place_of_staff();
"""

# Looked for only in runs by plans that have an override (`wide`); others pay nothing for it.
OVERRIDES = """
CREATE FUNCTION incentives_override_limits() RETURNS trigger LANGUAGE plpgsql
    SET jit = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM incentives_commissionline a JOIN matrix_creator c ON c.id = a.creator_id
         WHERE a.run_id = NEW.id AND a.role IN ('manager', 'pot') AND a.amount > 0
           AND (c.kind <> 'kos' OR c.number = '')
    ) THEN
        RAISE EXCEPTION 'an override or a share of a pot goes to staff only' USING ERRCODE = '23514';
    END IF;
    IF EXISTS (
        SELECT 1 FROM incentives_commissionline a
          JOIN incentives_commissionline b ON b.order_id = a.order_id
               AND b.order_line_id = a.order_line_id AND b.role = 'manager'
         WHERE a.run_id = NEW.id AND a.role = 'manager'
         GROUP BY a.order_line_id, b.creator_id, a.id HAVING sum(b.amount) > 0
            AND EXISTS (
                SELECT 1 FROM incentives_commissionline o
                 WHERE o.order_id = min(a.order_id) AND o.order_line_id = a.order_line_id
                   AND ((o.role = 'manager' AND o.creator_id <> b.creator_id)
                        OR (o.role IN ('seller', 'sharer') AND o.creator_id = b.creator_id))
                 GROUP BY o.creator_id, o.role HAVING sum(o.amount) > 0)
    ) THEN
        RAISE EXCEPTION 'an override is one level deep: one person a line, never the seller'
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_override AFTER UPDATE ON incentives_commissionrun
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted'
                       AND NEW.plan @> '[{"wide": true}]')
    EXECUTE FUNCTION incentives_override_limits();
CREATE FUNCTION incentives_month_line_of_open_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added a LEFT JOIN incentives_commissionrun r ON r.id = a.run_id
         WHERE r.id IS NULL OR r.state = 'posted'
    ) THEN
        RAISE EXCEPTION 'month lines are only added to an open run' USING ERRCODE = '23001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_run_open AFTER INSERT ON incentives_monthline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_month_line_of_open_run();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0010_plan_rules")]

    operations = [
        migrations.RunSQL(KNOWN_VERSIONS),
        migrations.RunSQL(LIFE),
        migrations.RunSQL(PLACES),
        migrations.RunSQL(OVERRIDES),
        *append_only("incentives_monthline"),
        *never_deleted("incentives_planversion"),
    ]
