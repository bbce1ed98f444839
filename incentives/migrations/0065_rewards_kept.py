"""Rules of rewards stand as two people agreed on them; the sub-ledger of rewards only grows."""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

FROZEN = """
CREATE FUNCTION incentives_reward_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := CASE TG_TABLE_NAME
        WHEN 'incentives_rewarditem' THEN ARRAY['standing', 'step', 'value', 'earned', 'released',
            'stopped_by_id', 'stopped_reason', 'cleared_by_id']
        WHEN 'incentives_rewardrun' THEN ARRAY['counts']
        ELSE ARRAY['state', 'decided_by_id', 'decided_at', 'reason', 'period'] END;
BEGIN
    IF to_jsonb(NEW) - free <> to_jsonb(OLD) - free THEN
        RAISE EXCEPTION '% % stands as it was written', TG_TABLE_NAME, OLD.id
            USING ERRCODE = '23001';
    END IF;
    IF TG_TABLE_NAME = 'incentives_rewardrule' THEN
        IF lower(NEW.period) <> lower(OLD.period)
           OR OLD.state <> 'waiting' AND to_jsonb(NEW) - 'period' <> to_jsonb(OLD) - 'period' THEN
            RAISE EXCEPTION 'a decided reward rule only gets an end' USING ERRCODE = '23001';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_rewardrule
    FOR EACH ROW EXECUTE FUNCTION incentives_reward_stands();
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_rewarditem
    FOR EACH ROW EXECUTE FUNCTION incentives_reward_stands();
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_rewardrun
    FOR EACH ROW EXECUTE FUNCTION incentives_reward_stands();
"""


class Migration(migrations.Migration):
    dependencies = [("incentives", "0064_rewards")]

    operations = [
        *append_only("incentives_rewardline"),
        *never_deleted(
            "incentives_rewardrule",
            "incentives_rewarditem",
            "incentives_rewardrun",
            "incentives_boost",
        ),
        migrations.RunSQL(
            FROZEN,
            """
            DROP TRIGGER kosops_stands ON incentives_rewardrule;
            DROP TRIGGER kosops_stands ON incentives_rewarditem;
            DROP TRIGGER kosops_stands ON incentives_rewardrun;
            DROP FUNCTION incentives_reward_stands();
            """,
        ),
    ]
