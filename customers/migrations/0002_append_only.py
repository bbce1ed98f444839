"""Refunds can only grow: a wrong one is corrected by the shop, not edited here."""

from django.db import migrations

from kosops.lib.guards import append_only


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("accounts", "0002_append_only")]

    operations = append_only("customers_refund")
