"""The names of the checks of the books, for people."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TITLES: dict[str, str | Promise] = {
    "currency_sums_to_zero": _("All postings of a currency add up to zero"),
    "journal_balances": _("Every journal has two or more postings that add up to zero"),
    "order_refunds": _("The refunded sum of an order equals its refunds"),
    "order_lines": _("Paid and refunded sums of an order equal those of its lines"),
    "lines_in_books": _("Commission lines of a posted run equal its journals"),
    "statements": _("Statements follow each other: the opening is the last payable"),
    "payouts_in_books": _("Every payout is in the books in its state, and nothing else is"),
    "target_equals_posted": _("For each entitlement what the facts give is what was posted"),
    "nothing_forgotten": _("Every credited order line was looked at by a run or waits for one"),
    "released_within_earned": _("What was released equals what was earned where nothing waits"),
}
