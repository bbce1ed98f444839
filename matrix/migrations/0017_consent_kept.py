from django.db import migrations

from kosops.lib.guards import append_only


class Migration(migrations.Migration):
    """What people agreed to stays as they read it."""

    dependencies = [
        ("accounts", "0002_append_only"),
        ("matrix", "0016_recruiting"),
    ]

    operations = [*append_only("matrix_consenttext")]
