"""Closed lists of questions about money."""

from django.db import models
from django.utils.translation import pgettext_lazy


class DisputeState(models.TextChoices):
    OPEN = "open", pgettext_lazy("question about money", "Open")
    ACCEPTED = "accepted", pgettext_lazy("question about money", "Put right")
    DECLINED = "declined", pgettext_lazy("question about money", "Stands as it is")
