"""Commission in sentences, the same on the HQ pages and on the phone."""

from __future__ import annotations

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from incentives import explaining, explaining_words, plan_words, tier_names
from incentives.choices import BeneficiaryRole
from incentives.explaining import Explanation
from kosops.lib.periods import Month
from kosops.ui import formats
from kosops.ui.parts import CalcRow
from kosops.ui.templatetags.ui import day, money, percent_bp

STATES: dict[str, str | Promise] = {
    explaining.HELD: gettext_lazy("Held in return window"),
    explaining.PAYABLE: gettext_lazy("Payable"),
    explaining.TAKEN_BACK: gettext_lazy("Taken back"),
    explaining.WAITS_FOR_REFUND: gettext_lazy("Waits for the refund decision"),
}

MISSING: dict[str, str | Promise] = {
    explaining.NOT_NAMED: gettext_lazy(
        "The order does not name this person in this role. If it should, the shop has to correct "
        "the order; the next run then credits it."
    ),
    explaining.CONTESTED: gettext_lazy(
        "The person is named for this order as well, but somebody else is credited: a name on the "
        "order comes before a share code, and of equal evidence the first named or the newest word "
        "of the shop counts. One person is paid for each part."
    ),
    explaining.ALSO_SELLER: gettext_lazy(
        "Who both sold and shared an order is credited once, as seller."
    ),
    explaining.NOT_COMMISSIONABLE: gettext_lazy(
        "This article earns no commission, as postage or a gift card."
    ),
    explaining.ORDER_CLOSED: gettext_lazy("The order was closed without a sale."),
    explaining.FULLY_REFUNDED: gettext_lazy("The customer got all of the money back."),
    explaining.NO_PLAN: gettext_lazy("No commission plan was in force on the day of payment."),
    explaining.NO_RATE: gettext_lazy(
        "The plan of that day has no rate for this role, category, tier and kind of creator."
    ),
    explaining.RATE_ZERO: gettext_lazy("The plan of that day sets the rate to zero for this case."),
    explaining.CAP_USED_UP: gettext_lazy(
        "The seller's rate already takes all that the plan allows for one order line."
    ),
    explaining.BELOW_ONE_CENT: gettext_lazy("The commission is less than one cent."),
    explaining.NEXT_RUN: gettext_lazy("The order is new or changed. The next run works it out."),
    explaining.OTHER_CURRENCY: gettext_lazy("The order is in another currency than the books."),
    explaining.NO_SHARE: gettext_lazy(
        "The person had no share in the pot of the order’s store on the day of payment."
    ),
    explaining.NOT_THE_LEAD: gettext_lazy(
        "The person did not lead the seller’s store on the day of payment."
    ),
    explaining.OWN_SALE: gettext_lazy(
        "A manager gets no override on what they sold or shared themself."
    ),
    explaining.OWN_ORDER: gettext_lazy(
        "The person bought this order themself; by the plan own orders earn nothing."
    ),
    explaining.ORDER_CAP: gettext_lazy(
        "The lines before it take all that the plan allows for one order."
    ),
    "nobody_sold": gettext_lazy("The order names nobody who sold it."),
    "nobody_shared": gettext_lazy("The order names nobody who shared it."),
    "nobody_in_pot": gettext_lazy("Nobody had a share in the store’s pot on the day of payment."),
    "nobody_led": gettext_lazy("Nobody led the seller’s store on the day of payment."),
}
NO_SUCH_LINE = gettext_lazy("The order has no such line.")


def role_name(role: str) -> str:
    return str(BeneficiaryRole(role).label)


def rule_sentence(explanation: Explanation) -> str:
    """The rule that made a credited line, as one sentence."""
    facts = {
        "role": role_name(explanation.role),
        "rate": percent_bp(explanation.rate_bp),
        "plan": explanation.version.name if explanation.version else "",
        "category": explanation.category,
        "tier": str(tier_names.name(explanation.tier, explanation.creator)),
    }
    if facts["category"] and facts["tier"]:
        return _("%(role)s, %(category)s, tier %(tier)s: %(rate)s by “%(plan)s”") % facts
    if facts["category"]:
        return _("%(role)s, %(category)s: %(rate)s by “%(plan)s”") % facts
    if facts["tier"]:
        return _("%(role)s, tier %(tier)s: %(rate)s by “%(plan)s”") % facts
    return _("%(role)s: %(rate)s by “%(plan)s”") % facts


