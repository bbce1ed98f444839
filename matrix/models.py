"""The people of the programme and the accounts they post from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import (
    AccountState,
    CreatorKind,
    CreatorState,
    Domain,
    KocKind,
    Ownership,
    Platform,
    PrivateLayer,
    TalentType,
)


class Creator(models.Model):
    """A real person in the programme: a KOS (staff of a store) or a KOC (a customer).

    ``tier`` is decided by incentives and stored here through `registry.store_tiers`.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="creators")
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="creator"
    )
    kind = models.CharField(max_length=3, choices=CreatorKind.choices)
    koc_kind = models.CharField(max_length=10, choices=KocKind.choices, blank=True)
    talent_type = models.CharField(max_length=20, choices=TalentType.choices, blank=True)
    # The number by which HR (KOS) or the member centre (KOC) knows the person; files refer to it.
    number = models.CharField(max_length=40)
    share_code = models.CharField(max_length=30, blank=True)
    name = models.CharField(max_length=80)
    state = models.CharField(
        max_length=10, choices=CreatorState.choices, default=CreatorState.ACTIVE
    )
    tier = models.CharField(max_length=20, blank=True)
    tier_since = models.DateField(null=True, blank=True)
    joined_on = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("creator")
        verbose_name_plural = _("creators")
        constraints = [
            models.UniqueConstraint("brand", "kind", "number", name="creator_number_once"),
            models.UniqueConstraint(
                "brand", "share_code", condition=~Q(share_code=""), name="creator_share_code_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=CreatorKind.KOC) | Q(koc_kind=""), name="creator_koc_kind_of_koc"
            ),
        ]
        indexes = [
            models.Index(fields=["store", "kind", "state"], name="creator_of_store"),
            models.Index(fields=["kind", "tier"], name="creator_by_tier"),
            models.Index(fields=["name", "id"], name="creator_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


class SocialAccount(models.Model):
    """An account on a platform, owned by a unit (brand, store) or by a creator."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # The unit whose tree position counts: the owner unit, or the creator's store.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="social_accounts")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="social_accounts"
    )
    platform = models.CharField(max_length=20, choices=Platform.choices)
    domain = models.CharField(max_length=7, choices=Domain.choices)
    private_layer = models.CharField(max_length=8, choices=PrivateLayer.choices, blank=True)
    ownership = models.CharField(max_length=20, choices=Ownership.choices)
    handle = models.CharField(max_length=80)
    platform_uid = models.CharField(max_length=80, blank=True)
    state = models.CharField(
        max_length=8, choices=AccountState.choices, default=AccountState.ACTIVE
    )
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
        ]
        indexes = [
            models.Index(fields=["brand", "platform", "handle"], name="social_account_by_handle"),
        ]

    def __str__(self) -> str:
        return f"{self.get_platform_display()} · {self.handle}"


class Pairing(models.Model):
    """A public account and the private account that takes over its leads (K32)."""

    public_account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="pairings")
    private_account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="takes_over")
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
