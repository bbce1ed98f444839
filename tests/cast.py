"""The people and places of the tests, the same ones everywhere.

Chengye Beauty has two regions; Zhou Min sells in the Jing'an store, May is a customer who shares.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone

from accounts import activity
from accounts.choices import Role, StoreKind, UnitKind
from accounts.models import Activity, Grant, Person, Unit
from accounts.units import add_unit
from customers import intake
from customers.intake import LineFacts, OrderFacts, RefundFacts, take_orders, take_refunds
from customers.models import Order
from incentives import payees
from incentives.commission import SELLER, SHARER
from incentives.models import PlanVersion
from incentives.plans import NewRate, save_version
from matrix import evidence, registry
from matrix.choices import PROOF_OF_KIND, CreatorKind, KocKind
from matrix.models import Creator, Evidence, SocialAccount

ZONE = ZoneInfo("Asia/Shanghai")
PASSWORD = "correct horse battery"
LONG_AGO = dt.date(2020, 1, 1)


@dataclass(frozen=True)
class Cast:
    brand: Unit
    east: Unit
    south: Unit
    jingan: Unit
    tianhe: Unit
    zhou: Creator
    may: Creator


def at(day: str, hour: int = 12) -> dt.datetime:
    """Noon (or ``hour``) of a day in the brand's time zone."""
    return dt.datetime.fromisoformat(day).replace(hour=hour, tzinfo=ZONE)


def cast() -> Cast:
    """Everybody, in four statements: most tests begin with this."""
    brand, east, south, jingan, tianhe = _units()
    zhou = _creator(jingan, "K001", "Zhou Min")
    may = _creator(jingan, "C001", "May", kind=CreatorKind.KOC)
    Creator.objects.bulk_create([zhou, may])
    return Cast(brand, east, south, jingan, tianhe, zhou, may)


