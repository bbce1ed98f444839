import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_saved_views'),
        ('matrix', '0017_consent_kept'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('leaves', 'Leaves the company'), ('moves', 'Moves to another store')], max_length=10)),
                ('last_day', models.DateField()),
                ('note', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('open', 'Open'), ('done', 'Closed'), ('cancelled', 'Called off')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('creator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='handovers', to='matrix.creator')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                ('to_store', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
            ],
            options={
                'verbose_name': 'handover',
                'verbose_name_plural': 'handovers',
            },
        ),
        migrations.CreateModel(
            name='HandoverItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(max_length=20)),
                ('key', models.CharField(max_length=40)),
                ('label', models.CharField(blank=True, max_length=120)),
                ('count', models.BigIntegerField(blank=True, null=True)),
                ('path', models.CharField(choices=[('transfer', 'Goes to a taker'), ('unbind', 'Authorisation is withdrawn'), ('leave', 'Stays with its owner'), ('follow', 'Goes along to the new store'), ('along', 'Goes with the account'), ('end', 'Ends with the last day'), ('keep', 'Stays as it is')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.socialaccount')),
                ('custody', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.custody')),
                ('handover', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='matrix.handover')),
                ('pairing', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.pairing')),
                ('taker', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.creator')),
                ('taker_person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'thing to hand over',
                'verbose_name_plural': 'things to hand over',
            },
        ),
        migrations.CreateModel(
            name='TransferBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('resigned', 'From a leaver'), ('in_service', 'Between colleagues')], max_length=10)),
                ('from_userid', models.CharField(max_length=80)),
                ('to_userid', models.CharField(max_length=80)),
                ('size', models.PositiveSmallIntegerField()),
                ('made_at', models.DateTimeField()),
                ('handover', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='batches', to='matrix.handover')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('taker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.creator')),
            ],
            options={
                'verbose_name': 'batch of customers',
                'verbose_name_plural': 'batches of customers',
            },
        ),
        migrations.CreateModel(
            name='CustomerTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_userid', models.CharField(max_length=64)),
                ('name', models.CharField(blank=True, max_length=80)),
                ('remark', models.CharField(blank=True, max_length=120)),
                ('kind', models.CharField(choices=[('resigned', 'From a leaver'), ('in_service', 'Between colleagues')], max_length=10)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('asked', 'Asked for in WeCom'), ('waiting', 'Begins within 24 hours'), ('done', 'Handed over'), ('refused', 'Refused by the customer'), ('limit', 'Taker has too many customers'), ('invited', 'Asked to add the taker'), ('dropped', 'Not handed over')], default='planned', max_length=10)),
                ('asked_at', models.DateTimeField(blank=True, null=True)),
                ('takeover_at', models.DateTimeField(blank=True, null=True)),
                ('possible_from', models.DateField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('changed_at', models.DateTimeField()),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                ('taker', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.creator')),
                ('handover', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customers', to='matrix.handover')),
                ('batch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='customers', to='matrix.transferbatch')),
            ],
            options={
                'verbose_name': 'customer to hand over',
                'verbose_name_plural': 'customers to hand over',
            },
        ),
        migrations.AddIndex(
            model_name='handover',
            index=models.Index(fields=['opened_at', 'id'], name='handover_by_age'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.UniqueConstraint(models.F('creator'), condition=models.Q(('state', 'open')), name='handover_one_open'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', 'moves'), ('to_store__isnull', False)), models.Q(('reason', 'leaves'), ('to_store', None)), _connector='OR'), name='handover_moves_to_a_store'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(('to_store', None), models.Q(('to_store', models.F('store')), _negated=True), _connector='OR'), name='handover_other_store'),
        ),
        migrations.AddConstraint(
            model_name='handover',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='handover_closed_at'),
        ),
        migrations.AddConstraint(
            model_name='handoveritem',
            constraint=models.UniqueConstraint(models.F('handover'), models.F('part'), models.F('key'), name='handover_item_once'),
        ),
        migrations.AddConstraint(
            model_name='handoveritem',
            constraint=models.CheckConstraint(condition=models.Q(('taker', None), ('taker_person', None), _connector='OR'), name='handover_item_one_taker'),
        ),
        migrations.AddConstraint(
            model_name='handoveritem',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), models.Q(('taker', None), ('taker_person', None)), _connector='OR'), name='handover_item_taker_or_reason'),
        ),
        migrations.AddConstraint(
            model_name='transferbatch',
            constraint=models.UniqueConstraint(models.F('handover'), models.F('number'), name='transfer_batch_number_once'),
        ),
        migrations.AddConstraint(
            model_name='transferbatch',
            constraint=models.CheckConstraint(condition=models.Q(('size__gte', 1), ('size__lte', 100)), name='transfer_batch_a_hundred'),
        ),
        migrations.AddIndex(
            model_name='customertransfer',
            index=models.Index(fields=['brand', 'external_userid'], name='customer_transfer_history'),
        ),
        migrations.AddIndex(
            model_name='customertransfer',
            index=models.Index(fields=['handover', 'state', 'id'], name='customer_transfer_of_case'),
        ),
        migrations.AddConstraint(
            model_name='customertransfer',
            constraint=models.UniqueConstraint(models.F('handover'), models.F('external_userid'), name='customer_transfer_once'),
        ),
        migrations.AddConstraint(
            model_name='customertransfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('takeover_at__isnull', False), _connector='OR'), name='customer_transfer_done_at'),
        ),
        migrations.AddConstraint(
            model_name='customertransfer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['invited', 'dropped']), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='customer_transfer_other_way_said'),
        ),
    ]
