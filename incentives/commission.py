"""The commission rule: which rate applies and what an order line is worth to whom.

Plain calculation, readable next to the plan. The runs do the same in SQL for many orders at once;
a test holds the two together.

The rule in words. For each line of an order the seller, and the person who shared the link or
code, earn their rate on what the customer paid less refunds. The rate is that of the plan in force
on the day of payment, for the line's category and the person's tier and kind; the rate that names
more wins, category before tier before kind. All rates of a line together stay under the plan's
cap: the seller comes first, the sharer gets what is left. Who both sold and shared is credited
once, as seller. The amount is rounded down to the cent, once. The rate is frozen when the line
is first credited; later changes of the plan or tier do not touch it. A new seller gets what a
frozen sharer leaves. Where two frozen rates come together that exceed the cap (a seller who was
replaced comes back), the sharer's gives way for as long as that is so; the cap is then the highest
under which one of them was frozen, or that of today's plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from kosops.lib.money import share_of

SELLER = "seller"
SHARER = "sharer"
ROLES = (SELLER, SHARER)


@dataclass(frozen=True)
class Rate:
    """One rate of a plan; empty text means any."""

    id: int
    role: str
    rate_bp: int
    category: str = ""
    tier: str = ""
    kind: str = ""

    def fits(self, role: str, category: str, tier: str, kind: str) -> bool:
        return (
            self.role == role
            and self.category in ("", category)
            and self.tier in ("", tier)
            and self.kind in ("", kind)
        )

    @property
    def precision(self) -> tuple[bool, bool, bool]:
        return bool(self.category), bool(self.tier), bool(self.kind)


@dataclass(frozen=True)
class Person:
    """What the rule needs to know of a beneficiary."""

    id: int
    tier: str
    kind: str


@dataclass(frozen=True)
class LineFacts:
    """One order line: what was paid less refunds, and by whom it was sold and shared."""

    net: int
    category: str = ""
    commissionable: bool = True
    closed: bool = False
    seller: Person | None = None
    sharer: Person | None = None


@dataclass(frozen=True)
class Frozen:
    """The rate of an entitlement that exists, with the cap of its plan."""

    rate_id: int
    rate_bp: int
    cap_bp: int


@dataclass(frozen=True)
class Target:
    """What a beneficiary is owed for a line: ``amount`` = ``rate_bp`` of ``base``, rounded down."""

    creator: int
    role: str
    rate_id: int
    rate_bp: int
    base: int
    amount: int


def pick_rate(rates: Iterable[Rate], role: str, category: str, tier: str, kind: str) -> Rate | None:
    """The most precise rate that fits, or None."""
    fitting = [rate for rate in rates if rate.fits(role, category, tier, kind)]
    return max(fitting, key=lambda rate: rate.precision, default=None)


def targets(
    facts: LineFacts,
    rates: Iterable[Rate],
    cap_bp: int,
    frozen: dict[tuple[int, str], Frozen] | None = None,
) -> list[Target]:
    """What each beneficiary is owed for the line now.

    ``frozen`` holds the rates of entitlements that already exist, by (creator, role). Beneficiaries
    who are no longer named are owed nothing and not listed. Without a plan on the day of payment
    ``rates`` is empty and ``cap_bp`` 0.
    """
    rates = list(rates)
    frozen = frozen or {}
    base = facts.net if facts.commissionable and not facts.closed else 0
    seller, sharer = facts.seller, facts.sharer
    if sharer is not None and seller is not None and sharer.id == seller.id:
        sharer = None
    sold = frozen.get((seller.id, SELLER)) if seller else None
    shared = frozen.get((sharer.id, SHARER)) if sharer else None
    if sold:
        seller_rate: tuple[int, int] | None = (sold.rate_id, sold.rate_bp)
    else:
        left = cap_bp - (shared.rate_bp if shared else 0)
        seller_rate = _new_rate(seller, SELLER, facts, rates, left)
    given = seller_rate[1] if seller_rate else 0
    if shared:
        cap = max(cap_bp, shared.cap_bp, sold.cap_bp if sold else 0)
        sharer_rate: tuple[int, int] | None = (
            shared.rate_id,
            max(0, min(shared.rate_bp, cap - given)),
        )
    else:
        sharer_rate = _new_rate(sharer, SHARER, facts, rates, cap_bp - given)
    return [
        Target(person.id, role, rate[0], rate[1], base, share_of(base, rate[1]))
        for person, role, rate in ((seller, SELLER, seller_rate), (sharer, SHARER, sharer_rate))
        if person is not None and rate is not None
    ]


def _new_rate(
    person: Person | None, role: str, facts: LineFacts, rates: list[Rate], left_bp: int
) -> tuple[int, int] | None:
    """(rate id, basis points) by today's plan, at most what the cap leaves."""
    if person is None:
        return None
    rate = pick_rate(rates, role, facts.category, person.tier, person.kind)
    return (rate.id, max(0, min(rate.rate_bp, left_bp))) if rate else None


def rate_table(
    rates: Iterable[Rate], categories: Sequence[str], tiers: Sequence[str], kinds: Sequence[str]
) -> Iterator[tuple[str, tuple[int, int, int], Rate]]:
    """Every question that a run may ask and its answer: (role, places of the words, rate).

    The places are those of category, tier and kind in their lists. A category or tier that no rate
    names is asked under the empty text, which stands first.
    """
    rates = list(rates)
    for role in ROLES:
        for places in product(range(len(categories)), range(len(tiers)), range(len(kinds))):
            category, tier, kind = places
            rate = pick_rate(rates, role, categories[category], tiers[tier], kinds[kind])
            if rate is not None:
                yield role, places, rate
