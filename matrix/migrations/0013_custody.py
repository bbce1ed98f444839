import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_saved_views'),
        ('matrix', '0012_communities'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('warning', 'Warning'), ('throttled', 'Throttled'), ('removed', 'Content removed'), ('banned', 'Banned'), ('appeal', 'Appeal filed'), ('appeal_won', 'Appeal won'), ('appeal_lost', 'Appeal lost'), ('restored', 'Restored')], max_length=12)),
                ('on', models.DateField()),
                ('note', models.CharField(blank=True, max_length=500)),
                ('reference', models.CharField(blank=True, max_length=80)),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'entry of the register',
                'verbose_name_plural': 'register of violations',
            },
        ),
        migrations.CreateModel(
            name='Custody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone', models.BinaryField(null=True)),
                ('phone_masked', models.CharField(blank=True, max_length=20)),
                ('sim_owner', models.CharField(blank=True, choices=[('company', 'The company'), ('holder', 'The person who holds it'), ('other', 'Somebody else')], max_length=10)),
                ('since', models.DateField()),
                ('until', models.DateField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('giver_name', models.CharField(blank=True, max_length=80)),
                ('giver_at', models.DateTimeField(null=True)),
                ('giver_on_paper', models.BooleanField(default=False)),
                ('taker_name', models.CharField(blank=True, max_length=80)),
                ('taker_at', models.DateTimeField(null=True)),
                ('taker_on_paper', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'custody',
                'verbose_name_plural': 'custodies',
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(max_length=200, upload_to='')),
                ('original_name', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=10)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('uploaded_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'evidence',
                'verbose_name_plural': 'evidence',
            },
        ),
        migrations.AddField(
            model_name='creator',
            name='share_code_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='socialaccount',
            name='closed_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='socialaccount',
            name='closed_why',
            field=models.CharField(blank=True, choices=[('platform', 'Closed by the platform'), ('unused', 'No longer used'), ('withdrawn', 'Authorisation withdrawn'), ('with_owner', 'Stays with its owner')], db_default='', default='', max_length=10),
        ),
        migrations.AddIndex(
            model_name='socialaccount',
            index=models.Index(fields=['handle', 'id'], name='social_account_by_name'),
        ),
        migrations.AddField(
            model_name='accountevent',
            name='about',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='matrix.accountevent'),
        ),
        migrations.AddField(
            model_name='accountevent',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='matrix.socialaccount'),
        ),
        migrations.AddField(
            model_name='accountevent',
            name='recorded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='custody',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='custodies', to='matrix.socialaccount'),
        ),
        migrations.AddField(
            model_name='custody',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='custody',
            name='creator',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='custodies', to='matrix.creator'),
        ),
        migrations.AddField(
            model_name='custody',
            name='giver_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='custody',
            name='person',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='custodies', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='custody',
            name='taker_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='evidence',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit'),
        ),
        migrations.AddField(
            model_name='evidence',
            name='uploaded_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='custody',
            name='evidence',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.evidence'),
        ),
        migrations.AddField(
            model_name='accountevent',
            name='evidence',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.evidence'),
        ),
        migrations.AddIndex(
            model_name='custody',
            index=models.Index(fields=['account', '-since', '-id'], name='custody_of_account'),
        ),
        migrations.AddIndex(
            model_name='custody',
            index=models.Index(condition=models.Q(('until', None)), fields=['creator'], name='custody_of_creator'),
        ),
        migrations.AddIndex(
            model_name='custody',
            index=models.Index(condition=models.Q(('until', None)), fields=['person'], name='custody_of_person'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.UniqueConstraint(models.F('account'), condition=models.Q(('until', None)), name='custody_one_open'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('creator', None), ('person__isnull', False)), models.Q(('creator__isnull', False), ('person', None)), _connector='OR'), name='custody_one_holder'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='custody_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('phone', None), ('phone_masked', '')), models.Q(('phone__isnull', False), models.Q(('phone_masked', ''), _negated=True)), _connector='OR'), name='custody_phone_masked'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('giver_at', None), ('giver_by', None), ('giver_name', ''), ('giver_on_paper', False)), models.Q(('giver_at__isnull', False), ('giver_by__isnull', False), models.Q(('giver_name', ''), _negated=True)), _connector='OR'), name='custody_giver_signs_whole'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('taker_at', None), ('taker_by', None), ('taker_name', ''), ('taker_on_paper', False)), models.Q(('taker_at__isnull', False), ('taker_by__isnull', False), models.Q(('taker_name', ''), _negated=True)), _connector='OR'), name='custody_taker_signs_whole'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('giver_on_paper', False), ('taker_on_paper', False)), ('evidence__isnull', False), _connector='OR'), name='custody_paper_is_there'),
        ),
        migrations.AddConstraint(
            model_name='custody',
            constraint=models.CheckConstraint(condition=models.Q(('giver_on_paper', True), ('taker_on_paper', True), ('giver_by', None), ('taker_by', None), models.Q(('giver_by', models.F('taker_by')), _negated=True), _connector='OR'), name='custody_two_people'),
        ),
        migrations.AddIndex(
            model_name='accountevent',
            index=models.Index(fields=['account', '-on', '-id'], name='account_event_of_account'),
        ),
        migrations.AddIndex(
            model_name='accountevent',
            index=models.Index(fields=['on', 'id'], name='account_event_by_day'),
        ),
        migrations.AddConstraint(
            model_name='accountevent',
            constraint=models.CheckConstraint(condition=models.Q(('about', None), ('kind__in', ['appeal', 'appeal_won', 'appeal_lost']), _connector='OR'), name='account_event_about_appeals'),
        ),
        migrations.AddConstraint(
            model_name='accountevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['appeal', 'appeal_won', 'appeal_lost']), _negated=True), ('about__isnull', False), _connector='OR'), name='account_event_appeal_is_about'),
        ),
        migrations.AddConstraint(
            model_name='accountevent',
            constraint=models.UniqueConstraint(models.F('about'), condition=models.Q(('kind__in', ['appeal_won', 'appeal_lost'])), name='account_event_one_answer'),
        ),
    ]
