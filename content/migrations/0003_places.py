"""Whether the location tag of a post shows its store (K15), and links of accounts of units.

The database holds that a link of a store's account says what its location tag shows.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

LOCATIONS = [
    ('', 'Unknown'),
    ('store', 'The store'),
    ('other', 'Another place'),
    ('none', 'No location'),
]

STORES = """
UPDATE content_postlink link SET store_id = creator.store_id
  FROM matrix_creator creator WHERE creator.id = link.creator_id
"""

SAID = """
CREATE FUNCTION content_link_placed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM matrix_socialaccount a JOIN accounts_unit u ON u.id = a.unit_id
                WHERE a.id = NEW.account_id AND a.creator_id IS NULL AND u.kind = 'store'
                  AND a.role <> 'employee_number') THEN
        RAISE EXCEPTION 'a link of a store''s account says what its location tag shows'
            USING ERRCODE = '23514', CONSTRAINT = 'post_link_of_store_placed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_placed BEFORE INSERT ON content_postlink
    FOR EACH ROW WHEN (NEW.account_id IS NOT NULL AND NEW.location = '')
    EXECUTE FUNCTION content_link_placed();
"""
SAID_BACK = """
DROP TRIGGER kosops_placed ON content_postlink;
DROP FUNCTION content_link_placed();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_rules'),
        ('content', '0002_rules'),
        ('matrix', '0001_tables'),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='location',
            field=models.CharField(blank=True, choices=LOCATIONS, db_default='', default='', max_length=5, verbose_name='location'),
        ),
        migrations.AddField(
            model_name='postlink',
            name='location',
            field=models.CharField(blank=True, choices=LOCATIONS, db_default='', default='', max_length=5, verbose_name='location'),
        ),
        migrations.AddField(
            model_name='postlink',
            name='account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='post_links', to='matrix.socialaccount'),
        ),
        migrations.AddField(
            model_name='postlink',
            name='store',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='post_links', to='accounts.unit'),
        ),
        # The key is checked at once, or its pending events would keep the table from changing.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.RunSQL(STORES, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='postlink',
            name='store',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='post_links', to='accounts.unit'),
        ),
        migrations.AlterField(
            model_name='postlink',
            name='creator',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='post_links', to='matrix.creator'),
        ),
        migrations.AddConstraint(
            model_name='postlink',
            constraint=models.UniqueConstraint(models.F('brand'), models.F('client_key'), condition=Q(('creator__isnull', True)), name='post_link_form_of_hq_once'),
        ),
        migrations.AddConstraint(
            model_name='postlink',
            constraint=models.CheckConstraint(condition=Q(('creator__isnull', False), ('account__isnull', False), _connector='OR'), name='post_link_of_somebody'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=Q(('creator__isnull', True), Q(('location', 'store'), _negated=True)), fields=['-published_at', '-id'], name='post_without_store'),
        ),
        migrations.AddIndex(
            model_name='post',
            index=models.Index(condition=Q(('location', ''), _negated=True), fields=['location', '-published_at', '-id'], name='post_by_location'),
        ),
        migrations.RunSQL(SAID, SAID_BACK),
    ]
