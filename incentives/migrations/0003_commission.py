"""Plans, places of staff, runs and their lines, held by PostgreSQL.

- A version of a plan begins as a draft, is approved by a second person, and then only its last day
  is set. Rates, steps and margins change only while their version is a draft.
- Days that are over keep their places of staff.
- Lines of commission and release have no foreign keys: measured on 300,000 lines, each cost as much
  as writing the line itself, all of them 3.5 times as much. Checking the lines with each statement
  took half as much as writing them, so they are checked when their run is posted, all at once. What
  matters is that no line reaches the books that names something that is not there, and that none is
  added to a run that is in the books.
- A run reaches the books only if overrides went to staff, to one person a line at most, and not
  for what that person sold.
- What a finished dry run came to stays.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

PLAN_LIFE = """
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

PLAN_LIFE_BACK = """
DROP TRIGGER kosops_part_of_draft ON incentives_planband;
DROP TRIGGER kosops_part_of_draft ON incentives_planmargin;
DROP TRIGGER kosops_part_of_draft ON incentives_planrate;
DROP FUNCTION incentives_plan_part_of_draft();
DROP TRIGGER kosops_life ON incentives_planversion;
DROP FUNCTION incentives_plan_version_life();
"""

# Rates may be changed while their plan is a draft, but never all at once.
RATES_NOT_EMPTIED = """
CREATE TRIGGER kosops_no_truncate BEFORE TRUNCATE ON incentives_planrate
    FOR EACH STATEMENT EXECUTE FUNCTION kosops_append_only();
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

PLACES_BACK = """
DROP TRIGGER kosops_staff ON incentives_staffplace;
DROP FUNCTION incentives_staff_place_of_staff();
DROP TRIGGER kosops_kept ON incentives_staffplace;
DROP FUNCTION incentives_staff_place_kept();
"""

LINES = """
CREATE FUNCTION incentives_run_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT run_id FROM added) a
          LEFT JOIN incentives_commissionrun r ON r.id = a.run_id AND r.state = 'calculating'
         WHERE r.id IS NULL
    ) THEN
        RAISE EXCEPTION 'lines are only added to a run that is calculating' USING ERRCODE = '23001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_run_open AFTER INSERT ON incentives_commissionline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_run_open();
CREATE TRIGGER kosops_run_open AFTER INSERT ON incentives_releaseline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_run_open();
CREATE FUNCTION incentives_lines_refer() RETURNS trigger LANGUAGE plpgsql
    SET jit = off SET work_mem = '64MB' SET enable_nestloop = on AS $$
BEGIN
    -- There are no statistics of a run that was just written; many lines must not be looked up
    -- one by one.
    IF COALESCE((NEW.counts->>'lines')::bigint, 0) > 50000 THEN
        SET LOCAL enable_nestloop = off;
    END IF;
    IF EXISTS (
        SELECT 1 FROM incentives_commissionline a
          LEFT JOIN customers_orderline l ON l.id = a.order_line_id AND l.order_id = a.order_id
         WHERE a.run_id = NEW.id AND l.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (
            SELECT DISTINCT rate_id FROM incentives_commissionline WHERE run_id = NEW.id) a
          LEFT JOIN incentives_planrate r ON r.id = a.rate_id
         WHERE r.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM incentives_releaseline a
          LEFT JOIN customers_order o ON o.id = a.order_id
         WHERE a.run_id = NEW.id AND o.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (
            SELECT creator_id FROM incentives_commissionline WHERE run_id = NEW.id
            UNION SELECT creator_id FROM incentives_releaseline WHERE run_id = NEW.id) a
          LEFT JOIN matrix_creator c ON c.id = a.creator_id
         WHERE c.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a line of run % names an order line, creator or rate that is not there',
            NEW.id USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_refers AFTER UPDATE ON incentives_commissionrun
    FOR EACH ROW WHEN (NEW.state = 'posted' AND OLD.state <> 'posted')
    EXECUTE FUNCTION incentives_lines_refer();
"""

LINES_BACK = """
DROP TRIGGER kosops_refers ON incentives_commissionrun;
DROP FUNCTION incentives_lines_refer();
DROP TRIGGER kosops_run_open ON incentives_releaseline;
DROP TRIGGER kosops_run_open ON incentives_commissionline;
DROP FUNCTION incentives_run_open();
"""

# Runs and rates are never deleted and order lines neither (customers 0002); a creator may be, so
# that side is checked, too. It waits for lines that are being written (the lock needs the owner).
CREDITED = """
CREATE FUNCTION incentives_creator_credited() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    LOCK TABLE incentives_commissionline, incentives_releaseline IN SHARE MODE;
    IF EXISTS (SELECT 1 FROM incentives_commissionline WHERE creator_id = OLD.id)
       OR EXISTS (SELECT 1 FROM incentives_releaseline WHERE creator_id = OLD.id) THEN
        RAISE EXCEPTION 'creator % has commission lines', OLD.id USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_credited AFTER DELETE ON matrix_creator
    FOR EACH ROW EXECUTE FUNCTION incentives_creator_credited();
"""

CREDITED_BACK = """
DROP TRIGGER kosops_credited ON matrix_creator;
DROP FUNCTION incentives_creator_credited();
"""

FINAL = """
CREATE TRIGGER kosops_final BEFORE UPDATE ON incentives_commissionrun
    FOR EACH ROW WHEN (OLD.state = 'posted') EXECUTE FUNCTION incentives_final();
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

OVERRIDES_BACK = """
DROP TRIGGER kosops_run_open ON incentives_monthline;
DROP FUNCTION incentives_month_line_of_open_run();
DROP TRIGGER kosops_override ON incentives_commissionrun;
DROP FUNCTION incentives_override_limits();
"""

FINISHED = """
CREATE TRIGGER kosops_no_change BEFORE UPDATE OR DELETE ON incentives_dryrun
    FOR EACH ROW WHEN (OLD.finished_at IS NOT NULL)
    EXECUTE FUNCTION kosops_append_only();
"""


class Migration(migrations.Migration):
    replaces = [
        ("incentives", "0007_lines_checked_when_posted"),
        ("incentives", "0011_plan_life"),
    ]
    dependencies = [("incentives", "0002_books"), ("customers", "0002_rules")]

    operations = [
        *append_only(
            "incentives_commissionline",
            "incentives_releaseline",
            "incentives_monthline",
            "incentives_dryrunperson",
        ),
        *never_deleted("incentives_planversion", "incentives_commissionrun"),
        migrations.RunSQL(PLAN_LIFE, PLAN_LIFE_BACK),
        migrations.RunSQL(
            RATES_NOT_EMPTIED, "DROP TRIGGER kosops_no_truncate ON incentives_planrate"
        ),
        migrations.RunSQL(PLACES, PLACES_BACK),
        migrations.RunSQL(LINES, LINES_BACK),
        migrations.RunSQL(CREDITED, CREDITED_BACK),
        migrations.RunSQL(FINAL, "DROP TRIGGER kosops_final ON incentives_commissionrun"),
        migrations.RunSQL(OVERRIDES, OVERRIDES_BACK),
        migrations.RunSQL(FINISHED, "DROP TRIGGER kosops_no_change ON incentives_dryrun"),
    ]
