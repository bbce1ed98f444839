"""Lines are checked against their parents when their run is posted, all at once.

Checking them with each statement took 4 microseconds a line, half as much as writing it. What
matters is that no line reaches the books that names something that is not there, and that none is
added to a run that is in the books.

Not reversible: lines written under this rule were never looked at one statement at a time.
"""

from django.db import migrations

CHECKED_WHEN_POSTED = """
DROP TRIGGER kosops_refers ON incentives_releaseline;
DROP FUNCTION incentives_releases_refer();
DROP TRIGGER kosops_refers ON incentives_commissionline;
DROP FUNCTION incentives_lines_refer();
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


class Migration(migrations.Migration):
    dependencies = [("incentives", "0006_due_day_index_goes")]

    operations = [
        # Going back would need the functions of 0005 again; nothing is lost by staying.
        migrations.RunSQL(CHECKED_WHEN_POSTED),
    ]
