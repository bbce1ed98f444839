"""What the bank or payment provider says that it transferred."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.payout_choices import Channel, EntryState
from kosops.lib.money import MAX_MINOR


class ProviderEntry(models.Model):
    """A line of a bank's or provider's statement. Append-only: it is their word, not ours.

    ``out_no`` is our number as they name it and may be wrong or empty.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    provider_no = models.CharField(max_length=80)
    out_no = models.CharField(max_length=40, blank=True)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=EntryState.choices)
    day = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("entry of a provider's statement")
        verbose_name_plural = _("entries of providers' statements")
        constraints = [
            models.UniqueConstraint(
                "brand", "channel", "provider_no", "state", name="provider_entry_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=MAX_MINOR), name="provider_entry_amount"
            ),
        ]
        indexes = [models.Index(fields=["out_no"], name="provider_entry_out_no")]

    def __str__(self) -> str:
        return self.provider_no