def _units() -> list[Unit]:
    """What `add_unit` makes, one after the other; `tests/accounts/test_units.py` compares them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('accounts_unit', 'id')) FROM generate_series(1, 5)"
        )
        pks = [pk for (pk,) in cursor.fetchall()]
    brand = Unit(pk=pks[0], kind=UnitKind.BRAND, code="CY", name="Chengye Beauty")
    east = Unit(pk=pks[1], kind=UnitKind.REGION, code="EAST", name="East", parent=brand)
    south = Unit(pk=pks[2], kind=UnitKind.REGION, code="SOUTH", name="South", parent=brand)
    jingan = Unit(
        pk=pks[3], kind=UnitKind.STORE, code="SH0001", name="Jing'an Kerry Centre", parent=east
    )
    tianhe = Unit(
        pk=pks[4], kind=UnitKind.STORE, code="GZ0001", name="Tianhe Parc Central", parent=south
    )
    units = [brand, east, south, jingan, tianhe]
    for unit in units:
        unit.brand = brand
        unit.path = f"{unit.parent.path if unit.parent else '/'}{unit.pk}/"
        unit.store_kind = StoreKind.PHYSICAL if unit.kind == UnitKind.STORE else ""
    Unit.objects.bulk_create(units)
    now = timezone.now()
    Activity.objects.bulk_create(
        activity._row(
            None, "unit.added", unit, unit, None, {"kind": unit.kind, "code": unit.code}, now
        )
        for unit in units
    )
    return units


def person(username: str, *grants: tuple[str, Unit], **fields: object) -> Person:
    """Someone who signs in, with roles at units."""
    someone = Person.objects.create_user(username, PASSWORD, name=username.title(), **fields)
    for role, unit in grants:
        Grant.objects.create(person=someone, role=role, unit=unit, since=LONG_AGO)
    return someone


def finance(cast: Cast, username: str) -> Person:
    return person(username, (Role.FINANCE, cast.brand))


def creator(
    store: Unit, number: str, name: str, *, kind: str = CreatorKind.KOS, **fields: object
) -> Creator:
    made = _creator(store, number, name, kind=kind, **fields)
    made.save(force_insert=True)
    return made


def creators(store: Unit, people: Iterable[dict[str, Any]]) -> None:
    """Many at once, each with number, name and what else ``creator`` takes."""
    Creator.objects.bulk_create([_creator(store, **one) for one in people])


def _creator(
    store: Unit, number: str, name: str, *, kind: str = CreatorKind.KOS, **fields: object
) -> Creator:
    return Creator(
        brand=store.brand,
        store=store,
        kind=kind,
        koc_kind=KocKind.BRAND_LOVE if kind == CreatorKind.KOC else "",
        number=number,
        name=name,
        **{"identity": PROOF_OF_KIND[CreatorKind(kind)], **fields},
    )


def plan(
    brand: Unit,
    *rates: NewRate,
    valid_from: dt.date = LONG_AGO,
    hold_days: int = 15,
    cap_bp: int = 3000,
) -> PlanVersion:
    """A commission plan: by default 5 % for who sold and 2 % for who shared."""
    return save_version(
        by=None,
        brand=brand,
        name=f"Plan from {valid_from}",
        valid_from=valid_from,
        rates=rates or (NewRate(SELLER, 500), NewRate(SHARER, 200)),
        hold_days=hold_days,
        cap_bp=cap_bp,
    )


def order_facts(
    cast: Cast,
    external_id: str,
    *amounts: int,
    day: str = "2026-09-05",
    seller: Creator | None = None,
    sharer: Creator | None = None,
    store: Unit | None = None,
    lines: tuple[LineFacts, ...] = (),
    **fields: object,
) -> OrderFacts:
    return OrderFacts(
        source="shop",
        external_id=external_id,
        store_id=(store or cast.jingan).pk,
        paid_at=at(day),
        lines=lines
        or tuple(
            LineFacts(line_no=str(no), paid_amount=amount, sku=f"S{no}")
            for no, amount in enumerate(amounts, start=1)
        ),
        seller_id=seller.pk if seller else None,
        seller_by="explicit" if seller else "",
        sharer_id=sharer.pk if sharer else None,
        sharer_by="share_code" if sharer else "",
        **fields,  # type: ignore[arg-type]
    )


def order(cast: Cast, external_id: str, *amounts: int, **facts: object) -> Order:
    """An order taken in as a shop would send it; Zhou Min sold it unless said otherwise."""
    facts.setdefault("seller", cast.zhou)
    (outcome,) = take_orders(
        brand=cast.brand,
        rows=[order_facts(cast, external_id, *amounts, **facts)],  # type: ignore[arg-type]
    )
    assert outcome.id is not None, outcome
    return Order.objects.get(pk=outcome.id)


def take(cast: Cast, *facts: OrderFacts) -> list[str]:
    """Orders as a shop would send them; what became of each."""
    outcomes = take_orders(brand=cast.brand, rows=facts)
    return [outcome.code or outcome.result for outcome in outcomes]


def look_again(cast: Cast) -> int:
    """Let the next run look at every order again."""
    return intake.look_again(brand=cast.brand, first=LONG_AGO, until=None)


def refund(
    cast: Cast,
    order_id: str,
    refund_id: str,
    amount: int,
    *,
    day: str = "2026-09-10",
    line: str = "",
) -> str:
    """A refund as a shop would send it; what became of it."""
    (outcome,) = take_refunds(
        brand=cast.brand,
        rows=[RefundFacts("shop", order_id, refund_id, amount, at(day), line_no=line)],
    )
    return outcome.code or outcome.result


def paper(unit: Unit) -> Evidence:
    """A scan of something that was signed."""
    return evidence.keep(by=None, unit=unit, file=ContentFile(b"%PDF-1.4 signed", "paper.pdf"))


def account(owner: Creator | Unit, **fields: object) -> SocialAccount:
    """A public account that the company opened, of a creator or of a unit."""
    whose = {"unit": owner} if isinstance(owner, Unit) else {"creator": owner}
    facts = {"platform": "xiaohongshu", "handle": "note", "ownership": "company_opened", **fields}
    return registry.add_account(by=None, **whose, **facts)  # type: ignore[arg-type]


def pay_to_bank(someone: Creator) -> None:
    """Somebody who can be paid: the account, for a KOC also an identity that was checked.

    Everybody has an account of their own.
    """
    payees.set_destination(
        by=None,
        creator=someone,
        holder=someone.name,
        account=f"6222 0210 0112 {someone.pk:08d}",
    )
    if someone.kind == CreatorKind.KOC:
        payees.verify_identity(
            by=None, creator=someone, born=dt.date(1995, 5, 20), source="id_card"
        )


def cast_of_another_brand() -> Unit:
    """A second brand in the same installation."""
    return add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
