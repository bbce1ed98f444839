"""Import formats of orders and refunds: the generic shape of DATA-SHAPES 4.11.

A row is one line of an order. Importing adds: a line that the file does not have stays as it is,
so a file of corrected rows can be imported after the first one.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Unit
from customers import claims, intake
from customers.choices import Attribution, Channel, OrderStatus
from customers.claims import Claim
from customers.intake import LineFacts, OrderFacts, RefundFacts
from customers.models import OrderLine, Refund
from integrations.choices import Outcome
from integrations.formats import (
    Column,
    IdReader,
    ImportFormat,
    Record,
    as_choice,
    as_id,
    as_moment,
    as_money,
    as_quantity,
    as_text,
    register,
)
from kosops.lib.secrets import blind_index
from matrix import share_codes
from matrix.choices import CreatorKind
from matrix.code_rules import as_own
from matrix.import_words import NUMBER, STORE_CODE, padded, refuse_unknown, refuse_unknown_store
from matrix.models import Creator
from matrix.registry import code_works, on_day

STATUSES = {value: value for value in OrderStatus.values} | {
    "已付款": OrderStatus.PAID,
    "已支付": OrderStatus.PAID,
    "待发货": OrderStatus.PAID,
    "已发货": OrderStatus.PAID,
    "已完成": OrderStatus.FINISHED,
    "交易成功": OrderStatus.FINISHED,
    "交易完成": OrderStatus.FINISHED,
    "已关闭": OrderStatus.CLOSED,
    "交易关闭": OrderStatus.CLOSED,
    "退款中": OrderStatus.REFUNDING,
    "已退款": OrderStatus.REFUNDED,
}
CHANNELS = {value: value for value in Channel.values} | {
    "门店": Channel.STORE,
    "线下": Channel.STORE,
    "小程序": Channel.MINI_PROGRAMME,
    "微信小店": Channel.WECHAT_STORE,
    "视频号小店": Channel.WECHAT_STORE,
    "APP": Channel.APP,
    "第三方商城": Channel.THIRD_PARTY,
    "有赞": Channel.THIRD_PARTY,
    "天猫": Channel.THIRD_PARTY,
    "京东": Channel.THIRD_PARTY,
    "抖店": Channel.THIRD_PARTY,
    "直播": Channel.LIVE,
    "云货架": Channel.CLOUD_SHELF,
    "其他": Channel.OTHER,
}
# DESIGN 3: by which of its identifiers a customer is known, best first.
BUYER_IDS = ("unionid", "external_userid", "member_id", "phone_hash")

WORDS = {
    "unknown_store": _("There is no store with the code %(code)s."),
    "zeros_lost": _(
        "There is no %(code)s, but there is %(known)s: the zeros in front were lost. Format the "
        "column as text and export again."
    ),
    "unknown_employee": _("There is no KOS with the number %(number)s."),
    "share_code_ended": _("Rows whose share code ended before they were paid; nobody is credited"),
    "share_code_unknown": _("Rows whose share code nobody has; nobody is credited for sharing"),
    "no_store": _("Neither a store nor a KOS is given."),
    "order_contradicts": _("Rows of the order %(order)s say different things here."),
    "line_repeated": _("The line %(line)s stands in row %(first)s already, with other values."),
    "repeated": _("Rows that stand in the file twice"),
    "refund_exceeds_paid": _("More is refunded than was paid."),
    "refund_amount_missing": _("The order is refunded, but the amount is not given."),
    "refund_time_missing": _("There is a refund without its time."),
    "refund_differs": _("This refund is known with the amount %(known)s; a refund never changes."),
    "amount_not_positive": _("A refund must be above zero."),
    "unknown_line": _("The order has no such line."),
    "occurred_in_future": _("This lies in the future."),
    "no_lines": _("The order has no line."),
    "repeated_line_no": _("The order has a line number twice."),
    "negative_amount": _("An amount is below zero."),
    "amount_too_large": _("An amount is larger than allowed."),
    "stale": _("Rows that are older than what is known"),
    "order_unknown": _("Refunds that wait for their order"),
}


ORDER_NO = ("订单号", "订单编号", "订单ID", "交易号", "单号", "order_no", "order_id", "tid")
LINE_NO = ("行号", "子订单号", "子订单编号", "明细行", "line_no")


@dataclass
class OrderRows:
    """The rows of one order in a chunk, and the facts they state."""

    order_no: str
    records: list[Record] = field(default_factory=list)
    facts: OrderFacts | None = None
    refunds: list[RefundFacts] = field(default_factory=list)


class OrderList(ImportFormat):
    code = "orders"
    label = _("Orders")
    help = _("One row per line of an order; refunds may stand in the same row.")
    result_url = "customers:orders"
    group = "order_no"
    words = WORDS
    columns = (
        Column("order_no", _("Order number"), IdReader(80), required=True, aliases=ORDER_NO),
        Column(
            "line_no",
            _("Line number"),
            IdReader(40),
            aliases=LINE_NO,
            help=_("Without it, lines are numbered by article."),
        ),
        Column("store_code", _("Store code"), as_id, aliases=STORE_CODE),
        Column(
            "paid_at",
            _("Paid at"),
            as_moment,
            required=True,
            aliases=("支付时间", "付款时间", "下单时间", "成交时间", "paid_at", "pay_time"),
        ),
        Column(
            "paid_amount",
            _("Paid for the line"),
            as_money,
            required=True,
            aliases=("实付金额", "支付金额", "实收金额", "成交金额", "paid_amount", "payment"),
        ),
        Column("status", _("Status"), as_choice(STATUSES), aliases=("订单状态", "状态")),
        Column(
            "channel", _("Channel"), as_choice(CHANNELS), aliases=("渠道", "销售渠道", "订单来源")
        ),
        Column(
            "sku", _("Article number"), IdReader(60), aliases=("商品编码", "SKU", "货号", "sku_id")
        ),
        Column("title", _("Article"), as_text(500), aliases=("商品名称", "商品", "品名", "title")),
        Column("category", _("Category"), as_text(60), aliases=("品类", "类目", "商品分类")),
        Column("quantity", _("Quantity"), as_quantity(0), aliases=("数量", "件数", "qty")),
        Column(
            "employee_no",
            _("Employee number of the KOS"),
            as_id,
            aliases=("导购工号", "导购编号", "销售员", "kos_employee_no", *NUMBER),
        ),
        Column("share_code", _("Share code"), as_id, aliases=("分享码", "推荐码", "share_code")),
        Column(
            "refund_amount",
            _("Refunded for the line so far"),
            as_money,
            aliases=("退款金额", "已退金额", "refund_amount"),
        ),
        Column("refund_at", _("Refunded at"), as_moment, aliases=("退款时间", "refund_at")),
        Column("finished_at", _("Finished at"), as_moment, aliases=("完成时间", "交易完成时间")),
        Column(
            "updated_at", _("Changed at"), as_moment, aliases=("更新时间", "修改时间", "updated_at")
        ),
        Column("unionid", "unionid", as_id, aliases=("unionid",)),
        Column("external_userid", "external_userid", as_id, aliases=("外部联系人ID",)),
        Column("member_id", _("Member number"), as_id, aliases=("会员号", "会员ID", "会员编号")),
        Column("phone_hash", _("Phone as hash"), IdReader(128), aliases=("手机号哈希", "手机哈希")),
    )

    # -- what rows mean -----------------------------------------------------------------

    def resolve(self, records: list[Record]) -> None:
        self._look_up(records)
        orders: dict[str, OrderRows] = {}
        for record in records:
            order_no = record.values["order_no"]
            orders.setdefault(order_no, OrderRows(order_no)).records.append(record)
        for order in orders.values():
            self._state(order)
        readable = [order for order in orders.values() if order.facts is not None]
        add_stored_lines(self.run.brand, self.run.source, readable)
        self._state_refunds(readable)
        self._foresee(readable)

    def _look_up(self, records: list[Record]) -> None:
        """Everything that the rows of the chunk refer to, each with one query."""
        brand = self.run.brand

        def named(column: str) -> set[str]:
            return {record.values[column] for record in records} - {None}

        stores = Unit.objects.filter(brand=brand, kind=UnitKind.STORE)
        self._stores: dict[str, int] = dict(stores.values_list("code", "pk"))
        staff = Q(kind=CreatorKind.KOS, number__in=named("employee_no"))
        codes = named("share_code")
        sharers = Q(share_code__in=codes | {as_own(code) for code in codes} - {""})
        self._staff: dict[str, Creator] = {}
        self._sharers: dict[str, Creator] = {}
        named_here = Creator.objects.filter(staff | sharers, brand=brand)
        people = Creator.objects.filter(brand=brand, kind=CreatorKind.KOS)
        self._padded = padded(people, "number", named("employee_no"))
        for creator in named_here.select_related("merged_into"):
            if creator.kind == CreatorKind.KOS:
                self._staff[creator.number] = creator
            if creator.share_code:
                self._sharers[creator.share_code] = creator
        self._sharers = share_codes.meant(codes, self._sharers)

    def _state(self, order: OrderRows) -> None:
        """Read the facts of an order from its rows; refuses rows that cannot be true."""
        for record in order.records:
            self._check_references(record)
        one = _Stated(order)
        lines = _lines(order)
        paid_at = one.earliest("paid_at")
        head = {
            name: one.value(name)
            for name in ("store_code", "channel", "status", "finished_at")
        }  # fmt: skip
        if any(record.outcome == Outcome.FAULTY for record in order.records) or not lines:
            return
        paid_on = timezone.localdate(paid_at)
        sellers = [_counting(self._staff[no], paid_on) for no in one.named("employee_no")]
        sharers = self._sharers_of(order, one.named("share_code"), paid_on)
        seller, sharer = next(iter(sellers), None), next(iter(sharers), None)
        status = head["status"] or OrderStatus.PAID
        order.facts = OrderFacts(
            source=self.run.source,
            external_id=order.order_no,
            store_id=self._stores[head["store_code"]] if head["store_code"] else seller.store_id,  # type: ignore[union-attr]
            paid_at=paid_at,
            lines=lines,
            # What was paid back stands in the refunds; until then the order was a finished one.
            status=OrderStatus.FINISHED if status == OrderStatus.REFUNDED else status,
            channel=head["channel"] or (Channel.STORE if head["store_code"] else Channel.OTHER),
            finished_at=head["finished_at"],
            buyer_key=one.buyer_key(),
            seller_id=seller.pk if seller else None,
            seller_by=Attribution.EXPLICIT if seller else Attribution.NONE,
            sharer_id=sharer.pk if sharer else None,
            sharer_by=Attribution.SHARE_CODE if sharer else Attribution.NONE,
            source_updated_at=one.latest("updated_at"),
            # Rows of one order may name several people: the first counts, the others are kept.
            claims=(
                *_beside(claims.SELLER, sellers, Attribution.EXPLICIT),
                *_beside(claims.SHARER, sharers, Attribution.SHARE_CODE),
            ),
        )

    def _sharers_of(
        self, order: OrderRows, codes: Iterable[str], paid_on: dt.date
    ) -> list[Creator]:
        """Whose codes the rows name, without codes that had ended."""
        found = []
        for code in codes:
            sharer = _counting(self._sharers.get(code), paid_on)
            if sharer is not None and not code_works(sharer, paid_on):
                for record in order.records:
                    record.reason = "share_code_ended"
            elif sharer is not None and sharer not in found:
                found.append(sharer)
        return found

    def _check_references(self, record: Record) -> None:
        values = record.values
        code, number = values["store_code"], values["employee_no"]
        if code is not None and code not in self._stores:
            refuse_unknown_store(record, "store_code", code, self._stores)
        if number is not None and number not in self._staff:
            refuse_unknown(
                record,
                "employee_no",
                number,
                self._padded.values(),
                "unknown_employee",
                number=number,
            )
        if code is None and number is None:
            record.refuse("no_store", "store_code")
        if values["share_code"] is not None and values["share_code"] not in self._sharers:
            record.reason = "share_code_unknown"
        refunded = values["refund_amount"] or 0
        if refunded > values["paid_amount"]:
            record.refuse("refund_exceeds_paid", "refund_amount")
        if refunded and not (values["refund_at"] or values["updated_at"]):
            record.refuse("refund_time_missing", "refund_at")
        if values["status"] == OrderStatus.REFUNDED and values["refund_amount"] is None:
            record.refuse("refund_amount_missing", "refund_amount")

    def _state_refunds(self, orders: Collection[OrderRows]) -> None:
        """A row says how much of its line was refunded so far; what is not known yet is new."""
        known = _refunded_by_line(
            self.run.brand,
            self.run.source,
            [
                order.order_no
                for order in orders
                if any(record.values["refund_amount"] for record in order.records)
            ],
        )
        for order in orders:
            for record in order.records:
                so_far = record.values["refund_amount"]
                line_no = record.target
                if not so_far or line_no is None:
                    continue
                amount = so_far - known[order.order_no, line_no]
                if amount > 0:
                    order.refunds.append(
                        RefundFacts(
                            source=self.run.source,
                            order_external_id=order.order_no,
                            external_id=f"{line_no}={so_far}",
                            amount=amount,
                            refunded_at=record.values["refund_at"] or record.values["updated_at"],
                            line_no=line_no,
                        )
                    )

    def _foresee(self, orders: list[OrderRows]) -> None:
        brand = self.run.brand
        for order in orders:
            for record in order.records:
                record.target = order
        if not self.run.check:
            # `write` will know; asking before would be the same work twice.
            take_outcomes(orders, {}, {})
            return
        stated = [order.facts for order in orders if order.facts]
        refunds = [refund for order in orders for refund in order.refunds]
        take_outcomes(
            orders,
            {one.external_id: one for one in intake.foresee_orders(brand=brand, rows=stated)},
            _by_order(refunds, intake.foresee_refunds(brand=brand, rows=refunds)),
        )

    # -- writing --------------------------------------------------------------------------

    def write(self, records: list[Record]) -> None:
        brand = self.run.brand
        orders = list({id(record.target): record.target for record in records}.values())
        stated = [order.facts for order in orders if order.facts]
        results = {one.external_id: one for one in intake.take_orders(brand=brand, rows=stated)}
        refunds = [
            refund
            for order in orders
            for refund in order.refunds
            if results[order.order_no].result != intake.REJECTED
        ]
        refunded = _by_order(refunds, intake.take_refunds(brand=brand, rows=refunds))
        take_outcomes(orders, results, refunded)


def _by_order(
    rows: list[RefundFacts], outcomes: list[intake.Outcome]
) -> dict[str, list[intake.Outcome]]:
    found: dict[str, list[intake.Outcome]] = defaultdict(list)
    for row, outcome in zip(rows, outcomes, strict=True):
        found[row.order_external_id].append(outcome)
    return found


def take_outcomes(
    orders: Iterable[OrderRows],
    results: Mapping[str, intake.Outcome],
    refunded: Mapping[str, list[intake.Outcome]],
) -> None:
    """What the intake says of an order becomes the outcome of its rows; unknown counts as new."""
    for order in orders:
        result = results.get(order.order_no)
        refunds = refunded.get(order.order_no, ())
        faults = [one.code for one in ([result] if result else []) + list(refunds) if one.code]
        more = any(one.result == intake.CREATED for one in refunds)
        for record in order.records:
            if record.outcome == Outcome.SKIPPED:
                continue
            record.outcome = _outcome_of(result, more=more)
            if result is not None and result.result == intake.STALE:
                record.reason = "stale"
            if faults:
                record.refuse(faults[0])


def _outcome_of(result: intake.Outcome | None, *, more: bool) -> str:
    """``more`` refunds make a change of an order that is known as it is."""
    if result is None or result.result == intake.CREATED:
        return Outcome.NEW
    return Outcome.CHANGED if more or result.result == intake.UPDATED else Outcome.UNCHANGED


class _Stated:
    """What the rows of an order say about the order as a whole."""

    def __init__(self, order: OrderRows) -> None:
        self._order = order

    def value(self, name: str) -> Any:
        """The one value that the rows give; refuses the rows when they give several."""
        records = self._order.records
        if len(records) == 1:
            return records[0].values[name]
        found = self._all(name)
        if name == "status" and found == {OrderStatus.FINISHED, OrderStatus.REFUNDED}:
            # Lines of a finished order that were sent back.
            return OrderStatus.FINISHED
        if len(found) > 1:
            for record in records:
                record.refuse("order_contradicts", name, order=self._order.order_no)
        return next(iter(found), None)

    def named(self, name: str) -> list[str]:
        """The different values that the rows give, in the order of the rows."""
        records = sorted(self._order.records, key=lambda record: record.line)
        return list(dict.fromkeys(r.values[name] for r in records if r.values[name] is not None))

    def earliest(self, name: str) -> dt.datetime:
        """The earliest of several times within a day; refuses the rows when they lie further apart."""
        found: set[dt.datetime] = self._all(name)
        if max(found) - min(found) > dt.timedelta(days=1):
            for record in self._order.records:
                record.refuse("order_contradicts", name, order=self._order.order_no)
        return min(found)

    def latest(self, name: str) -> dt.datetime | None:
        found: set[dt.datetime] = self._all(name)
        return max(found) if found else None

    def buyer_key(self) -> bytes | None:
        for name in BUYER_IDS:
            for record in self._order.records:
                if record.values[name]:
                    return blind_index(name, record.values[name])
        return None

    def _all(self, name: str) -> set[Any]:
        return {
            record.values[name] for record in self._order.records if record.values[name] is not None
        }


def _beside(role: str, people: Sequence[Creator | None], by: str) -> list[Claim]:
    """Those who are named after the first."""
    return [Claim(role, creator.pk, by) for creator in people[1:] if creator is not None]


def _lines(order: OrderRows) -> tuple[LineFacts, ...]:
    """The order's lines; ``target`` of each record becomes its line number.

    A row that stands twice with its line number is one line; without line numbers every row counts,
    since equal articles may stand on several lines.
    """
    seen: Counter[str] = Counter()
    lines: dict[str, tuple[LineFacts, Record]] = {}
    for record in order.records:
        values = record.values
        line_no = values["line_no"]
        if line_no is None:
            line_no = numbered(values["sku"], seen)
        line = LineFacts(
            line_no=line_no,
            paid_amount=values["paid_amount"],
            sku=values["sku"] or "",
            title=values["title"] or "",
            category=values["category"] or "",
            quantity=1 if values["quantity"] is None else values["quantity"],
        )
        record.target = line_no
        if line_no not in lines:
            lines[line_no] = (line, record)
            continue
        first, first_record = lines[line_no]
        same_refund = first_record.values["refund_amount"] == values["refund_amount"]
        if first == line and same_refund:
            record.skip("repeated")
            record.target = None
        else:
            record.refuse("line_repeated", "line_no", line=line_no, first=first_record.line)
    return tuple(line for line, _record in lines.values())


def numbered(sku: str | None, seen: Counter[str]) -> str:
    """A line number for a file that has none: the article and which of its lines it is.

    It does not depend on where the row stands, so the same rows in another file mean the same lines.
    """
    seen[sku or ""] += 1
    count = seen[sku or ""]
    return f"{sku[:32]}.{count}" if sku else str(count)


def add_stored_lines(brand: Unit, source: str, orders: Iterable[OrderRows]) -> None:
    """Complete the stated orders with lines that are known and that the file does not have."""
    by_no = {order.order_no: order for order in orders}
    stored: dict[str, list[LineFacts]] = defaultdict(list)
    rows = (
        OrderLine.objects.filter(
            order__brand=brand, order__source=source, order__external_id__in=by_no
        )
        .exclude(paid_amount=0, quantity=0)
        .select_related("order")
        .only("line_no", "paid_amount", "sku", "title", "category", "quantity",
              "commissionable", "order__external_id")
        .order_by("pk")
    )  # fmt: skip
    for line in rows:
        stored[line.order.external_id].append(
            LineFacts(
                line_no=line.line_no,
                paid_amount=line.paid_amount,
                sku=line.sku,
                title=line.title,
                category=line.category,
                quantity=line.quantity,
                commissionable=line.commissionable,
            )
        )
    for order_no, known in stored.items():
        order = by_no[order_no]
        if order.facts is not None:
            own = {line.line_no for line in order.facts.lines}
            missing = tuple(line for line in known if line.line_no not in own)
            order.facts = replace(order.facts, lines=order.facts.lines + missing)


def _refunded_by_line(
    brand: Unit, source: str, order_nos: Collection[str]
) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    if not order_nos:
        return found
    for order_no, line_no, amount in (
        Refund.objects.filter(
            order__brand=brand,
            order__source=source,
            order__external_id__in=order_nos,
            line__isnull=False,
        )
        .values_list("order__external_id", "line__line_no")
        .annotate(total=Sum("amount"))
    ):
        found[order_no, line_no] = amount
    return found


def register_formats() -> None:
    """Offer the formats in the import wizard; called when the app starts."""
    from customers.import_online_retail import OnlineRetail
    from customers.import_refunds import RefundList

    for kind in (OrderList, RefundList, OnlineRetail):
        register(kind)


def _counting(creator: Creator | None, paid_on: dt.date) -> Creator | None:
    """Who is credited for an order of that day; a number may lead to another row by then."""
    return on_day(creator, paid_on) if creator is not None else None
