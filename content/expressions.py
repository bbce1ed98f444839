"""The named formulas as expressions of a query, for filters, sorting and the index of posts."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from django.db.models import BigIntegerField, Case, Expression, F, Q, Value, When
from django.db.models.functions import Coalesce

from content.formulas import FORMULAS

# Sorts posts without figures below those that nobody liked.
UNKNOWN = -1


def formula(name: str) -> Expression:
    """A named formula over the columns of `Post`: NULL when no part is known, as `value_of`."""
    parts = FORMULAS[name]
    unknown = Q(**{f"{part}__isnull": True for part in parts})
    known: Any = reduce(add, (Coalesce(F(part), 0) for part in parts))
    return Case(When(unknown, then=None), default=known, output_field=BigIntegerField())


def known_or_last(name: str) -> Expression:
    """The same with `UNKNOWN` in place of NULL: a list can be paged by it, an index can hold it."""
    return Coalesce(formula(name), Value(UNKNOWN), output_field=BigIntegerField())
