"""What own orders have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from incentives import own_orders
from kosops.ui.formats import number
from kosops.ui.parts import Waiting


@waiting.question("own_orders")
def _to_check(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(own_orders.to_check(person))


@waiting.register
def to_check(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["own_orders"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> own order to check",
                    "<b>{count}</b> own orders to check",
                    count,
                ),
                count=number(count),
            ),
            href=reverse("incentives:own_orders") + "?state=open",
            icon="shopping-bag",
            rank="suggestion",
        )
