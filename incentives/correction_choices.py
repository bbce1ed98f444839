"""Closed lists of what is booked by hand."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CorrectionKind(models.TextChoices):
    ADJUSTMENT = "adjustment", _("Adjustment")
    WRITE_OFF = "write_off", _("Debt written off")
    REVERSAL = "reversal", _("Reversal")


class CorrectionState(models.TextChoices):
    WAITING = "waiting", pgettext_lazy("booking by hand", "Waiting for a second person")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
