"""The list behind each figure: its address with the filters that give the same number.

Empty where the person may not see the list, so that no figure leads to a refusal.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts import access
from accounts.models import Unit
from kosops.lib.htmx import address_of
from kosops.ui.listing import address

PERMISSIONS = {
    "content:posts": "posts.view",
    "customers:orders": "orders.view",
    "matrix:creators": "matrix.view",
}


class Behind:
    """Lists within one part of the tree, for one person.

    Without a region it is the brand, named only to who may see all of it: the lists of others hold
    nothing but their own part anyway.
    """

    def __init__(self, person: Any, brand: Unit | None, region: Unit | None = None) -> None:
        self.open: dict[str, str] = {}
        self.unit: dict[str, int | None] = {}
        for name, permission in PERMISSIONS.items():
            reach = access.reach(person, permission)
            whole = brand if brand is not None and reach.covers(brand) else None
            part = region or whole
            self.open[name] = address_of(name) if reach else ""
            self.unit[name] = part.pk if part else None

    def posts(self, first: dt.date, last: dt.date, **filters: Any) -> str:
        """Posts published on these days."""
        return self._list("content:posts", since=first, until=last, **filters)

    def orders(self, first: dt.date, last: dt.date, **filters: Any) -> str:
        """Orders paid on these days."""
        return self._list("customers:orders", since=first, until=last, **filters)

    def creators(self, **filters: Any) -> str:
        return self._list("matrix:creators", **filters)

    def _list(self, name: str, **filters: Any) -> str:
        if not self.open[name]:
            return ""
        return self.open[name] + address({}, **({"unit": self.unit[name]} | filters))
