"""What a theme came to stays; a theme that is worked out never changes."""

from django.db import migrations

from kosops.lib.guards import append_only

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
    dependencies = [("incentives", "0044_themes")]

    operations = [
        *append_only("incentives_themeresult"),
        migrations.RunSQL(
            THEME,
            """
            DROP TRIGGER kosops_closed ON incentives_theme;
            DROP FUNCTION incentives_theme_closed();
            """,
        ),
    ]
