"""Commission plans: dated versions, their rates and what is checked against them."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from customers.choices import Channel
from incentives.choices import BeneficiaryRole, tier_label
from incentives.plan_choices import BandMode, Base, Buyer, PlanState, SelfPurchase
from kosops.lib.money import MAX_MINOR
from matrix.choices import CreatorKind

PERSON = settings.AUTH_USER_MODEL
LONGEST_SHIELD = 90


class PlanVersion(models.Model):
    """The commission plan of a brand for a range of days.

    A draft is edited until it is submitted; a second person approves it. From then on only its
    last day may be set, by the version that follows (triggers of migration 0011). What a draft
    says about days may overlap; approved versions may not.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    valid = DateRangeField(help_text=_("First day and the day after the last, by payment date."))
    hold_days = models.PositiveSmallIntegerField(default=15)
    # All roles together never take more than this part of an order line.
    cap_bp = models.PositiveIntegerField(default=3000)
    # All roles together never take more of an order, in minor units.
    order_cap = models.BigIntegerField(null=True, blank=True)
    # One person never earns more by this version in a month, in minor units.
    person_cap = models.BigIntegerField(null=True, blank=True)
    band_mode = models.CharField(
        max_length=8,
        choices=BandMode.choices,
        default=BandMode.MARGINAL,
        db_default=BandMode.MARGINAL,
    )
    # Days after the first on which people already promoting keep a higher rate of before.
    shield_days = models.PositiveSmallIntegerField(default=0, db_default=0)
    self_purchase = models.CharField(
        max_length=8,
        choices=SelfPurchase.choices,
        default=SelfPurchase.ALLOWED,
        db_default=SelfPurchase.ALLOWED,
    )
    # The part of the rate that counts for own orders where they are reduced.
    self_bp = models.PositiveIntegerField(default=5000, db_default=5000)
    state = models.CharField(
        max_length=9, choices=PlanState.choices, default=PlanState.DRAFT, db_default=PlanState.DRAFT
    )
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    edited_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    submitted_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    # Why it was sent back, until it is submitted again.
    sent_back = models.CharField(max_length=300, blank=True, default="", db_default="")

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("commission plan")
        verbose_name_plural = _("commission plans")
        constraints = [
            ExclusionConstraint(
                name="plan_version_no_overlap",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                condition=Q(state=PlanState.APPROVED),
            ),
            models.CheckConstraint(condition=Q(cap_bp__lte=10_000), name="plan_version_cap"),
            models.CheckConstraint(
                condition=(Q(order_cap=None) | Q(order_cap__gt=0, order_cap__lte=MAX_MINOR))
                & (Q(person_cap=None) | Q(person_cap__gt=0, person_cap__lte=MAX_MINOR)),
                name="plan_version_sums",
            ),
            models.CheckConstraint(
                condition=Q(shield_days__lte=LONGEST_SHIELD), name="plan_version_shield"
            ),
            models.CheckConstraint(
                condition=Q(self_bp__lte=10_000, self_purchase__in=SelfPurchase.values),
                name="plan_version_own_orders",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (
                    (Q(created_by=None) | ~Q(approved_by=F("created_by")))
                    & (Q(edited_by=None) | ~Q(approved_by=F("edited_by")))
                    & (Q(submitted_by=None) | ~Q(approved_by=F("submitted_by")))
                ),
                name="plan_version_second_person",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which the plan applies, None while it is open-ended."""
        return self.valid.upper - dt.timedelta(days=1) if self.valid.upper else None


class PlanRate(models.Model):
    """One rate of a plan version: a percentage, or a fixed amount for a line or piece.

    What a condition leaves empty means any. The higher priority wins, then the rate that names
    more (`commission.precedence`).
    """

    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="rates")
    role = models.CharField(max_length=10, choices=BeneficiaryRole.choices)
    category = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    sku = models.CharField(max_length=60, blank=True, default="", db_default="")
    # A region or store; orders of every store below it.
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(
        max_length=20, choices=Channel.choices, blank=True, default="", db_default=""
    )
    buyer = models.CharField(
        max_length=6, choices=Buyer.choices, blank=True, default="", db_default=""
    )
    priority = models.SmallIntegerField(default=0, db_default=0)
    rate_bp = models.PositiveIntegerField()
    # Instead of a percentage: minor units for the line, or for each of its pieces.
    fixed_amount = models.BigIntegerField(null=True, blank=True)
    per_piece = models.BooleanField(default=False, db_default=False)
    base = models.CharField(
        max_length=6, choices=Base.choices, default=Base.LINE, db_default=Base.LINE
    )
    # One person never earns more by this rate in a month, in minor units.
    month_cap = models.BigIntegerField(null=True, blank=True)

    objects = scoped_by("version__brand").as_manager()

    class Meta:
        verbose_name = _("commission rate")
        verbose_name_plural = _("commission rates")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    *("version", "role", "category", "tier", "creator_kind"),
                    *("sku", "unit", "channel", "buyer"),
                ],
                nulls_distinct=False,
                name="plan_rate_once",
            ),
            models.CheckConstraint(condition=Q(rate_bp__lte=10_000), name="plan_rate_within_100"),
            models.CheckConstraint(
                condition=Q(fixed_amount=None, per_piece=False)
                | Q(fixed_amount__gt=0, fixed_amount__lte=MAX_MINOR, rate_bp=0),
                name="plan_rate_percent_or_fixed",
            ),
            models.CheckConstraint(
                condition=Q(month_cap=None) | Q(month_cap__gt=0, month_cap__lte=MAX_MINOR),
                name="plan_rate_month_cap",
            ),
            # The override: one level, on the sale or on what its seller earned by it, for staff
            # only, capped. Nothing else can be a base: not people, not another override.
            models.CheckConstraint(
                condition=Q(base=Base.LINE) | Q(base=Base.SELLER, role=BeneficiaryRole.MANAGER),
                name="plan_rate_base",
            ),
            models.CheckConstraint(
                condition=~Q(role=BeneficiaryRole.MANAGER)
                | Q(
                    creator_kind__in=("", CreatorKind.KOS),
                    month_cap__isnull=False,
                    fixed_amount=None,
                ),
                name="plan_rate_override_of_staff",
            ),
            models.CheckConstraint(
                condition=~Q(role=BeneficiaryRole.POT) | Q(tier="", creator_kind=""),
                name="plan_rate_pot_of_all",
            ),
            models.CheckConstraint(
                condition=Q(role__in=BeneficiaryRole.values), name="plan_rate_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.rate_bp / 100:g} %"

    @property
    def tier_name(self) -> str:
        return str(tier_label(self.tier, self.creator_kind))


class PlanBand(models.Model):
    """A step of a rate: from ``from_amount`` of a person's month on, this percentage counts."""

    rate = models.ForeignKey(PlanRate, models.PROTECT, related_name="bands")
    from_amount = models.BigIntegerField()
    rate_bp = models.PositiveIntegerField()

    objects = scoped_by("rate__version__brand").as_manager()

    class Meta:
        verbose_name = _("commission step")
        verbose_name_plural = _("commission steps")
        constraints = [
            models.UniqueConstraint("rate", "from_amount", name="plan_band_once"),
            models.CheckConstraint(
                condition=Q(from_amount__gt=0, from_amount__lte=MAX_MINOR, rate_bp__lte=10_000),
                name="plan_band_within_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_amount} {self.rate_bp / 100:g} %"


class PlanMargin(models.Model):
    """The margin of a category that the plan's rates have to stay under; empty is all others."""

    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="margins")
    category = models.CharField(max_length=60, blank=True)
    margin_bp = models.PositiveIntegerField()

    objects = scoped_by("version__brand").as_manager()

    class Meta:
        verbose_name = _("margin of a category")
        verbose_name_plural = _("margins of categories")
        constraints = [
            models.UniqueConstraint("version", "category", name="plan_margin_once"),
            models.CheckConstraint(
                condition=Q(margin_bp__lte=10_000), name="plan_margin_within_100"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.category} {self.margin_bp / 100:g} %"
