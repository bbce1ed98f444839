"""Who is credited where several people claim the same part in an order. Plain calculation.

The rule in words: the stronger evidence counts. A name on the order comes before a share code, a
share code before a channel code, and that before whom a stated rule assigns; of equal evidence the
first named counts. A newer word of the shop replaces an older one. Whoever is not credited stays
with the order as contested: each part has one beneficiary, so nobody is paid twice for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from customers.choices import Attribution, ClaimRole

SELLER, SHARER = ClaimRole.SELLER.value, ClaimRole.SHARER.value
# The greater weighs more.
EVIDENCE: dict[str, int] = {
    Attribution.EXPLICIT: 4,
    Attribution.SHARE_CODE: 3,
    Attribution.CHANNEL_CODE: 2,
    Attribution.RULE: 1,
    Attribution.NONE: 0,
}


@dataclass(frozen=True)
class Claim:
    """Somebody's part in an order, by their number here, and what speaks for it."""

    role: str
    creator_id: int
    by: str


def settled(claims: Iterable[Claim]) -> tuple[Claim | None, tuple[Claim, ...]]:
    """Who is credited of those who claim one role, and who is contested, each person once."""
    best: dict[int, Claim] = {}
    for claim in claims:
        known = best.get(claim.creator_id)
        if known is None or EVIDENCE[claim.by] > EVIDENCE[known.by]:
            best[claim.creator_id] = claim
    # Sorting keeps the order in which they were named.
    ranked = sorted(best.values(), key=lambda claim: -EVIDENCE[claim.by])
    return (ranked[0], tuple(ranked[1:])) if ranked else (None, ())
