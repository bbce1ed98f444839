"""Races of stores and people: seasons, their formulas, who runs, standings, disputes and prizes.

Migration 0051 holds what must not change: a formula version is never edited, a race that is fixed
keeps its standings, and who runs keeps the league of the season.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.race_choices import DisputeState, RaceKind, RaceScheme, RaceState
from kosops.lib.money import MAX_MINOR
from matrix.choices import CreatorKind
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Race(models.Model):
    """A season. Its formula can change while it is a draft; from the start on one version holds."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    scheme = models.CharField(_("scheme"), max_length=10, choices=RaceScheme.choices)
    kind = models.CharField(_("who runs"), max_length=6, choices=RaceKind.choices)
    creator_kind = models.CharField(
        _("kind of creator"), max_length=3, choices=CreatorKind.choices, blank=True
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    # Until the end of this day facts of the season may still come in or be corrected.
    cut_off_on = models.DateField(_("late data until"))
    state = models.CharField(
        _("state"), max_length=8, choices=RaceState.choices, default=RaceState.DRAFT
    )
    note = models.CharField(_("words for those who run"), max_length=300, blank=True)
    formula = models.ForeignKey(
        "RaceFormula", models.PROTECT, null=True, blank=True, related_name="+"
    )
    standings_at = models.DateTimeField(null=True, blank=True)
    # Notes whose figures wait for a person, as of the standings.
    held_notes = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    frozen_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("race")
        verbose_name_plural = _("races")
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day"), last_day__lte=F("cut_off_on")),
                name="race_days",
            ),
            models.CheckConstraint(
                condition=Q(kind=RaceKind.STORE, creator_kind="")
                | (Q(kind=RaceKind.PERSON) & ~Q(creator_kind="")),
                name="race_kind",
            ),
            models.CheckConstraint(
                condition=Q(state=RaceState.DRAFT) | Q(formula__isnull=False),
                name="race_started_with_formula",
            ),
            models.CheckConstraint(
                condition=~Q(state=RaceState.FROZEN) ^ (Q(frozen_at__isnull=False) & ~Q(digest="")),
                name="race_frozen_with_digest",
            ),
            # Whoever set the race up or fixed its result does not approve its prizes.
            models.CheckConstraint(
                condition=Q(approved_by=None)
                | (
                    Q(state=RaceState.FROZEN)
                    & (Q(created_by=None) | ~Q(approved_by=F("created_by")))
                    & (Q(frozen_by=None) | ~Q(approved_by=F("frozen_by")))
                ),
                name="race_two_people",
            ),
        ]
        indexes = [models.Index(fields=["brand", "-first_day"], name="race_latest")]

    def __str__(self) -> str:
        return self.name


class RaceFormula(models.Model):
    """A version of a race's formula, the JSON form of `race_rules.Formula`. Append-only."""

    race = models.ForeignKey(Race, models.PROTECT, related_name="formulas")
    version = models.PositiveSmallIntegerField()
    rules = models.JSONField()
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("race__brand").as_manager()

    class Meta:
        verbose_name = _("race formula")
        verbose_name_plural = _("race formulas")
        constraints = [models.UniqueConstraint("race", "version", name="race_formula_version_once")]

    def __str__(self) -> str:
        return f"{self.race} · {self.version}"


class RaceEntry(models.Model):
    """Who runs: a store, or a person. The league and the size that decided it stay for the season.

    ``store`` is the store itself, or where the person was when entered; it says who may look.
    """

    race = models.ForeignKey(Race, models.PROTECT, related_name="entries")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="race_entries"
    )
    league = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    entered_on = models.DateField()

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("race entry")
        verbose_name_plural = _("race entries")
        constraints = [
            models.UniqueConstraint(
                "race", "store", condition=Q(creator=None), name="race_entry_store_once"
            ),
            models.UniqueConstraint("race", "creator", name="race_entry_creator_once"),
        ]

    def __str__(self) -> str:
        return str(self.creator or self.store)


