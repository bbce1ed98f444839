"""The names of the checks of the books, for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLES: dict[str, str | Promise] = {
    "currency_sums_to_zero": _("All postings of a currency add up to zero"),
    "journal_balances": _("Every journal has two or more postings that add up to zero"),
    "journal_accounts": _("Every journal touches the accounts of its kind, brand and person"),
    "reversals": _("Every reversal is the exact mirror of its journal"),
    "order_refunds": _("The refunded sum of an order equals its refunds"),
    "order_lines": _("Paid and refunded sums of an order equal those of its lines"),
    "line_refunds": _("The refunds of an order fall on its lines as the rule says"),
    "lines_in_books": _("Commission lines of a posted run equal its journals"),
    "statements": _("Statements follow each other: the opening is the last payable"),
    "statements_in_books": _("Every statement says what the books say at the end of its month"),
    "statements_in_lines": _("Every statement's earnings are the lines of its month's runs"),
    "settlement_content": _("The digest of a settled month is that of its statements"),
    "corrections_in_books": _("Every booking by hand is what a second person approved"),
    "payouts_in_books": _("Every payout is in the books in its state, and nothing else is"),
    "payouts_as_approved": _("What was sent to the bank is what a second person approved"),
    "target_equals_posted": _("For each entitlement what the facts give is what was posted"),
    "lines_follow": _("The lines of an entitlement follow each other at its frozen rate"),
    "lines_refer": _("Every line names an order line, a creator, a rate and a run that exist"),
    "nothing_forgotten": _("Every credited order line was looked at by a run or waits for one"),
    "pots_split": _("The shares of a pot come to the pot’s part of the line"),
    "override_limits": _("A line has one override at most, for staff, and none on an own sale"),
    "order_caps": _("What all roles got of an order stays under the plan’s limit for an order"),
    "months_follow": _("The lines of a month add up to what the month comes to"),
    "months_in_books": _("What months added or took stands in the books, person by person"),
    "month_caps": _("What a person got in a month stays under the plan’s limit"),
    "in_flight_too_long": _("No payout is under way for longer than the bank may take"),
    "nothing_waits": _("Nothing that could be dealt with has waited for 15 minutes"),
    "control_totals": _("What partners counted for a day is what came in"),
    "sealed_days": _("The journals of sealed days are those that were sealed"),
    "tax_in_books": _("The tax of every payout is in the books, and nothing else is"),
    "approvals_complete": _("Every batch was approved by as many people as its rules asked"),
    "statement_agrees": _(
        "Every transfer on the bank’s statement is a paid payout of the same amount"
    ),
    "rewards_in_books": _("The lines of every run of rewards equal its journals"),
    "rewards_in_points": _("Rewards in points equal the points that they brought"),
    "rewards_in_coupons": _("No more coupons were handed out than rewards earned"),
    "codes_in_stock": _("What is left of a coupon equals its codes that nobody has"),
    "pieces_taken": _("What is gone of a reward equals the pieces that people have"),
    "points_in_books": _("Everybody’s points are what came in less what was spent"),
    "attendance_in_points": _("Points of volunteers equal the shifts that they came to"),
    "places_counted": _("Each volunteer shift counts its places right"),
    "released_within_earned": _("What was released equals what was earned where nothing waits"),
}


def title_of(code: str) -> str:
    """A check of another part of the product may have brought its own title."""
    return str(TITLES.get(code, code))
