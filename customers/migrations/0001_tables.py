"""Orders, their lines and refunds."""

import django.db.models.deletion
from django.db import migrations, models

from kosops.lib.many_tables import CreateModels


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('customers', '0001_initial'),
        ('customers', '0004_changed_order_index_goes'),
    ]

    dependencies = [
        ('accounts', '0002_rules'),
        ('matrix', '0001_tables'),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name='Order',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='accounts.unit')),
                    ('source', models.CharField(max_length=40)),
                    ('external_id', models.CharField(max_length=80)),
                    ('channel', models.CharField(choices=[('store', 'Store'), ('mini_programme', 'Mini-programme'), ('wechat_store', 'WeChat store'), ('app', 'App'), ('third_party', 'Third-party mall'), ('live', 'Live'), ('cloud_shelf', 'Cloud shelf'), ('other', 'Other')], default='store', max_length=20)),
                    ('status', models.CharField(choices=[('paid', 'Paid'), ('finished', 'Finished'), ('closed', 'Closed'), ('refunding', 'Refund asked'), ('refunded', 'Refunded')], max_length=10)),
                    ('currency', models.CharField(max_length=3)),
                    ('paid_at', models.DateTimeField()),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('business_date', models.DateField()),
                    ('buyer_key', models.BinaryField(blank=True, max_length=32, null=True)),
                    ('seller', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders_sold', to='matrix.creator')),
                    ('seller_by', models.CharField(blank=True, choices=[('explicit', 'Named on the order'), ('share_code', 'Share code used'), ('channel_code', 'Channel code used'), ('rule', 'Assigned by a stated rule'), ('', 'Nobody named')], max_length=12)),
                    ('sharer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders_shared', to='matrix.creator')),
                    ('sharer_by', models.CharField(blank=True, choices=[('explicit', 'Named on the order'), ('share_code', 'Share code used'), ('channel_code', 'Channel code used'), ('rule', 'Assigned by a stated rule'), ('', 'Nobody named')], max_length=12)),
                    ('paid_amount', models.BigIntegerField()),
                    ('refunded_amount', models.BigIntegerField(default=0)),
                    ('facts_version', models.PositiveIntegerField(default=1)),
                    ('source_updated_at', models.DateTimeField(blank=True, null=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('updated_at', models.DateTimeField(auto_now=True)),
                ],
                options={
                    'verbose_name': 'order',
                    'verbose_name_plural': 'orders',
                    'indexes': [
                        models.Index(fields=['-paid_at', '-id'], name='order_latest'),
                        models.Index(fields=['store', '-paid_at'], name='order_of_store'),
                        models.Index(fields=['seller', 'business_date'], name='order_of_seller'),
                        models.Index(fields=['sharer', 'business_date'], name='order_of_sharer'),
                        models.Index(condition=models.Q(('buyer_key__isnull', False)), fields=['brand', 'buyer_key', 'paid_at'], name='order_of_buyer'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('brand'), models.F('source'), models.F('external_id'), name='order_once'),
                        models.CheckConstraint(condition=models.Q(('paid_amount__gte', 0), ('paid_amount__lte', 100000000000)), name='order_paid_within_limits'),
                        models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', models.F('paid_amount'))), name='order_refund_within_paid'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='OrderLine',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='customers.order')),
                    ('line_no', models.CharField(max_length=40)),
                    ('sku', models.CharField(blank=True, max_length=60)),
                    ('title', models.CharField(blank=True, max_length=200)),
                    ('category', models.CharField(blank=True, max_length=60)),
                    ('quantity', models.IntegerField(default=1)),
                    ('paid_amount', models.BigIntegerField()),
                    ('refunded_amount', models.BigIntegerField(default=0)),
                    ('commissionable', models.BooleanField(default=True)),
                ],
                options={
                    'verbose_name': 'order line',
                    'verbose_name_plural': 'order lines',
                    'constraints': [
                        models.UniqueConstraint(models.F('order'), models.F('line_no'), name='order_line_once'),
                        models.CheckConstraint(condition=models.Q(('paid_amount__gte', 0), ('paid_amount__lte', 100000000000)), name='order_line_paid_within_limits'),
                        models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', models.F('paid_amount'))), name='order_line_refund_within_paid'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Refund',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='customers.order')),
                    ('line', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='customers.orderline')),
                    ('external_id', models.CharField(max_length=80)),
                    ('amount', models.BigIntegerField()),
                    ('refunded_at', models.DateTimeField()),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'verbose_name': 'refund',
                    'verbose_name_plural': 'refunds',
                    'constraints': [
                        models.UniqueConstraint(models.F('order'), models.F('external_id'), name='refund_once'),
                        models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('amount__lte', 100000000000)), name='refund_within_limits'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='WaitingRefund',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('source', models.CharField(max_length=40)),
                    ('order_external_id', models.CharField(max_length=80)),
                    ('line_no', models.CharField(blank=True, max_length=40)),
                    ('external_id', models.CharField(max_length=80)),
                    ('amount', models.BigIntegerField()),
                    ('refunded_at', models.DateTimeField()),
                    ('reason', models.CharField(blank=True, max_length=40)),
                    ('raw', models.JSONField(blank=True, null=True)),
                    ('received_at', models.DateTimeField(auto_now_add=True)),
                    ('applied_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'waiting refund',
                    'verbose_name_plural': 'waiting refunds',
                    'indexes': [
                        models.Index(condition=models.Q(('applied_at', None)), fields=['brand', 'source', 'order_external_id'], name='waiting_refund_open'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('brand'), models.F('source'), models.F('order_external_id'), models.F('external_id'), name='waiting_refund_once'),
                        models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('amount__lte', 100000000000)), name='waiting_refund_within_limits'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='ChangedOrder',
                fields=[
                    ('order', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='change', serialize=False, to='customers.order')),
                    ('brand_id', models.BigIntegerField()),
                    ('business_date', models.DateField()),
                ],
                options={
                    'verbose_name': 'changed order',
                    'verbose_name_plural': 'changed orders',
                },
            ),
        ),
    ]
