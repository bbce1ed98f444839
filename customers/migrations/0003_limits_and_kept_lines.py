"""Amounts have an upper limit, and order lines stay where they are.

An amount near the end of bigint would overflow in the commission run and stop it for the whole
brand. Commission lines have no foreign key to the order line for the sake of speed (incentives
0004), so the line must not go away or move to another order.
"""

from django.db import migrations, models

from kosops.lib.guards import never_deleted, never_deleted_function

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

    dependencies = [
        ('accounts', '0003_end_sessions_count_failures'),
        ('customers', '0002_append_only'),
        ('matrix', '0001_initial'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='order',
            name='order_paid_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='orderline',
            name='order_line_paid_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_positive',
        ),
        migrations.RemoveConstraint(
            model_name='waitingrefund',
            name='waiting_refund_positive',
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('paid_amount__gte', 0), ('paid_amount__lte', 100000000000)), name='order_paid_within_limits'),
        ),
        migrations.AddConstraint(
            model_name='orderline',
            constraint=models.CheckConstraint(condition=models.Q(('paid_amount__gte', 0), ('paid_amount__lte', 100000000000)), name='order_line_paid_within_limits'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('amount__lte', 100000000000)), name='refund_within_limits'),
        ),
        migrations.AddConstraint(
            model_name='waitingrefund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('amount__lte', 100000000000)), name='waiting_refund_within_limits'),
        ),
        never_deleted_function(),
        *never_deleted("customers_orderline"),
        migrations.RunSQL(
            STAYS,
            """
            DROP TRIGGER kosops_stays ON customers_orderline;
            DROP FUNCTION customers_order_line_stays();
            """,
        ),
    ]
