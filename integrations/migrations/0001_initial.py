"""Imports: batches, rows to settle, kept column mappings."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kosops.lib.many_tables import CreateModels


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name='ImportBatch',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('format', models.CharField(max_length=40)),
                    ('source', models.CharField(max_length=40)),
                    ('file', models.FileField(max_length=200, upload_to='')),
                    ('original_name', models.CharField(max_length=200)),
                    ('sha256', models.CharField(max_length=64)),
                    ('size', models.BigIntegerField()),
                    ('state', models.CharField(choices=[('uploaded', 'Uploaded'), ('mapped', 'Columns chosen'), ('checking', 'Being checked'), ('checked', 'Checked'), ('applying', 'Being imported'), ('done', 'Imported'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='uploaded', max_length=10)),
                    ('preview', models.JSONField(default=dict)),
                    ('mapping', models.JSONField(default=dict)),
                    ('options', models.JSONField(default=dict)),
                    ('counts', models.JSONField(default=dict)),
                    ('checked_counts', models.JSONField(default=dict)),
                    ('cursor', models.BigIntegerField(default=0)),
                    ('error', models.JSONField(blank=True, null=True)),
                    ('job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.job')),
                    ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                    ('ended_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'import',
                    'verbose_name_plural': 'imports',
                    'indexes': [
                        models.Index(fields=['-created_at', '-id'], name='import_latest'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('brand'), models.F('format'), models.F('sha256'), condition=models.Q(('state', 'cancelled'), _negated=True), name='import_of_a_file_once'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='ImportMapping',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('brand', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.unit')),
                    ('format', models.CharField(max_length=40)),
                    ('source', models.CharField(max_length=40)),
                    ('mapping', models.JSONField(default=dict)),
                    ('options', models.JSONField(default=dict)),
                    ('updated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('updated_at', models.DateTimeField(auto_now=True)),
                ],
                options={
                    'verbose_name': 'kept column mapping',
                    'verbose_name_plural': 'kept column mappings',
                    'constraints': [
                        models.UniqueConstraint(models.F('brand'), models.F('format'), models.F('source'), name='import_mapping_once'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='ImportIssue',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='issues', to='integrations.importbatch')),
                    ('line', models.BigIntegerField()),
                    ('outcome', models.CharField(choices=[('new', 'New'), ('changed', 'Changed'), ('unchanged', 'Unchanged'), ('skipped', 'Skipped'), ('faulty', 'To fix'), ('ambiguous', 'To decide')], max_length=10)),
                    ('faults', models.JSONField(default=list)),
                    ('candidates', models.JSONField(default=list)),
                    ('raw', models.JSONField(default=dict)),
                    ('group', models.CharField(blank=True, max_length=120)),
                    ('correction', models.JSONField(default=dict)),
                    ('choice', models.CharField(blank=True, max_length=80)),
                    ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'row to settle',
                    'verbose_name_plural': 'rows to settle',
                    'indexes': [
                        models.Index(fields=['batch', 'outcome', 'line'], name='import_issue_of_batch'),
                        models.Index(condition=models.Q(('group', ''), _negated=True), fields=['batch', 'group'], name='import_issue_group'),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('batch'), models.F('line'), name='import_issue_once'),
                    ],
                },
            ),
        ),
    ]
