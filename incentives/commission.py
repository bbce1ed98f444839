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
replaced comes back), the sharer's gives way for as long as that is so.
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
    frozen: dict[tuple[int, str], tuple[int, int]] | None = None,
) -> list[Target]:
    """What each beneficiary is owed for the line now.

    ``frozen`` holds (rate id, rate in basis points) of entitlements that already exist, by
    (creator, role). Beneficiaries who are no longer named are owed nothing and not listed.
    """
    rates = list(rates)
    frozen = frozen or {}
    base = facts.net if facts.commissionable and not facts.closed else 0
    sharer = facts.sharer
    if sharer is not None and facts.seller is not None and sharer.id == facts.seller.id:
        sharer = None
    seller_is_new = facts.seller is not None and (facts.seller.id, SELLER) not in frozen
    given = frozen.get((sharer.id, SHARER), (0, 0))[1] if sharer and seller_is_new else 0
    seller_rate = _at_most(_rate(facts.seller, SELLER, facts, rates, frozen), cap_bp - given)
    left = cap_bp - (seller_rate[1] if seller_rate else 0)
    sharer_rate = _at_most(_rate(sharer, SHARER, facts, rates, frozen), left)
    return [
        Target(person.id, role, rate[0], rate[1], base, share_of(base, rate[1]))
        for person, role, rate in (
            (facts.seller, SELLER, seller_rate),
            (sharer, SHARER, sharer_rate),
        )
        if person is not None and rate is not None
    ]


def _rate(
    person: Person | None,
    role: str,
    facts: LineFacts,
    rates: list[Rate],
    frozen: dict[tuple[int, str], tuple[int, int]],
) -> tuple[int, int] | None:
    """(rate id, basis points) before the cap."""
    if person is None:
        return None
    if (person.id, role) in frozen:
        return frozen[person.id, role]
    rate = pick_rate(rates, role, facts.category, person.tier, person.kind)
    return (rate.id, rate.rate_bp) if rate else None


def _at_most(rate: tuple[int, int] | None, limit: int) -> tuple[int, int] | None:
    return (rate[0], max(0, min(rate[1], limit))) if rate else None


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
