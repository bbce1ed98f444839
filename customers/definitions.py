"""What the figures of orders mean."""

from django.utils.translation import gettext_lazy as _

ORDERS = {
    "order_seller": _("Who sold: named by the shop, or found by the rules of attribution."),
    "order_sharer": _("Whose share code the order carries."),
    "order_paid": _("What the customer paid, after discounts and before refunds."),
    "order_refunded": _("What the customer got back of it so far."),
    "order_remains": _("Paid less refunded. Commission is worked out from this amount."),
    "refund_waiting": _("What the shop gave back for an order that has not come in yet."),
}
