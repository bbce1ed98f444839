"""What an attacker with SQL, or two transactions at once, could still have done.

- A journal that had passed its check early (SET CONSTRAINTS ... IMMEDIATE) took further postings
  in its own transaction unchecked. Now its postings are numbered from 1 without a gap, and a
  posting beyond the second has its journal checked again.
- A journal of a month could slip in while the month was being settled, or into an older month.
  Now journals and the settlement of their month wait for each other, and a settled month closes
  all before it.
- Settled months, posted runs, payouts and accounts could be changed or deleted.
- A payout could be approved without an approval, or with one that names another maker.
- Lines of commission and release are checked against their parents, all of a statement at once
  (they have no foreign keys, see 0004).
"""

from django.db import migrations

from kosops.lib.guards import never_deleted

JOURNALS = """
CREATE FUNCTION incentives_check_journal(checked bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    lines integer;
    total numeric;
    last_line integer;
BEGIN
    SELECT count(*), COALESCE(sum(amount), 0), max(line) INTO lines, total, last_line
      FROM incentives_posting WHERE journal_id = checked;
    IF lines < 2 OR total <> 0 OR last_line <> lines THEN
        RAISE EXCEPTION 'journal % does not balance: % postings up to line %, sum %',
            checked, lines, last_line, total USING ERRCODE = '23514';
    END IF;
END $$;
CREATE OR REPLACE FUNCTION incentives_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM incentives_check_journal(NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION incentives_posting_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM incentives_check_journal(NEW.journal_id);
    RETURN NULL;
END $$;
ALTER TABLE incentives_posting ADD CONSTRAINT posting_line_from_1 CHECK (line >= 1);
CREATE CONSTRAINT TRIGGER kosops_balanced AFTER INSERT ON incentives_posting
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.line > 2) EXECUTE FUNCTION incentives_posting_balanced();
"""

JOURNALS_BACK = """
DROP TRIGGER kosops_balanced ON incentives_posting;
ALTER TABLE incentives_posting DROP CONSTRAINT posting_line_from_1;
DROP FUNCTION incentives_posting_balanced();
CREATE OR REPLACE FUNCTION incentives_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines integer;
    total numeric;
BEGIN
    SELECT count(*), COALESCE(sum(amount), 0) INTO lines, total
      FROM incentives_posting WHERE journal_id = NEW.id;
    IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'journal % does not balance: % postings, sum %', NEW.id, lines, total
            USING ERRCODE = '23514';
    END IF;
    RETURN NULL;
END $$;
DROP FUNCTION incentives_check_journal(bigint);
"""

# The lock is shared among journals; settling takes it alone (settlement._write_statements). The
# query after it has a snapshot of its own and so sees a settlement that was just committed.
MONTHS = """
CREATE FUNCTION incentives_month_key(brand bigint, period text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN hashtextextended('incentives.month:' || brand || ':' || period, 0);
CREATE OR REPLACE FUNCTION incentives_journal_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    period_of_journal text := to_char(NEW.business_date, 'YYYY-MM');
BEGIN
    NEW.xact := pg_current_xact_id();
    PERFORM pg_advisory_xact_lock_shared(incentives_month_key(NEW.brand_id, period_of_journal));
    IF EXISTS (
        SELECT 1 FROM incentives_settlement s
         WHERE s.brand_id = NEW.brand_id AND s.state = 'settled' AND s.period >= period_of_journal
    ) THEN
        RAISE EXCEPTION 'the month of % is settled', NEW.business_date
            USING ERRCODE = '23514', HINT = 'Post into the open month.';
    END IF;
    RETURN NEW;
END $$;
"""

MONTHS_BACK = """
CREATE OR REPLACE FUNCTION incentives_journal_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.xact := pg_current_xact_id();
    IF EXISTS (
        SELECT 1 FROM incentives_settlement s
         WHERE s.brand_id = NEW.brand_id AND s.state = 'settled'
           AND s.period = to_char(NEW.business_date, 'YYYY-MM')
    ) THEN
        RAISE EXCEPTION 'the month of % is settled', NEW.business_date
            USING ERRCODE = '23514', HINT = 'Post into the open month.';
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION incentives_month_key(bigint, text);
"""

# The job of a settlement may be tidied away later; nothing else of it changes.
FINAL = """
CREATE FUNCTION incentives_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'job_id' <> to_jsonb(OLD) - 'job_id' THEN
        RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_final BEFORE UPDATE ON incentives_settlement
    FOR EACH ROW WHEN (OLD.state = 'settled') EXECUTE FUNCTION incentives_final();
CREATE TRIGGER kosops_final BEFORE UPDATE ON incentives_commissionrun
    FOR EACH ROW WHEN (OLD.state = 'posted') EXECUTE FUNCTION incentives_final();
CREATE TRIGGER kosops_final BEFORE UPDATE ON incentives_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION incentives_final();
"""

