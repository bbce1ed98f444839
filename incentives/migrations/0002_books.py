"""The accounting rules, held by PostgreSQL.

- A journal balances and has at least two postings, numbered from 1 without a gap. This is checked
  at commit; a posting beyond the second has its journal checked again, so that a check made early
  (SET CONSTRAINTS ... IMMEDIATE) lets nothing in behind it.
- A journal is of one currency (composite foreign keys) and takes no postings after its own
  transaction.
- Journals and the settlement of their month wait for each other, and a settled month closes all
  before it.
- Journals and postings are never changed, accounts neither.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

BALANCED = """
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
CREATE FUNCTION incentives_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM incentives_check_journal(NEW.id);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER kosops_balanced AFTER INSERT ON incentives_journal
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION incentives_journal_balanced();
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

BALANCED_BACK = """
DROP TRIGGER kosops_balanced ON incentives_posting;
ALTER TABLE incentives_posting DROP CONSTRAINT posting_line_from_1;
DROP FUNCTION incentives_posting_balanced();
DROP TRIGGER kosops_balanced ON incentives_journal;
DROP FUNCTION incentives_journal_balanced();
DROP FUNCTION incentives_check_journal(bigint);
"""

# The lock is shared among journals; settling takes it alone (settlement._write_statements). The
# query after it has a snapshot of its own and so sees a settlement that was just committed.
MONTHS = """
CREATE FUNCTION incentives_month_key(brand bigint, period text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    RETURN hashtextextended('incentives.month:' || brand || ':' || period, 0);
CREATE FUNCTION incentives_journal_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER kosops_stamp BEFORE INSERT ON incentives_journal
    FOR EACH ROW EXECUTE FUNCTION incentives_journal_stamp();
"""

MONTHS_BACK = """
DROP TRIGGER kosops_stamp ON incentives_journal;
DROP FUNCTION incentives_journal_stamp();
DROP FUNCTION incentives_month_key(bigint, text);
"""

# xmin would do for plain transactions, but gives a false refusal inside a savepoint; the column
# holds the top-level transaction, and the trigger `kosops_stamp` overwrites what a statement says.
NO_LATER_ADDITIONS = """
ALTER TABLE incentives_journal ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE FUNCTION incentives_posting_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added JOIN incentives_journal j ON j.id = added.journal_id
         WHERE j.xact <> pg_current_xact_id()
    ) THEN
        RAISE EXCEPTION 'a journal takes no postings after its own transaction'
            USING ERRCODE = '23001';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_in_time AFTER INSERT ON incentives_posting
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION incentives_posting_in_time();
"""

NO_LATER_ADDITIONS_BACK = """
DROP TRIGGER kosops_in_time ON incentives_posting;
DROP FUNCTION incentives_posting_in_time();
ALTER TABLE incentives_journal DROP COLUMN xact;
"""

# Django cannot declare a foreign key of two columns, so its two plain ones are replaced.
ONE_CURRENCY = """
DO $$
DECLARE plain record;
BEGIN
    FOR plain IN SELECT conname FROM pg_constraint
                  WHERE conrelid = 'incentives_posting'::regclass AND contype = 'f'
    LOOP
        EXECUTE format('ALTER TABLE incentives_posting DROP CONSTRAINT %I', plain.conname);
    END LOOP;
END $$;
ALTER TABLE incentives_posting
    ADD CONSTRAINT posting_journal_currency FOREIGN KEY (journal_id, currency)
        REFERENCES incentives_journal (id, currency),
    ADD CONSTRAINT posting_account_currency FOREIGN KEY (account_id, currency)
        REFERENCES incentives_ledgeraccount (id, currency);
"""

# The plain ones are not put back: the only way on from here is to drop the tables.
ONE_CURRENCY_BACK = """
ALTER TABLE incentives_posting
    DROP CONSTRAINT posting_journal_currency,
    DROP CONSTRAINT posting_account_currency;
"""

# Of settled months, posted runs and accounts. The job of a settlement may be tidied away later.
FINAL = """
CREATE FUNCTION incentives_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'job_id' <> to_jsonb(OLD) - 'job_id' THEN
        RAISE EXCEPTION '% % is final', TG_TABLE_NAME, OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_final BEFORE UPDATE ON incentives_ledgeraccount
    FOR EACH ROW EXECUTE FUNCTION incentives_final();
"""

FINAL_BACK = """
DROP TRIGGER kosops_final ON incentives_ledgeraccount;
DROP FUNCTION incentives_final();
"""


class Migration(migrations.Migration):
    replaces = [
        ("incentives", "0002_append_only"),
        ("incentives", "0003_ledger_rules"),
        ("incentives", "0005_tighter_rules"),
    ]
    dependencies = [("incentives", "0001_tables"), ("accounts", "0002_rules")]

    operations = [
        *append_only("incentives_journal", "incentives_posting"),
        *never_deleted("incentives_ledgeraccount"),
        migrations.RunSQL(BALANCED, BALANCED_BACK),
        migrations.RunSQL(MONTHS, MONTHS_BACK),
        migrations.RunSQL(NO_LATER_ADDITIONS, NO_LATER_ADDITIONS_BACK),
        migrations.RunSQL(ONE_CURRENCY, ONE_CURRENCY_BACK),
        migrations.RunSQL(FINAL, FINAL_BACK),
    ]
