"""Metric snapshots can only grow."""

from django.db import migrations

from kosops.lib.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("content", "0001_initial"), ("accounts", "0002_append_only")]

    operations = append_only("content_metricsnapshot")
