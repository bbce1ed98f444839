"""What points came from and went to is kept.

- Lines of points only grow; rules and points by hand say forever what they said.
- A redemption goes its own way and says forever what was paid; a code is used once.
- What a theme came to stays; a theme that is worked out never changes.
- Who had a member price in a month stays as it was decided.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

RULE = """
CREATE FUNCTION incentives_point_rule_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (to_jsonb(NEW) - 'valid') <> (to_jsonb(OLD) - 'valid')
       OR lower(NEW.valid) IS DISTINCT FROM lower(OLD.valid) THEN
        RAISE EXCEPTION 'a point rule is never edited; only its last day may be set'
            USING ERRCODE = '23001', HINT = 'Add a new rule from a later day.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE OR DELETE ON incentives_pointrule
    FOR EACH ROW EXECUTE FUNCTION incentives_point_rule_frozen();
"""

GRANT = """
CREATE FUNCTION incentives_point_grant_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE'
       OR (to_jsonb(NEW) - '{state,checker_id,answer,decided_at}'::text[])
       <> (to_jsonb(OLD) - '{state,checker_id,answer,decided_at}'::text[])
       OR OLD.state <> 'waiting' THEN
        RAISE EXCEPTION 'points by hand are decided on once and never changed'
            USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE OR DELETE ON incentives_pointgrant
    FOR EACH ROW EXECUTE FUNCTION incentives_point_grant_frozen();
"""

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

THEME = """
CREATE FUNCTION incentives_theme_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'closed' THEN
        RAISE EXCEPTION 'a theme that is worked out never changes' USING ERRCODE = '23001';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;
CREATE TRIGGER kosops_closed BEFORE UPDATE OR DELETE ON incentives_theme
    FOR EACH ROW EXECUTE FUNCTION incentives_theme_closed();
"""


class Migration(migrations.Migration):
    replaces = [
        ("incentives", "0041_points_kept"),
        ("incentives", "0043_redemptions_kept"),
        ("incentives", "0045_themes_kept"),
        ("incentives", "0047_member_prices_kept"),
    ]
    dependencies = [("incentives", "0005_payouts")]

    operations = [
        *append_only(
            "incentives_pointline",
            "incentives_themeresult",
            "incentives_standingmonth",
        ),
        *never_deleted("incentives_redemption", "incentives_couponcode"),
        migrations.RunSQL(
            RULE,
            """
            DROP TRIGGER kosops_frozen ON incentives_pointrule;
            DROP FUNCTION incentives_point_rule_frozen();
            """,
        ),
        migrations.RunSQL(
            GRANT,
            """
            DROP TRIGGER kosops_frozen ON incentives_pointgrant;
            DROP FUNCTION incentives_point_grant_frozen();
            """,
        ),
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
        migrations.RunSQL(
            THEME,
            """
            DROP TRIGGER kosops_closed ON incentives_theme;
            DROP FUNCTION incentives_theme_closed();
            """,
        ),
    ]
