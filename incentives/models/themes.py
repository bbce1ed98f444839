"""The theme of a month: what posts of it earn by their result, and what they came to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from content.models import Post
from incentives.models.points import MOST_POINTS
from incentives.points_choices import ThemeState
from matrix.choices import CreatorKind
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Theme(models.Model):
    """What a brand wants to read about in a month. ``steps`` are pairs of interactions and points,
    lowest first (`themes_rules.Step`); once it runs only its words change.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    month = models.CharField(max_length=7)
    name = models.CharField(_("name"), max_length=80)
    about = models.TextField(_("about"), max_length=1000, blank=True)
    # A post counts when its title says this; empty: every post of the month.
    topic = models.CharField(max_length=40, blank=True)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    steps = models.JSONField()
    # So many posts of a person count, the best ones.
    most_posts = models.PositiveSmallIntegerField(default=3)
    # Figures that come later than so many days after the month do not count.
    cutoff_days = models.PositiveSmallIntegerField(default=7)
    months = models.PositiveSmallIntegerField(default=12)
    state = models.CharField(max_length=6, choices=ThemeState.choices, default=ThemeState.DRAFT)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    content_hash = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("theme of a month")
        verbose_name_plural = _("themes of months")
        constraints = [
            models.UniqueConstraint("brand", "month", name="theme_once_a_month"),
            models.CheckConstraint(
                condition=Q(state=ThemeState.CLOSED, closed_at__isnull=False) & ~Q(content_hash="")
                | ~Q(state=ThemeState.CLOSED) & Q(closed_at=None, content_hash=""),
                name="theme_closed_has_digest",
            ),
            models.CheckConstraint(
                condition=Q(most_posts__gte=1, months__gte=1, months__lte=120),
                name="theme_numbers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.name}"


class ThemeResult(models.Model):
    """What one post came to when its theme was worked out. Append-only."""

    theme = models.ForeignKey(Theme, models.PROTECT, related_name="results")
    post = models.ForeignKey(Post, models.PROTECT, related_name="theme_results")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="theme_results")
    interactions = models.BigIntegerField()
    points = models.PositiveIntegerField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("result of a theme")
        verbose_name_plural = _("results of themes")
        constraints = [
            models.UniqueConstraint("theme", "post", name="theme_result_once"),
            models.CheckConstraint(
                condition=Q(points__lte=MOST_POINTS), name="theme_result_points"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.theme} · {self.post_id}"
