from django.conf import settings
from django.db import migrations, models

# The grid hangs on role, purpose and layer of an account too.
COLUMNS = (
    "unit_id", "creator_id", "platform", "domain", "state", "opened_on", "followers", "ownership",
)
MORE = ("role", "purpose", "private_layer")
NOTED = """
CREATE OR REPLACE FUNCTION matrix_socialaccount_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matrix_changedunit (unit_id) SELECT DISTINCT unit.unit_id FROM (
        SELECT b.unit_id, a.unit_id AS now_id FROM before b JOIN after a USING (id)
         WHERE ({was}) IS DISTINCT FROM ({now})
    ) AS moved, LATERAL (VALUES (moved.unit_id), (moved.now_id)) AS unit(unit_id);
    RETURN NULL;
END $$;
"""


def noted(columns):
    was, now = (", ".join(f"{row}.{name}" for name in columns) for row in "ba")
    return NOTED.format(was=was, now=now)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_saved_views'),
        ('matrix', '0020_platform_rules'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='unitfigures',
            name='grid',
            field=models.JSONField(default=dict),
        ),
        migrations.AddIndex(
            model_name='creator',
            index=models.Index(condition=models.Q(('state', 'left')), fields=['id'], name='creator_left'),
        ),
        migrations.AddIndex(
            model_name='socialaccount',
            index=models.Index(condition=models.Q(('state', 'banned')), fields=['unit'], name='social_account_banned'),
        ),
        migrations.RunSQL(noted(COLUMNS + MORE), noted(COLUMNS)),
        # What was counted before has no grid yet.
        migrations.RunSQL(
            "INSERT INTO matrix_changedunit (unit_id)"
            " SELECT DISTINCT unit_id FROM matrix_unitfigures",
            migrations.RunSQL.noop,
        ),
    ]
