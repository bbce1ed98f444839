"""What PostgreSQL holds about payees, rules of paying, statements of the bank and payout states.

An approved payout may be held back and given back; a sent one may wait for the payee or expire. A
payout is approved only when as many people approved exactly this content as its batch needs.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

PATH = """
CREATE OR REPLACE FUNCTION incentives_payout_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.out_no <> OLD.out_no THEN
        RAISE EXCEPTION 'the number of a payout never changes' USING ERRCODE = '23001';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('draft', 'approved'), ('draft', 'cancelled'),
        ('approved', 'sending'), ('approved', 'cancelled'), ('approved', 'held'),
        ('held', 'failed'),
        ('sending', 'succeeded'), ('sending', 'failed'), ('sending', 'unknown'),
        ('sending', 'wait_payee'), ('sending', 'expired'),
        ('wait_payee', 'succeeded'), ('wait_payee', 'failed'), ('wait_payee', 'unknown'),
        ('wait_payee', 'expired'),
        ('unknown', 'succeeded'), ('unknown', 'failed'), ('unknown', 'wait_payee'),
        ('unknown', 'expired')
    ) THEN
        RAISE EXCEPTION 'a payout cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    IF NEW.state = 'approved' AND OLD.state = 'draft' AND NOT EXISTS (
        SELECT 1 FROM incentives_payoutbatch b
         WHERE b.id = NEW.batch_id AND b.checkers_needed <= (
            SELECT count(*) FROM incentives_approval a
             WHERE a.batch_id = b.id AND a.decision = 'approved'
               AND a.content_hash = b.content_hash)
    ) THEN
        RAISE EXCEPTION 'nobody approved the batch of payout %', NEW.out_no
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

PATH_BACK = """
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
"""

# A hold is lifted once; a notice is read and mailed. Nothing else about them changes.
ONCE = """
CREATE FUNCTION incentives_hold_lifted_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL
       OR to_jsonb(NEW) - '{lifted_at,lifted_by_id,lift_reason}'::text[]
          <> to_jsonb(OLD) - '{lifted_at,lifted_by_id,lift_reason}'::text[] THEN
        RAISE EXCEPTION 'hold % is final', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_once BEFORE UPDATE ON incentives_payouthold
    FOR EACH ROW EXECUTE FUNCTION incentives_hold_lifted_once();
CREATE FUNCTION incentives_notice_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - '{read_at,mailed_at}'::text[]
       <> to_jsonb(OLD) - '{read_at,mailed_at}'::text[] THEN
        RAISE EXCEPTION 'notice % is final', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_once BEFORE UPDATE ON incentives_payeenotice
    FOR EACH ROW EXECUTE FUNCTION incentives_notice_stands();
"""

ONCE_BACK = """
DROP TRIGGER kosops_once ON incentives_payeenotice;
DROP FUNCTION incentives_notice_stands();
DROP TRIGGER kosops_once ON incentives_payouthold;
DROP FUNCTION incentives_hold_lifted_once();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0030_payees_and_tax")]

    operations = [
        migrations.RunSQL(PATH, PATH_BACK),
        migrations.RunSQL(ONCE, ONCE_BACK),
        *append_only(
            "incentives_payoutpolicy", "incentives_taxpolicy", "incentives_providerentry"
        ),
        *never_deleted("incentives_payouthold", "incentives_payeenotice"),
    ]
