"""Who is paid, and what keeps somebody from being paid."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import scoped_by
from incentives.payout_choices import IdentitySource, PayeeNews
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Payee(models.Model):
    """What paying cash to a creator needs beyond the account. The day of birth is encrypted."""

    creator = models.OneToOneField(Creator, models.PROTECT, related_name="payee")
    born = models.BinaryField(null=True)
    identity = models.CharField(max_length=10, choices=IdentitySource.choices, blank=True)
    identified_at = models.DateTimeField(null=True)
    identified_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("payee")
        verbose_name_plural = _("payees")
        constraints = [
            models.CheckConstraint(
                condition=Q(identity="", identified_at=None)
                | (~Q(identity="") & Q(identified_at__isnull=False, born__isnull=False)),
                name="payee_identity_with_day",
            )
        ]

    def __str__(self) -> str:
        return str(self.creator)


class PayoutHold(models.Model):
    """Somebody stopped the payouts to a person, until a day or until it is lifted."""

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payout_holds")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    # The last day of the hold.
    until = models.DateField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    lift_reason = models.CharField(max_length=300, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("hold on payouts")
        verbose_name_plural = _("holds on payouts")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="payout_hold_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="payout_hold_lifted_by",
            ),
        ]
        indexes = [
            models.Index(
                fields=["creator"], condition=Q(lifted_at=None), name="payout_hold_standing"
            )
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.reason}"


class PayeeNotice(models.Model):
    """What a payee is told; it stands on the phone page until it is read. Append-only but for that."""

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payee_notices")
    kind = models.CharField(max_length=20, choices=PayeeNews.choices)
    # {"before", "after", "until", "reason"}: masked accounts and words, never an account.
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("notice to a payee")
        verbose_name_plural = _("notices to payees")
        indexes = [models.Index(fields=["creator", "-id"], name="payee_notice_of_creator")]

    def __str__(self) -> str:
        return f"{self.creator} · {self.get_kind_display()}"
