"""Metric snapshots can only grow, and posts note the units whose figures they move.

A post moves the figures of its own unit and of that of its account.
"""

from django.db import migrations

from kosops.lib.guards import append_only

NOTED = """
CREATE FUNCTION content_post_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matrix_changedunit (unit_id)
    SELECT store_id FROM changed
     UNION SELECT a.unit_id FROM changed p JOIN matrix_socialaccount a ON a.id = p.account_id;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_noted_added AFTER INSERT ON content_post REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION content_post_noted();
CREATE TRIGGER kosops_noted_removed AFTER DELETE ON content_post REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION content_post_noted();

-- Row by row: figures of posts change by the thousand, place and time of a post almost never.
CREATE FUNCTION content_post_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matrix_changedunit (unit_id)
    SELECT OLD.store_id UNION SELECT NEW.store_id
     UNION SELECT unit_id FROM matrix_socialaccount WHERE id IN (OLD.account_id, NEW.account_id);
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_noted_moved AFTER UPDATE OF store_id, account_id, published_at
    ON content_post FOR EACH ROW
    WHEN ((OLD.store_id, OLD.account_id, OLD.published_at)
          IS DISTINCT FROM (NEW.store_id, NEW.account_id, NEW.published_at))
    EXECUTE FUNCTION content_post_moved();
"""

UNDO = """
DROP TRIGGER kosops_noted_added ON content_post;
DROP TRIGGER kosops_noted_removed ON content_post;
DROP TRIGGER kosops_noted_moved ON content_post;
DROP FUNCTION content_post_noted();
DROP FUNCTION content_post_moved();
"""


class Migration(migrations.Migration):
    replaces = [
        ("content", "0002_append_only"),
        ("content", "0005_posts_change_figures"),
        ("content", "0006_platforms_of_brands"),
    ]
    dependencies = [
        ("content", "0001_tables"),
        ("accounts", "0002_rules"),
        ("matrix", "0001_tables"),
    ]

    operations = [
        *append_only("content_metricsnapshot"),
        migrations.RunSQL(NOTED, UNDO),
    ]
