"""Payment files: the layouts that banks, WeChat Pay and payroll read.

Every layout has one line per payout with our number; amounts are in yuan with two decimals; cells
are guarded against formulas.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from incentives.choices import PayoutState
from incentives.models import Payout, PayoutBatch
from incentives.payout_choices import Channel, Encoding
from integrations.sheets.writing import csv_lines, write_xlsx
from kosops.lib.errors import DomainError
from kosops.lib.money import plain_amount
from kosops.lib.secrets import decrypt

FILE_COLUMNS = ("out_no", "holder", "account", "amount", "currency", "purpose")
# The template of a merchant transfer in WeChat Pay's merchant platform.
WECHAT_COLUMNS = (
    "商家批次单号",
    "商家明细单号",
    "收款用户openid",
    "收款用户姓名",
    "转账金额(元)",
    "转账备注",
)
PAYROLL_COLUMNS = ("out_no", "员工编号", "姓名", "门店", "所属月份", "应发金额", "currency")

# Limits of a merchant transfer: details in a batch, letters of a number and of a remark, the
# smallest and largest amount, and from which amount the payee's name is a must and up to which it
# must not be given.
WECHAT_DETAILS = 1_000
WECHAT_NUMBER = 32
WECHAT_REMARK = 32
WECHAT_LEAST = 10
WECHAT_NAME_FROM = 2_000_00
WECHAT_NAME_ABOVE = 30

EXTENSION = {Channel.BANK: "csv", Channel.WECHAT: "xlsx", Channel.PAYROLL: "xlsx"}
CONTENT_TYPE = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def most_of(channel: str) -> int | None:
    """How many payouts one file of the channel may hold."""
    return WECHAT_DETAILS if channel == Channel.WECHAT else None


def number_of(batch_number: str, settlement: int, serial: int, place: int, channel: str) -> str:
    """Our number of a payout. WeChat Pay takes letters and digits only, at most 32."""
    if channel == Channel.WECHAT:
        code = re.sub(r"[^A-Za-z0-9]", "", batch_number)[:8]
        return f"{code}S{settlement}N{serial:02d}{place:05d}"
    return f"{batch_number}-{place:05d}"


def batch_number_for_wechat(batch: PayoutBatch) -> str:
    """The merchant's number of the batch: that of its payouts without their place."""
    return str(batch.payouts.order_by("out_no").values_list("out_no", flat=True)[0])[:-5]


def payment_file(batch: PayoutBatch, encoding: str = Encoding.UTF8) -> bytes:
    """The file of what goes out of the batch: the payouts that are approved.

    Refuses `not_in_encoding` where a name cannot be written in the bank's code.
    """
    if batch.channel == Channel.WECHAT:
        return _workbook([WECHAT_COLUMNS, *_wechat_rows(batch)], "转账明细")
    if batch.channel == Channel.PAYROLL:
        return _workbook([PAYROLL_COLUMNS, *_payroll_rows(batch)], batch.settlement.period)
    content = b"".join(csv_lines([FILE_COLUMNS, *_bank_rows(batch)]))
    if encoding == Encoding.UTF8:
        return content
    try:
        return content.decode("utf-8-sig").encode(encoding)
    except UnicodeEncodeError as fault:
        raise DomainError(
            "not_in_encoding",
            _("“%(text)s” cannot be written in the code that the bank reads."),
            text=fault.object[fault.start : fault.end],
        ) from fault


def _going(batch: PayoutBatch) -> Iterator[Payout]:
    rows = batch.payouts.filter(state=PayoutState.APPROVED).order_by("out_no")
    return rows.select_related("creator__store").iterator()


def _bank_rows(batch: PayoutBatch) -> Iterator[tuple[str, ...]]:
    purpose = f"{batch.brand.name} {batch.settlement.period}"
    for payout in _going(batch):
        yield (
            payout.out_no,
            decrypt(payout.holder),
            decrypt(payout.account),
            plain_amount(payout.amount),
            payout.currency,
            purpose,
        )


def _wechat_rows(batch: PayoutBatch) -> Iterator[tuple[str, ...]]:
    number = batch_number_for_wechat(batch)
    remark = f"{batch.brand.name} {batch.settlement.period}"[:WECHAT_REMARK]
    for payout in _going(batch):
        name = decrypt(payout.holder) if payout.amount >= WECHAT_NAME_ABOVE else ""
        yield (
            number,
            payout.out_no,
            decrypt(payout.account),
            name,
            plain_amount(payout.amount),
            remark,
        )


def _payroll_rows(batch: PayoutBatch) -> Iterator[tuple[str, ...]]:
    """One line per person and month, found by the number that HR knows."""
    for payout in _going(batch):
        yield (
            payout.out_no,
            payout.creator.number,
            payout.creator.name,
            payout.creator.store.name,
            batch.settlement.period,
            plain_amount(payout.amount),
            payout.currency,
        )


def _workbook(rows: list[tuple[str, ...]], title: str) -> bytes:
    file = io.BytesIO()
    write_xlsx(file, rows, title=title)
    return file.getvalue()
