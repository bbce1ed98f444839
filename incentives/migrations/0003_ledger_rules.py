"""The accounting rules, held by PostgreSQL.

A journal balances and has at least two postings (checked at commit), is of one currency (composite
foreign keys), takes no postings after its own transaction, and is refused in a settled month.
A payout changes state only along its own path.

Not reversible: with postings in the books, going back to plain foreign keys would check a million
rows under lock and drop the rule that keeps currencies apart.
"""

from django.db import migrations

BALANCED = """
CREATE FUNCTION incentives_journal_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE CONSTRAINT TRIGGER kosops_balanced AFTER INSERT ON incentives_journal
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION incentives_journal_balanced();
"""

# xmin would do for plain transactions, but gives a false refusal inside a savepoint; the column
# holds the top-level transaction, and the trigger overwrites whatever a statement says.
NO_LATER_ADDITIONS = """
ALTER TABLE incentives_journal ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE FUNCTION incentives_journal_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER kosops_stamp BEFORE INSERT ON incentives_journal
    FOR EACH ROW EXECUTE FUNCTION incentives_journal_stamp();
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

PAYOUT_PATH = """
CREATE FUNCTION incentives_payout_path() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER kosops_path BEFORE UPDATE ON incentives_payout
    FOR EACH ROW EXECUTE FUNCTION incentives_payout_path();
CREATE FUNCTION incentives_payout_starts_as_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'a payout starts as a draft' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_start BEFORE INSERT ON incentives_payout
    FOR EACH ROW EXECUTE FUNCTION incentives_payout_starts_as_draft();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            BALANCED,
            """
            DROP TRIGGER kosops_balanced ON incentives_journal;
            DROP FUNCTION incentives_journal_balanced();
            """,
        ),
        migrations.RunSQL(
            NO_LATER_ADDITIONS,
            """
            DROP TRIGGER kosops_in_time ON incentives_posting;
            DROP FUNCTION incentives_posting_in_time();
            DROP TRIGGER kosops_stamp ON incentives_journal;
            DROP FUNCTION incentives_journal_stamp();
            ALTER TABLE incentives_journal DROP COLUMN xact;
            """,
        ),
        # Only an empty ledger could go back, so this direction is not offered.
        migrations.RunSQL(ONE_CURRENCY),
        migrations.RunSQL(
            PAYOUT_PATH,
            """
            DROP TRIGGER kosops_path ON incentives_payout;
            DROP FUNCTION incentives_payout_path();
            DROP TRIGGER kosops_start ON incentives_payout;
            DROP FUNCTION incentives_payout_starts_as_draft();
            """,
        ),
    ]
