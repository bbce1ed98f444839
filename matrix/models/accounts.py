"""The accounts that people and units post from and take over leads with, and their pairing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix import masking
from matrix.choices import (
    AccountPurpose,
    AccountRole,
    AccountState,
    Domain,
    OwnerProof,
    Ownership,
    PrivateLayer,
    ProfileState,
)
from matrix.custody_choices import ClosedWhy
from matrix.models.people import Creator
from matrix.models.platforms import PlatformField


class SocialAccount(models.Model):
    """An account on a platform, owned by a unit (brand, store) or by a creator.

    One that is in use has an owner whom the company has verified (``owner_proof``), which the
    database holds.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # The unit whose tree position counts: the owner unit, or the creator's store.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="social_accounts")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="social_accounts"
    )
    platform = PlatformField()
    domain = models.CharField(max_length=7, choices=Domain.choices)
    private_layer = models.CharField(max_length=8, choices=PrivateLayer.choices, blank=True)
    # K31: which number of the private matrix it is; K21: what it is there for.
    role = models.CharField(
        max_length=20, choices=AccountRole.choices, blank=True, default="", db_default=""
    )
    purpose = models.CharField(
        max_length=10, choices=AccountPurpose.choices, blank=True, default="", db_default=""
    )
    ownership = models.CharField(max_length=20, choices=Ownership.choices)
    owner_proof = models.CharField(
        max_length=20, choices=OwnerProof.choices, blank=True, default="", db_default=""
    )
    handle = models.CharField(max_length=80)
    platform_uid = models.CharField(max_length=80, blank=True)
    # The number that the platform shows to people, such as the Xiaohongshu id on a profile.
    public_number = models.CharField(max_length=40, blank=True, default="", db_default="")
    state = models.CharField(
        max_length=8, choices=AccountState.choices, default=AccountState.ACTIVE
    )
    profile_state = models.CharField(
        max_length=8, choices=ProfileState.choices, blank=True, default="", db_default=""
    )
    # Why it is no longer part of the matrix, and since when; what it posted stays.
    closed_why = models.CharField(
        max_length=10, choices=ClosedWhy.choices, blank=True, default="", db_default=""
    )
    closed_on = models.DateField(null=True, blank=True)
    followers = models.BigIntegerField(null=True, blank=True)
    opened_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("social account")
        verbose_name_plural = _("social accounts")
        constraints = [
            models.UniqueConstraint(
                "brand",
                "platform",
                "platform_uid",
                condition=~Q(platform_uid=""),
                name="social_account_uid_once",
            ),
            models.CheckConstraint(
                condition=Q(domain=Domain.PRIVATE) | Q(private_layer=""),
                name="social_account_layer_is_private",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AccountState.ACTIVE, AccountState.LIMITED])
                | ~Q(owner_proof=""),
                name="social_account_owner_verified",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "platform", "handle"], name="social_account_by_handle"),
            models.Index(fields=["handle", "id"], name="social_account_by_name"),
            # What waits for a person is counted on every page.
            models.Index(
                fields=["unit"],
                condition=Q(state=AccountState.BANNED),
                name="social_account_banned",
            ),
            models.Index(
                fields=["creator"],
                include=["unit"],
                condition=Q(domain=Domain.PUBLIC) & ~Q(state=AccountState.CLOSED),
                name="social_account_held",
            ),
            # In which domains a KOC works follows from the accounts in use (`matrix.domains`).
            models.Index(
                fields=["creator", "domain"],
                condition=Q(state__in=[AccountState.ACTIVE, AccountState.LIMITED]),
                name="social_account_in_use",
            ),
        ]

    def __str__(self) -> str:
        # The log keeps this for good: no personal handle in full.
        return f"{self.get_platform_display()} · {self.shown_handle}"

    @property
    def shown_handle(self) -> str:
        """The handle as lists and pages show it: a personal one in part."""
        return masking.shown_handle(self.platform, self.handle)

    @property
    def shown_uid(self) -> str:
        """The platform's id as pages and files show it."""
        return masking.shown_handle(self.platform, self.platform_uid)

    @property
    def owner_name(self) -> str:
        """Whose account it is: a person's or a unit's. Fetch both with the account."""
        return self.creator.name if self.creator else self.unit.name


class Pairing(models.Model):
    """A public account and the private account that takes over its leads (K32).

    ``brand_account`` is the second hop: the brand's own account in the private domain to which
    the private account leads on.
    """

    public_account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="pairings")
    private_account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="takes_over")
    brand_account = models.ForeignKey(
        SocialAccount, models.PROTECT, null=True, blank=True, related_name="second_hop_of"
    )
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = scoped_by("public_account__unit").as_manager()

    class Meta:
        verbose_name = _("pairing")
        verbose_name_plural = _("pairings")
        constraints = [
            models.UniqueConstraint(
                "public_account", condition=Q(until=None), name="pairing_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(public_account=models.F("private_account")), name="pairing_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.public_account} → {self.private_account}"
