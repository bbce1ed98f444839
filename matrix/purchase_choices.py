"""Closed lists of what a KOC is known to have bought."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Verdict(models.TextChoices):
    """What a colleague made of a receipt."""

    ACCEPTED = "accepted", pgettext_lazy("receipt", "Accepted")
    DECLINED = "declined", pgettext_lazy("receipt", "Not accepted")
    WITHDRAWN = "withdrawn", pgettext_lazy("receipt", "Taken back")


class Shown(models.TextChoices):
    """C01: whether a KOC is known to be a consumer of the brand, and by what."""

    ORDER = "order", _("Bought, by an order")
    RECEIPT = "receipt", _("Bought, by a receipt")
    NOT_NEEDED = "not_needed", _("No purchase needed")
    WAITING = "waiting", _("Receipt to look at")
    MISSING = "missing", _("No purchase shown")
