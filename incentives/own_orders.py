"""Own orders: what our people buy through themselves, and who checked it (M19).

The plan says what such an order earns, usually nothing. That it happened is kept all the same, since
buying through one's own code, or from one's own team, may be meant to lift a tier or a rank.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import places
from incentives.models import CommissionLine, OwnOrder
from kosops.lib import sql
from kosops.lib.errors import DomainError, NotAllowed
from matrix.models import Creator

MAX_NOTE = 300
CHECK = "own_orders.check"

# The manager led the store in which the seller had a place on the day.
_FIND = """
    INSERT INTO incentives_ownorder (brand_id, order_id, creator_id, role, found_at, note)
    SELECT o.brand_id, o.id, w.creator_id,
           CASE w.creator_id WHEN o.seller_id THEN 'seller' WHEN o.sharer_id THEN 'sharer'
                ELSE 'manager' END, %(now)s, ''
      FROM incentives_ownbuyer w
      JOIN customers_order o ON o.brand_id = w.brand_id AND o.buyer_key = w.buyer_key
      {of}
     WHERE w.brand_id = %(brand)s AND (
           w.creator_id IN (o.seller_id, o.sharer_id)
        OR EXISTS (
            SELECT 1 FROM incentives_staffplace own
              JOIN incentives_staffplace lead ON lead.store_id = own.store_id AND lead.leads
                   AND lead.valid @> o.business_date
             WHERE own.creator_id = o.seller_id AND own.valid @> o.business_date
               AND lead.creator_id = w.creator_id))
     ORDER BY o.id
        ON CONFLICT (order_id) DO NOTHING
"""
_OF_CHANGED = _FIND.format(
    of="JOIN customers_changedorder c ON c.order_id = o.id AND c.brand_id = %(brand)s"
)
_OF_PEOPLE = _FIND.format(of="AND w.creator_id = ANY (%(people)s)")


# -- queries -------------------------------------------------------------------


def to_check(person: Person) -> QuerySet[OwnOrder]:
    """What waits for this person; one's own orders wait for somebody else."""
    visible = OwnOrder.objects.for_user(person, CHECK)
    return visible.filter(checked_at=None).exclude(creator__person=person)


def with_commission(rows: QuerySet[OwnOrder]) -> QuerySet[OwnOrder]:
    """With what the buyer was credited on the order so far, as ``credited``."""
    lines = CommissionLine.objects.filter(order=OuterRef("order"), creator=OuterRef("creator"))
    credited = lines.order_by().values("order").annotate(sum=Sum("amount")).values("sum")
    return rows.select_related("creator", "order__store").annotate(
        credited=Coalesce(Subquery(credited), 0)
    )


# -- commands ------------------------------------------------------------------


@transaction.atomic
def find(brand: Unit) -> int:
    """Keep the own orders among those that changed since the last run; how many were new.

    Of people whose customer number has just become known, all of their orders are looked at.
    """
    new = places.follow_numbers(brand)
    found = find_of(brand, new) if new else 0
    return found + sql.execute(_OF_CHANGED, {"brand": brand.pk, "now": timezone.now()})


def find_of(brand: Unit, people: Sequence[int]) -> int:
    """Keep the own orders of these creators, by their ids."""
    return sql.execute(
        _OF_PEOPLE, {"brand": brand.pk, "people": list(people), "now": timezone.now()}
    )


@transaction.atomic
def link_buyer(*, by: Person | None, creator: Creator, number: str) -> int:
    """Note under which customer number somebody of ours buys; how many own orders that shows.

    Refuses as `places.link_own_buyer` does.
    """
    places.link_own_buyer(by=by, creator=creator, number=number)
    return find_of(creator.brand, [creator.pk])


@transaction.atomic
def check(*, by: Person, own_order: OwnOrder, note: str) -> OwnOrder:
    """Keep that somebody looked at it, and what they found.

    Refuses `note_needed`, `checked_already` and `own_order` (nobody checks one's own).
    """
    own_order = (
        OwnOrder.objects.select_for_update(of=("self",))
        .select_related("creator", "order__store")
        .get(pk=own_order.pk)
    )
    if own_order.checked_at is not None:
        raise DomainError("checked_already", _("Somebody has checked this order already."))
    if own_order.creator.person_id == by.pk:
        raise NotAllowed(
            "own_order", _("You bought this yourself. Another person has to check it.")
        )
    if not note.strip():
        raise DomainError("note_needed", _("Write what you found."), status=400)
    own_order.checked_by, own_order.checked_at = by, timezone.now()
    own_order.note = note.strip()[:MAX_NOTE]
    own_order.save(update_fields=["checked_by", "checked_at", "note"])
    activity.record(
        by=by,
        verb="own_order.checked",
        object=own_order,
        unit=own_order.order.store,
        after={"note": own_order.note},
    )
    return own_order
