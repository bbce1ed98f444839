"""Filters of the lists of orders and of refunds that wait for their order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.forms import CheckboxInput, HiddenInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.choices import Channel, OrderStatus
from customers.models import Order, WaitingRefund
from kosops.ui.listing import ListColumn, ListFilter
from kosops.ui.period_filters import PeriodFilter, SinceFilter, UntilFilter
from matrix.filters import UnitFilter, called, few_ids
from matrix.models import Creator

# A refund may be quicker than its order by so much before a person should look.
EXPECTED_WITHIN = dt.timedelta(days=1)


def _creators(request: HttpRequest) -> QuerySet[Any]:
    return Creator.objects.for_user(request.user, "orders.view")


class OrderFilter(ListFilter):
    """The list of orders."""

    sorts = {"paid": "paid_at"}
    default_sort = "-paid"
    columns = [
        ListColumn(code="order", label=_("Order")),
        ListColumn(code="paid_at", label=_("Paid at"), numeric=True, sort="paid"),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="channel", label=_("Channel")),
        ListColumn(code="seller", define="order_seller", label=_("Seller")),
        ListColumn(code="sharer", define="order_sharer", label=_("Sharer")),
        ListColumn(code="paid", define="order_paid", label=_("Paid"), numeric=True),
        ListColumn(code="refunded", define="order_refunded", label=_("Refunded"), numeric=True),
        ListColumn(code="net", define="order_remains", label=_("Net"), numeric=True, usual=False),
        ListColumn(code="status", label=_("Status")),
    ]

    number = django_filters.CharFilter(
        field_name="external_id", label=_("Order number"), max_length=80
    )
    who = django_filters.CharFilter(method="by_whom", label=_("Seller or sharer"), max_length=80)
    unit = UnitFilter(path_field="store", permission="orders.view")
    channel = django_filters.ChoiceFilter(
        choices=Channel.choices, label=_("Channel"), empty_label=_("All channels")
    )
    status = django_filters.ChoiceFilter(
        choices=OrderStatus.choices, label=_("Status"), empty_label=_("Any status")
    )
    refunded = django_filters.ChoiceFilter(
        choices=[
            ("any", _("Refunded at all")),
            ("part", _("Refunded in part")),
            ("whole", _("Refunded in full")),
            ("none", _("Not refunded")),
        ],
        method="by_refund",
        label=_("Refund"),
        empty_label=_("With and without refund"),
    )
    no_seller = django_filters.BooleanFilter(
        method="without_seller", label=_("Without seller"), widget=CheckboxInput
    )
    # What counts on the overview: hidden, since figures lead here with it.
    credited = django_filters.BooleanFilter(
        method="with_seller", label=_("With a seller, not closed"), widget=HiddenInput
    )
    period = PeriodFilter(field_name="paid_at")
    since = SinceFilter(field_name="paid_at")
    until = UntilFilter(field_name="paid_at")
    creator = django_filters.ModelChoiceFilter(
        queryset=_creators, method="of_creator", label=_("Creator"), widget=HiddenInput
    )

    class Meta:
        model = Order
        fields: list[str] = []

    def by_whom(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of the name or the start of the number of whoever sold or shared."""
        people = few_ids(called(value))
        return rows.filter(Q(seller__in=people) | Q(sharer__in=people))

    def by_refund(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        match value:
            case "any":
                return rows.filter(refunded_amount__gt=0)
            case "part":
                return rows.filter(refunded_amount__gt=0, refunded_amount__lt=F("paid_amount"))
            case "whole":
                return rows.filter(refunded_amount__gt=0, refunded_amount=F("paid_amount"))
            case _:
                return rows.filter(refunded_amount=0)

    def without_seller(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(seller=None) if value else rows

    def with_seller(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(seller__isnull=False).exclude(status="closed") if value else rows

    def of_creator(self, rows: QuerySet[Any], name: str, value: Creator) -> QuerySet[Any]:
        return rows.filter(Q(seller=value) | Q(sharer=value))


class WaitingRefundFilter(ListFilter):
    """Refunds whose order has not come; by default those that still wait."""

    sorts = {"received": "received_at"}
    default_sort = "-received"
    columns = [
        ListColumn(code="refund", label=_("Refund")),
        ListColumn(code="order", label=_("Order named")),
        ListColumn(code="refunded", label=_("Refunded at")),
        ListColumn(code="received", label=_("Received"), sort="received"),
        ListColumn(code="amount", define="refund_waiting", label=_("Amount"), numeric=True),
        ListColumn(code="state", label=_("State")),
    ]

    state = django_filters.ChoiceFilter(
        choices=[
            ("late", _("Waiting for more than a day")),
            ("applied", _("Order found")),
            ("all", _("All")),
        ],
        method="in_state",
        label=_("State"),
        empty_label=_("Waiting"),
    )
    number = django_filters.CharFilter(
        field_name="order_external_id", label=_("Order number"), max_length=80
    )

    class Meta:
        model = WaitingRefund
        fields: list[str] = []

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        match self.form.cleaned_data.get("state"):
            case "late":
                return rows.filter(
                    applied_at=None, received_at__lt=timezone.now() - EXPECTED_WITHIN
                )
            case "applied":
                return rows.exclude(applied_at=None)
            case "all":
                return rows
            case _:
                return rows.filter(applied_at=None)