def state_sentence(explanation: Explanation) -> str:
    """Where the money of the line stands and what comes next."""
    if explanation.missing:
        return str(MISSING[explanation.missing])
    if explanation.state == explaining.HELD and explanation.due_on:
        return _("Held until %(day)s, when the return window is over.") % {
            "day": day(explanation.due_on)
        }
    return str(STATES[explanation.state])


def calculation(explanation: Explanation) -> list[CalcRow]:
    """The calculation row by row: paid, refunded, base, rate, result, and what runs posted."""
    line = explanation.line
    rows = [
        CalcRow(label=_("Paid for this line"), how=line.title, value=money(line.paid_amount)),
    ]
    if line.refunded_amount:
        rows.append(CalcRow(label=_("Refunded"), value=money(-line.refunded_amount)))
    rows.append(CalcRow(label=_("Base"), value=money(explanation.base), kind="sum"))
    if explanation.missing:
        return rows
    rows += _rate_rows(explanation)
    rows.append(
        CalcRow(
            label=_("Commission"),
            how=_how(explanation),
            value=money(explanation.target),
            kind="sum",
        )
    )
    rows += explaining_words.month_rows(explanation.month)
    if len(explanation.posted) > 1:
        rows += [
            CalcRow(
                label=_("Posted on %(day)s") % {"day": day(posted.on)},
                how=_("on a base of %(base)s") % {"base": money(posted.base)},
                value=money(posted.amount),
                kind="note",
            )
            for posted in explanation.posted
        ]
    return rows


def _rate_rows(explanation: Explanation) -> list[CalcRow]:
    """The rate and whatever had a say in it."""
    rate, href = explanation.rate, reverse("incentives:plans")
    if explanation.version is not None:
        href = reverse("incentives:plan", args=[explanation.version.pk])
    fixed = rate.fixed_amount if rate is not None else None
    rows = [
        CalcRow(
            label=_("Rate"),
            how=_("%(rule)s, by “%(plan)s”")
            % {"rule": plan_words.rate_sentence(rate), "plan": rate.version.name}
            if rate
            else rule_sentence(explanation),
            value=percent_bp(explanation.rate_bp) if fixed is None else money(fixed),
            href=href,
        )
    ]

    def note(label: str, how: str = "") -> None:
        rows.append(CalcRow(label=label, how=how, kind="note"))

    if explanation.shielded_by is not None:
        note(
            _("Kept by the shield of “%(plan)s”") % {"plan": explanation.shielded_by.name},
            _("The person was promoting in the days before, and the old rate is higher."),
        )
    if explanation.own_bp is not None:
        note(
            _("Own order: %(part)s of the rate counts") % {"part": percent_bp(explanation.own_bp)},
            _("The buyer is the person themself."),
        )
    elif explanation.capped and explanation.plan_rate_bp:
        note(
            _("The plan's own rate is %(rate)s") % {"rate": percent_bp(explanation.plan_rate_bp)},
            _("All roles together stay under the plan's cap; the seller comes first."),
        )
    return rows + explaining_words.limit_rows(explanation.limits)


def _how(explanation: Explanation) -> str:
    rate = explanation.rate
    if explanation.role == BeneficiaryRole.POT:
        return _("The pot of %(amount)s among %(people)s people by their shares") % {
            "amount": money(explanation.pot_amount),
            "people": explanation.pot_people,
        }
    if rate is not None and rate.fixed_amount is not None:
        return _("The fixed amount, in proportion to what was not refunded")
    return _("%(base)s × %(rate)s, rounded down to the cent") % {
        "base": money(explanation.base),
        "rate": percent_bp(explanation.rate_bp),
    }


def in_one_sentence(explanation: Explanation) -> str:
    """The calculation as a person would say it, for the phone."""
    if explanation.missing:
        return str(MISSING[explanation.missing])
    rate = explanation.rate
    fixed = rate.fixed_amount if rate is not None else None
    if fixed or explanation.role == BeneficiaryRole.POT:
        return _("%(how)s = %(amount)s. %(state)s") % {
            "how": _how(explanation),
            "amount": money(explanation.target),
            "state": state_sentence(explanation),
        }
    return _("%(base)s × %(rate)s = %(amount)s. %(state)s") % {
        "base": money(explanation.base),
        "rate": percent_bp(explanation.rate_bp),
        "amount": money(explanation.target),
        "state": state_sentence(explanation),
    }


def month_name(period: str) -> str:
    """``2026-11`` in the reader's language."""
    return formats.day(Month.parse(period).first_day, get_language(), "month")
