"""What the figures of posts mean."""

from django.utils.translation import gettext_lazy as _

POSTS = {
    "impressions": _("How often the post was shown in a feed or a search."),
    "views": _("How often the post was opened or played, as the platform counts it."),
    "saves": _("How often the post was put into a collection. WeChat Channels does not report it."),
    "interactions": _("Likes, saves and comments; shares are not counted. Tiers use this figure."),
    "engagement_rate": _("Likes, saves, comments and shares for each view."),
    "shares": _("How often the post was sent on. It does not count as an interaction."),
    "post_location": _(
        "What the location tag of the post shows: the store, another place, or none. Unknown until a person or a file says so."
    ),
    "post_review": _(
        "Posts of a regulated trade, and of accounts for recruiting people, are reviewed by a second person. Until then they earn no reward."
    ),
    "review_waits": _("Whole days since the post was published."),
    "link_waits": _("Whole days since the link came in."),
    "followers_gained": _("New followers that the platform puts down to this post."),
}
