"""A share code that reads as one of ours is kept as one: so no two people have codes read alike.

Codes from before stay as they are; who gets a new one is compared with them (`share_codes.holders`).
"""

from django.db import migrations

# The letters of `code_rules`, the length of its codes.
OWN = "^[BCDFGHJKMNPQRSTVWXYZ23456789]{8}$"

GIVEN = """
CREATE OR REPLACE FUNCTION matrix_code_given() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reads text := upper(regexp_replace(normalize(NEW.share_code, NFKC), '\\s', '', 'g'));
BEGIN
    {spelt}
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
"""
SPELT = f"""
    IF reads ~ '{OWN}' AND reads <> NEW.share_code THEN
        RAISE EXCEPTION 'a share code that reads as one of ours is spelt as one'
            USING ERRCODE = '23514', CONSTRAINT = 'creator_share_code_spelt';
    END IF;
"""


class Migration(migrations.Migration):
    dependencies = [("matrix", "0009_where_koc_work")]

    operations = [
        migrations.RunSQL(
            GIVEN.replace("{spelt}", SPELT), GIVEN.replace("{spelt}", "")
        )
    ]
