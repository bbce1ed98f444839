"""Gates, limits, steps and what would change a line, in sentences for pages, phone and API."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incentives import commission_limits, explaining, payee_words
from incentives.commission_limits import Limit
from incentives.explaining import Explanation, Gate
from incentives.explaining_months import MonthPart
from kosops.ui.parts import CalcRow
from kosops.ui.templatetags.ui import day, money, percent_bp

GATES: dict[str, str | Promise] = {
    explaining.ORDER_STANDS: gettext_lazy("The order was not closed without a sale."),
    explaining.EARNS: gettext_lazy("The article earns commission."),
    explaining.UP_TO_DATE: gettext_lazy("A run has worked out all that is known of the order."),
    explaining.NO_REFUND_OPEN: gettext_lazy("No refund is being decided."),
    explaining.WINDOW_OVER: gettext_lazy("The return window is over."),
    explaining.PAYEE_READY: gettext_lazy("The person can be paid."),
}

CHANGES: dict[str, str | Promise] = {
    "order_corrected": gettext_lazy("The shop corrects the order; the next run follows it."),
    "plan_covers_the_day": gettext_lazy("A plan that covers the day of payment."),
    "later_plan": gettext_lazy("Another plan; it counts for orders paid from its first day on."),
    "place_given": gettext_lazy("A place in the store for the day of payment."),
    "next_run": gettext_lazy("The next run."),
    "refund_decided": gettext_lazy("The shop decides on the refund."),
    "window_over": gettext_lazy("The end of the return window: it becomes payable."),
    "refund": gettext_lazy("A refund takes its part back, at the same rate."),
    "next_step": gettext_lazy("More net sales in the month reach the next step."),
    "payee": gettext_lazy("The person’s account or identity is put in order."),
    explaining.NOTHING: gettext_lazy("Nothing: it is decided for good."),
}


@dataclass(frozen=True)
class GateWords:
    """A gate as pages show it: whether it is open, what it asks, and what stands in the way."""

    code: str
    met: bool
    text: str
    note: str = ""


def gates(explanation: Explanation) -> list[GateWords]:
    return [_gate(gate) for gate in explanation.gates]


def _gate(gate: Gate) -> GateWords:
    note = ""
    if gate.blocks:
        note = " · ".join(str(payee_words.SHORT[code]) for code in gate.blocks)
    elif gate.until is not None and not gate.is_open:
        note = _("on %(day)s") % {"day": day(gate.until)}
    return GateWords(gate.code, gate.is_open, str(GATES[gate.code]), note)


def changes(explanation: Explanation) -> list[tuple[str, str]]:
    """What would change the amount: code and sentence."""
    return [(code, str(CHANGES[code])) for code in explanation.would_change]


def limit_sentence(limit: Limit) -> str:
    """A limit, and what would have come without it."""
    facts = {"limit": money(limit.limit), "wanted": money(limit.wanted), "got": money(limit.got)}
    return {
        commission_limits.LINE_CAP: _(
            "All roles of the line together get at most %(limit)s: %(got)s instead of %(wanted)s."
        ),
        commission_limits.ORDER_CAP: _(
            "All roles of the order together get at most %(limit)s: %(got)s instead of %(wanted)s."
        ),
        commission_limits.MONTH_CAP: _(
            "By this rate one person gets at most %(limit)s a month, instead of %(wanted)s."
        ),
        commission_limits.PERSON_CAP: _(
            "One person gets at most %(limit)s a month, instead of %(wanted)s."
        ),
    }[limit.code] % facts


_LABELS: dict[str, str | Promise] = {
    commission_limits.LINE_CAP: gettext_lazy("The line’s limit left less"),
    commission_limits.ORDER_CAP: gettext_lazy("The order’s limit left less"),
    commission_limits.MONTH_CAP: gettext_lazy("The month’s limit is reached"),
    commission_limits.PERSON_CAP: gettext_lazy("The person’s limit is reached"),
}


def limit_rows(limits: list[Limit]) -> list[CalcRow]:
    return [
        CalcRow(label=str(_LABELS[each.code]), how=limit_sentence(each), kind="note")
        for each in limits
    ]


def month_rows(month: MonthPart) -> list[CalcRow]:
    """What the month as a whole adds or takes, the step reached and the next, its limits."""
    rows = []
    if month.added:
        rows.append(
            CalcRow(
                label=_("The month as a whole"),
                how=_("Steps and monthly limits, beside this line"),
                value=money(month.added),
                kind="note",
            )
        )
    if month.step is not None:
        rows.append(
            CalcRow(
                label=_("Step reached: from %(start)s") % {"start": money(month.step.start)},
                how=_("Net sales of the month by this rate: %(sales)s; the step is for all of them")
                % {"sales": money(month.sales)}
                if month.whole
                else _(
                    "Net sales of the month by this rate: %(sales)s; the step is for what lies above"
                )
                % {"sales": money(month.sales)},
                value=percent_bp(month.step.rate_bp),
                kind="note",
            )
        )
    if month.next_step is not None:
        missing = month.next_step.start - month.sales
        rows.append(
            CalcRow(
                label=_("Next step: from %(start)s") % {"start": money(month.next_step.start)},
                how=_("%(missing)s more net sales in the month") % {"missing": money(missing)},
                value=percent_bp(month.next_step.rate_bp),
                kind="note",
            )
        )
    return rows + limit_rows(month.limits)
