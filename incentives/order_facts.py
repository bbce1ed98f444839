"""An order as the commission rule sees it: its facts and the terms of its day.

For one order at a time, where a page asks why. Runs read the same facts for many orders at once.
"""

from __future__ import annotations

import datetime as dt

from customers.choices import OrderStatus
from customers.models import Order, OrderLine
from incentives import commission, places
from incentives.models import CommissionLine, PlanVersion
from incentives.plans import before, own_part, rates_of
from matrix.models import Creator


def terms_of(version: PlanVersion | None, order: Order) -> commission.Terms:
    """The terms of the plan in force on the order's day, under the limit that the order keeps."""
    limit = limiting(order) or version
    order_cap = limit.order_cap if limit else None
    if version is None:
        return commission.Terms(order_cap=order_cap)
    day = order.business_date
    old = before(version) if version.shield_days else None
    lasts = old is not None and day < version.valid.lower + dt.timedelta(days=version.shield_days)
    return commission.Terms(
        rates=rates_of(version),
        cap_bp=version.cap_bp,
        order_cap=order_cap,
        own_bp=own_part(version),
        before=rates_of(old) if old is not None and lasts else (),
    )


def limiting(order: Order) -> PlanVersion | None:
    """The plan under which the order was first credited; None before that."""
    lines = CommissionLine.objects.filter(order=order).select_related("run")
    first = lines.order_by("run_id").first()
    if first is None:
        return None
    day = order.business_date.isoformat()
    for entry in first.run.plan:
        if (entry["first"] or "") <= day and (entry["until"] is None or day < entry["until"]):
            return PlanVersion.objects.get(pk=entry["version"])
    return None


def lines_of(
    order: Order, version: PlanVersion | None
) -> list[tuple[OrderLine, commission.LineFacts]]:
    """The lines of an order in the order of its cap, each with its facts."""
    day = order.business_date
    lead = places.lead_of_seller(order.seller, day)
    staff = places.on(day).filter(store=order.store_id).order_by("creator_id")
    seller = _person(order, "seller", version)
    sharer = _person(order, "sharer", version)
    manager = lead.creator if lead else None
    shares = tuple(commission.Share(each.creator_id, each.weight) for each in staff)
    own = places.own_buyer(order.brand_id, order.buyer_key)
    buyer = buyer_of(order)
    return [
        (
            line,
            commission.LineFacts(
                net=line.net_amount,
                category=line.category,
                commissionable=line.commissionable,
                closed=order.status == OrderStatus.CLOSED,
                seller=seller,
                sharer=sharer,
                manager=commission.Person(manager.pk, manager.tier, manager.kind)
                if manager
                else None,
                staff=shares,
                sku=line.sku,
                paid=line.paid_amount,
                pieces=line.quantity,
                store=order.store.path,
                channel=order.channel,
                buyer=buyer,
                own=own,
            ),
        )
        for line in order.lines.order_by("pk")
    ]


def buyer_of(order: Order) -> str:
    """Whether the buyer had an earlier order of the brand; empty where nobody knows the buyer."""
    if order.buyer_key is None:
        return ""
    earlier = (
        Order.objects.filter(
            brand=order.brand_id, buyer_key=order.buyer_key, paid_at__lte=order.paid_at
        )
        .exclude(status=OrderStatus.CLOSED)
        .exclude(pk=order.pk)
    )
    seen = earlier.filter(paid_at__lt=order.paid_at) | earlier.filter(pk__lt=order.pk)
    return "repeat" if seen.exists() else "new"


def _person(order: Order, role: str, version: PlanVersion | None) -> commission.Person | None:
    creator: Creator | None = getattr(order, role)
    if creator is None:
        return None
    return commission.Person(
        creator.pk, creator.tier, creator.kind, promoting=_promoting(creator, role, version)
    )


def _promoting(creator: Creator, role: str, version: PlanVersion | None) -> bool:
    """Whether the person was named on an order in the days of the shield before the plan."""
    if version is None or not version.shield_days or version.valid.lower is None:
        return False
    first = version.valid.lower
    return (
        Order.objects.filter(
            brand=version.brand_id,
            business_date__range=(
                first - dt.timedelta(days=version.shield_days),
                first - dt.timedelta(days=1),
            ),
            **{role: creator},
        )
        .exclude(status=OrderStatus.CLOSED)
        .exists()
    )
