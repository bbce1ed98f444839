"""Import format of the bank's or provider's answer to a payout file.

One row per payout, found by our own number. An answer with another amount, or for a payout that
was never sent, is a fault and changes nothing (M9, F9); the same answer again is unchanged.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from incentives import payouts
from incentives.models import Payout
from integrations.choices import Outcome
from integrations.formats import (
    Column,
    ImportFormat,
    Record,
    as_choice,
    as_money,
    as_text,
    register,
)
from kosops.ui.templatetags.ui import money

SUCCEEDED = "succeeded"
FAILED = "failed"
WAIT_PAYEE = "wait_payee"
UNKNOWN = "unknown"
EXPIRED = "expired"

# How banks and payment providers write it.
STATES = {
    "success": SUCCEEDED,
    "succeeded": SUCCEEDED,
    "paid": SUCCEEDED,
    "成功": SUCCEEDED,
    "付款成功": SUCCEEDED,
    "支付成功": SUCCEEDED,
    "交易成功": SUCCEEDED,
    "已付款": SUCCEEDED,
    "fail": FAILED,
    "failed": FAILED,
    "失败": FAILED,
    "付款失败": FAILED,
    "支付失败": FAILED,
    "交易失败": FAILED,
    "退票": FAILED,
    "银行退票": FAILED,
    "转账成功": SUCCEEDED,
    "转账失败": FAILED,
    "已转账": SUCCEEDED,
    "待收款用户确认": WAIT_PAYEE,
    "待用户确认": WAIT_PAYEE,
    "wait_user_confirm": WAIT_PAYEE,
    "处理中": UNKNOWN,
    "转账中": UNKNOWN,
    "processing": UNKNOWN,
    "unknown": UNKNOWN,
    "已过期": EXPIRED,
    "已关闭": EXPIRED,
    "expired": EXPIRED,
}


# The column in which the fault lies; else it is the payout's number.
FAULTY = {"amount_mismatch": "amount", "provider_no_taken": "provider_no"}


class PayoutResults(ImportFormat):
    """What became of the payouts of a file that went to the bank."""

    code = "payout_results"
    label = _("Payout results")
    help = _("The answer of the bank or payment provider to an exported payout file.")
    permission = "payouts.make"
    result_url = "incentives:payouts"
    columns = (
        Column(
            "out_no",
            _("Our payout number"),
            as_text(40),
            required=True,
            aliases=(
                "商户单号",
                "商家明细单号",
                "商家转账单号",
                "业务参考号",
                "客户流水号",
                "out_no",
                "merchant no",
            ),
        ),
        Column(
            "state",
            _("Result"),
            as_choice(STATES),
            required=True,
            aliases=("状态", "明细状态", "处理结果", "交易状态", "转账状态", "status"),
        ),
        Column(
            "amount",
            _("Amount"),
            as_money,
            required=True,
            aliases=("金额", "转账金额", "交易金额", "金额(元)", "转账金额(元)"),
        ),
        Column(
            "provider_no",
            _("Number at the bank"),
            as_text(80),
            aliases=(
                "流水号",
                "银行流水号",
                "微信转账单号",
                "微信明细单号",
                "交易流水号",
                "provider_no",
            ),
        ),
        Column(
            "failure",
            _("Reason of failure"),
            as_text(200),
            aliases=("失败原因", "备注", "原因", "reason"),
        ),
    )
    words = {
        "unknown_payout": _("No payout has the number “%(value)s”."),
        "amount_mismatch": _("We sent %(ours)s, the bank says %(bank)s. Nothing was changed."),
        "not_sent": _("This payout was not sent to the bank; it is “%(state)s”."),
        "contradicts": _("This payout is “%(state)s” already. Ask the bank."),
        "provider_no_taken": _("The bank's number “%(value)s” belongs to another payout."),
    }

    def resolve(self, records: list[Record]) -> None:
        known = {
            payout.out_no: payout
            for payout in Payout.objects.filter(
                batch__brand=self.run.brand, out_no__in=[r.values["out_no"] for r in records]
            )
        }
        owners = payouts.owners_of([_answer(record) for record in records])
        outcomes = [
            self._resolve(record, known.get(record.values["out_no"]), owners) for record in records
        ]
        # Already when the file is looked at: such a row is never imported, and what the bank said
        # stands whether somebody goes on with the file or not.
        payouts.pause(by=self.run.by, found=payouts.mismatches(outcomes))

    def _resolve(
        self, record: Record, payout: Payout | None, owners: dict[str, str]
    ) -> payouts.ResultOutcome:
        answer = _answer(record)
        outcome = payouts.check_result(payout, answer, owners)
        if outcome.result == "refused":
            facts = dict(outcome.params or {})
            facts |= {name: money(facts[name]) for name in ("ours", "bank") if name in facts}
            column = FAULTY.get(outcome.code, "out_no")
            record.refuse(outcome.code, column, **(facts or {"value": answer.out_no}))
        elif outcome.result == "unchanged":
            record.outcome = Outcome.UNCHANGED
        else:
            record.outcome = Outcome.CHANGED
        return outcome

    def write(self, records: list[Record]) -> None:
        outcomes = payouts.take_results(by=self.run.by, rows=[_answer(each) for each in records])
        for record, outcome in zip(records, outcomes, strict=True):
            if outcome.result == "unchanged":
                record.outcome = Outcome.UNCHANGED
            elif outcome.result == "refused":
                # The state changed between the check and now.
                record.refuse(outcome.code, "out_no", **(outcome.params or {}))


def _answer(record: Record) -> payouts.Result:
    values = record.values
    return payouts.Result(
        out_no=values["out_no"],
        succeeded=values["state"] == SUCCEEDED,
        amount=values["amount"],
        provider_no=values["provider_no"] or "",
        failure=values["failure"] or "",
        state="" if values["state"] in (SUCCEEDED, FAILED) else values["state"],
    )


register(PayoutResults)
