"""What was decided about tiers and rewards is kept.

- Ladders and tier changes can only grow. Of pins, notices and proposed moves only the end can be
  added, once.
- A benefit only gets an end, a certificate never changes.
- Rules of rewards stand as two people agreed on them; the sub-ledger of rewards only grows.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

# The explanation of a proposal follows the facts while it waits.
TIERS = """
CREATE FUNCTION incentives_tier_word_stands() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    added text[] := CASE TG_TABLE_NAME
        WHEN 'incentives_tierpin' THEN ARRAY['ended_by_id', 'ended_at']
        WHEN 'incentives_tiernotice' THEN ARRAY['seen_at', 'ended_on', 'ended_as']
        ELSE ARRAY['state', 'decided_by_id', 'decided_at', 'reason', 'rests_until', 'explanation']
        END;
    final boolean := CASE TG_TABLE_NAME
        WHEN 'incentives_tierpin' THEN to_jsonb(OLD) ->> 'ended_at' IS NOT NULL
        WHEN 'incentives_tiernotice' THEN to_jsonb(OLD) ->> 'ended_on' IS NOT NULL
            AND to_jsonb(NEW) - 'seen_at' <> to_jsonb(OLD) - 'seen_at'
        ELSE to_jsonb(OLD) ->> 'state' <> 'waiting'
        END;
BEGIN
    IF final OR to_jsonb(NEW) - added <> to_jsonb(OLD) - added THEN
        RAISE EXCEPTION '% % stands as it was written', TG_TABLE_NAME, OLD.id
            USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_tierpin
    FOR EACH ROW EXECUTE FUNCTION incentives_tier_word_stands();
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_tiernotice
    FOR EACH ROW EXECUTE FUNCTION incentives_tier_word_stands();
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_tierproposal
    FOR EACH ROW EXECUTE FUNCTION incentives_tier_word_stands();
"""

TIERS_BACK = """
DROP TRIGGER kosops_stands ON incentives_tierpin;
DROP TRIGGER kosops_stands ON incentives_tiernotice;
DROP TRIGGER kosops_stands ON incentives_tierproposal;
DROP FUNCTION incentives_tier_word_stands();
"""

BENEFITS = """
CREATE FUNCTION incentives_benefit_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'period' <> to_jsonb(OLD) - 'period'
       OR lower(NEW.period) IS DISTINCT FROM lower(OLD.period) THEN
        RAISE EXCEPTION 'a benefit only gets an end' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_stands BEFORE UPDATE ON incentives_benefit
    FOR EACH ROW EXECUTE FUNCTION incentives_benefit_stands();
"""

BENEFITS_BACK = """
DROP TRIGGER kosops_stands ON incentives_benefit;
DROP FUNCTION incentives_benefit_stands();
"""

REWARDS = """
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

REWARDS_BACK = """
DROP TRIGGER kosops_stands ON incentives_rewardrule;
DROP TRIGGER kosops_stands ON incentives_rewarditem;
DROP TRIGGER kosops_stands ON incentives_rewardrun;
DROP FUNCTION incentives_reward_stands();
"""


class Migration(migrations.Migration):
    replaces = [
        ("incentives", "0061_tier_moves_kept"),
        ("incentives", "0065_rewards_kept"),
        ("incentives", "0067_benefits_kept"),
    ]
    dependencies = [("incentives", "0006_points")]

    operations = [
        *append_only(
            "incentives_ladderversion",
            "incentives_tierchange",
            "incentives_tiercertificate",
            "incentives_rewardline",
        ),
        *never_deleted(
            "incentives_tierpin",
            "incentives_tiernotice",
            "incentives_tierproposal",
            "incentives_benefit",
            "incentives_rewardrule",
            "incentives_rewarditem",
            "incentives_rewardrun",
            "incentives_boost",
        ),
        migrations.RunSQL(TIERS, TIERS_BACK),
        migrations.RunSQL(BENEFITS, BENEFITS_BACK),
        migrations.RunSQL(REWARDS, REWARDS_BACK),
    ]
