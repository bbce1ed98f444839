"""Benefits and certificates are kept: a benefit only gets an end, a certificate never changes."""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

FROZEN = """
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


class Migration(migrations.Migration):
    dependencies = [("incentives", "0066_benefits")]

    operations = [
        *append_only("incentives_tiercertificate"),
        *never_deleted("incentives_benefit"),
        migrations.RunSQL(
            FROZEN,
            """
            DROP TRIGGER kosops_stands ON incentives_benefit;
            DROP FUNCTION incentives_benefit_stands();
            """,
        ),
    ]
