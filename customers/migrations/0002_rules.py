"""Refunds can only grow, and order lines stay where they are.

A wrong refund is corrected by the shop, not edited here. Commission lines have no foreign key to
the order line for the sake of speed, so the line must not go away or move to another order.
"""

from django.db import migrations

from kosops.lib.guards import append_only, never_deleted

STAYS = """
CREATE FUNCTION customers_order_line_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an order line stays with its order' USING ERRCODE = '23001';
END $$;
CREATE TRIGGER kosops_stays BEFORE UPDATE OF id, order_id ON customers_orderline
    FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.order_id <> OLD.order_id)
    EXECUTE FUNCTION customers_order_line_stays();
"""


class Migration(migrations.Migration):
    replaces = [
        ("customers", "0002_append_only"),
        ("customers", "0003_limits_and_kept_lines"),
        ("customers", "0005_orders_of_a_buyer"),
    ]
    dependencies = [("customers", "0001_tables"), ("accounts", "0002_rules")]

    operations = [
        *append_only("customers_refund"),
        *never_deleted("customers_orderline"),
        migrations.RunSQL(
            STAYS,
            """
            DROP TRIGGER kosops_stays ON customers_orderline;
            DROP FUNCTION customers_order_line_stays();
            """,
        ),
    ]
