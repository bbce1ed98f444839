"""Plans with more than category, tier and kind: the runs' SQL line by line against the rule."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from customers.intake import LineFacts as Line
from customers.models import ChangedOrder, Order
from incentives import commission, places
from incentives.commission import MANAGER, NOBODY, POT, SELLER, SHARER, Frozen
from incentives.models import CommissionLine, PlanRate, PlanVersion, StaffPlace
from incentives.plans import (
    NewRate,
    as_rule,
    before,
    in_force,
    own_part,
    rates_of,
    save_version,
)
from kosops.lib.secrets import blind_index
from matrix.choices import CreatorKind
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import accrue, differences

pytestmark = pytest.mark.django_db

DAYS = ["2026-08-20", "2026-09-01", "2026-09-05", "2026-09-20", "2026-10-10"]
SKUS, CATEGORIES = ["S1", "S2", ""], ["", "makeup", "hair"]
CHANNELS = ["store", "live"]
LATEST = dt.date(2026, 10, 20)

percents = st.integers(0, 1_200)
amounts = st.integers(1, 3_000)


@st.composite
def new_rates(draw: Any) -> NewRate:
    role = draw(st.sampled_from([SELLER, SELLER, SHARER, POT, MANAGER]))
    fixed = draw(st.none() | amounts) if role != MANAGER else None
    person = role in (SELLER, SHARER)
    return NewRate(
        role=role,
        rate_bp=0 if fixed else draw(percents),
        category=draw(st.sampled_from(CATEGORIES)),
        tier=draw(st.sampled_from(["", "", "senior"])) if person else "",
        creator_kind=draw(st.sampled_from(["", "", "koc"])) if person else "",
        sku=draw(st.sampled_from(["", "", "S1"])),
        unit_id=draw(st.sampled_from([None, None, -1, -2])),
        channel=draw(st.sampled_from(["", "", "live"])),
        buyer=draw(st.sampled_from(["", "", "new", "repeat"])),
        priority=draw(st.sampled_from([0, 0, 1])),
        fixed_amount=fixed,
        per_piece=bool(fixed) and draw(st.booleans()),
        base=draw(st.sampled_from(["line", "seller"])) if role == MANAGER else "line",
        month_cap=10**9 if role == MANAGER else None,
    )


def plans() -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {
            "rates": st.lists(new_rates(), min_size=1, max_size=8, unique_by=lambda r: r.case),
            "cap_bp": st.integers(1_200, 2_500),
            "order_cap": st.none() | st.integers(1, 6_000),
            "shield_days": st.sampled_from([0, 30]),
            "self_purchase": st.sampled_from(["nothing", "reduced", "allowed"]),
        }
    )


lines = st.lists(
    st.tuples(
        st.integers(0, 50_000),
        st.sampled_from(CATEGORIES),
        st.sampled_from(SKUS),
        st.integers(0, 3),
        st.sampled_from([True, True, False]),
    ),
    min_size=1,
    max_size=3,
)
who = st.sampled_from([0, 0, 1, 2, 3, None])
order = st.tuples(
    st.just("order"), st.integers(0, 3), lines, who, who, st.sampled_from(DAYS),
    st.sampled_from(["finished", "finished", "closed", "refunding"]), st.sampled_from([0, 0, 1]),
    st.sampled_from(CHANNELS), st.sampled_from([None, "C001", "B1", "B1"]),
)  # fmt: skip
steps = st.lists(
    order
    | order
    | st.tuples(st.just("refund"), st.integers(0, 3), st.integers(1, 30_000))
    | st.tuples(st.just("place"), st.integers(0, 1), st.integers(0, 3), st.booleans())
    | st.tuples(st.just("plan"), plans())
    | st.tuples(st.just("run")),
    max_size=12,
)


def limited(order_cap: int) -> dict:
    """A plan of 10 % for who sold, with a limit for an order."""
    return {
        "rates": [NewRate(SELLER, 1_000)],
        "cap_bp": 2_000,
        "order_cap": order_cap,
        "shield_days": 0,
        "self_purchase": "allowed",
    }


@example(
    first=limited(1_500),
    second=None,
    # A limit that is cut after the order was credited.
    steps=[
        ("order", 0, [(10_000, "", "", 1, True)] * 2, 0, None, DAYS[3], "finished", 0, "", None),
        ("run",),
        ("plan", limited(800)),
        ("refund", 0, 2_000),
    ],
)
@given(first=plans(), second=st.none() | plans(), steps=steps)
@settings(
    max_examples=settings.default.max_examples // 4,
    # To shrink one of these takes longer than to read it.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_runs_lines_are_the_rules_targets_line_by_line(first, second, steps) -> None:
    with transaction.atomic():
        stage = Stage(first, second)
        for name, *values in [*steps, ("run",)]:
            getattr(stage, name)(*values)
        assert differences() == {}
        transaction.set_rollback(True)


class Stage:
    """A brand whose plan asks for everything, and what the rule says of each of its orders."""

    def __init__(self, first: dict, second: dict | None) -> None:
        self.people = c.cast()
        brand, jingan = self.people.brand, self.people.jingan
        self.staff = [self.people.zhou, c.creator(jingan, "K002", "He", tier="senior")]
        jun = c.creator(jingan, "C002", "Jun", kind=CreatorKind.KOC, tier="senior")
        self.creators = [*self.staff, self.people.may, jun]
        self.units = {-1: self.people.east.pk, -2: jingan.pk, None: None}
        self.save("First", c.LONG_AGO, first)
        if second:
            self.save("Second", dt.date(2026, 9, 5), second)
        places.follow(brand)
        places.put(by=None, creator=self.staff[1], first=dt.date(2026, 9, 2), leads=True, weight=2)
        self.numbers = 0

    def save(self, name: str, day: dt.date, plan: dict) -> None:
        rates = [
            NewRate(**{**rate.__dict__, "unit_id": self.units[rate.unit_id]})
            for rate in plan["rates"]
        ]
        save_version(
            by=None, brand=self.people.brand, name=name, valid_from=day, **{**plan, "rates": rates}
        )

    def order(self, no, lines, seller, sharer, day, status, store, channel, buyer) -> None:
        facts = c.order_facts(
            self.people,
            f"E{no}",
            lines=tuple(
                Line(str(place), paid, sku=sku, category=category, quantity=pieces,
                     commissionable=earns)
                for place, (paid, category, sku, pieces, earns) in enumerate(lines)
            ),
            seller=None if seller is None else self.creators[seller],
            sharer=None if sharer is None else self.creators[sharer],
            day=day,
            status=status,
            store=[self.people.jingan, self.people.tianhe][store],
            channel=channel,
            buyer_key=blind_index("member", buyer) if buyer else None,
        )  # fmt: skip
        c.take(self.people, facts)

    def refund(self, no: int, amount: int) -> None:
        self.numbers += 1
        c.refund(self.people, f"E{no}", f"R{self.numbers}", amount)

    def plan(self, plan: dict) -> None:
        """A new plan for days on which orders are credited already, twice at most."""
        for day in (dt.date(2026, 9, 12), dt.date(2026, 9, 19)):
            if not PlanVersion.objects.filter(valid__startswith__gte=day).exists():
                return self.save("Later", day, plan)
        return None

    def place(self, no: int, weight: int, leads: bool) -> None:
        creator = self.staff[no]
        last = StaffPlace.objects.filter(creator=creator).latest("valid").valid.lower
        day = max(last or dt.date(2026, 8, 1), dt.date(2026, 9, 1)) + dt.timedelta(days=3)
        try:
            places.put(by=None, creator=creator, first=day, weight=weight, leads=leads)
        except Exception as refusal:
            if getattr(refusal, "code", "") not in ("no_weights", "place_in_the_past"):
                raise

    def run(self) -> None:
        changed = list(ChangedOrder.objects.values_list("order", flat=True))
        expected = sorted(line for pk in changed for line in self.lines_of(pk))
        run = accrue(self.people.brand, LATEST.isoformat(), batch=2)
        found = CommissionLine.objects.filter(run=run).values_list(
            *("order_line_id", "creator_id", "role", "rate_id", "rate_bp", "sequence", "base"),
            *("target", "amount"),
        )
        assert sorted(found) == expected

    def lines_of(self, pk: int) -> list[tuple]:
        order = Order.objects.get(pk=pk)
        version = in_force(self.people.brand, order.business_date)
        terms = self.terms(version, order.business_date) if version else commission.Terms()
        first = CommissionLine.objects.filter(order=order).order_by("pk").first()
        terms = replace(terms, order_cap=self.limit(order, first.run.plan if first else []))
        rows = list(order.lines.order_by("pk"))
        kept = [self.frozen(row.pk) for row in rows]
        facts = [self.facts(order, row, version) for row in rows]
        written = []
        for row, own in zip(rows, commission.order_targets(facts, terms, kept), strict=True):
            owed = {(target.creator, target.role): target for target in own}
            for key in owed.keys() | self.posted(row.pk).keys():
                rate_id, rate_bp, sequence, before = self.posted(row.pk).get(key, (0, 0, 0, 0))
                target = owed.get(key)
                base, amount = (target.base, target.amount) if target else (0, 0)
                if target:
                    rate_id, rate_bp = target.rate_id, target.rate_bp
                if amount != before:
                    what = (rate_id, rate_bp, sequence + 1, base, amount, amount - before)
                    written.append((row.pk, *key, *what))
        return written

    def limit(self, order: Order, plan: list[dict]) -> int | None:
        """The order's limit by the plan of the run that credited it first, else by today's."""
        day = str(order.business_date)
        first = [e["version"] for e in plan if e["first"] <= day < (e["until"] or "9999")]
        kept = PlanVersion.objects.filter(pk__in=first).first()
        version = kept or in_force(self.people.brand, order.business_date)
        return version.order_cap if version else None

    def terms(self, version: PlanVersion, day: dt.date) -> commission.Terms:
        old = before(version) if version.shield_days else None
        lasts = old and day < version.valid.lower + dt.timedelta(days=version.shield_days)
        return commission.Terms(
            rates=rates_of(version),
            cap_bp=version.cap_bp,
            order_cap=version.order_cap,
            own_bp=own_part(version),
            before=rates_of(old) if lasts else (),
        )

    def posted(self, line: int) -> dict:
        found: dict = {}
        for row in CommissionLine.objects.filter(order_line=line).order_by("sequence"):
            key = (row.creator_id, row.role)
            _rate, bp, _sequence, sum_ = found.get(key, (0, 0, 0, 0))
            found[key] = (row.rate_id, max(bp, row.rate_bp), row.sequence, sum_ + row.amount)
        return found

    def frozen(self, line: int) -> dict:
        kept: dict[tuple[int, str], Frozen] = {}
        for (creator, role), (rate_id, rate_bp, *_more) in sorted(self.posted(line).items()):
            rate = PlanRate.objects.select_related("version").get(pk=rate_id)
            key = (NOBODY if role == POT else creator, role)
            rate_bp = max(rate_bp, kept[key].rate_bp) if key in kept else rate_bp
            kept[key] = Frozen(rate_id, rate_bp, rate.version.cap_bp, as_rule(rate))
        return kept

    def facts(self, order: Order, row: Any, version: PlanVersion | None) -> commission.LineFacts:
        day = order.business_date
        earlier = Order.objects.filter(
            brand=order.brand, buyer_key=order.buyer_key, paid_at__lte=order.paid_at
        ).exclude(status="closed")
        seen = any((o.paid_at, o.pk) < (order.paid_at, order.pk) for o in earlier)
        buyer = "" if order.buyer_key is None else "repeat" if seen else "new"
        lead = places.lead_of_seller(order.seller, day)
        staff = places.on(day).filter(store=order.store)
        return commission.LineFacts(
            net=row.net_amount,
            category=row.category,
            commissionable=row.commissionable,
            closed=order.status == "closed",
            seller=self.person(order, "seller", version),
            sharer=self.person(order, "sharer", version),
            manager=as_person(lead.creator) if lead else None,
            staff=tuple(commission.Share(each.creator_id, each.weight) for each in staff),
            sku=row.sku,
            paid=row.paid_amount,
            pieces=row.quantity,
            store=order.store.path,
            channel=order.channel,
            buyer=buyer,
            own=places.own_buyer(order.brand_id, order.buyer_key),
        )

    def person(
        self, order: Order, role: str, version: PlanVersion | None
    ) -> commission.Person | None:
        creator = getattr(order, role)
        if creator is None:
            return None
        promoting = version is not None and Order.objects.exclude(status="closed").filter(
            **{role: creator},
            business_date__lt=version.valid.lower,
            business_date__gte=version.valid.lower - dt.timedelta(days=version.shield_days),
        ).exists()  # fmt: skip
        return as_person(creator, promoting=promoting)


def as_person(creator: Creator, *, promoting: bool = False) -> commission.Person:
    return commission.Person(creator.pk, creator.tier, creator.kind, promoting)
