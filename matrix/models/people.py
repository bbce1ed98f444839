"""The people of the programme."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import (
    CreatorKind,
    CreatorState,
    IdentityProof,
    KocKind,
    Layer,
    Programme,
    RoleBadge,
    TalentType,
    WorksIn,
)


class Creator(models.Model):
    """A real person in the programme: a KOS (staff of a store) or a KOC (a customer).

    There is no virtual creator: whoever is active has been identified (``identity``), which the
    database holds. ``tier`` is decided by incentives and stored here through
    `registry.store_tiers`; ``layer`` is computed apart from it (`matrix.layers`).
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="creators")
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="creator"
    )
    kind = models.CharField(max_length=3, choices=CreatorKind.choices)
    koc_kind = models.CharField(max_length=10, choices=KocKind.choices, blank=True)
    talent_type = models.CharField(max_length=20, choices=TalentType.choices, blank=True)
    programme = models.CharField(
        max_length=12, choices=Programme.choices, blank=True, default="", db_default=""
    )
    # In which domains the person works, where somebody said so against what the accounts say
    # (`matrix.domains`), and why.
    domain_said = models.CharField(
        max_length=7, choices=WorksIn.choices, blank=True, default="", db_default=""
    )
    domain_reason = models.CharField(max_length=200, blank=True, default="", db_default="")
    # What the person is called at work: a line of the profile, not a role in this system.
    position = models.CharField(max_length=60, blank=True, default="", db_default="")
    badges = ArrayField(
        models.CharField(max_length=20, choices=RoleBadge.choices),
        default=list,
        db_default=[],
        blank=True,
    )
    # By what the company knows that this is a real person, and that it is this one.
    identity = models.CharField(
        max_length=20, choices=IdentityProof.choices, blank=True, default="", db_default=""
    )
    # The number by which HR (KOS) or the member centre (KOC) knows the person; files refer to it.
    number = models.CharField(max_length=40)
    share_code = models.CharField(max_length=30, blank=True)
    # The last day on which the code earns anything; it is never given to somebody else.
    share_code_until = models.DateField(null=True, blank=True)
    name = models.CharField(max_length=80)
    state = models.CharField(
        max_length=10, choices=CreatorState.choices, default=CreatorState.ACTIVE
    )
    tier = models.CharField(max_length=20, blank=True)
    tier_since = models.DateField(null=True, blank=True)
    layer = models.CharField(
        max_length=10, choices=Layer.choices, blank=True, default="", db_default=""
    )
    layer_since = models.DateField(null=True, blank=True)
    # The row of the same person that counts from ``merged_on`` on (`matrix.duplicates`).
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    merged_on = models.DateField(null=True, blank=True, editable=False)
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
            models.CheckConstraint(
                condition=Q(kind=CreatorKind.KOC) | Q(programme=""),
                name="creator_programme_of_koc",
            ),
            models.CheckConstraint(
                condition=Q(kind=CreatorKind.KOC) | Q(domain_said=""),
                name="creator_domain_of_koc",
            ),
            models.CheckConstraint(
                condition=~Q(domain_said="") | Q(domain_reason=""),
                name="creator_domain_reason_of_said",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None, merged_on=None)
                | Q(
                    merged_into__isnull=False,
                    merged_on__isnull=False,
                    state=CreatorState.LEFT,
                    person=None,
                ),
                name="creator_merged_has_left",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")), name="creator_merged_into_another"
            ),
            models.CheckConstraint(
                condition=~Q(state=CreatorState.ACTIVE) | ~Q(identity=""),
                name="creator_active_is_identified",
            ),
        ]
        indexes = [
            models.Index(fields=["store", "kind", "state"], name="creator_of_store"),
            models.Index(fields=["kind", "tier"], name="creator_by_tier"),
            models.Index(fields=["name", "id"], name="creator_by_name"),
            models.Index(fields=["id"], condition=Q(state=CreatorState.LEFT), name="creator_left"),
            models.Index(
                fields=["joined_on", "store"],
                condition=~Q(state=CreatorState.CANDIDATE),
                name="creator_joined",
            ),
            # Parts of names and numbers, as people type them, in whatever case.
            GinIndex(
                *(
                    OpClass(Upper(name), "gin_trgm_ops")
                    for name in ("name", "number", "share_code")
                ),
                name="creator_found",
            ),
        ]

    def __str__(self) -> str:
        return self.name
