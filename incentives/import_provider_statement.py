"""Import format of the statement of the bank or provider: what it says that it transferred."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from incentives import reconciliation
from incentives.import_payout_results import FAILED, STATES, SUCCEEDED
from incentives.models import ProviderEntry
from incentives.payout_choices import Channel, EntryState
from integrations.choices import Outcome
from integrations.formats import (
    Choice,
    Column,
    ImportFormat,
    Option,
    Record,
    as_choice,
    as_day,
    as_money,
    as_text,
    register,
)

FINAL = {word: state for word, state in STATES.items() if state in (SUCCEEDED, FAILED)}


def _channels(brand: Unit) -> Sequence[Choice]:
    return [Choice(value=each, label=Channel(each).label) for each in reconciliation.CHANNELS]


class ProviderStatement(ImportFormat):
    """A line is kept as they say it; differences stand on the page of reconciliation."""

    code = "provider_statement"
    label = _("Statement of the bank or provider")
    help = _("Every transfer with its number and day, to be held against our payouts.")
    permission = "payouts.make"
    result_url = "incentives:reconciliation"
    options = (Option("channel", _("Of which way of paying"), choices=_channels),)
    columns = (
        Column(
            "provider_no",
            _("Number at the bank"),
            as_text(80),
            required=True,
            aliases=("流水号", "银行流水号", "交易流水号", "微信转账单号", "微信明细单号"),
        ),
        Column(
            "out_no",
            _("Our payout number"),
            as_text(40),
            aliases=("商户单号", "商家明细单号", "业务参考号", "客户流水号", "out_no"),
        ),
        Column(
            "amount",
            _("Amount"),
            as_money,
            required=True,
            aliases=("金额", "转账金额", "交易金额", "支出金额", "金额(元)"),
        ),
        Column(
            "state",
            _("Result"),
            as_choice(FINAL),
            required=True,
            aliases=("状态", "处理结果", "交易状态", "转账状态", "status"),
        ),
        Column(
            "day",
            _("Day"),
            as_day,
            required=True,
            aliases=("日期", "交易日期", "入账日期", "完成时间", "date"),
        ),
    )
    words = {
        "contradicts_statement": _(
            "An earlier statement has the number “%(value)s” with another amount."
        ),
        "amount_not_above_zero": _("The amount of a transfer is above zero."),
    }

    def resolve(self, records: list[Record]) -> None:
        channel = self.run.options["channel"]
        numbers = [record.values["provider_no"] for record in records]
        known = reconciliation.known_entries(self.run.brand, channel, numbers)
        for record in records:
            values = record.values
            key = (values["provider_no"], values["state"])
            found = known.get(key)
            if values["amount"] <= 0:
                record.refuse("amount_not_above_zero", "amount")
            elif found is None:
                record.outcome = Outcome.NEW
                record.target = known[key] = ProviderEntry(
                    brand=self.run.brand,
                    channel=channel,
                    provider_no=values["provider_no"],
                    out_no=values["out_no"] or "",
                    amount=values["amount"],
                    state=EntryState(values["state"]),
                    day=values["day"],
                )
            elif found.amount != values["amount"]:
                record.refuse("contradicts_statement", "amount", value=values["provider_no"])
            else:
                record.outcome = Outcome.UNCHANGED

    def write(self, records: list[Record]) -> None:
        entries = [record.target for record in records if record.target is not None]
        if entries:
            reconciliation.take_statement(by=self.run.by, brand=self.run.brand, entries=entries)


register(ProviderStatement)
