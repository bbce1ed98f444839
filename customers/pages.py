"""HQ pages of orders: the list, one order, refunds that wait, a creator's orders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Unit
from customers.filters import EXPECTED_WITHIN, OrderFilter, WaitingRefundFilter
from customers.models import Order, WaitingRefund
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui.listing import count_up_to, list_response
from matrix.filters import unit_choices
from matrix.models import Creator

VIEW = "orders.view"
ORDERS_OF_CREATOR = 8
ORDERS_OF_UNIT = 20
CREDITED = ("store", "seller", "sharer")


@require_safe
@login_required
def orders(request: HttpRequest) -> HttpResponse:
    """The list of orders."""
    access.require(request.user, VIEW)
    found = OrderFilter(
        request.GET, queryset=Order.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    context = {
        "page": found.page(rows.select_related(*CREDITED)),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
        "waiting": partial(_waiting_count, request),
        "import_url": address_of("integrations:imports")
        if access.reach(request.user, "imports.run")
        else "",
    }
    return list_response(
        request, found, context, template="customers/orders.html", fragment="customers/_orders.html"
    )


@dataclass(frozen=True, slots=True)
class Credit:
    """Somebody who is credited for an order, and why."""

    role: str
    creator: Creator | None
    reason: str
    nobody: str


@require_safe
@login_required
def order(request: HttpRequest, pk: int) -> HttpResponse:
    """One order: articles, refunds, who is credited and why, how its facts changed."""
    access.require(request.user, VIEW)
    shown = get_object_or_404(
        Order.objects.for_user(request.user, VIEW).select_related(*CREDITED), pk=pk
    )
    lines = list(shown.lines.order_by("pk"))
    credited = {"seller": shown.seller_id, "sharer": shown.sharer_id}
    claims = shown.claims.select_related("creator").order_by("role", "pk")
    context = {
        "order": shown,
        "lines": lines,
        "line_refunds": sum(line.refunded_amount for line in lines),
        "refunds": list(shown.refunds.select_related("line").order_by("refunded_at", "pk")),
        "credits": [
            Credit(_("Seller"), shown.seller, shown.get_seller_by_display(), _("Nobody is named.")),
            Credit(
                _("Sharer"), shown.sharer, shown.get_sharer_by_display(), _("Nobody shared it.")
            ),
        ],
        "contested": [each for each in claims if credited[each.role] != each.creator_id],
        "commission": address_of("incentives:order_commission", shown.pk)
        if access.reach(request.user, "commission.view").covers(shown.store)
        else "",
        "may_see_people": bool(access.reach(request.user, "matrix.view")),
    }
    return page_or_fragment(
        request, "customers/order.html", context, peek="customers/_order_peek.html"
    )


@require_safe
@login_required
def waiting_refunds(request: HttpRequest) -> HttpResponse:
    """Refunds whose order is not known yet. They belong to the brand, not to a store."""
    access.require(request.user, VIEW)
    found = WaitingRefundFilter(
        request.GET, queryset=WaitingRefund.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    context = {
        "page": found.page(rows),
        "count": partial(count_up_to, rows),
        "late_before": timezone.now() - EXPECTED_WITHIN,
        "whole_brand": _sees_whole_brand(request),
    }
    return list_response(
        request,
        found,
        context,
        template="customers/waiting_refunds.html",
        fragment="customers/_waiting_refunds.html",
    )


@require_safe
@login_required
def creator_orders(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest orders of a creator, a fragment of the creator's page; alone it is the list."""
    access.require(request.user, VIEW)
    creator = get_object_or_404(Creator.objects.for_user(request.user, VIEW), pk=pk)
    if not request.htmx:
        return redirect(f"{reverse('customers:orders')}?creator={creator.pk}")
    credited = Order.objects.for_user(request.user, VIEW).filter(
        Q(seller=creator) | Q(sharer=creator)
    )
    context = {
        "creator": creator,
        "totals": _totals(credited),
        "orders": credited.select_related("store").order_by("-paid_at", "-pk")[:ORDERS_OF_CREATOR],
    }
    return render(request, "customers/_creator_orders.html", context)


@require_safe
@login_required
def unit_orders(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest orders of a store or region, a fragment of its page; alone it is the list."""
    access.require(request.user, VIEW)
    unit = get_object_or_404(Unit.objects.for_user(request.user, VIEW), pk=pk)
    everything = f"{reverse('customers:orders')}?unit={unit.pk}"
    if not request.htmx:
        return redirect(everything)
    visible = Unit.objects.for_user(request.user, VIEW)
    below = visible.filter(path__startswith=unit.path).values("pk")
    latest = (
        Order.objects.for_user(request.user, VIEW)
        .filter(store__in=below)
        .select_related(*CREDITED)
        .order_by("-paid_at", "-pk")
    )
    context = {"orders": latest[:ORDERS_OF_UNIT], "everything": everything}
    return render(request, "customers/_unit_orders.html", context)


# -- private -------------------------------------------------------------------


def _totals(credited: QuerySet[Any]) -> list[dict[str, Any]]:
    """Count and amounts by currency; amounts of different currencies are never added."""
    return list(
        credited.order_by("currency")
        .values("currency")
        .annotate(count=Count("pk"), paid=Sum("paid_amount"), refunded=Sum("refunded_amount"))
    )


def _waiting_count(request: HttpRequest) -> int:
    waiting = WaitingRefund.objects.for_user(request.user, VIEW).filter(applied_at=None)
    return count_up_to(waiting)


def _sees_whole_brand(request: HttpRequest) -> bool:
    """Whether any brand lies wholly inside what the person may see."""
    within = access.reach(request.user, VIEW)
    return within.everything or any(path.count("/") == 2 for path in within.paths)
