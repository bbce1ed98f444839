"""Communities of the programme and who is in them. What is said there is never stored."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import CommunityKind
from matrix.models.people import Creator


class Community(models.Model):
    """A group of creators that a named person of the staff looks after (C26, C28).

    ``for_whom`` says in the programme's own words who belongs there, such as a tier.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # Its members are creators of this unit and below.
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="communities")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=CommunityKind.choices)
    for_whom = models.CharField(max_length=60, blank=True)
    topic = models.CharField(max_length=200, blank=True)
    host = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_on = models.DateField()
    closed_on = models.DateField(null=True, blank=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("community")
        verbose_name_plural = _("communities")
        constraints = [
            models.UniqueConstraint(
                "brand", "name", condition=Q(closed_on=None), name="community_open_name_once"
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None) | Q(closed_on__gte=F("opened_on")),
                name="community_dates",
            ),
        ]
        indexes = [models.Index(fields=["name", "id"], name="community_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.closed_on is None


class CommunityMember(models.Model):
    """A creator in a community between two days; in several at once, but once in each."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="members")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="communities")
    since = models.DateField()
    until = models.DateField(null=True, blank=True)

    objects = scoped_by("community__unit").as_manager()

    class Meta:
        verbose_name = _("member of a community")
        verbose_name_plural = _("members of communities")
        constraints = [
            models.UniqueConstraint(
                "community", "creator", condition=Q(until=None), name="community_member_once"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="community_member_dates"
            ),
        ]
        indexes = [
            models.Index(
                fields=["community", "since", "id"],
                condition=Q(until=None),
                name="community_members_by_day",
            )
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.community}"
