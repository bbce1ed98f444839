"""The one way in for orders and refunds, from files and from the API.

Rows are taken in sets: one transaction per call, a constant number of statements whatever the
number of rows, and one outcome per row in the order of the input. ``(brand, source,
external_id)`` identifies an order, so repeating a call changes nothing (API.md 2.4).
"""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import Unit
from customers.choices import Attribution, Channel, OrderStatus
from customers.claims import SELLER, SHARER, Claim, settled
from customers.models import Order, OrderLine, Refund, WaitingRefund
from customers.purchases import UNDONE
from customers.refunds import RefundableLine, spread
from kosops.lib import sql
from kosops.lib.money import MAX_MINOR
from kosops.lib.periods import business_date
from kosops.lib.repeating import whole
from matrix import purchases

CREATED = "created"
UPDATED = "updated"
UNCHANGED = "unchanged"
STALE = "stale"
SUPERSEDED = "superseded"
WAITING = "waiting"
REJECTED = "rejected"

# Clocks of shops may run ahead by so much (T5).
AHEAD = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class LineFacts:
    """One article of an order; ``paid_amount`` in minor units, for all of ``quantity``."""

    line_no: str
    paid_amount: int
    sku: str = ""
    title: str = ""
    category: str = ""
    quantity: int = 1
    commissionable: bool = True


@dataclass(frozen=True)
class OrderFacts:
    """An order as a source states it. Ids of store and creators are ours, looked up before."""

    source: str
    external_id: str
    store_id: int
    paid_at: dt.datetime
    lines: tuple[LineFacts, ...]
    status: str = OrderStatus.FINISHED
    channel: str = Channel.STORE
    finished_at: dt.datetime | None = None
    buyer_key: bytes | None = None
    seller_id: int | None = None
    seller_by: str = Attribution.NONE
    sharer_id: int | None = None
    sharer_by: str = Attribution.NONE
    source_updated_at: dt.datetime | None = None
    # Others who were named for the same part, in the order in which they were named.
    claims: tuple[Claim, ...] = ()

    @property
    def paid_amount(self) -> int:
        return sum(line.paid_amount for line in self.lines)


