"""What a KOC is known to have bought: by orders under the member number, or by a receipt."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from kosops.lib.guards import append_only, never_deleted

# A verdict ends the waiting of its receipt, and only a verdict does; nothing else about it changes.
LOOKED_AT = """
CREATE FUNCTION matrix_receipt_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'waiting') <> (to_jsonb(OLD) - 'waiting') OR NEW.waiting
       OR NOT EXISTS (SELECT 1 FROM matrix_purchaseproof WHERE receipt_id = NEW.id) THEN
        RAISE EXCEPTION 'a receipt is not edited' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kosops_frozen BEFORE UPDATE ON matrix_receipt
    FOR EACH ROW EXECUTE FUNCTION matrix_receipt_frozen();
CREATE FUNCTION matrix_receipt_looked_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE matrix_receipt SET waiting = false WHERE id = NEW.receipt_id;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_looked_at AFTER INSERT ON matrix_purchaseproof
    FOR EACH ROW WHEN (NEW.receipt_id IS NOT NULL) EXECUTE FUNCTION matrix_receipt_looked_at();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_answers_kept'),
        ('matrix', '0007_regulated_from'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note', models.CharField(blank=True, max_length=300)),
                ('handed_in_at', models.DateTimeField()),
                ('waiting', models.BooleanField(default=True)),
                ('creator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='receipts', to='matrix.creator')),
                ('evidence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.evidence')),
                ('handed_in_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'receipt',
                'verbose_name_plural': 'receipts',
            },
        ),
        migrations.CreateModel(
            name='PurchaseProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('accepted', 'Accepted'), ('declined', 'Not accepted'), ('withdrawn', 'Taken back')], max_length=10)),
                ('bought_on', models.DateField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('looked_at', models.DateTimeField()),
                ('about', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.purchaseproof')),
                ('creator', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='purchase_proofs', to='matrix.creator')),
                ('evidence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='matrix.evidence')),
                ('looked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('receipt', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='verdicts', to='matrix.receipt')),
            ],
            options={
                'verbose_name': 'purchase looked at',
                'verbose_name_plural': 'purchases looked at',
            },
        ),
        migrations.CreateModel(
            name='MemberKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.BinaryField(max_length=32)),
                ('bought_on', models.DateField(blank=True, null=True)),
                ('brand', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
                ('creator', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='member_keys', to='matrix.creator')),
            ],
            options={
                'verbose_name': 'member number in orders',
                'verbose_name_plural': 'member numbers in orders',
                'indexes': [models.Index(condition=models.Q(('bought_on__isnull', False)), fields=['creator'], include=('bought_on',), name='member_key_bought')],
                'constraints': [models.UniqueConstraint(models.F('brand'), models.F('key'), name='member_key_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(models.F('creator'), condition=models.Q(('waiting', True)), name='receipt_one_waiting'),
        ),
        migrations.AddIndex(
            model_name='purchaseproof',
            index=models.Index(fields=['creator', '-looked_at'], name='purchase_proof_of_creator'),
        ),
        migrations.AddConstraint(
            model_name='purchaseproof',
            constraint=models.UniqueConstraint(models.F('receipt'), condition=models.Q(('receipt__isnull', False)), name='purchase_proof_one_verdict'),
        ),
        migrations.AddConstraint(
            model_name='purchaseproof',
            constraint=models.UniqueConstraint(models.F('about'), condition=models.Q(('about__isnull', False)), name='purchase_proof_taken_back_once'),
        ),
        migrations.AddConstraint(
            model_name='purchaseproof',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'accepted'), _negated=True), models.Q(('about', None), ('bought_on__isnull', False), models.Q(('evidence__isnull', False), models.Q(('note', ''), _negated=True), _connector='OR')), _connector='OR'), name='purchase_proof_shows_something'),
        ),
        migrations.AddConstraint(
            model_name='purchaseproof',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'declined'), _negated=True), models.Q(('about', None), ('bought_on', None), ('receipt__isnull', False), models.Q(('note', ''), _negated=True)), _connector='OR'), name='purchase_proof_declined_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='purchaseproof',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verdict', 'withdrawn'), _negated=True), models.Q(('about__isnull', False), ('bought_on', None), ('receipt', None), models.Q(('note', ''), _negated=True)), _connector='OR'), name='purchase_proof_taken_back_with_reason'),
        ),
        migrations.RunSQL(
            LOOKED_AT,
            """
            DROP TRIGGER kosops_looked_at ON matrix_purchaseproof;
            DROP TRIGGER kosops_frozen ON matrix_receipt;
            DROP FUNCTION matrix_receipt_looked_at();
            DROP FUNCTION matrix_receipt_frozen();
            """,
        ),
        *append_only("matrix_purchaseproof"),
        *never_deleted("matrix_receipt"),
    ]
