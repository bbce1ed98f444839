"""Why somebody is not paid and how their tax was worked out, in sentences for HQ and the phone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from incentives import payee_rules, tax
from incentives.models import PayeeNotice, Payout
from incentives.payees import Standing
from incentives.payout_choices import PayeeNews
from kosops.ui import formats
from kosops.ui.parts import CalcRow
from kosops.ui.templatetags.ui import money, percent_bp

SHORT: dict[str, str | Promise] = {
    payee_rules.HELD: gettext_lazy("Held"),
    payee_rules.UNDER_AGE: gettext_lazy("Under 18"),
    payee_rules.NO_DESTINATION: gettext_lazy("No account"),
    payee_rules.NO_BIRTH_DATE: gettext_lazy("No day of birth"),
    payee_rules.NO_IDENTITY: gettext_lazy("Identity not checked"),
    payee_rules.NO_CONSENT: gettext_lazy("No consent"),
    payee_rules.FROZEN: gettext_lazy("Account just changed"),
}


@dataclass(frozen=True)
class Block:
    """A reason with what is so and what would change it."""

    code: str
    text: str
    todo: str


def blocks_of(standing: Standing, *, own: bool = False) -> list[Block]:
    """Every reason why the person is not paid now; ``own``: said to the person."""
    return [_block(code, standing, own) for code in standing.blocks]


def _block(code: str, standing: Standing, own: bool) -> Block:
    text, todo = _texts(code, standing, own)
    return Block(code, text, todo)


def _texts(code: str, standing: Standing, own: bool) -> tuple[str, str]:
    if code == payee_rules.HELD and standing.hold is not None:
        reason = standing.hold.reason
        return (
            _("Payouts are held: %(reason)s") % {"reason": reason},
            _("Headquarters lifts the hold when this is cleared.") if own else "",
        )
    if code == payee_rules.FROZEN and standing.destination is not None:
        until = standing.destination.frozen_until
        return (
            _("The account was changed. Nobody is paid to a new account before %(at)s.")
            % {"at": _local(until)},
            _("If it was not you, tell headquarters at once.") if own else "",
        )
    hq = {
        payee_rules.UNDER_AGE: (
            _("The person is under 18 and gets no cash."),
            _("Points and products are possible."),
        ),
        payee_rules.NO_DESTINATION: (
            _("No account is named."),
            _("The person names it on the phone, or you enter it from a signed paper."),
        ),
        payee_rules.NO_BIRTH_DATE: (
            _("The day of birth is not known, and cash is for adults only."),
            _("Check the identity."),
        ),
        payee_rules.NO_IDENTITY: (
            _("The identity was not checked. Without it no tax can be declared."),
            _("Check the identity."),
        ),
        payee_rules.NO_CONSENT: (
            _("The person has not agreed that the account is kept."),
            _(
                "The person agrees on the phone, or you enter the account again from a signed paper."
            ),
        ),
    }
    mine = {
        payee_rules.UNDER_AGE: (
            _("Cash is paid from the age of 18 on."),
            _("Until then there are points and products."),
        ),
        payee_rules.NO_DESTINATION: (
            _("We do not know yet where to pay you."),
            _("Enter your account below."),
        ),
        payee_rules.NO_BIRTH_DATE: (
            _("We need your day of birth, since cash is for adults only."),
            _("Enter it below."),
        ),
        payee_rules.NO_IDENTITY: (
            _("Your identity has not been checked yet."),
            _("Headquarters does this. Have your identity card ready."),
        ),
        payee_rules.NO_CONSENT: (
            _("You have not agreed yet that we keep your account."),
            _("Agree below."),
        ),
    }
    return (mine if own else hq)[code]


def left_out(counts: dict[str, int]) -> list[tuple[str | Promise, int]]:
    """Who is not in a batch, by reason, in the order of the rule."""
    return [(SHORT[code], counts[code]) for code in payee_rules.BLOCKS if counts.get(code)]


# -- notices -------------------------------------------------------------------


def notice(row: PayeeNotice) -> str:
    """What happened, as the person reads it."""
    facts = row.facts
    if row.kind == PayeeNews.ACCOUNT_CHANGED:
        return _(
            "Your account was changed from %(before)s to %(after)s. Payouts wait until %(at)s. "
            "If it was not you, tell headquarters at once."
        ) % {
            "before": facts.get("before", ""),
            "after": facts.get("after", ""),
            "at": _moment(facts.get("until", "")),
        }
    if row.kind == PayeeNews.HELD:
        until = parse_date(facts.get("until") or "")
        text = _("Your payouts are held: %(reason)s") % {"reason": facts.get("reason", "")}
        return text + (
            " " + _("(until %(day)s)") % {"day": formats.day(until, get_language())}
            if until
            else ""
        )
    return _("Your payouts go on.")


def _moment(text: str) -> str:
    at = parse_datetime(text) if text else None
    return _local(at)


def _local(at: dt.datetime | None) -> str:
    return formats.moment(timezone.localtime(at), get_language()) if at else ""


# -- the calculation of a payout -----------------------------------------------


def calculation(payout: Payout) -> list[CalcRow]:
    """From gross to net, row by row."""
    if not payout.tax_version:
        return [
            CalcRow(label=_("Payable"), value=money(payout.gross)),
            CalcRow(
                label=_("Tax withheld"),
                how=_("Wages are taxed by payroll."),
                value=money(0),
            ),
            CalcRow(
                label=pgettext("payout", "Goes to the account"),
                value=money(payout.amount),
                kind="sum",
            ),
        ]
    earlier = payout.tax_income - payout.gross
    on_income = payout.tax + payout.tax_before
    rows = [CalcRow(label=_("Payable"), value=money(payout.gross))]
    if earlier:
        rows.append(
            CalcRow(
                label=_("Paid before"),
                how=_("in %(period)s") % {"period": payout.tax_period}
                if payout.tax_version == tax.LABOUR_VERSION
                else _("since January"),
                value=money(earlier),
            )
        )
        rows.append(CalcRow(label=_("Income"), value=money(payout.tax_income), kind="sum"))
    rows += [
        CalcRow(label=_("Deduction"), how=_deduction(payout), value=money(-payout.tax_deduction)),
        CalcRow(label=_("Base"), value=money(payout.tax_base), kind="sum"),
        CalcRow(
            label=pgettext("tax", "Tax on it"),
            how=_("%(base)s × %(rate)s − %(quick)s")
            % {
                "base": money(payout.tax_base),
                "rate": percent_bp(payout.tax_rate_bp),
                "quick": money(payout.tax_quick),
            },
            value=money(on_income),
        ),
    ]
    if payout.tax_before:
        rows.append(CalcRow(label=_("Withheld before"), value=money(-payout.tax_before)))
    rows += [
        CalcRow(label=_("Tax withheld"), value=money(payout.tax), kind="sum"),
        CalcRow(
            label=pgettext("payout", "Goes to the account"),
            how=_("payable less tax"),
            value=money(payout.amount),
            kind="sum",
        ),
    ]
    return rows


def _deduction(payout: Payout) -> str:
    if payout.tax_version == tax.CUMULATIVE_VERSION:
        return _("a fifth for costs, and 5,000 yuan for each month")
    if payout.tax_income <= tax.SMALL_INCOME:
        return _("800 yuan up to an income of 4,000 yuan")
    return _("a fifth of an income above 4,000 yuan")
