"""Who had a member price in a month stays as it was decided."""

from django.db import migrations

from kosops.lib.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("incentives", "0046_member_prices")]

    operations = [*append_only("incentives_standingmonth")]
