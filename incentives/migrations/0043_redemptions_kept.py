"""A redemption goes its own way and says forever what was paid; a code is used once."""

from django.db import migrations

from kosops.lib.guards import never_deleted

REDEMPTION = """
CREATE FUNCTION incentives_redemption_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('to_do', 'sent'), ('to_do', 'done'), ('to_do', 'cancelled'),
        ('sent', 'done'), ('sent', 'cancelled')
    ) THEN
        RAISE EXCEPTION 'a redemption cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    -- The price is booked right after the row is made, in the same transaction.
    IF OLD.points <> 0 AND NEW.points <> OLD.points
       OR (NEW.reward_id, NEW.creator_id, NEW.client_key)
          IS DISTINCT FROM (OLD.reward_id, OLD.creator_id, OLD.client_key) THEN
        RAISE EXCEPTION 'what was taken and paid never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_path BEFORE UPDATE ON incentives_redemption
    FOR EACH ROW EXECUTE FUNCTION incentives_redemption_path();
"""

CODE = """
CREATE FUNCTION incentives_coupon_code_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.redemption_id IS NOT NULL OR (NEW.reward_id, NEW.code, NEW.digest)
       IS DISTINCT FROM (OLD.reward_id, OLD.code, OLD.digest) THEN
        RAISE EXCEPTION 'a code is given out once and never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_once BEFORE UPDATE ON incentives_couponcode
    FOR EACH ROW EXECUTE FUNCTION incentives_coupon_code_once();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0042_catalogue")]

    operations = [
        *never_deleted("incentives_redemption", "incentives_couponcode"),
        migrations.RunSQL(
            REDEMPTION,
            """
            DROP TRIGGER kosops_path ON incentives_redemption;
            DROP FUNCTION incentives_redemption_path();
            """,
        ),
        migrations.RunSQL(
            CODE,
            """
            DROP TRIGGER kosops_once ON incentives_couponcode;
            DROP FUNCTION incentives_coupon_code_once();
            """,
        ),
    ]
