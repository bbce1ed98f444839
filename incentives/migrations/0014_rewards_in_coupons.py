"""Rules hand out pieces of the catalogue.

- A piece is one row for ever, of the person and the coupon that the reward says, and not before the
  reward is released.
- A redemption goes its own way; one that a rule handed out may be withdrawn and come back.
- A code that was shown belongs to one person for ever; one that nobody saw may be given again.
"""

from django.conf import settings
import django.db.models.deletion
from django.db import migrations, models


REDEMPTION = """
CREATE OR REPLACE FUNCTION incentives_redemption_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.item_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM incentives_rewarditem i JOIN incentives_rewardrule r ON r.id = i.rule_id
             WHERE i.id = NEW.item_id AND i.creator_id = NEW.creator_id
               AND r.coupon_id = NEW.reward_id AND NEW.piece <= i.released) THEN
            RAISE EXCEPTION 'reward % does not hand out this piece', NEW.item_id
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('to_do', 'sent'), ('to_do', 'done'), ('to_do', 'cancelled'),
        ('sent', 'done'), ('sent', 'cancelled')
    ) AND NOT (
        (OLD.state, NEW.state) = ('done', 'cancelled') AND NEW.withdrawn_at IS NOT NULL
        OR OLD.state = 'cancelled' AND NEW.state IN ('to_do', 'done')
           AND OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL
    ) THEN
        RAISE EXCEPTION 'a redemption cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    -- The price is booked right after the row is made, in the same transaction.
    IF OLD.points <> 0 AND NEW.points <> OLD.points
       OR OLD.shown_at IS NOT NULL AND NEW.shown_at IS DISTINCT FROM OLD.shown_at
       OR (NEW.reward_id, NEW.creator_id, NEW.client_key, NEW.item_id, NEW.piece)
          IS DISTINCT FROM
          (OLD.reward_id, OLD.creator_id, OLD.client_key, OLD.item_id, OLD.piece) THEN
        RAISE EXCEPTION 'what was taken and paid never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_piece BEFORE INSERT ON incentives_redemption
    FOR EACH ROW EXECUTE FUNCTION incentives_redemption_path();
"""

REDEMPTION_BACK = """
DROP TRIGGER kosops_piece ON incentives_redemption;
CREATE OR REPLACE FUNCTION incentives_redemption_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('to_do', 'sent'), ('to_do', 'done'), ('to_do', 'cancelled'),
        ('sent', 'done'), ('sent', 'cancelled')
    ) THEN
        RAISE EXCEPTION 'a redemption cannot go from % to %', OLD.state, NEW.state
            USING ERRCODE = '23514';
    END IF;
    IF OLD.points <> 0 AND NEW.points <> OLD.points
       OR (NEW.reward_id, NEW.creator_id, NEW.client_key)
          IS DISTINCT FROM (OLD.reward_id, OLD.creator_id, OLD.client_key) THEN
        RAISE EXCEPTION 'what was taken and paid never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
"""

CODE = """
CREATE OR REPLACE FUNCTION incentives_coupon_code_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.reward_id, NEW.code, NEW.digest) IS DISTINCT FROM
       (OLD.reward_id, OLD.code, OLD.digest)
       OR OLD.redemption_id IS NOT NULL AND (NEW.redemption_id IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM incentives_redemption x
             WHERE x.id = OLD.redemption_id AND x.withdrawn_at IS NOT NULL
               AND x.shown_at IS NULL)) THEN
        RAISE EXCEPTION 'a code is given out once and never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
"""

CODE_BACK = """
CREATE OR REPLACE FUNCTION incentives_coupon_code_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.redemption_id IS NOT NULL OR (NEW.reward_id, NEW.code, NEW.digest)
       IS DISTINCT FROM (OLD.reward_id, OLD.code, OLD.digest) THEN
        RAISE EXCEPTION 'a code is given out once and never changes' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
"""

RULE = """
CREATE FUNCTION incentives_reward_rule_coupon() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.coupon_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM incentives_reward w
         WHERE w.id = NEW.coupon_id AND w.brand_id = NEW.brand_id AND w.delivery <> 'post') THEN
        RAISE EXCEPTION 'a rule cannot hand out reward %', NEW.coupon_id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_coupon BEFORE INSERT ON incentives_rewardrule
    FOR EACH ROW EXECUTE FUNCTION incentives_reward_rule_coupon();
"""

RULE_BACK = """
DROP TRIGGER kosops_coupon ON incentives_rewardrule;
DROP FUNCTION incentives_reward_rule_coupon();
"""

# Codes taken for points were shown at once.
SHOWN = """
UPDATE incentives_redemption x SET shown_at = x.created_at
 WHERE EXISTS (SELECT 1 FROM incentives_couponcode c WHERE c.redemption_id = x.id)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_answers_kept'),
        ('incentives', '0013_credited_with_nothing'),
        ('matrix', '0005_found_in_parts'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='redemption',
            name='redemption_cancelled_has_reason',
        ),
        migrations.AddField(
            model_name='redemption',
            name='item',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='incentives.rewarditem'),
        ),
        migrations.AddField(
            model_name='redemption',
            name='piece',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='redemption',
            name='shown_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='redemption',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='rewardrule',
            name='coupon',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='incentives.reward'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'cancelled'), _negated=True), models.Q(('reason', ''), _negated=True), ('withdrawn_at__isnull', False), _connector='OR'), name='redemption_cancelled_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.UniqueConstraint(models.F('item'), models.F('piece'), name='redemption_piece_once'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('item', None), ('piece', None), ('withdrawn_at', None)), models.Q(('item__isnull', False), ('piece__gte', 1), ('points', 0)), _connector='OR'), name='redemption_of_reward'),
        ),
        migrations.AddConstraint(
            model_name='redemption',
            constraint=models.CheckConstraint(condition=models.Q(('withdrawn_at', None), ('state', 'cancelled'), _connector='OR'), name='redemption_withdrawn'),
        ),
        migrations.AddConstraint(
            model_name='rewardrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('coupon__isnull', False), ('currency', 'CPN'), ('terms__has_key', 'coupon_cost'), ('terms__coupon_cost__gte', 0)), models.Q(models.Q(('currency', 'CPN'), _negated=True), ('coupon', None), models.Q(models.Q(('terms__has_key', 'coupon_cost'), _negated=True), ('terms__coupon_cost', None), _connector='OR')), _connector='OR'), name='reward_rule_coupon'),
        ),
        migrations.RunSQL(SHOWN, migrations.RunSQL.noop),
        migrations.RunSQL(REDEMPTION, REDEMPTION_BACK),
        migrations.RunSQL(CODE, CODE_BACK),
        migrations.RunSQL(RULE, RULE_BACK),
    ]
