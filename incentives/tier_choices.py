"""Closed lists of tiers beside the tiers themselves."""

from django.db import models
from django.utils.translation import pgettext_lazy


class NoticeEnd(models.TextChoices):
    """What became of somebody who had been told of a coming fall."""

    FELL = "fell", pgettext_lazy("notice of a lower tier", "Fell")
    KEPT = "kept", pgettext_lazy("notice of a lower tier", "Kept the tier")


class ProposalState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("proposed move", "Waiting")
    CONFIRMED = "confirmed", pgettext_lazy("proposed move", "Confirmed")
    DECLINED = "declined", pgettext_lazy("proposed move", "Declined")
    LAPSED = "lapsed", pgettext_lazy("proposed move", "No longer so")
