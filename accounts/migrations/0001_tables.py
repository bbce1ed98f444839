"""People, units, grants, keys, activity and jobs."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kosops.lib.many_tables import CreateModels


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('accounts', '0001_initial'),
        ('accounts', '0003_end_sessions_count_failures'),
        ('accounts', '0004_code_used'),
    ]

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        CreateModels(
            migrations.CreateModel(
                name='Person',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('password', models.CharField(max_length=128, verbose_name='password')),
                    ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                    ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                    ('username', models.CharField(max_length=60, unique=True, verbose_name='username')),
                    ('name', models.CharField(max_length=80, verbose_name='name')),
                    ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                    ('language', models.CharField(blank=True, choices=[('en', 'English'), ('zh-hans', 'Simplified Chinese'), ('ja', 'Japanese')], max_length=10, verbose_name='language')),
                    ('theme', models.CharField(blank=True, choices=[('', 'As the device'), ('light', 'Light'), ('dark', 'Dark')], max_length=5, verbose_name='theme')),
                    ('is_active', models.BooleanField(default=True, verbose_name='may sign in')),
                    ('is_staff', models.BooleanField(default=False, verbose_name='may use the admin')),
                    ('date_joined', models.DateTimeField(auto_now_add=True, verbose_name='since')),
                    ('session_epoch', models.PositiveIntegerField(default=0, editable=False)),
                    ('code_failures', models.PositiveSmallIntegerField(default=0, editable=False)),
                    ('code_locked_until', models.DateTimeField(editable=False, null=True)),
                    ('code_used', models.CharField(blank=True, default='', editable=False, max_length=64)),
                    ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                    ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
                ],
                options={
                    'verbose_name': 'person',
                    'verbose_name_plural': 'people',
                    'indexes': [
                        models.Index(fields=['name', 'id'], name='person_by_name'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Unit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='accounts.unit')),
                    ('kind', models.CharField(choices=[('brand', 'Brand'), ('region', 'Region'), ('store', 'Store')], max_length=10)),
                    ('store_kind', models.CharField(blank=True, choices=[('physical', 'Physical store'), ('online', 'Online shop'), ('live', 'Live room'), ('franchise', 'Franchise store'), ('micro_mall', 'Micro mall'), ('omnichannel', 'Omnichannel store')], max_length=12)),
                    ('code', models.CharField(max_length=40)),
                    ('name', models.CharField(max_length=120)),
                    ('city', models.CharField(blank=True, max_length=60)),
                    ('brand', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('path', models.TextField(default='', editable=False)),
                    ('active', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                ],
                options={
                    'verbose_name': 'unit',
                    'verbose_name_plural': 'units',
                    'indexes': [
                        models.Index(fields=['path'], name='unit_path_prefix', opclasses=['text_pattern_ops']),
                    ],
                    'constraints': [
                        models.UniqueConstraint(models.F('brand'), models.F('code'), name='unit_code_once_per_brand'),
                        models.UniqueConstraint(models.F('code'), condition=models.Q(('kind', 'brand')), name='unit_brand_code_once'),
                        models.CheckConstraint(condition=models.Q(models.Q(('kind', 'brand'), ('parent__isnull', True)), models.Q(models.Q(('kind', 'brand'), _negated=True), ('parent__isnull', False)), _connector='OR'), name='unit_only_brand_is_root'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Grant',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to=settings.AUTH_USER_MODEL)),
                    ('role', models.CharField(choices=[('operator', 'HQ operations'), ('analyst', 'Analyst'), ('reviewer', 'Content reviewer'), ('finance', 'Finance'), ('auditor', 'Auditor'), ('region_manager', 'Regional manager'), ('store_manager', 'Store manager'), ('kos', 'Store assistant (KOS)'), ('koc', 'Consumer creator (KOC)')], max_length=20)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='accounts.unit')),
                    ('since', models.DateField()),
                    ('until', models.DateField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'grant',
                    'verbose_name_plural': 'grants',
                    'constraints': [
                        models.UniqueConstraint(models.F('person'), models.F('role'), models.F('unit'), models.F('since'), name='grant_once'),
                        models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='grant_dates'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='ApiKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=80)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='api_keys', to='accounts.unit')),
                    ('prefix', models.CharField(max_length=16, unique=True)),
                    ('digest', models.BinaryField(max_length=32)),
                    ('scopes', models.JSONField(default=list)),
                    ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField(blank=True, null=True)),
                    ('revoked_at', models.DateTimeField(blank=True, null=True)),
                    ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ],
                options={
                    'verbose_name': 'API key',
                    'verbose_name_plural': 'API keys',
                },
            ),
            migrations.CreateModel(
                name='Activity',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('actor_label', models.CharField(max_length=80)),
                    ('verb', models.CharField(max_length=60)),
                    ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('object_type', models.CharField(max_length=60)),
                    ('object_id', models.BigIntegerField(null=True)),
                    ('object_label', models.CharField(max_length=160)),
                    ('before', models.JSONField(null=True)),
                    ('after', models.JSONField(null=True)),
                ],
                options={
                    'verbose_name': 'activity',
                    'verbose_name_plural': 'activity log',
                    'indexes': [
                        models.Index(fields=['object_type', 'object_id', '-at'], name='activity_of_object'),
                        models.Index(fields=['-at', '-id'], name='activity_latest'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='SavedView',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to=settings.AUTH_USER_MODEL)),
                    ('page', models.CharField(max_length=60)),
                    ('name', models.CharField(max_length=60)),
                    ('query', models.CharField(max_length=2000)),
                    ('shared_with', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('saved_at', models.DateTimeField(auto_now=True)),
                ],
                options={
                    'verbose_name': 'saved view',
                    'verbose_name_plural': 'saved views',
                    'constraints': [
                        models.UniqueConstraint(models.F('person'), models.F('page'), models.F('name'), name='saved_view_once'),
                    ],
                },
            ),
            migrations.CreateModel(
                name='Job',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(max_length=60)),
                    ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                    ('label', models.CharField(max_length=160)),
                    ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=10)),
                    ('params', models.JSONField(default=dict)),
                    ('done', models.BigIntegerField(default=0)),
                    ('total', models.BigIntegerField(null=True)),
                    ('counts', models.JSONField(default=dict)),
                    ('log', models.JSONField(default=list)),
                    ('error', models.TextField(blank=True)),
                    ('result_file', models.FileField(blank=True, max_length=200, upload_to='')),
                    ('attempts', models.PositiveIntegerField(default=0)),
                    ('failures', models.PositiveSmallIntegerField(default=0)),
                    ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('started_at', models.DateTimeField(null=True)),
                    ('beat_at', models.DateTimeField(null=True)),
                    ('ended_at', models.DateTimeField(null=True)),
                ],
                options={
                    'verbose_name': 'job',
                    'verbose_name_plural': 'jobs',
                    'indexes': [
                        models.Index(fields=['-created_at', '-id'], name='job_latest'),
                        models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['created_at'], name='job_open'),
                    ],
                },
            ),
        ),
    ]