@dataclass(frozen=True)
class RefundFacts:
    """A refund as a source states it. An empty ``line_no`` means the order as a whole."""

    source: str
    order_external_id: str
    external_id: str
    amount: int
    refunded_at: dt.datetime
    line_no: str = ""
    # Why a person has to look at it although it names no known order.
    reason: str = ""
    raw: dict[str, Any] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a row; ``code`` and ``params`` say why a row was rejected."""

    result: str
    external_id: str
    id: int | None = None
    code: str = ""
    params: dict[str, Any] = field(default_factory=dict)


OrderKey = tuple[str, str]
RefundKey = tuple[str, str, str]


# -- orders --------------------------------------------------------------------


@whole
def take_orders(*, brand: Unit, rows: Sequence[OrderFacts]) -> list[Outcome]:
    """Store new orders and new versions of known ones; newest wins inside the call.

    Rejected with a code: `no_lines`, `repeated_line_no`, `negative_amount`, `amount_too_large`,
    `occurred_in_future`, `refund_exceeds_paid` (a new version worth less than what was already
    refunded).
    """
    outcomes: dict[int, Outcome] = {}
    wanted: dict[OrderKey, int] = {}
    now = timezone.now()
    for place, row in enumerate(rows):
        if refusal := _order_fault(row, now):
            outcomes[place] = Outcome(REJECTED, row.external_id, code=refusal)
            continue
        key = (row.source, row.external_id)
        loser = place
        if key not in wanted or not _older(row, rows[wanted[key]]):
            loser = wanted.get(key, -1)
            wanted[key] = place
        if loser >= 0:
            outcomes[loser] = Outcome(SUPERSEDED, row.external_id)
    chosen = {key: _settled(rows[place]) for key, place in wanted.items()}
    results = _store_orders(brand, chosen)
    for key, place in wanted.items():
        outcomes[place] = results[key]
    stored = [rows[p] for p in wanted.values() if outcomes[p].result in (CREATED, UPDATED)]
    _apply_waiting(brand, {(row.source, row.external_id) for row in stored})
    return [outcomes[place] for place in range(len(rows))]


def foresee_orders(*, brand: Unit, rows: Sequence[OrderFacts]) -> list[Outcome]:
    """What `take_orders` would answer now, without locks or writing; each row looked at alone."""
    known = _known_orders(brand, ((row.source, row.external_id) for row in rows))
    lines = _lines_of([order.pk for order in known.values()])
    now = timezone.now()
    outcomes = []
    for row in map(_settled, rows):
        order = known.get((row.source, row.external_id))
        if fault := _order_fault(row, now):
            outcomes.append(Outcome(REJECTED, row.external_id, code=fault))
        elif order is None:
            outcomes.append(Outcome(CREATED, row.external_id))
        else:
            result, fault = _version_result(order, lines[order.pk], row)
            outcomes.append(Outcome(result, row.external_id, id=order.pk, code=fault))
    return outcomes


def look_again(*, brand: Unit, first: dt.date, until: dt.date | None) -> int:
    """Let the next commission run look at all orders paid from ``first`` to before ``until``.

    For rules that change for days that are past; how many orders that is.
    """
    zone = ZoneInfo(settings.TIME_ZONE)
    return sql.execute(
        """
        INSERT INTO customers_changedorder (order_id, brand_id, business_date)
        SELECT id, brand_id, business_date FROM customers_order
         WHERE brand_id = %(brand)s AND paid_at >= %(first)s
           AND (%(until)s::timestamptz IS NULL OR paid_at < %(until)s)
         ORDER BY id
            ON CONFLICT (order_id) DO NOTHING
        """,
        {
            "brand": brand.pk,
            "first": dt.datetime.combine(first, dt.time(), zone),
            "until": dt.datetime.combine(until, dt.time(), zone) if until else None,
        },
    )


def _order_fault(row: OrderFacts, now: dt.datetime) -> str:
    if not row.lines:
        return "no_lines"
    if len({line.line_no for line in row.lines}) < len(row.lines):
        return "repeated_line_no"
    if any(line.paid_amount < 0 for line in row.lines):
        return "negative_amount"
    if row.paid_amount > MAX_MINOR:
        return "amount_too_large"
    if row.paid_at > now + AHEAD:
        return "occurred_in_future"
    return ""


def _settled(row: OrderFacts) -> OrderFacts:
    """The row with one seller and one sharer; the others of those who were named stay as claims."""
    if not row.claims:
        return row
    seller, not_sellers = settled(_claims(row, SELLER, row.seller_id, row.seller_by))
    sharer, not_sharers = settled(_claims(row, SHARER, row.sharer_id, row.sharer_by))
    return replace(
        row,
        seller_id=seller.creator_id if seller else None,
        seller_by=seller.by if seller else Attribution.NONE,
        sharer_id=sharer.creator_id if sharer else None,
        sharer_by=sharer.by if sharer else Attribution.NONE,
        claims=not_sellers + not_sharers,
    )


def _claims(row: OrderFacts, role: str, creator_id: int | None, by: str) -> list[Claim]:
    named = [Claim(role, creator_id, by)] if creator_id else []
    return named + [claim for claim in row.claims if claim.role == role]


def _older(row: OrderFacts, than: OrderFacts) -> bool:
    if row.source_updated_at is None or than.source_updated_at is None:
        return False
    return row.source_updated_at < than.source_updated_at


def _store_orders(brand: Unit, rows: dict[OrderKey, OrderFacts]) -> dict[OrderKey, Outcome]:
    known = _locked_orders(brand, rows)
    fresh = {key: row for key, row in rows.items() if key not in known}
    ids = _insert_orders(brand, fresh)
    # Another transaction inserted these in the meantime: now they are known.
    lost = {key: row for key, row in fresh.items() if key not in ids}
    if lost:
        known |= _locked_orders(brand, lost)
    _write_lines((ids[key], row) for key, row in fresh.items() if key in ids)
    _keep_claims((ids[key], 1, row.claims) for key, row in fresh.items() if key in ids)
    results = {key: Outcome(CREATED, key[1], id=order_id) for key, order_id in ids.items()}
    results |= _update_orders({key: (known[key], rows[key]) for key in known})
    touched = {
        result.id: rows[key]
        for key, result in results.items()
        if result.result in (CREATED, UPDATED) and result.id
    }
    _note_changed(brand, ((order_id, _day(row)) for order_id, row in touched.items()))
    _note_bought(brand, touched.values())
    return results


def _note_bought(brand: Unit, rows: Iterable[OrderFacts]) -> None:
    """Who among the buyers is a KOC of ours has bought on that day."""
    days: dict[bytes, dt.date] = {}
    for row in rows:
        if row.buyer_key and row.paid_amount and row.status not in UNDONE:
            days[row.buyer_key] = max(_day(row), days.get(row.buyer_key, dt.date.min))
    purchases.bought(brand.pk, days)


def _locked_orders(brand: Unit, keys: Iterable[OrderKey]) -> dict[OrderKey, Order]:
    """Known orders among ``keys``, locked in id order so that two calls cannot deadlock."""
    return _known_orders(brand, keys, lock=True)


def _known_orders(
    brand: Unit, keys: Iterable[OrderKey], *, lock: bool = False
) -> dict[OrderKey, Order]:
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, external_id in keys:
        by_source[source].append(external_id)
    orders = Order.objects.select_for_update() if lock else Order.objects.all()
    return {
        (order.source, order.external_id): order
        for source, external_ids in sorted(by_source.items())
        for order in orders.filter(
            brand=brand, source=source, external_id__in=external_ids
        ).order_by("id")
    }


def _insert_orders(brand: Unit, rows: dict[OrderKey, OrderFacts]) -> dict[OrderKey, int]:
    if not rows:
        return {}
    now = timezone.now()
    values = [
        (
            brand.pk,
            row.store_id,
            row.source,
            row.external_id,
            row.channel,
            row.status,
            settings.CURRENCY,
            row.paid_at,
            row.finished_at,
            _day(row),
            row.buyer_key,
            row.seller_id,
            row.seller_by,
            row.sharer_id,
            row.sharer_by,
            row.paid_amount,
            0,
            1,
            row.source_updated_at,
            now,
            now,
        )
        # Two calls with the same new orders wait for each other in one order and cannot deadlock.
        for _key, row in sorted(rows.items())
    ]
    inserted = sql.insert_rows(
        "customers_order",
        ["brand_id", "store_id", "source", "external_id", "channel", "status", "currency",
         "paid_at", "finished_at", "business_date", "buyer_key", "seller_id", "seller_by",
         "sharer_id", "sharer_by", "paid_amount", "refunded_amount", "facts_version",
         "source_updated_at", "created_at", "updated_at"],
        values,
        "ON CONFLICT (brand_id, source, external_id) DO NOTHING"
        " RETURNING source, external_id, id",
    )  # fmt: skip
    return {(source, external_id): order_id for source, external_id, order_id in inserted}


def _write_lines(rows: Iterable[tuple[int, OrderFacts]]) -> None:
    """Insert lines; a known line gets the new facts."""
    values = [
        (
            order_id,
            line.line_no,
            line.sku,
            line.title[:200],
            line.category,
            line.quantity,
            line.paid_amount,
            0,
            line.commissionable,
        )
        for order_id, row in rows
        for line in row.lines
    ]
    sql.insert_rows(
        "customers_orderline",
        ["order_id", "line_no", "sku", "title", "category", "quantity", "paid_amount",
         "refunded_amount", "commissionable"],
        values,
        """
        ON CONFLICT (order_id, line_no) DO UPDATE SET
            sku = EXCLUDED.sku, title = EXCLUDED.title, category = EXCLUDED.category,
            quantity = EXCLUDED.quantity, paid_amount = EXCLUDED.paid_amount,
            commissionable = EXCLUDED.commissionable, refunded_amount = 0
        """,
    )  # fmt: skip


def _update_orders(pairs: dict[OrderKey, tuple[Order, OrderFacts]]) -> dict[OrderKey, Outcome]:
    if not pairs:
        return {}
    lines = _lines_of([order.pk for order, _row in pairs.values()])
    results: dict[OrderKey, Outcome] = {}
    changed: list[tuple[Order, OrderFacts]] = []
    for key, (order, row) in pairs.items():
        result, fault = _version_result(order, lines[order.pk], row)
        if result == UPDATED:
            changed.append((order, row))
        results[key] = Outcome(result, order.external_id, id=order.pk, code=fault)
    _write_versions(changed, lines)
    return results


def _lines_of(order_ids: list[int]) -> dict[int, list[OrderLine]]:
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=order_ids).order_by("order_id", "id"):
        lines[line.order_id].append(line)
    return lines


def _is_stale(order: Order, row: OrderFacts) -> bool:
    if order.source_updated_at is None or row.source_updated_at is None:
        return False
    return row.source_updated_at < order.source_updated_at


_COMPARED = (
    "store_id",
    "channel",
    "status",
    "paid_at",
    "finished_at",
    "seller_id",
    "sharer_id",
    "paid_amount",
)
_COMPARED_OF_LINE = ("paid_amount", "sku", "category", "quantity", "commissionable")


def _differs(order: Order, lines: list[OrderLine], row: OrderFacts) -> bool:
    changed = any(getattr(order, name) != getattr(row, name) for name in _COMPARED)
    # A full refund closes the order here; the source repeating "finished" is no news.
    if changed and not _only_status_lags(order, row):
        return True
    stored = {
        line.line_no: tuple(getattr(line, name) for name in _COMPARED_OF_LINE)
        for line in lines
        if line.paid_amount or line.quantity
    }
    stated = {
        line.line_no: tuple(getattr(line, name) for name in _COMPARED_OF_LINE)
        for line in row.lines
        if line.paid_amount or line.quantity
    }
    return stored != stated


def _only_status_lags(order: Order, row: OrderFacts) -> bool:
    same = all(getattr(order, name) == getattr(row, name) for name in _COMPARED if name != "status")
    return same and order.status == OrderStatus.REFUNDED and row.status != OrderStatus.CLOSED


def _version_result(order: Order, lines: list[OrderLine], row: OrderFacts) -> tuple[str, str]:
    """What a stated version of a known order comes to, with the fault of a rejected one."""
    if _is_stale(order, row):
        return STALE, ""
    if not _differs(order, lines, row):
        return UNCHANGED, ""
    if row.paid_amount < order.refunded_amount:
        return REJECTED, "refund_exceeds_paid"
    return UPDATED, ""


def _write_versions(
    changed: list[tuple[Order, OrderFacts]], lines: dict[int, list[OrderLine]]
) -> None:
    if not changed:
        return
    now = timezone.now()
    _keep_claims(
        (order.pk, order.facts_version + 1, _claims_beside(order, row)) for order, row in changed
    )
    for order, row in changed:
        for name in (*_COMPARED, "seller_by", "sharer_by"):
            setattr(order, name, getattr(row, name))
        order.source_updated_at = row.source_updated_at or order.source_updated_at
        order.business_date = _day(row)
        order.facts_version += 1
        order.updated_at = now
    sql.update_rows(
        [order for order, _row in changed],
        [*_COMPARED, "seller_by", "sharer_by", "source_updated_at", "business_date",
         "facts_version", "updated_at"],
    )  # fmt: skip
    stated = {order.pk: {line.line_no for line in row.lines} for order, row in changed}
    # A line that the new version no longer has keeps its place with nothing paid, since
    # commission may hang on it.
    gone = [
        line.pk
        for order, _row in changed
        for line in lines[order.pk]
        if line.line_no not in stated[order.pk]
    ]
    OrderLine.objects.filter(pk__in=gone).update(paid_amount=0, quantity=0, refunded_amount=0)
    _write_lines((order.pk, row) for order, row in changed)
    _spread_over_lines([order for order, _row in changed if order.refunded_amount])


def _claims_beside(order: Order, row: OrderFacts) -> tuple[Claim, ...]:
    """Who claims a part beside those whom the new version credits: the ones it replaces as well."""
    replaced = [
        Claim(role, before, by)
        for role, before, by, now in (
            (SELLER, order.seller_id, order.seller_by, row.seller_id),
            (SHARER, order.sharer_id, order.sharer_by, row.sharer_id),
        )
        if before and now and before != now
    ]
    return (*row.claims, *replaced)


def _keep_claims(found: Iterable[tuple[int, int, Iterable[Claim]]]) -> None:
    """Keep who claims a part of an order and is not credited: once for each person and part."""
    now = timezone.now()
    sql.insert_rows(
        "customers_contestedclaim",
        ["order_id", "facts_version", "role", "creator_id", "by", "created_at"],
        [
            (order_id, version, claim.role, claim.creator_id, claim.by, now)
            for order_id, version, claims in found
            for claim in claims
        ],
        "ON CONFLICT (order_id, role, creator_id) DO NOTHING",
    )


# -- refunds -------------------------------------------------------------------


@whole
def take_refunds(*, brand: Unit, rows: Sequence[RefundFacts]) -> list[Outcome]:
    """Store refunds. One whose order is unknown waits for it (M13); a repeated one is unchanged.

    Rejected with a code: `amount_not_positive`, `amount_too_large`, `refund_exceeds_paid`,
    `refund_differs` (known with another amount), `unknown_line`, `occurred_in_future`.
    """
    keys = {(row.source, row.order_external_id) for row in rows}
    orders = _locked_orders(brand, keys)
    book = _RefundBook(list(orders.values()))
    outcomes = _enter_refunds(brand, orders, book, rows)
    fresh = _keep_waiting(
        brand,
        [row for row, outcome in zip(rows, outcomes, strict=True) if outcome.result == WAITING],
    )
    lost = [
        place
        for place, row in enumerate(rows)
        if outcomes[place].result == WAITING and _refund_key(row) not in fresh
    ]
    # Another transaction stored these in the meantime: now they are known.
    kept = _waiting_amounts(brand, [rows[place] for place in lost])
    for place in lost:
        outcomes[place] = _wait(kept, rows[place])
    _write_refunds(brand, book)
    _no_longer_waiting(brand, book)
    return outcomes


def foresee_refunds(*, brand: Unit, rows: Sequence[RefundFacts]) -> list[Outcome]:
    """What `take_refunds` would answer now, without locks or writing."""
    orders = _known_orders(brand, {(row.source, row.order_external_id) for row in rows})
    return _enter_refunds(brand, orders, _RefundBook(list(orders.values())), rows)


def _enter_refunds(
    brand: Unit, orders: dict[OrderKey, Order], book: _RefundBook, rows: Sequence[RefundFacts]
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    now = timezone.now()
    kept = _waiting_amounts(
        brand, [row for row in rows if (row.source, row.order_external_id) not in orders]
    )
    for row in rows:
        order = orders.get((row.source, row.order_external_id))
        if code := _refund_fault(row, now):
            outcomes.append(Outcome(REJECTED, row.external_id, code=code))
        elif order is None:
            outcomes.append(_wait(kept, row))
        else:
            outcomes.append(book.enter(order, row))
    return outcomes


def _wait(kept: dict[RefundKey, int], row: RefundFacts) -> Outcome:
    """A refund without an order: new, or known with the amount in ``kept``, which never changes."""
    known = kept.get(_refund_key(row))
    if known is None:
        kept[_refund_key(row)] = row.amount
        return Outcome(WAITING, row.external_id)
    if known != row.amount:
        return _differs_from(known, row)
    return Outcome(UNCHANGED, row.external_id)


def _differs_from(known: int, row: RefundFacts) -> Outcome:
    # The shop has to send the difference under another number.
    return Outcome(REJECTED, row.external_id, code="refund_differs", params={"known": known})


def _refund_key(row: RefundFacts) -> RefundKey:
    return row.source, row.order_external_id, row.external_id


def _waiting_amounts(brand: Unit, rows: list[RefundFacts]) -> dict[RefundKey, int]:
    """The amounts of waiting refunds of the same orders."""
    if not rows:
        return {}
    waiting = WaitingRefund.objects.filter(
        brand=brand, order_external_id__in={row.order_external_id for row in rows}
    ).values_list("source", "order_external_id", "external_id", "amount")
    return {(source, order, refund): amount for source, order, refund, amount in waiting}


def _refund_fault(row: RefundFacts, now: dt.datetime) -> str:
    if row.amount <= 0:
        return "amount_not_positive"
    if row.amount > MAX_MINOR:
        return "amount_too_large"
    return "occurred_in_future" if row.refunded_at > now + AHEAD else ""


class _RefundBook:
    """What is refunded already on some locked orders, and what a call adds."""

    def __init__(self, orders: list[Order]) -> None:
        ids = [order.pk for order in orders]
        self.lines = {
            order_id: {line.line_no: line for line in lines}
            for order_id, lines in _lines_of(ids).items()
        }
        self.seen: dict[tuple[int, str], int] = {}
        self.named: dict[int, int] = defaultdict(int)
        for order_id, external_id, line_id, amount in Refund.objects.filter(
            order__in=ids
        ).values_list("order_id", "external_id", "line_id", "amount"):
            self.seen[order_id, external_id] = amount
            if line_id:
                self.named[line_id] += amount
        self.fresh: list[Refund] = []
        self.touched: dict[int, Order] = {}

    def enter(self, order: Order, row: RefundFacts) -> Outcome:
        known = self.seen.get((order.pk, row.external_id), row.amount)
        if known != row.amount:
            return _differs_from(known, row)
        if (order.pk, row.external_id) in self.seen:
            return Outcome(UNCHANGED, row.external_id, id=order.pk)
        line = self.lines.get(order.pk, {}).get(row.line_no) if row.line_no else None
        if row.line_no and line is None:
            return Outcome(
                REJECTED, row.external_id, code="unknown_line", params={"line_no": row.line_no}
            )
        left = order.paid_amount - order.refunded_amount
        if line is not None:
            left = min(left, line.paid_amount - self.named[line.pk])
        if row.amount > left:
            return Outcome(
                REJECTED, row.external_id, code="refund_exceeds_paid", params={"left": left}
            )
        self.seen[order.pk, row.external_id] = row.amount
        if line is not None:
            self.named[line.pk] += row.amount
        order.refunded_amount += row.amount
        self.fresh.append(
            Refund(
                order=order,
                line=line,
                external_id=row.external_id,
                amount=row.amount,
                refunded_at=row.refunded_at,
            )
        )
        self.touched[order.pk] = order
        return Outcome(CREATED, row.external_id, id=order.pk)


def _write_refunds(brand: Unit, book: _RefundBook) -> None:
    if not book.fresh:
        return
    Refund.objects.bulk_create(book.fresh, batch_size=1000)
    orders = sorted(book.touched.values(), key=lambda order: order.pk)
    now = timezone.now()
    for order in orders:
        order.facts_version += 1
        order.updated_at = now
        if order.refunded_amount == order.paid_amount:
            order.status = OrderStatus.REFUNDED
    sql.update_rows(orders, ["refunded_amount", "facts_version", "status", "updated_at"])
    _spread_over_lines(orders)
    _note_changed(brand, ((order.pk, order.business_date) for order in orders))


def _spread_over_lines(orders: list[Order]) -> None:
    """Work out the refunded part of each line anew from the refunds of its order."""
    if not orders:
        return
    ids = [order.pk for order in orders]
    named: dict[int, int] = dict(
        Refund.objects.filter(order__in=ids, line__isnull=False)
        .values_list("line_id")
        .annotate(total=Sum("amount"))
    )
    lines = _lines_of(ids)
    changed: list[OrderLine] = []
    for order in orders:
        own = lines[order.pk]
        # A later version may have lowered a line below what was refunded on it; the excess then
        # counts as refunded on the order as a whole.
        places = [
            RefundableLine(line.paid_amount, min(named.get(line.pk, 0), line.paid_amount))
            for line in own
        ]
        unnamed = order.refunded_amount - sum(place.named for place in places)
        for line, refunded in zip(own, spread(places, unnamed), strict=True):
            if line.refunded_amount != refunded:
                line.refunded_amount = refunded
                changed.append(line)
    sql.update_rows(changed, ["refunded_amount"])


def _keep_waiting(brand: Unit, rows: list[RefundFacts]) -> set[RefundKey]:
    """Store refunds without an order; the keys of those that are new."""
    if not rows:
        return set()
    now = timezone.now()
    inserted = sql.insert_rows(
        "customers_waitingrefund",
        ["brand_id", "source", "order_external_id", "line_no", "external_id", "amount",
         "refunded_at", "reason", "raw", "received_at"],
        [
            (
                brand.pk,
                row.source,
                row.order_external_id,
                row.line_no,
                row.external_id,
                row.amount,
                row.refunded_at,
                row.reason,
                json.dumps(row.raw) if row.raw is not None else None,
                now,
            )
            for row in rows
        ],
        "ON CONFLICT (brand_id, source, order_external_id, external_id) DO NOTHING"
        " RETURNING source, order_external_id, external_id",
    )  # fmt: skip
    return set(inserted)


def _no_longer_waiting(brand: Unit, book: _RefundBook) -> None:
    """Tick off refunds that were sent again and fit now, where they had to wait before."""
    entered = {(r.order.source, r.order.external_id, r.external_id) for r in book.fresh}
    if not entered:
        return
    waiting = WaitingRefund.objects.filter(
        brand=brand,
        order_external_id__in={order for _source, order, _refund in entered},
        applied_at__isnull=True,
    )
    ticked = [
        refund.pk
        for refund in waiting
        if (refund.source, refund.order_external_id, refund.external_id) in entered
    ]
    if ticked:
        WaitingRefund.objects.filter(pk__in=ticked).update(applied_at=timezone.now(), reason="")


def apply_waiting(*, brand: Unit) -> int:
    """Apply refunds that wait although their order is known; how many were applied.

    A refund and its order that come at the same moment do not see each other, so runs look once
    more before they work out commission.
    """
    applied = last = 0
    while True:
        rows = sql.fetch_all(
            """
            SELECT w.id, w.source, w.order_external_id
              FROM customers_waitingrefund w
              JOIN customers_order o ON o.brand_id = w.brand_id AND o.source = w.source
                   AND o.external_id = w.order_external_id
             WHERE w.brand_id = %(brand)s AND w.applied_at IS NULL AND w.id > %(last)s
             ORDER BY w.id LIMIT 1000
            """,
            {"brand": brand.pk, "last": last},
        )
        if not rows:
            return applied
        last = rows[-1]["id"]
        with transaction.atomic():
            applied += _apply_waiting(
                brand, {(row["source"], row["order_external_id"]) for row in rows}
            )


def _apply_waiting(brand: Unit, orders: set[OrderKey]) -> int:
    """Apply refunds that came before these orders; what does not fit goes on waiting."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for source, external_id in orders:
        by_source[source].append(external_id)
    applied = 0
    for source, external_ids in sorted(by_source.items()):
        # Not locked: the orders are, and a refund that two calls find is entered once.
        waiting = list(
            WaitingRefund.objects.filter(
                brand=brand,
                source=source,
                order_external_id__in=external_ids,
                applied_at__isnull=True,
            ).order_by("id")
        )
        if not waiting:
            continue
        outcomes = take_refunds(
            brand=brand,
            rows=[
                RefundFacts(
                    source=source,
                    order_external_id=refund.order_external_id,
                    external_id=refund.external_id,
                    amount=refund.amount,
                    refunded_at=refund.refunded_at,
                    line_no=refund.line_no,
                )
                for refund in waiting
            ],
        )
        now = timezone.now()
        for refund, outcome in zip(waiting, outcomes, strict=True):
            refund.reason = outcome.code
            refund.applied_at = None if outcome.result == REJECTED else now
            applied += refund.applied_at is not None
        sql.update_rows(waiting, ["applied_at", "reason"])
    return applied


# -- plumbing ------------------------------------------------------------------


def _note_changed(brand: Unit, orders: Iterable[tuple[int, dt.date]]) -> None:
    """Tell the commission run which orders to look at, in the same transaction."""
    # In id order, as runs take them.
    values = [(order_id, brand.pk, day) for order_id, day in sorted(orders)]
    sql.insert_rows(
        "customers_changedorder",
        ["order_id", "brand_id", "business_date"],
        values,
        "ON CONFLICT (order_id) DO UPDATE SET business_date = EXCLUDED.business_date",
    )


def _day(row: OrderFacts) -> dt.date:
    return business_date(row.paid_at, ZoneInfo(settings.TIME_ZONE))
