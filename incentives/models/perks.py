"""The catalogue: coupons, gifts and benefits, their codes, and who took what."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.choices import Tier, tier_label
from incentives.models.points import MOST_POINTS
from incentives.points_choices import Delivery, RedemptionState, RewardKind, RewardState
from matrix.choices import CreatorKind, Layer
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Reward(models.Model):
    """Something that people get for points, or for nothing at their tier or layer.

    Empty tiers, layers and kind mean everybody; a unit means the people of its stores. ``taken``
    counts what is gone of ``stock``; no stock means there is always more. The stock of a coupon is
    the number of its codes.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=RewardKind.choices)
    name = models.CharField(_("name"), max_length=80)
    about = models.TextField(_("about"), max_length=500, blank=True)
    delivery = models.CharField(max_length=8, choices=Delivery.choices)
    price = models.PositiveIntegerField()
    stock = models.PositiveIntegerField(null=True, blank=True)
    taken = models.PositiveIntegerField(default=0)
    per_person = models.PositiveSmallIntegerField(null=True, blank=True)
    opens_on = models.DateField()
    closes_on = models.DateField(null=True, blank=True)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    tiers = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    layers = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=6, choices=RewardState.choices, default=RewardState.DRAFT)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("reward of the catalogue")
        verbose_name_plural = _("rewards of the catalogue")
        constraints = [
            models.CheckConstraint(
                condition=Q(stock=None) | Q(taken__lte=F("stock")), name="reward_within_stock"
            ),
            models.CheckConstraint(condition=Q(price__lte=MOST_POINTS), name="reward_price"),
            models.CheckConstraint(
                condition=~Q(delivery=Delivery.CODE) | Q(stock__isnull=False),
                name="reward_codes_are_counted",
            ),
            models.CheckConstraint(
                condition=Q(closes_on=None) | Q(closes_on__gte=F("opens_on")), name="reward_days"
            ),
        ]
        indexes = [models.Index(fields=["brand", "state"], name="reward_of_brand")]

    def __str__(self) -> str:
        return self.name

    @property
    def left(self) -> int | None:
        """How many there still are; None when there is always more."""
        return None if self.stock is None else self.stock - self.taken

    @property
    def access_names(self) -> list[str]:
        """For whom it is, in words; empty when for everybody."""
        return [
            *([str(CreatorKind(self.creator_kind).label)] if self.creator_kind else []),
            *(
                str(tier_label(tier, self.creator_kind))
                for tier in self.tiers
                if tier in Tier.values
            ),
            *(str(Layer(layer).label) for layer in self.layers if layer in Layer.values),
            *([self.unit.name] if self.unit else []),
        ]


class Redemption(models.Model):
    """One person took one reward. What was paid never changes; the state goes its own way.

    With ``item`` a rule handed it out as piece number ``piece`` of that: the same row for ever. When
    what was rewarded goes it is withdrawn, and comes back with it; a code that nobody was shown
    (``shown_at``) is then free again.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    reward = models.ForeignKey(Reward, models.PROTECT, related_name="redemptions")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="redemptions")
    points = models.PositiveIntegerField()
    # The day on which the points spent would have expired last: they come back with it.
    points_until = models.DateField(null=True, blank=True)
    client_key = models.UUIDField()
    state = models.CharField(
        max_length=9, choices=RedemptionState.choices, default=RedemptionState.TO_DO
    )
    # Name, phone and address as one text, encrypted; gone once it is handed out or cancelled.
    address = models.BinaryField(null=True, blank=True)
    tracking = models.CharField(_("tracking number"), max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    item = models.ForeignKey(
        "incentives.RewardItem", models.PROTECT, null=True, blank=True, related_name="pieces"
    )
    piece = models.PositiveSmallIntegerField(null=True, blank=True)
    shown_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.UniqueConstraint("creator", "client_key", name="redemption_form_once"),
            models.CheckConstraint(
                condition=~Q(state=RedemptionState.CANCELLED)
                | ~Q(reason="")
                | Q(withdrawn_at__isnull=False),
                name="redemption_cancelled_has_reason",
            ),
            models.UniqueConstraint("item", "piece", name="redemption_piece_once"),
            models.CheckConstraint(
                condition=Q(item=None, piece=None, withdrawn_at=None)
                | Q(item__isnull=False, piece__gte=1, points=0),
                name="redemption_of_reward",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(state=RedemptionState.CANCELLED),
                name="redemption_withdrawn",
            ),
            models.CheckConstraint(
                condition=Q(points=0) | Q(points_until__isnull=False),
                name="redemption_points_have_a_day",
            ),
        ]
        indexes = [
            models.Index(fields=["creator", "-created_at", "-id"], name="redemption_of_creator"),
            models.Index(fields=["created_at", "id"], name="redemption_by_moment"),
        ]

    def __str__(self) -> str:
        return f"R{self.pk:06d}" if self.pk else "R"


class CouponCode(models.Model):
    """A code of a coupon, encrypted; ``digest`` finds equal ones. It is used once."""

    reward = models.ForeignKey(Reward, models.PROTECT, related_name="codes")
    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    code = models.BinaryField()
    digest = models.BinaryField()
    redemption = models.OneToOneField(
        Redemption, models.PROTECT, null=True, blank=True, related_name="code"
    )

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("coupon code")
        verbose_name_plural = _("coupon codes")
        constraints = [models.UniqueConstraint("brand", "digest", name="coupon_code_once")]
        indexes = [
            models.Index(
                fields=["reward", "id"], condition=Q(redemption=None), name="coupon_code_free"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reward} #{self.pk}"
