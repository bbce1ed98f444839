"""The activity log can only grow."""

from django.db import migrations

from kosops.lib.guards import append_only, append_only_function


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [append_only_function(), *append_only("accounts_activity")]
