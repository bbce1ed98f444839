"""The volunteer rota: what volunteers do, when, and who has a place."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.choices import Tier, tier_label
from incentives.rota_choices import Came, DutyState, PlaceState, RotaNews
from matrix.choices import CreatorKind, Layer
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL
# Thanks, not pay: a shift brings no more than this.
MOST_THANKS = 500
MOST_PLACES = 500


class Duty(models.Model):
    """Something that volunteers do at a unit, such as hosting at a store on weekends.

    Empty tiers, layers and kind mean everybody; ``for_unit`` means the people of its stores.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # Who runs it; its managers set it up.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    about = models.TextField(_("what is done"), max_length=1000)
    where = models.CharField(_("meeting point"), max_length=160)
    # A person of the programme who ticks on the phone who came.
    host = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="hosted_duties"
    )
    # Thanks for one attended shift, whole points; never by the hour and never money.
    points = models.PositiveSmallIntegerField(default=0)
    cutoff_hours = models.PositiveSmallIntegerField(default=24)
    tick_days = models.PositiveSmallIntegerField(default=3)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    tiers = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    layers = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    for_unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=6, choices=DutyState.choices, default=DutyState.DRAFT)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("volunteer activity")
        verbose_name_plural = _("volunteer activities")
        constraints = [
            models.CheckConstraint(condition=Q(points__lte=MOST_THANKS), name="duty_thanks"),
            models.CheckConstraint(condition=Q(cutoff_hours__lte=336), name="duty_cutoff"),
            models.CheckConstraint(
                condition=Q(tick_days__gte=1, tick_days__lte=30), name="duty_tick_days"
            ),
        ]
        indexes = [models.Index(fields=["brand", "-created_at", "-id"], name="duty_latest")]

    def __str__(self) -> str:
        return self.name

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
            *([self.for_unit.name] if self.for_unit else []),
        ]


class Shift(models.Model):
    """Some hours of a duty for which people are wanted. Its hours and thanks never change.

    The database counts ``taken`` places and keeps them within ``places``.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    duty = models.ForeignKey(Duty, models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    places = models.PositiveSmallIntegerField()
    taken = models.PositiveSmallIntegerField(default=0, editable=False)
    # As the duty had them when the shift was made: who signs up knows what it brings.
    points = models.PositiveSmallIntegerField(default=0)
    called_off_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    # From when on the points of who came are in the books.
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("duty__unit").as_manager()

    class Meta:
        verbose_name = _("volunteer shift")
        verbose_name_plural = _("volunteer shifts")
        constraints = [
            models.UniqueConstraint(
                "duty", "starts_at", condition=Q(called_off_at=None), name="shift_once"
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_hours"),
            models.CheckConstraint(
                condition=Q(places__gte=1, places__lte=MOST_PLACES), name="shift_places"
            ),
            models.CheckConstraint(condition=Q(taken__lte=F("places")), name="shift_not_over_full"),
            models.CheckConstraint(condition=Q(points__lte=MOST_THANKS), name="shift_thanks"),
            models.CheckConstraint(
                condition=Q(called_off_at=None, reason="")
                | (Q(called_off_at__isnull=False, settled_at=None) & ~Q(reason="")),
                name="shift_called_off",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "starts_at", "id"], name="shift_by_day"),
            models.Index(
                fields=["brand", "ends_at"],
                condition=Q(settled_at=None, called_off_at=None),
                name="shift_to_settle",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.duty} {timezone.localtime(self.starts_at):%Y-%m-%d %H:%M}"

    @property
    def left(self) -> int:
        return self.places - self.taken


class ShiftPlace(models.Model):
    """How one person stands to one shift: one row for ever, whose state goes its way.

    Nobody holds places of two shifts at one time; ``during`` repeats the hours of the shift for
    that. ``points`` are what the attendance was found to bring when it was booked.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="people")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="shift_places")
    during = DateTimeRangeField()
    state = models.CharField(max_length=9, choices=PlaceState.choices)
    # Since when the person asks for it: the order of the waiting list.
    asked_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True, blank=True)
    came = models.CharField(max_length=7, choices=Came.choices, blank=True)
    came_at = models.DateTimeField(null=True, blank=True)
    came_by = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    points = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = scoped_by("shift__duty__unit").as_manager()

    class Meta:
        verbose_name = _("place in a shift")
        verbose_name_plural = _("places in shifts")
        constraints = [
            models.UniqueConstraint("shift", "creator", name="shift_place_once"),
            ExclusionConstraint(
                name="shift_place_not_at_two",
                expressions=[
                    ("creator", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(state=PlaceState.HELD),
            ),
            models.CheckConstraint(
                condition=~Q(state=PlaceState.HELD) | Q(held_at__isnull=False),
                name="shift_place_held",
            ),
            models.CheckConstraint(
                condition=Q(came="", came_at=None)
                | (Q(state=PlaceState.HELD, came_at__isnull=False) & ~Q(came="")),
                name="shift_place_ticked",
            ),
            models.CheckConstraint(
                condition=Q(points=None) | Q(came=Came.PRESENT, points__lte=MOST_THANKS),
                name="shift_place_thanks",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shift", "asked_at", "id"],
                condition=Q(state=PlaceState.WAITING),
                name="shift_place_waiting",
            ),
            models.Index(
                fields=["creator", "came_at"],
                condition=Q(came=Came.ABSENT),
                name="shift_place_absent",
            ),
            models.Index(
                fields=["brand", "creator"],
                condition=Q(came=Came.PRESENT),
                name="shift_place_came",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift} · {self.creator}"


class RotaNotice(models.Model):
    """What a volunteer is told; it stands on the phone page until it is read."""

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="rota_notices")
    shift = models.ForeignKey(Shift, models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=RotaNews.choices)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("notice to a volunteer")
        verbose_name_plural = _("notices to volunteers")
        indexes = [
            models.Index(
                fields=["creator", "-id"], condition=Q(read_at=None), name="rota_notice_unread"
            )
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.get_kind_display()}"
