"""The activity log can only grow. Other apps use the two trigger functions for tables of theirs."""

from django.db import migrations

from kosops.lib.guards import append_only, append_only_function, never_deleted_function


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0002_append_only"),
        ("accounts", "0005_saved_views"),
    ]
    dependencies = [("accounts", "0001_tables")]

    operations = [
        append_only_function(),
        never_deleted_function(),
        *append_only("accounts_activity"),
    ]