FINAL_BACK = """
DROP TRIGGER kosops_final ON incentives_settlement;
DROP TRIGGER kosops_final ON incentives_commissionrun;
DROP TRIGGER kosops_final ON incentives_ledgeraccount;
DROP FUNCTION incentives_final();
"""

KEPT = (
    "incentives_settlement",
    "incentives_commissionrun",
    "incentives_ledgeraccount",
    "incentives_payoutbatch",
    "incentives_payout",
)

APPROVALS = """
CREATE OR REPLACE FUNCTION incentives_payout_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.out_no <> OLD.out_no THEN
        RAISE EXCEPTION 'the number of a payout never changes' USING ERRCODE = '23001';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'approved'), ('draft', 'cancelled'),
        ('approved', 'sending'), ('approved', 'cancelled'),
        ('sending', 'succeeded'), ('sending', 'failed'), ('sending', 'unknown'),
        ('unknown', 'succeeded'), ('unknown', 'failed')
    ) THEN
        RAISE EXCEPTION 'a payout cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'approved' AND OLD.state = 'draft' AND NOT EXISTS (
        SELECT 1 FROM incentives_approval a
         WHERE a.batch_id = NEW.batch_id AND a.decision = 'approved'
    ) THEN
        RAISE EXCEPTION 'nobody approved the batch of payout %', NEW.out_no
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
ALTER TABLE incentives_payoutbatch ADD CONSTRAINT payout_batch_maker UNIQUE (id, maker_id);
ALTER TABLE incentives_approval ADD CONSTRAINT approval_names_the_maker
    FOREIGN KEY (batch_id, maker_id) REFERENCES incentives_payoutbatch (id, maker_id);
"""

APPROVALS_BACK = """
ALTER TABLE incentives_approval DROP CONSTRAINT approval_names_the_maker;
ALTER TABLE incentives_payoutbatch DROP CONSTRAINT payout_batch_maker;
CREATE OR REPLACE FUNCTION incentives_payout_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.out_no <> OLD.out_no THEN
        RAISE EXCEPTION 'the number of a payout never changes' USING ERRCODE = '23001';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'approved'), ('draft', 'cancelled'),
        ('approved', 'sending'), ('approved', 'cancelled'),
        ('sending', 'succeeded'), ('sending', 'failed'), ('sending', 'unknown'),
        ('unknown', 'succeeded'), ('unknown', 'failed')
    ) THEN
        RAISE EXCEPTION 'a payout cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

# Runs and rates are never deleted and order lines neither (customers 0003); a creator may be, so
# that side is checked, too. It waits for lines that are being written (the lock needs the owner).
LINES = """
CREATE FUNCTION incentives_lines_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added a
          LEFT JOIN customers_orderline l ON l.id = a.order_line_id AND l.order_id = a.order_id
         WHERE l.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT rate_id FROM added) a
          LEFT JOIN incentives_planrate r ON r.id = a.rate_id
         WHERE r.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT run_id, creator_id FROM added) a
          LEFT JOIN incentives_commissionrun r ON r.id = a.run_id
          LEFT JOIN matrix_creator c ON c.id = a.creator_id
         WHERE r.id IS NULL OR c.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a commission line names a run, order line, creator or rate that is not there'
            USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_refers AFTER INSERT ON incentives_commissionline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_lines_refer();
CREATE FUNCTION incentives_releases_refer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added a LEFT JOIN customers_order o ON o.id = a.order_id WHERE o.id IS NULL
    ) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT run_id, creator_id FROM added) a
          LEFT JOIN incentives_commissionrun r ON r.id = a.run_id
          LEFT JOIN matrix_creator c ON c.id = a.creator_id
         WHERE r.id IS NULL OR c.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a release line names a run, order or creator that is not there'
            USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_refers AFTER INSERT ON incentives_releaseline
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_releases_refer();
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

LINES_BACK = """
DROP TRIGGER kosops_credited ON matrix_creator;
DROP FUNCTION incentives_creator_credited();
DROP TRIGGER kosops_refers ON incentives_releaseline;
DROP FUNCTION incentives_releases_refer();
DROP TRIGGER kosops_refers ON incentives_commissionline;
DROP FUNCTION incentives_lines_refer();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("incentives", "0004_lines_without_foreign_keys"),
        ("customers", "0003_limits_and_kept_lines"),
    ]

    operations = [
        migrations.RunSQL(JOURNALS, JOURNALS_BACK),
        migrations.RunSQL(MONTHS, MONTHS_BACK),
        migrations.RunSQL(FINAL, FINAL_BACK),
        *never_deleted(*KEPT),
        migrations.RunSQL(APPROVALS, APPROVALS_BACK),
        migrations.RunSQL(LINES, LINES_BACK),
    ]
