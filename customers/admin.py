"""Orders and refunds as they came in: facts, never edited by hand."""

from django.contrib import admin

from accounts.admin_base import Looking, LookingInline
from customers.models import ChangedOrder, ContestedClaim, Order, OrderLine, Refund, WaitingRefund


class OrderLineInline(LookingInline):
    model = OrderLine
    fields = ("line_no", "sku", "title", "category", "quantity", "paid_amount", "refunded_amount")


class RefundInline(LookingInline):
    model = Refund
    fields = ("external_id", "amount", "refunded_at")


class ContestedClaimInline(LookingInline):
    model = ContestedClaim
    fields = ("role", "creator", "by", "facts_version")


@admin.register(Order)
class OrderAdmin(Looking):
    list_display = (
        "external_id",
        "source",
        "store",
        "status",
        "paid_at",
        "paid_amount",
        "refunded_amount",
        "seller",
        "sharer",
    )
    list_select_related = ("store", "seller", "sharer")
    list_filter = ("status", "channel")
    search_fields = ("=external_id",)
    inlines = (OrderLineInline, RefundInline, ContestedClaimInline)


@admin.register(OrderLine)
class OrderLineAdmin(Looking):
    list_display = ("order", "line_no", "sku", "title", "paid_amount", "refunded_amount")
    list_select_related = ("order",)
    search_fields = ("=sku",)


@admin.register(Refund)
class RefundAdmin(Looking):
    list_display = ("external_id", "order", "amount", "refunded_at")
    list_select_related = ("order",)
    search_fields = ("=external_id",)


@admin.register(WaitingRefund)
class WaitingRefundAdmin(Looking):
    list_display = ("external_id", "order_external_id", "source", "amount", "reason", "applied_at")
    list_filter = ("reason",)
    search_fields = ("=external_id", "=order_external_id")


@admin.register(ContestedClaim)
class ContestedClaimAdmin(Looking):
    list_display = ("order", "role", "creator", "by", "facts_version")
    list_select_related = ("order", "creator")
    list_filter = ("role",)
    search_fields = ("=order__external_id",)


@admin.register(ChangedOrder)
class ChangedOrderAdmin(Looking):
    list_display = ("order", "business_date")
    list_select_related = ("order",)
