"""The commission rule: which rate applies and what an order line is worth to whom.

Plain calculation, readable next to the plan. The runs do the same in SQL for many orders at once;
a test holds the two together. `docs/commission.md` works through it in numbers.

The rule in words. For each line of an order four roles may earn on what the customer paid less
refunds: the seller, the person who shared the link or code, the pot of the order's store, which its
staff of that day split by their shares, and the manager who led the seller's store that day.

Which rate. That of the plan in force on the day of payment that fits the line and the person. The
higher priority wins; then the rate that names more, in this order: article, category, store before
region, tier, kind, channel, kind of buyer. Within the shield after a new plan, who was promoting in
the days before keeps the old rate where it is higher. The rate is frozen when the line is first
credited; later changes of plan or tier do not touch it.

How much. A percentage of the base, rounded down to the cent, once; or a fixed amount for the line or
for each piece, in proportion to what the customer did not get back. The manager's override is a
part of the line or of what the seller earns by it. Own orders count with the part that the plan says.

Caps. All roles of a line together stay under the plan's cap, in the order seller, sharer, pot,
manager; each gets what is left. Who both sold and shared is credited once, as seller; a manager
gets no override on what they sold or shared. A fixed amount takes up the part of the line that it
comes to, rounded up. A new seller gets what a frozen sharer leaves. Where frozen rates come
together that exceed the cap (a seller who was replaced comes back), the later roles give way for as
long as that is so; the cap is then the highest under which one of them was frozen, or that of
today's plan. All lines of an order together stay under the order's cap, line by line. Like a rate
it is frozen: it is that of the plan under which the order was first credited. What a person's month
adds or takes is `commission_month`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from kosops.lib.money import BASIS_POINTS, share_of, split

SELLER = "seller"
SHARER = "sharer"
POT = "pot"
MANAGER = "manager"
# In order of precedence under the cap.
ROLES = (SELLER, SHARER, POT, MANAGER)
# The roles that an order names itself.
NAMED = (SELLER, SHARER)
# The pot has no beneficiary of its own; its rate is frozen for all who share it.
NOBODY = 0


@dataclass(frozen=True)
class Rate:
    """One rate of a plan; empty text means any. ``store`` is the path of a region or store.

    ``fixed`` are minor units, for the line or for each piece, instead of the percentage.
    """

    id: int
    role: str
    rate_bp: int
    category: str = ""
    tier: str = ""
    kind: str = ""
    sku: str = ""
    store: str = ""
    channel: str = ""
    buyer: str = ""
    priority: int = 0
    fixed: int | None = None
    per_piece: bool = False
    of_seller: bool = False

    def fits(self, case: Case) -> bool:
        return (
            self.role == case.role
            and self.category in ("", case.category)
            and self.tier in ("", case.tier)
            and self.kind in ("", case.kind)
            and self.sku in ("", case.sku)
            and case.store.startswith(self.store)
            and self.channel in ("", case.channel)
            and self.buyer in ("", case.buyer)
        )

    @property
    def precedence(self) -> tuple[int, bool, bool, int, bool, bool, bool, bool]:
        """The greater wins: priority, then what the rate names."""
        return (
            self.priority,
            bool(self.sku),
            bool(self.category),
            self.store.count("/"),
            bool(self.tier),
            bool(self.kind),
            bool(self.channel),
            bool(self.buyer),
        )

    @property
    def simple(self) -> bool:
        """Whether it asks for no more than role, category, tier and kind, and is a percentage."""
        more = (self.sku, self.store, self.channel, self.buyer, self.priority, self.of_seller)
        return self.role in NAMED and self.fixed is None and not any(more)


@dataclass(frozen=True)
class Case:
    """What a rate is asked for: one role on one line. ``store`` is the path of the order's store."""

    role: str
    category: str = ""
    tier: str = ""
    kind: str = ""
    sku: str = ""
    store: str = ""
    channel: str = ""
    buyer: str = ""


@dataclass(frozen=True)
class Person:
    """What the rule needs to know of a beneficiary.

    ``promoting``: named on an order in the days before the plan in force began.
    """

    id: int
    tier: str
    kind: str
    promoting: bool = False


@dataclass(frozen=True)
class Share:
    """Somebody's part in the pot of a store."""

    id: int
    weight: int = 1


@dataclass(frozen=True)
class LineFacts:
    """One order line: what was paid less refunds, by whom it was sold and shared, and where.

    ``paid`` and ``pieces`` are what was ordered. ``manager`` led the seller's store on the day of
    payment, ``staff`` shares the pot of the order's store. ``own`` is who of our people bought.
    """

    net: int
    category: str = ""
    commissionable: bool = True
    closed: bool = False
    seller: Person | None = None
    sharer: Person | None = None
    manager: Person | None = None
    staff: tuple[Share, ...] = ()
    sku: str = ""
    paid: int = 0
    pieces: int = 1
    store: str = ""
    channel: str = ""
    buyer: str = ""
    own: int | None = None

    @property
    def base(self) -> int:
        return self.net if self.commissionable and not self.closed else 0


