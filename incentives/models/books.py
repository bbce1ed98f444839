"""The books: accounts, journals and postings.

The rules of the ledger (append-only, balanced, one currency, no later additions, closed months)
stand in migration 0002.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.choices import OWNED_KINDS, JournalKind, LedgerKind
from incentives.models.runs import CommissionRun
from kosops.lib.money import MAX_MINOR
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class LedgerAccount(models.Model):
    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=LedgerKind.choices)
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    currency = models.CharField(max_length=3)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "kind", "creator", "currency"],
                nulls_distinct=False,
                name="ledger_account_once",
            ),
            models.UniqueConstraint("id", "currency", name="ledger_account_currency"),
            models.CheckConstraint(
                condition=Q(kind__in=OWNED_KINDS, creator__isnull=False)
                | (~Q(kind__in=OWNED_KINDS) & Q(creator__isnull=True)),
                name="ledger_account_owner",
            ),
        ]

    def __str__(self) -> str:
        owner = f" · {self.creator}" if self.creator_id else ""
        return f"{self.get_kind_display()}{owner} ({self.currency})"


class Journal(models.Model):
    """One balanced entry. ``(source, key)`` makes the same event post once. Append-only."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=20, choices=JournalKind.choices)
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    run = models.ForeignKey(
        CommissionRun, models.PROTECT, null=True, blank=True, related_name="journals"
    )
    business_date = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journals")
        constraints = [
            models.UniqueConstraint("source", "key", name="journal_event_once"),
            models.UniqueConstraint("id", "currency", name="journal_currency"),
        ]
        indexes = [models.Index(fields=["brand", "business_date"], name="journal_by_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class Posting(models.Model):
    """One line of a journal, debit-positive minor units. Append-only.

    Migration 0002 replaces the two plain foreign keys by composite ones with the currency, so
    that a journal cannot mix currencies or touch an account of another one.
    """

    pk = models.CompositePrimaryKey("journal_id", "line")
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="postings", db_index=False)
    line = models.PositiveSmallIntegerField()
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="postings")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    objects = scoped_by("journal__brand").as_manager()

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount=0) & Q(amount__gte=-MAX_MINOR, amount__lte=MAX_MINOR),
                name="posting_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
