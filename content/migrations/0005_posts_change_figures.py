"""Posts note the units whose figures they move: that of the post and that of its account."""

from django.db import migrations

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

    dependencies = [
        ('content', '0004_links_of_posts'),
        ('matrix', '0009_unit_figures'),
    ]

    operations = [migrations.RunSQL(NOTED, UNDO)]
