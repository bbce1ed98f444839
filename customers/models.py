"""Orders and refunds: the facts that commission is worked out from."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from customers.choices import Attribution, Channel, ClaimRole, OrderStatus, WaitingReason
from kosops.lib.money import MAX_MINOR
from matrix.models import Creator


class Order(models.Model):
    """A paid order of a customer. ``(brand, source, external_id)`` is its natural key.

    Amounts are minor units of ``currency``. ``facts_version`` rises with every accepted change.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="orders")
    source = models.CharField(max_length=40)
    external_id = models.CharField(max_length=80)
    channel = models.CharField(max_length=20, choices=Channel.choices, default=Channel.STORE)
    status = models.CharField(max_length=10, choices=OrderStatus.choices)
    currency = models.CharField(max_length=3)
    paid_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # Day of payment in the brand's time zone: decides the month.
    business_date = models.DateField()
    # Blind index of the customer's identifier; the identifier itself is not kept here.
    buyer_key = models.BinaryField(max_length=32, null=True, blank=True)
    seller = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="orders_sold"
    )
    seller_by = models.CharField(max_length=12, choices=Attribution.choices, blank=True)
    sharer = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="orders_shared"
    )
    sharer_by = models.CharField(max_length=12, choices=Attribution.choices, blank=True)
    paid_amount = models.BigIntegerField()
    refunded_amount = models.BigIntegerField(default=0)
    facts_version = models.PositiveIntegerField(default=1)
    source_updated_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint("brand", "source", "external_id", name="order_once"),
            models.CheckConstraint(
                condition=Q(paid_amount__gte=0, paid_amount__lte=MAX_MINOR),
                name="order_paid_within_limits",
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("paid_amount")),
                name="order_refund_within_paid",
            ),
        ]
        indexes = [
            models.Index(fields=["-paid_at", "-id"], name="order_latest"),
            models.Index(fields=["store", "-paid_at"], name="order_of_store"),
            models.Index(fields=["seller", "business_date"], name="order_of_seller"),
            models.Index(fields=["sharer", "business_date"], name="order_of_sharer"),
            # Whether a buyer bought before.
            models.Index(
                fields=["brand", "buyer_key", "paid_at"],
                condition=Q(buyer_key__isnull=False),
                name="order_of_buyer",
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def net_amount(self) -> int:
        return self.paid_amount - self.refunded_amount


class OrderLine(models.Model):
    """One article of an order. Equal articles may stand on several lines.

    Never deleted and never moved to another order, since commission may hang on it
    (migration 0002).
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    line_no = models.CharField(max_length=40)
    sku = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=60, blank=True)
    quantity = models.IntegerField(default=1)
    paid_amount = models.BigIntegerField()
    # Part of the order's refunds that falls on this line: those that name it, and its share of
    # those that name none (intake.spread_refunds).
    refunded_amount = models.BigIntegerField(default=0)
    # Postage, gift cards and the like earn nothing.
    commissionable = models.BooleanField(default=True)

    objects = scoped_by("order__store").as_manager()

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = [
            models.UniqueConstraint("order", "line_no", name="order_line_once"),
            models.CheckConstraint(
                condition=Q(paid_amount__gte=0, paid_amount__lte=MAX_MINOR),
                name="order_line_paid_within_limits",
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("paid_amount")),
                name="order_line_refund_within_paid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} / {self.line_no}"

    @property
    def net_amount(self) -> int:
        return self.paid_amount - self.refunded_amount


class ContestedClaim(models.Model):
    """Somebody who claims a part in an order for which another person is credited (`claims`).

    Kept as it came; who is credited by now is not contested any more, though the row stays.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="claims")
    role = models.CharField(max_length=6, choices=ClaimRole.choices)
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="+")
    by = models.CharField(max_length=12, choices=Attribution.choices, blank=True)
    # The version of the facts in which the person was last named, or was replaced.
    facts_version = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("order__store").as_manager()

    class Meta:
        verbose_name = _("contested claim")
        verbose_name_plural = _("contested claims")
        constraints = [
            models.UniqueConstraint("order", "role", "creator", name="contested_claim_once")
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.creator}"


class Refund(models.Model):
    """A refund of an order, wholly or in part. Never edited; once per external id."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds")
    line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    external_id = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    refunded_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("order__store").as_manager()

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint("order", "external_id", name="refund_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=MAX_MINOR), name="refund_within_limits"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id


class WaitingRefund(models.Model):
    """A refund whose order is not known yet. Applied when the order comes; listed after a day (M13)."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    source = models.CharField(max_length=40)
    order_external_id = models.CharField(max_length=80)
    line_no = models.CharField(max_length=40, blank=True)
    external_id = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    refunded_at = models.DateTimeField()
    reason = models.CharField(max_length=40, blank=True)
    raw = models.JSONField(null=True, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("waiting refund")
        verbose_name_plural = _("waiting refunds")
        constraints = [
            models.UniqueConstraint(
                "brand", "source", "order_external_id", "external_id", name="waiting_refund_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=MAX_MINOR),
                name="waiting_refund_within_limits",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "source", "order_external_id"],
                condition=Q(applied_at=None),
                name="waiting_refund_open",
            )
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def reason_words(self) -> str:
        """The reason in the reader's language; a code that is not known is shown as it is."""
        known = self.reason in WaitingReason.values
        return str(WaitingReason(self.reason).label) if known else self.reason


class ChangedOrder(models.Model):
    """An order whose facts changed since commission was last worked out from it.

    Written by intake in the transaction of the change; the commission run deletes what it has
    dealt with. A row here costs far less than a second version of the order's row.
    """

    order = models.OneToOneField(
        Order, models.CASCADE, primary_key=True, related_name="change", db_constraint=False
    )
    brand_id = models.BigIntegerField()
    business_date = models.DateField()

    class Meta:
        verbose_name = _("changed order")
        verbose_name_plural = _("changed orders")

    def __str__(self) -> str:
        return str(self.order_id)