class RaceStanding(models.Model):
    """Where somebody stood on a day; worked out anew as often as asked until the race is fixed.

    ``points`` holds a row for each term as in `race_rules.Points`, ``score`` is in hundredths.
    """

    race = models.ForeignKey(Race, models.PROTECT, related_name="standings")
    entry = models.ForeignKey(RaceEntry, models.PROTECT, related_name="standings")
    day = models.DateField()
    rank = models.PositiveIntegerField()
    score = models.PositiveIntegerField()
    heads = models.PositiveIntegerField()
    points = models.JSONField()

    objects = scoped_by("entry__store").as_manager()

    class Meta:
        verbose_name = _("race standing")
        verbose_name_plural = _("race standings")
        constraints = [
            models.UniqueConstraint("entry", "day", name="race_standing_once_a_day"),
            models.CheckConstraint(condition=Q(rank__gt=0), name="race_standing_has_place"),
        ]
        indexes = [models.Index(fields=["race", "day", "rank"], name="race_standing_of_day")]

    def __str__(self) -> str:
        return f"{self.entry} {self.day}: {self.rank}"


class RaceDispute(models.Model):
    """Somebody doubts the points of a participant; the result is not fixed while one is open."""

    race = models.ForeignKey(Race, models.PROTECT, related_name="disputes")
    entry = models.ForeignKey(RaceEntry, models.PROTECT, related_name="disputes")
    fact = models.CharField(max_length=30, blank=True)
    text = models.CharField(_("what is wrong"), max_length=500)
    state = models.CharField(max_length=8, choices=DisputeState.choices, default=DisputeState.OPEN)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    raised_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    raised_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("entry__store").as_manager()

    class Meta:
        verbose_name = _("race dispute")
        verbose_name_plural = _("race disputes")
        constraints = [
            models.UniqueConstraint(
                "entry", "fact", condition=Q(state="open"), name="race_dispute_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state=DisputeState.OPEN) ^ Q(answered_at__isnull=False),
                name="race_dispute_answered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry}: {self.text[:40]}"


class RaceAward(models.Model):
    """What a person gets of a prize, worked out when the race is fixed. Append-only.

    The prize of a store is split among its active people; ``prize`` is the whole, ``weight`` the
    days on which this person was active. The journal is found by `race_prizes.SOURCE` and the id.
    """

    race = models.ForeignKey(Race, models.PROTECT, related_name="awards")
    entry = models.ForeignKey(RaceEntry, models.PROTECT, related_name="awards")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="race_awards")
    prize = models.BigIntegerField()
    weight = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    objects = scoped_by("entry__store").as_manager()

    class Meta:
        verbose_name = _("race prize")
        verbose_name_plural = _("race prizes")
        constraints = [
            models.UniqueConstraint("entry", "creator", name="race_award_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=F("prize"), prize__lte=MAX_MINOR),
                name="race_award_within_prize",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator} {self.amount}"


class RaceProof(models.Model):
    """A fixed race was worked out again from the facts known then. Append-only."""

    race = models.ForeignKey(Race, models.PROTECT, related_name="proofs")
    digest = models.CharField(max_length=64)
    same = models.BooleanField()
    # How many differ; the first of them in ``examples``.
    differences = models.PositiveIntegerField()
    examples = models.JSONField(default=list)
    made_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("race__brand").as_manager()

    class Meta:
        verbose_name = _("race proof")
        verbose_name_plural = _("race proofs")
        constraints = [
            models.CheckConstraint(
                condition=Q(same=True, differences=0) | Q(same=False, differences__gt=0),
                name="race_proof_agrees",
            )
        ]

    def __str__(self) -> str:
        return f"{self.race} {self.made_at:%Y-%m-%d}"


class RaceScreen(models.Model):
    """A link that shows one race without sign-in, for the television of a store.

    Only a keyed digest of the link's secret is kept. ``store`` is the one that it is for.
    """

    race = models.ForeignKey(Race, models.PROTECT, related_name="screens")
    store = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    token_digest = models.BinaryField(max_length=32, unique=True)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("race__brand").as_manager()

    class Meta:
        verbose_name = _("race screen")
        verbose_name_plural = _("race screens")

    def __str__(self) -> str:
        return f"{self.race} · {self.store or '–'}"
