"""Property is a regulated trade, too (K21)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_answers_kept'),
        ('matrix', '0010_codes_spelt'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='brandtrade',
            name='brand_trade_regulated_from',
        ),
        migrations.AlterField(
            model_name='brandtrade',
            name='trade',
            field=models.CharField(choices=[('general', 'Other trades'), ('food', 'Food and local services'), ('womens_goods', "Beauty, fashion and women's goods"), ('education', 'Education'), ('study_abroad', 'Study abroad'), ('finance', 'Finance and insurance'), ('health', 'Health'), ('business', 'Business services'), ('cars', 'Cars'), ('homes', 'Homes and furnishing'), ('property', 'Property'), ('babies', 'Mothers and babies')], max_length=20),
        ),
        migrations.AddConstraint(
            model_name='brandtrade',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('regulated_from__isnull', False), ('trade__in', ['education', 'finance', 'health', 'property'])), models.Q(models.Q(('trade__in', ['education', 'finance', 'health', 'property']), _negated=True), ('regulated_from', None)), _connector='OR'), name='brand_trade_regulated_from'),
        ),
    ]
