"""Posts, their metric snapshots and the links that creators hand in."""

import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from kosops.lib.many_tables import CreateModels


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('content', '0001_initial'),
        ('content', '0003_index_posts_by_interactions'),
        ('content', '0004_links_of_posts'),
    ]

    dependencies = [
        ('accounts', '0002_rules'),
        ('matrix', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name='Post',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('impressions', models.BigIntegerField(blank=True, null=True)),
                    ('views', models.BigIntegerField(blank=True, null=True)),
                    ('likes', models.BigIntegerField(blank=True, null=True)),
                    ('recommends', models.BigIntegerField(blank=True, null=True)),
                    ('comments', models.BigIntegerField(blank=True, null=True)),
                    ('saves', models.BigIntegerField(blank=True, null=True)),
                    ('shares', models.BigIntegerField(blank=True, null=True)),
                    ('followers_gained', models.BigIntegerField(blank=True, null=True)),
                    ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='accounts.unit')),
                    ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='matrix.socialaccount')),
                    ('creator', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='matrix.creator')),
                    ('platform', models.CharField(max_length=20)),
                    ('platform_post_id', models.CharField(blank=True, max_length=80, null=True)),
                    ('title', models.TextField(blank=True)),
                    ('title_key', models.TextField(blank=True)),
                    ('url', models.URLField(blank=True, max_length=500)),
                    ('genre', models.CharField(blank=True, choices=[('image_text', 'Image and text'), ('video', 'Video'), ('live', 'Live'), ('', 'Unknown')], max_length=10)),
                    ('state', models.CharField(choices=[('online', 'Online'), ('hidden', 'Hidden by the platform'), ('removed', 'Removed')], default='online', max_length=8)),
                    ('published_at', models.DateTimeField()),
                    ('is_commercial', models.BooleanField(default=False)),
                    ('relationship', models.CharField(choices=[('none', 'None'), ('own_staff', 'Own staff'), ('gift', 'Gift'), ('loan', 'Loan'), ('paid', 'Paid'), ('commission', 'Commission')], default='none', max_length=10)),
                    ('disclosure', models.CharField(blank=True, max_length=200)),
                    ('figures_at', models.DateTimeField(blank=True, null=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'verbose_name': 'post',
                    'verbose_name_plural': 'posts',
                    'indexes': [
                        models.Index(fields=['-published_at', '-id'], name='post_latest'),
                        models.Index(fields=['account', 'published_at'], name='post_of_account'),
                        models.Index(fields=['creator', 'published_at'], name='post_of_creator'),
                        models.Index(fields=['store', '-published_at'], name='post_of_store'),
                        models.Index(django.db.models.functions.comparison.Coalesce(models.Case(models.When(models.Q(('comments__isnull', True), ('likes__isnull', True), ('saves__isnull', True)), then=None), default=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('likes'), 0), '+', django.db.models.functions.comparison.Coalesce(models.F('saves'), 0)), '+', django.db.models.functions.comparison.Coalesce(models.F('comments'), 0)), output_field=models.BigIntegerField()), models.Value(-1), output_field=models.BigIntegerField()), models.F('id'), name='post_by_interactions'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('brand'), models.F('platform'), models.F('platform_post_id'), condition=models.Q(('platform_post_id__isnull', False)), name='post_platform_id_once'),
                        models.UniqueConstraint(models.F('account'), models.F('title_key'), models.F('published_at'), condition=models.Q(('platform_post_id__isnull', True)), name='post_fingerprint_once'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='MetricSnapshot',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('impressions', models.BigIntegerField(blank=True, null=True)),
                    ('views', models.BigIntegerField(blank=True, null=True)),
                    ('likes', models.BigIntegerField(blank=True, null=True)),
                    ('recommends', models.BigIntegerField(blank=True, null=True)),
                    ('comments', models.BigIntegerField(blank=True, null=True)),
                    ('saves', models.BigIntegerField(blank=True, null=True)),
                    ('shares', models.BigIntegerField(blank=True, null=True)),
                    ('followers_gained', models.BigIntegerField(blank=True, null=True)),
                    ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='snapshots', to='content.post')),
                    ('captured_at', models.DateTimeField()),
                    ('source', models.CharField(max_length=40)),
                    ('click_rate_bp', models.IntegerField(blank=True, null=True)),
                    ('completion_rate_bp', models.IntegerField(blank=True, null=True)),
                    ('watch_seconds_x100', models.IntegerField(blank=True, null=True)),
                    ('raw', models.JSONField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'metric snapshot',
                    'verbose_name_plural': 'metric snapshots',
                    'constraints': [
                        models.UniqueConstraint(models.F('post'), models.F('captured_at'), models.F('source'), name='metric_snapshot_once'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='PostLink',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('creator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='post_links', to='matrix.creator')),
                    ('platform', models.CharField(max_length=20)),
                    ('url', models.URLField(max_length=300)),
                    ('platform_post_id', models.CharField(blank=True, max_length=80, null=True)),
                    ('title', models.CharField(blank=True, max_length=200)),
                    ('title_key', models.TextField(blank=True)),
                    ('client_key', models.UUIDField()),
                    ('noted_at', models.DateTimeField()),
                    ('received_at', models.DateTimeField()),
                    ('state', models.CharField(choices=[('waiting', 'Figures not in yet'), ('linked', 'Linked'), ('refused', 'Refused')], default='waiting', max_length=8)),
                    ('post', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='links', to='content.post')),
                    ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                    ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('decided_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'link of a post',
                    'verbose_name_plural': 'links of posts',
                    'indexes': [
                        models.Index(fields=['creator', '-received_at', '-id'], name='post_link_of_creator'),
                        models.Index(condition=models.Q(('state', 'waiting')), fields=['received_at', 'id'], name='post_link_waiting'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('creator'), models.F('client_key'), name='post_link_form_once'),
                        models.UniqueConstraint(models.F('brand'), models.F('url'), condition=models.Q(('state', 'refused'), _negated=True), name='post_link_url_once'),
                        models.UniqueConstraint(models.F('brand'), models.F('platform'), models.F('platform_post_id'), condition=models.Q(('platform_post_id__isnull', False), models.Q(('state', 'refused'), _negated=True)), name='post_link_platform_id_once'),
                        models.UniqueConstraint(models.F('post'), condition=models.Q(('post__isnull', False)), name='post_link_of_post_once'),
                        models.CheckConstraint(condition=models.Q(models.Q(('post__isnull', False), ('state', 'linked')), models.Q(models.Q(('state', 'linked'), _negated=True), ('post__isnull', True)), _connector='OR'), name='post_link_linked_has_post'),
                        models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), models.Q(('reason', ''), _negated=True)), models.Q(models.Q(('state', 'refused'), _negated=True), ('reason', '')), _connector='OR'), name='post_link_refused_has_reason'),
                    ],
                },
            ),
        ),
    ]
