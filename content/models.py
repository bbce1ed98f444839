"""Posts and their figures over time."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from content.choices import (
    HELD_BY_REVIEW,
    Genre,
    LinkState,
    Location,
    PostState,
    Relationship,
    ReviewOutcome,
    ReviewState,
)
from content.expressions import known_or_last
from content.formulas import TIER_INTERACTIONS
from matrix.models import Creator, PlatformField, SocialAccount


class Figures(models.Model):
    """Cumulative figures of a post. NULL is unknown, never 0: Channels has no saves,
    a Xiaohongshu list export has no completion rate. Rates are basis points, times seconds x 100.
    """

    impressions = models.BigIntegerField(null=True, blank=True)
    views = models.BigIntegerField(null=True, blank=True)
    likes = models.BigIntegerField(null=True, blank=True)
    # WeChat Channels has two kinds of like: 推荐 (here) and 喜欢 (likes).
    recommends = models.BigIntegerField(null=True, blank=True)
    comments = models.BigIntegerField(null=True, blank=True)
    saves = models.BigIntegerField(null=True, blank=True)
    shares = models.BigIntegerField(null=True, blank=True)
    followers_gained = models.BigIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


class Post(Figures):
    """A note or video on a platform. Most exports carry no platform id; then account, normalised
    title and publish minute identify it. The figures are the latest known of each kind, derived
    from the snapshots.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="posts")
    account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="posts")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="posts"
    )
    platform = PlatformField()
    # NULL where the export names none: the constraint on it is for those that have one.
    platform_post_id = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001
    title = models.TextField(blank=True)
    # NFKC, lower case, punctuation dropped (content.matching.normal_title).
    title_key = models.TextField(blank=True)
    url = models.URLField(max_length=500, blank=True)
    genre = models.CharField(max_length=10, choices=Genre.choices, blank=True)
    state = models.CharField(max_length=8, choices=PostState.choices, default=PostState.ONLINE)
    published_at = models.DateTimeField()
    is_commercial = models.BooleanField(default=False)
    relationship = models.CharField(
        max_length=10, choices=Relationship.choices, default=Relationship.NONE
    )
    disclosure = models.CharField(max_length=200, blank=True)
    location = models.CharField(
        _("location"),
        max_length=5,
        choices=Location.choices,
        blank=True,
        default="",
        db_default="",
    )
    # Set by triggers alone: asked for when the post comes in, then what the last review said.
    review = models.CharField(
        max_length=7,
        choices=ReviewState.choices,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    figures_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.UniqueConstraint(
                "brand",
                "platform",
                "platform_post_id",
                condition=Q(platform_post_id__isnull=False),
                name="post_platform_id_once",
            ),
            models.UniqueConstraint(
                "account",
                "title_key",
                "published_at",
                condition=Q(platform_post_id__isnull=True),
                name="post_fingerprint_once",
            ),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="post_latest"),
            models.Index(fields=["account", "published_at"], name="post_of_account"),
            models.Index(fields=["creator", "published_at"], name="post_of_creator"),
            models.Index(fields=["store", "-published_at"], name="post_of_store"),
            models.Index(known_or_last(TIER_INTERACTIONS), "id", name="post_by_interactions"),
            # Accounts of stores post little of all that is posted; the rest need no location.
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(creator__isnull=True) & ~Q(location=Location.STORE),
                name="post_without_store",
            ),
            models.Index(
                fields=["location", "-published_at", "-id"],
                condition=~Q(location=""),
                name="post_by_location",
            ),
            models.Index(
                fields=["review", "published_at", "id"],
                condition=~Q(review=""),
                name="post_by_review",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.pk)

    @property
    def is_held_by_review(self) -> bool:
        """Whether it waits for a review, or for being corrected after one."""
        return self.review in HELD_BY_REVIEW


class PostReview(models.Model):
    """What a second person found in a post, or that its author corrected it. Append-only.

    ``asked`` and ``findings`` are codes of `content.review_rules.Item`: what was to be looked at,
    and what of it does not hold. That neither the author nor the holder of the account reviews it,
    triggers hold.
    """

    post = models.ForeignKey(Post, models.PROTECT, related_name="reviews")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=9, choices=ReviewOutcome.choices)
    asked = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    note = models.CharField(max_length=300, blank=True)

    objects = scoped_by("post__store").as_manager()

    class Meta:
        verbose_name = _("review of a post")
        verbose_name_plural = _("reviews of posts")
        constraints = [
            models.CheckConstraint(
                condition=(Q(outcome=ReviewOutcome.PROBLEM) & ~Q(findings=[]))
                | (~Q(outcome=ReviewOutcome.PROBLEM) & Q(findings=[])),
                name="post_review_problem_named",
            )
        ]
        indexes = [models.Index(fields=["post", "-id"], name="post_review_latest")]

    def __str__(self) -> str:
        return f"{self.post} · {self.get_outcome_display()}"


