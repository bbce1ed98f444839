"""Import format of refunds, when they come in a file of their own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from customers import intake
from customers.import_orders import LINE_NO, ORDER_NO, WORDS
from customers.intake import RefundFacts
from customers.models import Refund
from integrations.choices import Outcome
from integrations.formats import (
    Column,
    IdReader,
    ImportFormat,
    ImportRun,
    Record,
    as_moment,
    as_money,
)
from kosops.lib.money import plain_amount


class RefundList(ImportFormat):
    code = "refunds"
    label = _("Refunds")
    help = _("One row per refund. A refund whose order is not known yet waits for it.")
    result_url = "customers:orders"
    words = WORDS
    columns = (
        Column("order_no", _("Order number"), IdReader(80), required=True, aliases=ORDER_NO),
        Column(
            "refund_no",
            _("Refund number"),
            IdReader(80),
            required=True,
            aliases=("退款单号", "退款编号", "售后单号", "refund_no", "refund_id"),
        ),
        Column(
            "amount",
            _("Refunded"),
            as_money,
            required=True,
            aliases=("退款金额", "实退金额", "refund_amount", "amount"),
        ),
        Column(
            "refunded_at",
            _("Refunded at"),
            as_moment,
            required=True,
            aliases=("退款时间", "退款完成时间", "refund_at", "refunded_at"),
        ),
        Column(
            "line_no",
            _("Line number"),
            IdReader(40),
            aliases=LINE_NO,
            help=_("Empty: the order as a whole."),
        ),
    )

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._in_file: dict[tuple[str, str], tuple[int, int]] = {}

    def resolve(self, records: list[Record]) -> None:
        self._refuse_changed(records)
        rows = [record for record in records if not record.outcome]
        for record in rows:
            record.target = self._facts(record)
        outcomes = intake.foresee_refunds(
            brand=self.run.brand, rows=[record.target for record in rows]
        )
        for record, outcome in zip(rows, outcomes, strict=True):
            if outcome.result == intake.REJECTED:
                _refuse(record, outcome)
            elif outcome.result == intake.UNCHANGED:
                record.outcome = Outcome.UNCHANGED
            else:
                record.outcome = Outcome.NEW
                if outcome.result == intake.WAITING:
                    record.reason = "order_unknown"

    def _refuse_changed(self, records: list[Record]) -> None:
        """A refund never changes: another amount under its number is a fault, not a correction."""
        known: dict[tuple[str, str], int] = {
            (order_no, refund_no): amount
            for order_no, refund_no, amount in Refund.objects.filter(
                order__brand=self.run.brand,
                order__source=self.run.source,
                external_id__in={record.values["refund_no"] for record in records},
            ).values_list("order__external_id", "external_id", "amount")
        }
        for record in records:
            key = (record.values["order_no"], record.values["refund_no"])
            amount = record.values["amount"]
            line, first = self._in_file.setdefault(key, (record.line, amount))
            if known.get(key, amount) != amount:
                record.refuse("refund_differs", "amount", known=plain_amount(known[key]))
            elif line != record.line and first != amount:
                record.refuse("repeated_row", "refund_no", first=line)
            elif line != record.line:
                record.skip("repeated")

    def _facts(self, record: Record) -> RefundFacts:
        values = record.values
        return RefundFacts(
            source=self.run.source,
            order_external_id=values["order_no"],
            external_id=values["refund_no"],
            amount=values["amount"],
            refunded_at=values["refunded_at"],
            line_no=values["line_no"] or "",
        )

    def write(self, records: list[Record]) -> None:
        outcomes = intake.take_refunds(
            brand=self.run.brand, rows=[record.target for record in records]
        )
        for record, outcome in zip(records, outcomes, strict=True):
            if outcome.result == intake.REJECTED:
                _refuse(record, outcome)


def _refuse(record: Record, outcome: intake.Outcome) -> None:
    if outcome.code == "refund_differs":
        record.refuse(outcome.code, "amount", known=plain_amount(outcome.params["known"]))
    else:
        record.refuse(outcome.code)
