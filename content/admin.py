"""Posts, for superusers who repair something; what sources said about them is never edited."""

from django.contrib import admin

from accounts.admin_base import Looking, Repairing
from content.models import MetricSnapshot, Post, PostLink, PostReview


@admin.register(Post)
class PostAdmin(Repairing):
    """The figures follow from the snapshots and are only shown."""

    list_display = ("title", "platform", "account", "creator", "store", "state", "published_at")
    list_select_related = ("account", "creator", "store")
    list_filter = ("platform", "genre", "state")
    search_fields = ("title", "platform_post_id")
    raw_id_fields = ("brand", "store", "account", "creator")
    readonly_fields = (
        "impressions",
        "views",
        "likes",
        "recommends",
        "comments",
        "saves",
        "shares",
        "followers_gained",
        "figures_at",
    )


@admin.register(MetricSnapshot)
class MetricSnapshotAdmin(Looking):
    list_display = (
        "post",
        "captured_at",
        "source",
        "views",
        "likes",
        "comments",
        "saves",
        "shares",
    )
    list_select_related = ("post",)
    list_filter = ("source",)


@admin.register(PostLink)
class PostLinkAdmin(Looking):
    list_display = (
        "url",
        "platform",
        "creator",
        "account",
        "state",
        "post",
        "noted_at",
        "received_at",
    )
    list_select_related = ("creator", "account", "post")
    list_filter = ("platform", "state")
    search_fields = ("url", "title", "platform_post_id")


@admin.register(PostReview)
class PostReviewAdmin(Looking):
    list_display = ("post", "outcome", "by", "at")
    list_select_related = ("post", "by")
    list_filter = ("outcome",)
