"""A share code is given once in a brand, also after its creator left or got another one."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from kosops.lib.guards import append_only

# Row triggers that fire for set codes only: runs that move tiers or states pass them by.
GIVEN = """
CREATE FUNCTION matrix_code_given() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matrix_givencode (brand_id, code, creator_id)
    VALUES (NEW.brand_id, NEW.share_code, NEW.id) ON CONFLICT (brand_id, code) DO NOTHING;
    IF NOT FOUND AND NOT EXISTS (
        SELECT 1 FROM matrix_givencode
         WHERE brand_id = NEW.brand_id AND code = NEW.share_code AND creator_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'this share code was somebody else''s'
            USING ERRCODE = '23505', CONSTRAINT = 'creator_share_code_once';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_code_added AFTER INSERT ON matrix_creator
    FOR EACH ROW WHEN (NEW.share_code <> '') EXECUTE FUNCTION matrix_code_given();
CREATE TRIGGER kosops_code_changed AFTER UPDATE OF share_code ON matrix_creator
    FOR EACH ROW WHEN (NEW.share_code <> '' AND NEW.share_code IS DISTINCT FROM OLD.share_code)
    EXECUTE FUNCTION matrix_code_given();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_rules"),
        ("matrix", "0005_found_in_parts"),
    ]

    operations = [
        migrations.CreateModel(
            name="GivenCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=30)),
                (
                    "given_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "brand",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.unit",
                    ),
                ),
                (
                    "creator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="given_codes",
                        to="matrix.creator",
                    ),
                ),
            ],
            options={
                "verbose_name": "share code that was given",
                "verbose_name_plural": "share codes that were given",
            },
        ),
        migrations.AddConstraint(
            model_name="givencode",
            constraint=models.UniqueConstraint(
                models.F("brand"), models.F("code"), name="given_code_once"
            ),
        ),
        migrations.RunSQL(
            """
            INSERT INTO matrix_givencode (brand_id, code, creator_id)
            SELECT brand_id, share_code, id FROM matrix_creator WHERE share_code <> '' ORDER BY id
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            GIVEN,
            """
            DROP TRIGGER kosops_code_added ON matrix_creator;
            DROP TRIGGER kosops_code_changed ON matrix_creator;
            DROP FUNCTION matrix_code_given();
            """,
        ),
        *append_only("matrix_givencode"),
    ]
