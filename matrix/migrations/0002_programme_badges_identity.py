import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_saved_views'),
        ('matrix', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='creator',
            name='badges',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('counter_clerk', 'Counter clerk'), ('shopping_guide', 'Shopping guide'), ('service', 'Customer service'), ('product_expert', 'Product expert')], max_length=20), blank=True, db_default=[], default=list, size=None),
        ),
        migrations.AddField(
            model_name='creator',
            name='identity',
            field=models.CharField(blank=True, choices=[('staff_record', 'Staff record'), ('member_record', 'Member record'), ('checked', 'Checked by a colleague')], db_default='', default='', max_length=20),
        ),
        migrations.AddField(
            model_name='creator',
            name='layer',
            field=models.CharField(blank=True, choices=[('quality', 'Quality layer'), ('standard', 'Standard layer'), ('potential', 'Potential layer')], db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='creator',
            name='layer_since',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='creator',
            name='position',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.AddField(
            model_name='creator',
            name='programme',
            field=models.CharField(blank=True, choices=[('seeding', 'Seeding'), ('distribution', 'Distribution')], db_default='', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='pairing',
            name='brand_account',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='second_hop_of', to='matrix.socialaccount'),
        ),
        migrations.AddField(
            model_name='socialaccount',
            name='owner_proof',
            field=models.CharField(blank=True, choices=[('company', 'Registered to the company'), ('staff_record', 'Staff record'), ('member_record', 'Member record'), ('checked', 'Checked by a colleague')], db_default='', default='', max_length=20),
        ),
        migrations.AddField(
            model_name='socialaccount',
            name='purpose',
            field=models.CharField(blank=True, choices=[('sales', 'Sales'), ('brand', 'Brand'), ('service', 'Service'), ('recruiting', 'Recruiting')], db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='socialaccount',
            name='role',
            field=models.CharField(blank=True, choices=[('experience_centre', 'Experience centre'), ('welfare_officer', 'Welfare officer'), ('member_manager', 'Member manager'), ('store_number', 'Store number'), ('manager_number', 'Manager number'), ('employee_number', 'Employee number')], db_default='', default='', max_length=20),
        ),
    ]
