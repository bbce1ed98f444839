"""Closed lists of the content app."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Genre(models.TextChoices):
    IMAGE_TEXT = "image_text", _("Image and text")
    VIDEO = "video", _("Video")
    LIVE = "live", _("Live")
    UNKNOWN = "", _("Unknown")


class PostState(models.TextChoices):
    ONLINE = "online", _("Online")
    HIDDEN = "hidden", _("Hidden by the platform")
    REMOVED = "removed", _("Removed")


class Location(models.TextChoices):
    """K15: whether the location tag of a post leads into the right store. Unknown is never none."""

    UNKNOWN = "", pgettext_lazy("location of a post", "Unknown")
    STORE = "store", pgettext_lazy("location of a post", "The store")
    OTHER = "other", pgettext_lazy("location of a post", "Another place")
    NONE = "none", pgettext_lazy("location of a post", "No location")


class Relationship(models.TextChoices):
    """RULES 5.2: how the author stands to the brand; the disclosure follows from it."""

    NONE = "none", _("None")
    OWN_STAFF = "own_staff", _("Own staff")
    GIFT = "gift", _("Gift")
    LOAN = "loan", _("Loan")
    PAID = "paid", pgettext_lazy("relationship to the brand", "Paid")
    COMMISSION = "commission", _("Commission")


class ReviewState(models.TextChoices):
    """K21: whether a second person has looked at a post for which that is asked."""

    NOT_ASKED = "", pgettext_lazy("review of a post", "Not asked for")
    WAITS = "waits", pgettext_lazy("review of a post", "In review")
    PROBLEM = "problem", pgettext_lazy("review of a post", "Problem found")
    CLEAR = "clear", pgettext_lazy("review of a post", "Reviewed")


# Such a post earns no reward and gets no traffic.
HELD_BY_REVIEW = frozenset({ReviewState.WAITS, ReviewState.PROBLEM})


class ReviewOutcome(models.TextChoices):
    CLEAR = "clear", pgettext_lazy("review of a post", "Nothing to object to")
    PROBLEM = "problem", pgettext_lazy("review of a post", "Problem found")
    # The author says so; then it waits for a review again.
    CORRECTED = "corrected", pgettext_lazy("review of a post", "Corrected by the author")


class LinkState(models.TextChoices):
    """What became of a link that a creator added."""

    WAITING = "waiting", _("Figures not in yet")
    LINKED = "linked", pgettext_lazy("link of a post", "Linked")
    REFUSED = "refused", pgettext_lazy("link of a post", "Refused")
