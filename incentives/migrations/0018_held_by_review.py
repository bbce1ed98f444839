"""A reward for a note is held while a review of the note is open (K21)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incentives', '0017_share_links'),
        ('content', '0004_reviews'),
    ]

    operations = [
        migrations.AlterField(
            model_name='rewarditem',
            name='standing',
            field=models.CharField(choices=[('payable', 'Payable'), ('waiting', 'Held until the check'), ('below', 'Below the first step'), ('unknown', 'Figures not in yet'), ('hidden', 'Held: hidden'), ('in_review', 'Held: in review'), ('problem', 'Held: review found a problem'), ('removed', 'None: removed'), ('stopped', 'Stopped by hand'), ('flagged', 'Held: figures to look at'), ('cap_person', 'Month is full'), ('cap_budget', 'Budget is used up')], max_length=12),
        ),
    ]
