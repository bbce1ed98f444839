"""What a tier is called: as the brand's ladder of that kind of creator says, else our word for it.

Every row of many lists asks, so the names of all brands are kept for a while.
"""

from __future__ import annotations

import time
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise

from incentives.choices import tier_label
from incentives.models import LadderVersion

Text = str | Promise
# By brand and kind of creator, by tier.
Names = dict[tuple[int, str], dict[str, str]]

KEY = "incentives.tier_names"
SHARED_SECONDS = 600
OWN_SECONDS = 5.0

_mine: list[tuple[float, Names]] = []


def name(tier: str, whose: Any = None) -> Text:
    """The name of a tier on the ladder of ``whose``: anything with a brand and a kind of creator.

    Without it the words of both ladders; empty text for no tier.
    """
    brand_id, kind = getattr(whose, "brand_id", None), kind_of(whose)
    own = _names().get((brand_id, kind), {}) if brand_id and kind else {}
    return own.get(tier) or tier_label(tier, kind)


def kind_of(whose: Any) -> str:
    return str(getattr(whose, "kind", "") or getattr(whose, "creator_kind", ""))


def forget() -> None:
    """Ask the database again: at once, and when what was saved is to be seen by others."""
    _forget()
    transaction.on_commit(_forget)


def _forget() -> None:
    _mine.clear()
    cache.delete(KEY)


def _names() -> Names:
    if _mine and time.monotonic() - _mine[0][0] < OWN_SECONDS:
        return _mine[0][1]
    found: Names | None = cache.get(KEY)
    if found is None:
        found = {}
        # The later version of a day overwrites the earlier one.
        versions = LadderVersion.objects.filter(valid_from__lte=timezone.localdate())
        rows = versions.order_by("valid_from").values_list("brand_id", "creator_kind", "rules")
        for brand_id, kind, rules in rows:
            found[brand_id, kind] = {
                rule["tier"]: rule["name"] for rule in rules["tiers"] if rule.get("name")
            }
        cache.set(KEY, found, SHARED_SECONDS)
    _mine[:] = [(time.monotonic(), found)]
    return found
