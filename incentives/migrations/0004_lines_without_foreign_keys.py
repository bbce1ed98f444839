"""Commission and release lines lose their foreign keys and two indexes.

Measured on 300,000 lines: each foreign key cost as much as writing the line itself, all of them
3.5 times as much, and the two indexes a third. Migration 0005 checks the same set-based. The unique
key begins with the order and so finds the lines of an order, too.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0002_append_only'),
        ('incentives', '0003_ledger_rules'),
        ('matrix', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='commissionline',
            name='commission_line_once',
        ),
        migrations.RemoveIndex(
            model_name='commissionline',
            name='commission_line_of_creator',
        ),
        migrations.RemoveIndex(
            model_name='releaseline',
            name='release_line_of_creator',
        ),
        migrations.AddField(
            model_name='commissionrun',
            name='plan',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='pendingrelease',
            name='only_back',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='commissionline',
            name='creator',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='commission_lines', to='matrix.creator'),
        ),
        migrations.AlterField(
            model_name='commissionline',
            name='order',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.order'),
        ),
        migrations.AlterField(
            model_name='commissionline',
            name='order_line',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='commission_lines', to='customers.orderline'),
        ),
        migrations.AlterField(
            model_name='commissionline',
            name='rate',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='incentives.planrate'),
        ),
        migrations.AlterField(
            model_name='commissionline',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='incentives.commissionrun'),
        ),
        migrations.AlterField(
            model_name='releaseline',
            name='creator',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='matrix.creator'),
        ),
        migrations.AlterField(
            model_name='releaseline',
            name='order',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='customers.order'),
        ),
        migrations.AlterField(
            model_name='releaseline',
            name='run',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='incentives.commissionrun'),
        ),
        migrations.AddIndex(
            model_name='commissionline',
            index=models.Index(fields=['run', 'creator'], name='commission_line_of_run'),
        ),
        migrations.AddIndex(
            model_name='releaseline',
            index=models.Index(fields=['run', 'creator'], name='release_line_of_run'),
        ),
        migrations.AddConstraint(
            model_name='commissionline',
            constraint=models.UniqueConstraint(models.F('order'), models.F('order_line'), models.F('creator'), models.F('role'), models.F('sequence'), name='commission_line_once'),
        ),
    ]
