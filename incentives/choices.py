"""Closed lists of the incentives app."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Tier(models.TextChoices):
    """C37-C39: the three layers of the KOC ladder; no tier yet is the empty text."""

    JUNIOR = "junior", _("Junior")
    INTERMEDIATE = "intermediate", _("Intermediate")
    SENIOR = "senior", _("Senior")


class BeneficiaryRole(models.TextChoices):
    """In what capacity somebody is credited for an order line, in order of precedence."""

    SELLER = "seller", _("Seller")
    SHARER = "sharer", _("Sharer")


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
    SENDING = "sending", _("Sent")
    SUCCEEDED = "succeeded", pgettext_lazy("payout", "Paid")
    FAILED = "failed", _("Failed")
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


OWNED_KINDS = (LedgerKind.ACCRUED, LedgerKind.PAYABLE, LedgerKind.INFLIGHT)


class JournalKind(models.TextChoices):
    ACCRUAL = "accrual", _("Commission earned")
    RELEASE = "release", _("Commission released")
    PAYOUT_APPROVED = "payout_approved", _("Payout approved")
    PAYOUT_PAID = "payout_paid", _("Payout paid")
    PAYOUT_FAILED = "payout_failed", _("Payout failed")
    REVERSAL = "reversal", _("Reversal")
