"""Closed lists of commission plans."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PlanState(models.TextChoices):
    """Only approved versions count in runs; what they say is never edited."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    DROPPED = "dropped", pgettext_lazy("plan", "Dropped")


class Base(models.TextChoices):
    """What a rate is applied to. There is no other base: nobody is paid on people they recruited,
    nor on the override of somebody else.
    """

    LINE = "line", _("The order line")
    SELLER = "seller", _("The seller’s commission")


class Buyer(models.TextChoices):
    """Whether the buyer had an earlier order of the brand; the empty text means any."""

    NEW = "new", _("New buyer")
    REPEAT = "repeat", _("Repeat buyer")


class SelfPurchase(models.TextChoices):
    """What somebody gets for an order that they placed themself."""

    NOTHING = "nothing", pgettext_lazy("own order", "Nothing")
    REDUCED = "reduced", _("A part of the rate")
    ALLOWED = "allowed", _("The whole rate")


class BandMode(models.TextChoices):
    """Which part of the month a higher band counts for."""

    MARGINAL = "marginal", _("What lies above the step")
    WHOLE = "whole", _("The whole month")