class MetricSnapshot(Figures):
    """What a source said about a post at a moment. Append-only."""

    post = models.ForeignKey(Post, models.PROTECT, related_name="snapshots")
    captured_at = models.DateTimeField()
    source = models.CharField(max_length=40)
    click_rate_bp = models.IntegerField(null=True, blank=True)
    completion_rate_bp = models.IntegerField(null=True, blank=True)
    watch_seconds_x100 = models.IntegerField(null=True, blank=True)
    raw = models.JSONField(null=True, blank=True)

    objects = scoped_by("post__store").as_manager()

    class Meta:
        verbose_name = _("metric snapshot")
        verbose_name_plural = _("metric snapshots")
        constraints = [
            models.UniqueConstraint("post", "captured_at", "source", name="metric_snapshot_once")
        ]

    def __str__(self) -> str:
        return f"{self.post} · {self.captured_at:%Y-%m-%d}"


class PostLink(models.Model):
    """The address of a post as somebody gave it. It waits until the post itself is known.

    ``account`` is one of a unit (of a store, of the brand); without it the post stands on an account
    of ``creator``, who added it. A link that headquarters added has no creator. A refused link gives
    its address free again: it may have been refused by mistake.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # Where it was added: the store of the creator then, or the unit of the account.
    store = models.ForeignKey(Unit, models.PROTECT, related_name="post_links")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="post_links"
    )
    account = models.ForeignKey(
        SocialAccount, models.PROTECT, null=True, blank=True, related_name="post_links"
    )
    platform = PlatformField()
    # In the one form of content.links, without what tracks who shared it.
    url = models.URLField(max_length=300)
    # NULL where the address hides it (short links): the constraint is for those that show one.
    platform_post_id = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001
    title = models.CharField(max_length=200, blank=True)
    title_key = models.TextField(blank=True)
    location = models.CharField(
        _("location"),
        max_length=5,
        choices=Location.choices,
        blank=True,
        default="",
        db_default="",
    )
    # Made where the form was filled in: the same form sent twice is one link.
    client_key = models.UUIDField()
    # When the person pressed the button, perhaps without a network; and when it came in.
    noted_at = models.DateTimeField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=LinkState.choices, default=LinkState.WAITING)
    post = models.ForeignKey(Post, models.PROTECT, null=True, blank=True, related_name="links")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("link of a post")
        verbose_name_plural = _("links of posts")
        constraints = [
            models.UniqueConstraint("creator", "client_key", name="post_link_form_once"),
            models.UniqueConstraint(
                "brand",
                "client_key",
                condition=Q(creator__isnull=True),
                name="post_link_form_of_hq_once",
            ),
            models.CheckConstraint(
                condition=Q(creator__isnull=False) | Q(account__isnull=False),
                name="post_link_of_somebody",
            ),
            models.UniqueConstraint(
                "brand", "url", condition=~Q(state=LinkState.REFUSED), name="post_link_url_once"
            ),
            models.UniqueConstraint(
                "brand",
                "platform",
                "platform_post_id",
                condition=Q(platform_post_id__isnull=False) & ~Q(state=LinkState.REFUSED),
                name="post_link_platform_id_once",
            ),
            models.UniqueConstraint(
                "post", condition=Q(post__isnull=False), name="post_link_of_post_once"
            ),
            models.CheckConstraint(
                condition=Q(state=LinkState.LINKED, post__isnull=False)
                | (~Q(state=LinkState.LINKED) & Q(post__isnull=True)),
                name="post_link_linked_has_post",
            ),
            models.CheckConstraint(
                condition=(Q(state=LinkState.REFUSED) & ~Q(reason=""))
                | (~Q(state=LinkState.REFUSED) & Q(reason="")),
                name="post_link_refused_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["creator", "-received_at", "-id"], name="post_link_of_creator"),
            models.Index(
                fields=["received_at", "id"],
                condition=Q(state=LinkState.WAITING),
                name="post_link_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def whose(self) -> str:
        """Whose post it is: an account of a unit, or a person. Fetch both with the link."""
        if self.account:
            return self.account.shown_handle
        return self.creator.name if self.creator else ""
