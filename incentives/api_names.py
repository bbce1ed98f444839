"""By which names the REST API knows people, orders and stores: natural keys, never our ids."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _

from customers.models import Order
from kosops.lib.api import BadParameter, Read, text
from matrix.choices import CreatorKind
from matrix.models import Creator

# Members of a page's address that name an order.
ORDER: dict[str, Read] = {"source": text, "external_id": text}


def creator(person: Creator) -> dict[str, Any]:
    """Who: kind and number together are unique in a brand; take the person with their store."""
    return {"kind": person.kind, "number": person.number, "store": person.store.code}


def order(found: Order) -> dict[str, Any]:
    return {"source": found.source, "external_id": found.external_id}


def find_creator(key: Any, permission: str, name: str, *, parameter: str = "creator") -> Creator:
    """The person called ``K001`` or, with the kind, ``kos:K001``. Raises Http404 beyond the reach
    of the key, and refuses a number that two people have.
    """
    kind, colon, number = name.partition(":")
    if not colon or kind not in CreatorKind.values:
        kind, number = "", name
    visible = Creator.objects.for_user(key, permission).select_related("store", "brand")
    found = visible.filter(number=number, **({"kind": kind} if kind else {}))
    people = list(found[:2])
    if len(people) > 1:
        raise BadParameter(
            parameter,
            "ambiguous",
            _("Two people have this number; put kos: or koc: before it."),
        )
    if not people:
        raise Http404
    return people[0]


def find_order(key: Any, permission: str, source: str, external_id: str) -> Order:
    """The order of a source. Raises Http404 beyond the reach of the key."""
    visible = Order.objects.for_user(key, permission).select_related(
        "brand", "store", "seller__store", "sharer__store"
    )
    found = visible.filter(source=source, external_id=external_id).first()
    if found is None:
        raise Http404
    return found
