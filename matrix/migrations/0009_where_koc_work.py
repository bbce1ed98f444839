"""In which domains a KOC works, where somebody said so against what the accounts say."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('matrix', '0008_purchases_shown'),
    ]

    operations = [
        migrations.AddField(
            model_name='creator',
            name='domain_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=200),
        ),
        migrations.AddField(
            model_name='creator',
            name='domain_said',
            field=models.CharField(blank=True, choices=[('public', 'Public domain'), ('private', 'Private domain'), ('both', 'Public and private domain')], db_default='', default='', max_length=7),
        ),
        migrations.AddIndex(
            model_name='socialaccount',
            index=models.Index(condition=models.Q(('state__in', ['active', 'limited'])), fields=['creator', 'domain'], name='social_account_in_use'),
        ),
        migrations.AddConstraint(
            model_name='creator',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'koc'), ('domain_said', ''), _connector='OR'), name='creator_domain_of_koc'),
        ),
        migrations.AddConstraint(
            model_name='creator',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('domain_said', ''), _negated=True), ('domain_reason', ''), _connector='OR'), name='creator_domain_reason_of_said'),
        ),
    ]
