"""Import formats of customers in WeCom: the list of a leaver, and what WeCom says became of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from integrations.choices import Outcome
from integrations.formats import (
    Choice,
    Column,
    ImportFormat,
    ImportRun,
    Option,
    Reading,
    Record,
    as_id,
    as_moment,
    as_quantity,
    as_text,
    register,
)
from matrix import transfers
from matrix.custody_choices import HandoverState
from matrix.import_words import Repeated
from matrix.models import CustomerTransfer, Handover
from matrix.transfer_rules import STATUS, may_follow
from matrix.transfers import Answer, Customer

USERID = ("external_userid", "外部联系人ID", "外部联系人id", "客户ID", "客户id", "userid")
CHOICES_SHOWN = 200
WORDS = {
    "handover_over": _("This handover is closed or called off; nothing can be added."),
    "unknown_customer": _("No handover has this customer."),
    "unknown_status": _("WeCom knows the states 1 to 4 only."),
}


def _cases(brand: Any) -> list[Choice]:
    rows = Handover.objects.filter(brand=brand, state=HandoverState.OPEN)
    rows = rows.select_related("creator", "store").order_by("-opened_at")[:CHOICES_SHOWN]
    return [
        Choice(str(case.pk), f"{case.creator.name} · {case.creator.number} · {case.store.name}")
        for case in rows
    ]


class CustomerList(ImportFormat):
    code = "wecom_customers"
    label = _("Customers in WeCom of a leaver")
    help = _("One row per customer of the person who leaves or moves.")
    result_url = "matrix:handovers"
    words = WORDS
    columns = (
        Column("external_userid", _("Customer id"), as_id, required=True, aliases=USERID),
        Column(
            "name",
            pgettext_lazy("person", "Name"),
            as_text(80),
            aliases=("客户名称", "客户昵称", "昵称", "姓名", "name"),
        ),
        Column("remark", _("Remark"), as_text(120), aliases=("备注", "备注名", "remark")),
    )
    options = (Option("case", _("Whose customers"), choices=_cases),)

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._repeated = Repeated()

    @property
    def _case(self) -> Handover | None:
        chosen = self.run.options.get("case", "")
        open_ones = Handover.objects.filter(brand=self.run.brand, state=HandoverState.OPEN)
        return open_ones.filter(pk=chosen).first() if chosen.isdigit() else None

    def resolve(self, records: list[Record]) -> None:
        case = self._case
        ids = [record.values["external_userid"] for record in records]
        known = set(
            CustomerTransfer.objects.filter(handover=case, external_userid__in=ids).values_list(
                "external_userid", flat=True
            )
        )
        for record in records:
            userid = record.values["external_userid"]
            if case is None:
                record.refuse("handover_over")
            elif not self._repeated.refuses(record, userid):
                record.outcome = Outcome.UNCHANGED if userid in known else Outcome.NEW

    def write(self, records: list[Record]) -> None:
        case = self._case
        if case is None or not records:
            return
        transfers.add_customers(
            by=self.run.by,
            case=case,
            customers=[
                Customer(
                    record.values["external_userid"],
                    record.values["name"] or "",
                    record.values["remark"] or "",
                )
                for record in records
            ],
        )


def as_takeover(reading: Reading) -> Any:
    """A time as WeCom writes it, in seconds since 1970, or as any other list does."""
    read = as_moment(reading)

    def parse(cell: Any) -> Any:
        text = str(cell).strip().removesuffix(".0")
        if text.isascii() and text.isdigit() and 9 <= len(text) <= 10:
            return dt.datetime.fromtimestamp(int(text), dt.UTC)
        return None if text == "0" else read(cell)

    return parse


class TransferAnswers(ImportFormat):
    code = "wecom_transfer_results"
    label = _("What became of customers in WeCom")
    help = _("The answer of WeCom's status query: 1 done, 2 waiting, 3 refused, 4 taker is full.")
    result_url = "matrix:handovers"
    words = WORDS
    columns = (
        Column("external_userid", _("Customer id"), as_id, required=True, aliases=USERID),
        Column(
            "status",
            _("State"),
            as_quantity(0, 99),
            required=True,
            aliases=("status", "接替状态", "状态"),
        ),
        Column(
            "takeover_time",
            _("Handed over at"),
            as_takeover,
            aliases=("takeover_time", "接替时间"),
        ),
    )

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._repeated = Repeated()

    def resolve(self, records: list[Record]) -> None:
        ids = [record.values["external_userid"] for record in records]
        rows = CustomerTransfer.objects.filter(
            Q(brand=self.run.brand), external_userid__in=ids
        ).order_by("pk")
        known: Mapping[str, str] = dict(rows.values_list("external_userid", "state"))
        for record in records:
            userid, status = record.values["external_userid"], record.values["status"]
            if self._repeated.refuses(record, userid):
                continue
            if status not in STATUS:
                record.refuse("unknown_status", "status")
            elif userid not in known:
                record.refuse("unknown_customer", "external_userid")
            else:
                after = STATUS[status]
                moves = after != known[userid] and may_follow(known[userid], after)
                record.outcome = Outcome.CHANGED if moves else Outcome.UNCHANGED

    def write(self, records: list[Record]) -> None:
        transfers.take_answers(
            by=self.run.by,
            brand=self.run.brand,
            answers=[
                Answer(
                    record.values["external_userid"],
                    record.values["status"],
                    record.values["takeover_time"],
                )
                for record in records
            ],
        )


def register_formats() -> None:
    """Offer the formats in the import wizard; called when the app starts."""
    for kind in (CustomerList, TransferAnswers):
        register(kind)
