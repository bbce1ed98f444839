from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("matrix", "0003_identity_of_known_people")]

    operations = [
        migrations.AddConstraint(
            model_name='creator',
            constraint=models.CheckConstraint(condition=models.Q(('kind', 'koc'), ('programme', ''), _connector='OR'), name='creator_programme_of_koc'),
        ),
        migrations.AddConstraint(
            model_name='creator',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'active'), _negated=True), models.Q(('identity', ''), _negated=True), _connector='OR'), name='creator_active_is_identified'),
        ),
        migrations.AddConstraint(
            model_name='socialaccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['active', 'limited']), _negated=True), models.Q(('owner_proof', ''), _negated=True), _connector='OR'), name='social_account_owner_verified'),
        ),
    ]