@dataclass(frozen=True)
class Terms:
    """The plan in force on the day of payment; without one no rates and no cap.

    ``order_cap`` is that of the plan under which the order was first credited, ``before`` are the
    rates of the plan before it while the shield lasts, ``own_bp`` the part of a rate that counts for
    own orders.
    """

    rates: Sequence[Rate] = ()
    cap_bp: int = 0
    order_cap: int | None = None
    own_bp: int = BASIS_POINTS
    before: Sequence[Rate] = ()


@dataclass(frozen=True)
class Frozen:
    """The rate of an entitlement that exists, with the cap of its plan.

    ``rate`` is the plan's rate where it is more than a percentage of the line.
    """

    rate_id: int
    rate_bp: int
    cap_bp: int
    rate: Rate | None = None


FrozenRates = Mapping[tuple[int, str], Frozen]


@dataclass(frozen=True)
class Target:
    """What a beneficiary is owed for a line: ``amount`` = ``rate_bp`` of ``base``, rounded down.

    That of a fixed amount, of a share in a pot and under an order's cap is less plain: see there.
    """

    creator: int
    role: str
    rate_id: int
    rate_bp: int
    base: int
    amount: int


# -- which rate ----------------------------------------------------------------


def best(rates: Iterable[Rate], case: Case) -> Rate | None:
    """The rate that wins for the case, or None."""
    fitting = [rate for rate in rates if rate.fits(case)]
    return max(fitting, key=lambda rate: rate.precedence, default=None)


def pick_rate(rates: Iterable[Rate], role: str, category: str, tier: str, kind: str) -> Rate | None:
    """`best` for a plan whose rates are all simple."""
    return best(rates, Case(role, category, tier, kind))


def rate_table(
    rates: Iterable[Rate], categories: Sequence[str], tiers: Sequence[str], kinds: Sequence[str]
) -> Iterator[tuple[str, tuple[int, int, int], Rate]]:
    """Every question that a run may ask of simple rates and its answer: (role, places, rate).

    The places are those of category, tier and kind in their lists. A category or tier that no rate
    names is asked under the empty text, which stands first.
    """
    rates = list(rates)
    for role in NAMED:
        for places in product(range(len(categories)), range(len(tiers)), range(len(kinds))):
            category, tier, kind = places
            rate = pick_rate(rates, role, categories[category], tiers[tier], kinds[kind])
            if rate is not None:
                yield role, places, rate


def case_of(facts: LineFacts, role: str, person: Person | None) -> Case:
    return Case(
        role=role,
        category=facts.category,
        tier=person.tier if person else "",
        kind=person.kind if person else "",
        sku=facts.sku,
        store=facts.store,
        channel=facts.channel,
        buyer=facts.buyer,
    )


def rate_for(facts: LineFacts, role: str, person: Person | None, terms: Terms) -> Rate | None:
    """The rate of somebody who is not credited yet, the shield included."""
    case = case_of(facts, role, person)
    now = best(terms.rates, case)
    if role in NAMED and person is not None and person.promoting:
        before = best(terms.before, case)
        if before is not None and _lower(now, before):
            return before
    return now


def _lower(now: Rate | None, before: Rate) -> bool:
    """Whether the new rate gives less; a percentage and a fixed amount are not compared."""
    if now is None:
        return True
    if now.fixed is None and before.fixed is None:
        return now.rate_bp < before.rate_bp
    if now.fixed is None or before.fixed is None or now.per_piece != before.per_piece:
        return False
    return now.fixed < before.fixed


# -- how much ------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """What a role would get if there were no cap: a percentage, or an ``amount``."""

    rate_id: int
    rate_bp: int
    amount: int | None = None
    of_seller: bool = False
    # The cap under which it was frozen, None for a new claim.
    cap_bp: int | None = None

    def taken_up(self, base: int) -> int:
        """The part of the line that it would take, in basis points."""
        return self.rate_bp if self.amount is None else _up(self.amount, base)


@dataclass(frozen=True)
class Part:
    """What a role gets of a line, and the part of the line that it takes up."""

    role: str
    creator: int
    claim: Claim
    rate_bp: int
    base: int
    amount: int
    used_bp: int


def targets(
    facts: LineFacts,
    rates: Sequence[Rate],
    cap_bp: int,
    frozen: FrozenRates | None = None,
) -> list[Target]:
    """What each beneficiary is owed for a line of a plan without further terms."""
    return order_targets([facts], Terms(rates, cap_bp), [frozen or {}])[0]


