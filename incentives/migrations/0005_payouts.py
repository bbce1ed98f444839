"""What PostgreSQL holds about payees, rules of paying, statements of the bank and payout states.

A payout starts as a draft and changes state only along its own path: an approved one may be held
back and given back, a sent one may wait for the payee or expire. It is approved only when as many
people approved exactly this content as its batch needs, and an approval names the batch's maker.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

PATH = """
CREATE FUNCTION incentives_payout_starts_as_draft() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> 'draft' THEN
        RAISE EXCEPTION 'a payout starts as a draft' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_start BEFORE INSERT ON incentives_payout
    FOR EACH ROW EXECUTE FUNCTION incentives_payout_starts_as_draft();
CREATE FUNCTION incentives_payout_path() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER kosops_path BEFORE UPDATE ON incentives_payout
    FOR EACH ROW EXECUTE FUNCTION incentives_payout_path();
"""

PATH_BACK = """
DROP TRIGGER kosops_path ON incentives_payout;
DROP FUNCTION incentives_payout_path();
DROP TRIGGER kosops_start ON incentives_payout;
DROP FUNCTION incentives_payout_starts_as_draft();
"""

MAKER = """
ALTER TABLE incentives_payoutbatch ADD CONSTRAINT payout_batch_maker UNIQUE (id, maker_id);
ALTER TABLE incentives_approval ADD CONSTRAINT approval_names_the_maker
    FOREIGN KEY (batch_id, maker_id) REFERENCES incentives_payoutbatch (id, maker_id);
"""

MAKER_BACK = """
ALTER TABLE incentives_approval DROP CONSTRAINT approval_names_the_maker;
ALTER TABLE incentives_payoutbatch DROP CONSTRAINT payout_batch_maker;
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
    replaces = [("incentives", "0031_payout_guards")]
    dependencies = [("incentives", "0004_settlement")]

    operations = [
        *append_only(
            "incentives_approval",
            "incentives_payoutpolicy",
            "incentives_taxpolicy",
            "incentives_providerentry",
        ),
        *never_deleted(
            "incentives_payoutbatch",
            "incentives_payout",
            "incentives_payouthold",
            "incentives_payeenotice",
        ),
        migrations.RunSQL(PATH, PATH_BACK),
        migrations.RunSQL(MAKER, MAKER_BACK),
        migrations.RunSQL(ONCE, ONCE_BACK),
    ]
