"""Closed lists of points, the catalogue and themes."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class GrantState(models.TextChoices):
    """Points given by hand: above a limit a second person looks first."""

    WAITING = "waiting", _("Waiting for a second person")
    POSTED = "posted", pgettext_lazy("points", "Given")
    REJECTED = "rejected", _("Rejected")
