"""Since when the posts of a brand in a regulated trade are reviewed (K21)."""

from django.db import migrations, models
from django.db.models import Q

REGULATED = ["education", "finance", "health"]

BEGINS = """
UPDATE matrix_brandtrade SET regulated_from = now() WHERE trade IN ('education', 'finance', 'health')
"""


class Migration(migrations.Migration):

    dependencies = [
        ("matrix", "0006_given_codes"),
    ]

    operations = [
        migrations.AddField(
            model_name="brandtrade",
            name="regulated_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        # Nobody reviewed what was published before this could be asked for.
        migrations.RunSQL(BEGINS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="brandtrade",
            constraint=models.CheckConstraint(
                condition=Q(("regulated_from__isnull", False), ("trade__in", REGULATED))
                | Q(Q(("trade__in", REGULATED), _negated=True), ("regulated_from", None)),
                name="brand_trade_regulated_from",
            ),
        ),
    ]
