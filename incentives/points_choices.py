"""Closed lists of points, the catalogue and themes."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class GrantState(models.TextChoices):
    """Points given by hand: above a limit a second person looks first."""

    WAITING = "waiting", _("Waiting for a second person")
    POSTED = "posted", pgettext_lazy("points", "Given")
    REJECTED = "rejected", _("Rejected")


class RewardKind(models.TextChoices):
    COUPON = "coupon", _("Coupon")
    GIFT = "gift", _("Gift")
    # C12: production support, a seat in a training, a co-made product, a member price.
    BENEFIT = "benefit", _("Benefit")


class RewardState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", pgettext_lazy("reward", "Open")
    CLOSED = "closed", pgettext_lazy("reward", "Closed")


class Delivery(models.TextChoices):
    """How a reward reaches the person."""

    CODE = "code", _("Code on the phone")
    POST = "post", _("Sent by post")
    STORE = "store", _("Handed over in the store")
    ARRANGED = "arranged", _("Arranged by headquarters")


class RedemptionState(models.TextChoices):
    TO_DO = "to_do", _("To be handed out")
    SENT = "sent", pgettext_lazy("reward", "On its way")
    DONE = "done", _("Handed out")
    CANCELLED = "cancelled", pgettext_lazy("reward", "Cancelled")


class ThemeState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", pgettext_lazy("theme", "Running")
    CLOSED = "closed", pgettext_lazy("theme", "Worked out")
