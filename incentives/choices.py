"""Closed lists of the incentives app."""

from django.db import models
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Tier(models.TextChoices):
    """C37-C39: the three steps of a ladder, by their words for KOC; no tier is the empty text."""

    JUNIOR = "junior", _("Junior")
    INTERMEDIATE = "intermediate", _("Intermediate")
    SENIOR = "senior", _("Senior")


# Store staff have stars, which need no translation.
STARS = {Tier.JUNIOR: "★1", Tier.INTERMEDIATE: "★2", Tier.SENIOR: "★3"}


def tier_label(tier: str, kind: str = "") -> str | Promise:
    """Our word for a tier of a kind of creator, of both where there is no kind."""
    if tier not in Tier.values:
        return tier
    own, star = Tier(tier).label, STARS[Tier(tier)]
    if kind:
        return star if kind == "kos" else own
    return format_lazy("{} / {}", own, star)


# For rules that may hold for both.
TIER_CHOICES = [(tier, tier_label(tier)) for tier in Tier.values]


class BeneficiaryRole(models.TextChoices):
    """In what capacity somebody is credited for an order line, in order of precedence."""

    SELLER = "seller", _("Seller")
    SHARER = "sharer", _("Sharer")
    POT = "pot", _("Store pot")
    MANAGER = "manager", _("Store manager")


class RunKind(models.TextChoices):
    ACCRUAL = "accrual", _("Work out commission")
    RELEASE = "release", _("Release held commission")


class RunState(models.TextChoices):
    CALCULATING = "calculating", _("Calculating")
    POSTING = "posting", _("Posting")
    POSTED = "posted", _("Posted")


class SettlementState(models.TextChoices):
    CALCULATING = "calculating", _("Calculating")
    SETTLED = "settled", _("Settled")
    # Statements of some people or some days, in between; the month goes on.
    ISSUED = "issued", _("Interim")
    # An interim one without statements.
    VOID = "void", pgettext_lazy("settlement", "Not written")


class BatchState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    EXPORTED = "exported", _("Sent to the bank")
    CLOSED = "closed", _("Closed")


class PayoutState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    HELD = "held", pgettext_lazy("payout", "Held back")
    SENDING = "sending", _("Sent")
    WAIT_PAYEE = "wait_payee", _("Waits for the payee")
    SUCCEEDED = "succeeded", pgettext_lazy("payout", "Paid")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", pgettext_lazy("payout", "Expired")
    UNKNOWN = "unknown", _("No answer yet")
    CANCELLED = "cancelled", _("Cancelled")


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class LedgerKind(models.TextChoices):
    """Kinds of ledger account. Amounts are debit-positive: what is owed to people is negative."""

    EXPENSE = "expense", _("Commission expense")
    ACCRUED = "accrued", _("Held commission")
    PAYABLE = "payable", _("Commission payable")
    INFLIGHT = "inflight", _("Payouts under way")
    CASH_CLEARING = "cash_clearing", _("Cash clearing")
    REWARDS = "rewards", _("Reward expense")
    PRIZES = "prizes", _("Prize expense")
    TAX = "tax", _("Tax withheld")
    WRITE_OFF = "write_off", _("Debt written off")
    # In points, see POINTS.
    POINTS_ISSUED = "points_issued", _("Points issued")
    POINTS_HELD = "points_held", _("Points held")
    POINTS = "points", _("Points to spend")


# What a person owns; all others belong to the brand.
OWNED_KINDS = (
    LedgerKind.ACCRUED,
    LedgerKind.PAYABLE,
    LedgerKind.INFLIGHT,
    LedgerKind.POINTS_HELD,
    LedgerKind.POINTS,
)
# The currency of the points' accounts: whole points.
POINTS = "PTS"
# Pieces of the catalogue that rules hand out; they are in no book.
COUPONS = "CPN"
IN_POINTS = (LedgerKind.POINTS_ISSUED, LedgerKind.POINTS_HELD, LedgerKind.POINTS)


class JournalKind(models.TextChoices):
    ACCRUAL = "accrual", _("Commission earned")
    RELEASE = "release", _("Commission released")
    PAYOUT_APPROVED = "payout_approved", _("Payout approved")
    PAYOUT_PAID = "payout_paid", _("Payout paid")
    PAYOUT_FAILED = "payout_failed", _("Payout failed")
    REVERSAL = "reversal", _("Reversal")
    REWARD = "reward", _("Reward")
    PRIZE = "prize", _("Prize")
    ADJUSTMENT = "adjustment", _("Adjustment")
    WRITE_OFF = "write_off", _("Debt written off")
    POINTS_EARNED = "points_earned", _("Points earned")
    POINTS_RELEASED = "points_released", _("Points released")
    POINTS_SPENT = "points_spent", _("Points spent")
    POINTS_RETURNED = "points_returned", _("Points returned")
    POINTS_EXPIRED = "points_expired", _("Points expired")
