"""Pages of a long list, by keyset: the same cost on page 1 and page 10,000."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet

PAGE_SIZE = 50


@dataclass(frozen=True)
class Page:
    """Rows of one page with the cursors (opaque text) of its neighbours."""

    rows: list[Any]
    next: str | None
    previous: str | None


def keyset_page(
    rows: QuerySet[Any], *, field: str, descending: bool, cursor: str = "", size: int = PAGE_SIZE
) -> Page:
    """Cut one page of ``rows`` ordered by ``field`` then id.

    ``field`` must be NOT NULL and indexed together with id. A cursor that is damaged or belongs to
    another order means the first page, as a link from an old mail should still open.
    """
    after, backwards, value, last_id = _read(cursor, field)
    forward_down = descending != backwards
    if after:
        step = "lt" if forward_down else "gt"
        # The first condition says nothing new, but an index can begin at it; at an OR it cannot.
        rows = rows.filter(
            Q(**{f"{field}__{step}e": value}),
            Q(**{f"{field}__{step}": value}) | Q(**{f"id__{step}": last_id}),
        )
    sign = "-" if forward_down else ""
    found = list(rows.order_by(f"{sign}{field}", f"{sign}id")[: size + 1])
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = more if not backwards else True
    has_previous = (after and not backwards) or (backwards and more)
    return Page(
        rows=found,
        next=_write(found[-1], field, False) if found and has_next else None,
        previous=_write(found[0], field, True) if found and has_previous else None,
    )


def is_cursor(cursor: str, field: str) -> bool:
    """Whether the text is a cursor of a list in this order, for who must not start anew unnoticed."""
    return _read(cursor, field)[0]


def _write(row: Any, field: str, backwards: bool) -> str:
    value = getattr(row, field)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return signing.dumps([field, text, row.pk, backwards], salt="kosops.list")


def _read(cursor: str, field: str) -> tuple[bool, bool, str, int]:
    first = (False, False, "", 0)
    if not cursor:
        return first
    try:
        ordered_by, value, last_id, backwards = signing.loads(cursor, salt="kosops.list")
    except (signing.BadSignature, ValueError):
        return first
    return (True, backwards, value, last_id) if ordered_by == field else first