def order_targets(
    lines: Sequence[LineFacts], terms: Terms, frozen: Sequence[FrozenRates]
) -> list[list[Target]]:
    """What each beneficiary is owed for each line of an order now.

    ``frozen`` holds per line the rates of entitlements that already exist, by (creator, role);
    that of the pot by (`NOBODY`, "pot"). Beneficiaries who are no longer named are owed nothing
    and not listed.
    """
    left = terms.order_cap
    found = []
    for facts, kept in zip(lines, frozen, strict=True):
        own: list[Target] = []
        for part in line_parts(facts, terms, kept):
            if left is not None:
                part = replace(part, amount=min(part.amount, left))
                left -= part.amount
            own += _paid_to(part, facts)
        found.append(own)
    return found


def line_parts(facts: LineFacts, terms: Terms, frozen: FrozenRates) -> list[Part]:
    """What each role gets of the line, all of them under its cap."""
    base, people = facts.base, _people(facts)
    claims = {
        role: claim
        for role in ROLES
        if (claim := _claim(facts, role, people[role], terms, frozen)) is not None
    }
    parts: list[Part] = []
    cap, used = terms.cap_bp, 0
    for role, claim in claims.items():
        cap = max(cap, claim.cap_bp or 0)
        left = (terms.cap_bp if claim.cap_bp is None else cap) - used
        if role == SELLER:
            sharer = claims.get(SHARER)
            if claim.cap_bp is None and sharer is not None and sharer.cap_bp is not None:
                left -= sharer.taken_up(base)
            elif claim.cap_bp is not None and claim.amount is None:
                left = claim.rate_bp
        person = people[role]
        sold = parts[0].amount if parts and parts[0].role == SELLER else 0
        part = _part(role, person.id if person else NOBODY, claim, base, left, sold)
        used += part.used_bp
        parts.append(part)
    return parts


def _people(facts: LineFacts) -> dict[str, Person | None]:
    """Who is meant by each role; the pot by nobody."""
    seller, sharer, manager = facts.seller, facts.sharer, facts.manager
    if sharer is not None and seller is not None and sharer.id == seller.id:
        sharer = None
    if manager is not None and manager.id in {each.id for each in (seller, sharer) if each}:
        manager = None
    return {SELLER: seller, SHARER: sharer, POT: None, MANAGER: manager}


def _claim(
    facts: LineFacts, role: str, person: Person | None, terms: Terms, frozen: FrozenRates
) -> Claim | None:
    if person is None and not (role == POT and any(share.weight for share in facts.staff)):
        return None
    kept = frozen.get((person.id if person else NOBODY, role))
    rate = kept.rate if kept else rate_for(facts, role, person, terms)
    own = terms.own_bp if person is not None and person.id == facts.own else BASIS_POINTS
    if kept:
        rate_id, rate_bp = kept.rate_id, kept.rate_bp
    elif rate is not None:
        rate_id, rate_bp = rate.id, rate.rate_bp * own // BASIS_POINTS
    else:
        return None
    amount = None
    if rate is not None and rate.fixed is not None:
        rate_bp = 0
        pieces = max(0, facts.pieces) if rate.per_piece else 1
        whole = rate.fixed * pieces * facts.base // facts.paid if facts.paid else 0
        amount = whole * own // BASIS_POINTS
    return Claim(
        rate_id,
        rate_bp,
        amount,
        of_seller=rate is not None and rate.of_seller,
        cap_bp=kept.cap_bp if kept else None,
    )


def _part(role: str, creator: int, claim: Claim, base: int, left: int, sold: int) -> Part:
    """The claim within what is ``left`` of the line, in basis points; ``sold``: the seller's."""
    if claim.amount is None and not claim.of_seller:
        rate_bp = max(0, min(claim.rate_bp, left))
        return Part(role, creator, claim, rate_bp, base, share_of(base, rate_bp), rate_bp)
    wanted = share_of(sold, claim.rate_bp) if claim.amount is None else claim.amount
    amount = min(wanted, share_of(base, max(0, left)))
    own_base = sold if claim.of_seller else base
    return Part(role, creator, claim, claim.rate_bp, own_base, amount, _up(amount, base))


def _up(amount: int, base: int) -> int:
    """The part of ``base`` that ``amount`` comes to, in basis points, rounded up."""
    return -(-amount * BASIS_POINTS // base) if base else 0


def _paid_to(part: Part, facts: LineFacts) -> list[Target]:
    """One target; the pot's among those who share it, by largest remainder, ties by number."""
    shares = sorted((share for share in facts.staff if share.weight), key=lambda share: share.id)
    amounts = {part.creator: part.amount}
    if part.role == POT:
        parts = split(part.amount, [share.weight for share in shares])
        amounts = dict(zip([share.id for share in shares], parts, strict=True))
    return [
        Target(creator, part.role, part.claim.rate_id, part.rate_bp, part.base, amount)
        for creator, amount in amounts.items()
    ]
