"""The cases of `docs/commission.md`, each with the result that stands there."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from customers.models import OrderLine
from incentives import places
from incentives.commission import (
    MANAGER,
    POT,
    SELLER,
    SHARER,
    Frozen,
    LineFacts,
    Person,
    Rate,
    Share,
    Terms,
    order_targets,
)
from incentives.commission_month import MonthRate, Step, Sum, month_target
from incentives.plans import NewRate, save_version
from kosops.lib.secrets import blind_index
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import Office, accrue, differences, held, owed, settle

DOC = Path(__file__).parents[2] / "docs" / "commission.md"
TAX = range(40, 50)  # told in `docs/` of payouts

ZHOU, HE, MAY = Person(1, "", "kos"), Person(2, "", "kos"), Person(3, "senior", "koc")
THREE = (Share(1), Share(2), Share(3))
Results = dict[str, int]
CASES: dict[int, Callable[[], Results]] = {}


def case(number: int) -> Callable[[Callable[[], Results]], Callable[[], Results]]:
    def keep(work: Callable[[], Results]) -> Callable[[], Results]:
        CASES[number] = work
        return work

    return keep


def in_the_doc() -> dict[int, Results]:
    """The results that the page states, in cents."""
    found = {}
    for part in DOC.read_text().split("\n### ")[1:]:
        number, result = int(part.split(".")[0]), re.search(r"^Result: (.*)$", part, re.M)
        assert result, f"case {number} states no result"
        pairs = [each.rsplit(" ", 1) for each in result[1].split("; ")]
        assert number not in found
        found[number] = {name: int(Decimal(amount) * 100) for name, amount in pairs}
    return found


# -- by the rule alone ---------------------------------------------------------

PLAN = (Rate(1, SELLER, 500), Rate(2, SHARER, 200))


def sums(*lines: LineFacts, rates=PLAN, cap_bp=3_000, **terms) -> list[dict[str, int]]:
    """What each role gets of each line."""
    plan = Terms(rates, cap_bp, **terms)
    return [
        {target.role: target.amount for target in owed}
        for owed in order_targets(lines, plan, [{} for _line in lines])
    ]


def sold(net: int = 10_000, **facts) -> LineFacts:
    return LineFacts(**{"net": net, "paid": net, "seller": ZHOU, **facts})


@case(1)
def _seller_and_sharer() -> Results:
    return sums(sold(12_990, sharer=MAY))[0]


@case(2)
def _both() -> Results:
    return sums(sold(12_990, sharer=ZHOU))[0]


@case(3)
def _category_and_tier() -> Results:
    rates = (
        Rate(1, SHARER, 200),
        Rate(2, SHARER, 400, tier="senior"),
        Rate(3, SHARER, 300, category="makeup"),
    )
    makeup, other = sums(
        sold(seller=None, sharer=MAY, category="makeup"),
        sold(seller=None, sharer=MAY),
        rates=rates,
    )
    return {"make-up": makeup[SHARER], "other": other[SHARER]}


@case(4)
def _priority() -> Results:
    rates = (Rate(1, SELLER, 300, category="makeup"), Rate(2, SELLER, 100, priority=1))
    return sums(sold(category="makeup"), rates=rates)[0]


@case(6)
def _store_before_region() -> Results:
    rates = (
        Rate(1, SELLER, 500),
        Rate(2, SELLER, 600, store="/1/2/"),
        Rate(3, SELLER, 700, store="/1/2/3/"),
    )
    here, east, south = sums(
        *(sold(store=path) for path in ("/1/2/3/", "/1/2/4/", "/1/5/6/")), rates=rates
    )
    return {"Jing'an": here[SELLER], "East": east[SELLER], "South": south[SELLER]}


@case(7)
def _article() -> Results:
    rates = (Rate(1, SELLER, 600, category="makeup"), Rate(2, SELLER, 900, sku="S1"))
    return sums(sold(category="makeup", sku="S1"), rates=rates)[0]


GIFTS = (Rate(1, SELLER, 0, fixed=1_000, per_piece=True),)


@case(8)
def _fixed() -> Results:
    return sums(sold(30_000, pieces=3), rates=GIFTS)[0]


@case(9)
def _fixed_after_a_refund() -> Results:
    return sums(sold(20_000, paid=30_000, pieces=3), rates=GIFTS)[0]


@case(10)
def _cap() -> Results:
    return sums(sold(sharer=MAY), cap_bp=600)[0]


@case(11)
def _fixed_under_the_cap() -> Results:
    rates = (Rate(1, SELLER, 0, fixed=833), Rate(2, SHARER, 200))
    return sums(sold(9_999, sharer=MAY), rates=rates, cap_bp=1_000)[0]


@case(12)
def _order_cap() -> Results:
    first, second = sums(sold(), sold(), rates=(Rate(1, SELLER, 1_000),), order_cap=1_500)
    return {"first line": first[SELLER], "second line": second[SELLER]}


def pot(net: int, staff: tuple[Share, ...]) -> Results:
    facts = LineFacts(net=net, paid=10_000, staff=staff)
    (owed,) = order_targets([facts], Terms((Rate(1, POT, 100),), 3_000), [{}])
    return dict(zip(("first", "second", "third"), [each.amount for each in owed], strict=True))


@case(13)
def _pot() -> Results:
    return pot(10_000, THREE)


@case(14)
def _pot_by_shares() -> Results:
    return pot(10_000, (Share(1, 2), Share(2), Share(3)))


@case(15)
def _pot_after_a_refund() -> Results:
    return pot(5_000, THREE)


OVERRIDE = (Rate(1, SELLER, 500), Rate(2, MANAGER, 1_000, of_seller=True))


@case(16)
def _override() -> Results:
    return sums(sold(20_000, manager=HE), rates=OVERRIDE)[0]


@case(17)
def _own_sale() -> Results:
    return sums(sold(20_000, manager=ZHOU), rates=OVERRIDE)[0]


def month(base: int, amount: int, *, cap=None, steps=(), **more) -> Results:
    rate = MonthRate(1, 500, steps, cap)
    added = month_target({1: Sum(base, amount)}, [rate], **more)
    return {"lines": amount, "month": added, "together": amount + added}


STEPS = (Step(100_000, 600),)


@case(18)
def _managers_month() -> Results:
    return month(50_000, 2_500, cap=1_500)


@case(20)
def _marginal() -> Results:
    return month(200_000, 10_000, steps=STEPS)


@case(21)
def _whole() -> Results:
    return month(200_000, 10_000, steps=STEPS, whole=True)


@case(22)
def _below_the_step() -> Results:
    before = month(120_000, 6_000, steps=STEPS, whole=True)["together"]
    return {
        "before": before,
        "after": month(90_000, 4_500, steps=STEPS, whole=True)["together"],
    }


@case(23)
def _person_cap() -> Results:
    return month(200_000, 10_000, person_cap=8_000)


# -- by runs, on orders as a shop sends them ------------------------------------


def office_with(*rates: NewRate, day: str = "2026-09-01", **terms) -> Office:
    office = Office()
    save_version(
        by=None,
        brand=office.brand,
        name="Case",
        valid_from=dt.date.fromisoformat(day),
        rates=rates or (NewRate(SELLER, 500), NewRate(SHARER, 200)),
        **terms,
    )
    return office


def he_of(office: Office) -> Creator:
    return c.creator(office.people.jingan, "K002", "He")


@case(5)
def _buyers() -> Results:
    office = office_with(NewRate(SELLER, 600, buyer="new"), NewRate(SELLER, 200))
    for name in ("E1", "E2"):
        office.order(name, 10_000, buyer_key=blind_index("member", "B1"))
    accrue(office.brand, "2026-09-05")
    first, second = office.zhou.commission_lines.order_by("order").values_list("amount", flat=True)
    return {"first": first, "second": second}


@case(19)
def _over_a_koc() -> Results:
    office = office_with(NewRate(SELLER, 500), NewRate(MANAGER, 1_000, base="seller", month_cap=99))
    places.put(by=None, creator=office.zhou, first=dt.date(2026, 8, 1), leads=True)
    office.order("E1", 20_000, seller=office.may)
    accrue(office.brand, "2026-09-05")
    assert held(office.zhou) == 0
    return {"seller": held(office.may)}


def cut(day: str) -> Results:
    office = Office()
    save = {"by": None, "brand": office.brand}
    save_version(**save, name="Old", valid_from=dt.date(2026, 8, 1), rates=[NewRate(SELLER, 800)])
    rates = [NewRate(SELLER, 500)]
    save_version(**save, name="New", valid_from=dt.date(2026, 9, 1), rates=rates, shield_days=30)
    he = he_of(office)
    office.order("E0", 10_000, day="2026-08-20", status="finished")
    accrue(office.brand, "2026-08-31")
    before = held(office.zhou)
    office.order("E1", 10_000, day=day)
    office.order("E2", 10_000, day=day, seller=he)
    accrue(office.brand, day)
    return {"Zhou": held(office.zhou) - before, "He": held(he)}


@case(24)
def _shield() -> Results:
    return cut("2026-09-10")


@case(25)
def _after_the_shield() -> Results:
    return {"Zhou": cut("2026-10-01")["Zhou"]}


@case(26)
def _plan_changes() -> Results:
    office = office_with()
    c.plan(office.brand, NewRate(SELLER, 400), valid_from=dt.date(2026, 9, 16))
    office.order("E1", 10_000, day="2026-09-10")
    accrue(office.brand, "2026-09-10")
    first = held(office.zhou)
    office.order("E2", 10_000, day="2026-09-20")
    accrue(office.brand, "2026-09-20")
    return {"first": first, "second": held(office.zhou) - first}


@case(27)
def _frozen() -> Results:
    office = office_with()
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    c.plan(office.brand, NewRate(SELLER, 400), valid_from=dt.date(2026, 9, 4))
    office.refund("E1", "R1", 4_000)
    accrue(office.brand, "2026-09-12")
    return {"seller": held(office.zhou)}


@case(28)
def _refund_before_payout() -> Results:
    office = office_with()
    office.order("E1", 12_990, 7_000)
    accrue(office.brand, "2026-09-05")
    before = held(office.zhou)
    office.refund("E1", "R1", 19_990)
    accrue(office.brand, "2026-09-12")
    return {"before": before, "after": held(office.zhou)}


@case(29)
def _refund_after_payout() -> Results:
    office = office_with()
    office.order("E1", 12_990, 7_000)
    batch = office.paid(settle(office.brand))
    office.refund("E1", "R1", 19_990, day="2026-10-08")
    office.run("2026-10-10")
    return {"paid": batch.total, "owed": owed(office.zhou)}


@case(30)
def _any_order() -> Results:
    found = {}
    office = office_with()
    for name, amounts in (("forwards", (333, 3_333, 777)), ("backwards", (777, 3_333, 333))):
        before = held(office.zhou)
        office.order(name, 9_999)
        for place, amount in enumerate(amounts):
            office.refund(name, f"{name}{place}", amount)
            accrue(office.brand, "2026-09-12")
        found[name] = held(office.zhou) - before
    return found


@case(31)
def _move() -> Results:
    office = office_with(NewRate(POT, 100))
    he = he_of(office)
    for someone in (office.zhou, he):
        places.put(by=None, creator=someone, first=dt.date(2026, 9, 1))
    tianhe = office.people.tianhe
    places.put(by=None, creator=office.zhou, store=tianhe, first=dt.date(2026, 9, 10))
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-15")
    first = held(office.zhou)
    office.order("E2", 10_000, day="2026-09-15", store=tianhe)
    accrue(office.brand, "2026-09-15")
    return {
        "Zhou on the 5th": first,
        "He on the 5th": held(he),
        "Zhou on the 15th": held(office.zhou) - first,
    }


@case(32)
def _leaver() -> Results:
    office = office_with()
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    before = held(office.zhou)
    Creator.objects.filter(pk=office.zhou.pk).update(state="left", left_on="2026-09-05")
    office.refund("E1", "R1", 4_000)
    accrue(office.brand, "2026-09-12")
    return {"before": before, "after": held(office.zhou)}


def own_order(policy: str) -> Results:
    office = office_with(self_purchase=policy)
    key = blind_index("member", office.may.number)
    office.order("E1", 10_000, seller=None, sharer=office.may, buyer_key=key)
    accrue(office.brand, "2026-09-05")
    return {"sharer": held(office.may)}


@case(33)
def _own_order() -> Results:
    return own_order("nothing")


@case(34)
def _own_order_reduced() -> Results:
    return own_order("reduced")


@case(35)
def _late() -> Results:
    office = office_with()
    settled = settle(office.brand)
    office.order("E1", 10_000, day="2026-09-20")
    accrue(office.brand, "2026-10-05")
    september = sum(settled.statements.values_list("earned", flat=True))
    return {"September": september, "October": held(office.zhou)}


@case(36)
def _another_seller() -> Results:
    office = office_with()
    he = he_of(office)
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    office.order("E1", 10_000, seller=he)
    accrue(office.brand, "2026-09-06")
    return {"Zhou": held(office.zhou), "He": held(he)}


def cut_back(office: Office, *rates: NewRate, **terms) -> None:
    """A new plan for the days from 4 September on, which says less."""
    day = dt.date(2026, 9, 4)
    save_version(by=None, brand=office.brand, name="Less", valid_from=day, rates=rates, **terms)


@case(37)
def _order_cap_stays() -> Results:
    rate = NewRate(SELLER, 1_000)
    office = office_with(rate, order_cap=1_500)
    office.order("E1", 10_000, 10_000)
    accrue(office.brand, "2026-09-05")
    before = held(office.zhou)
    cut_back(office, rate, order_cap=800)
    office.refund("E1", "R1", 2_000)
    accrue(office.brand, "2026-09-12")
    after = held(office.zhou)
    assert after == by_rule(1_500, *sorted(net_of(office, "E1")))
    assert not differences()
    office.order("E2", 10_000, day="2026-09-06")
    accrue(office.brand, "2026-09-12")
    return {"before": before, "after": after, "new order": held(office.zhou) - after}


def by_rule(order_cap: int, *nets: int) -> int:
    """The rule alone on lines of 100.00 whose rate of 10 % is frozen."""
    lines = [sold(10_000) for _net in nets]
    lines = [replace(line, net=net) for line, net in zip(lines, nets, strict=True)]
    frozen = {(ZHOU.id, SELLER): Frozen(1, 1_000, 3_000)}
    terms = Terms((Rate(9, SELLER, 1_000),), 3_000, order_cap=order_cap)
    owed = order_targets(lines, terms, [frozen for _net in nets])
    return sum(target.amount for own in owed for target in own)


def net_of(office: Office, name: str) -> list[int]:
    lines = OrderLine.objects.filter(order__external_id=name)
    return [line.net_amount for line in lines]


@case(38)
def _line_cap_stays() -> Results:
    office = office_with(cap_bp=600)
    office.order("E1", 10_000, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    assert (held(office.zhou), held(office.may)) == (500, 100)
    cut_back(office, NewRate(SELLER, 300), NewRate(SHARER, 200), cap_bp=400)
    office.refund("E1", "R1", 5_000)
    accrue(office.brand, "2026-09-12")
    assert not differences()
    return {"seller": held(office.zhou), "sharer": held(office.may)}


@case(39)
def _person_cap_stays() -> Results:
    rate = NewRate(SELLER, 500)
    office = office_with(rate, person_cap=8_000)
    office.order("E1", 200_000)
    accrue(office.brand, "2026-09-05")
    before = held(office.zhou)
    cut_back(office, rate, person_cap=5_000)
    office.refund("E1", "R1", 20_000)
    accrue(office.brand, "2026-09-12")
    assert not differences()
    return {"before": before, "after": held(office.zhou)}


@case(50)
def _from_nothing() -> Results:
    office = office_with(NewRate(SELLER, 0, steps=((100_000, 300),)))
    found = {}
    for name, numbers in (("after the first", [60_000]), ("after all", [50_000, 15])):
        for paid in numbers:
            office.order(f"E{paid}", paid)
        accrue(office.brand, "2026-09-05")
        found[name] = held(office.zhou)
    office.refund("E60000", "R1", 5_000)
    accrue(office.brand, "2026-09-12")
    assert not differences()
    return found | {"after the refund": held(office.zhou)}


# -- the page against them ------------------------------------------------------


def test_every_case_of_the_page_is_worked_here() -> None:
    stated = {number for number in in_the_doc() if number not in TAX}
    assert stated == set(CASES)
    assert len(stated) >= 25


@pytest.mark.django_db
@pytest.mark.parametrize("number", sorted(CASES))
def test_a_case_comes_to_what_the_page_says(number: int) -> None:
    assert CASES[number]() == in_the_doc()[number]
