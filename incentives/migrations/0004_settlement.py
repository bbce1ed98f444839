"""What is settled is final: months, statements, bookings by hand, answers to questions, proofs."""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

# What was issued is as final as what was settled.
FINAL = """
CREATE TRIGGER kosops_final BEFORE UPDATE ON incentives_settlement
    FOR EACH ROW WHEN (OLD.state IN ('settled', 'issued')) EXECUTE FUNCTION incentives_final();
"""

# What was asked for never changes; one decision, and it is final.
CORRECTION = """
CREATE FUNCTION incentives_correction_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'waiting' THEN
            RAISE EXCEPTION 'a booking by hand waits first' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> 'waiting' OR
       to_jsonb(NEW) - '{state,checker_id,decided_at,decision_note,journal_id}'::text[] <>
       to_jsonb(OLD) - '{state,checker_id,decided_at,decision_note,journal_id}'::text[] THEN
        RAISE EXCEPTION 'booking by hand % is final', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_path BEFORE INSERT OR UPDATE ON incentives_correction
    FOR EACH ROW EXECUTE FUNCTION incentives_correction_path();
"""

# What was asked never changes; one answer, and it is final.
DISPUTE = """
CREATE FUNCTION incentives_dispute_path() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'open' OR
       to_jsonb(NEW) - '{state,answer,answered_by_id,answered_at}'::text[] <>
       to_jsonb(OLD) - '{state,answer,answered_by_id,answered_at}'::text[] THEN
        RAISE EXCEPTION 'question % is final', OLD.id USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_path BEFORE UPDATE ON incentives_dispute
    FOR EACH ROW EXECUTE FUNCTION incentives_dispute_path();
"""


class Migration(migrations.Migration):
    replaces = [
        ("incentives", "0021_corrections"),
        ("incentives", "0022_proofs"),
        ("incentives", "0023_disputes"),
        ("incentives", "0024_interim_statements"),
    ]
    dependencies = [("incentives", "0003_commission")]

    operations = [
        *append_only("incentives_statement", "incentives_proofrun", "incentives_daydigest"),
        *never_deleted(
            "incentives_settlement",
            "incentives_correction",
            "incentives_dispute",
        ),
        migrations.RunSQL(FINAL, "DROP TRIGGER kosops_final ON incentives_settlement"),
        migrations.RunSQL(
            CORRECTION,
            """
            DROP TRIGGER kosops_path ON incentives_correction;
            DROP FUNCTION incentives_correction_path();
            """,
        ),
        migrations.RunSQL(
            DISPUTE,
            """
            DROP TRIGGER kosops_path ON incentives_dispute;
            DROP FUNCTION incentives_dispute_path();
            """,
        ),
    ]
