"""Closed lists of benefits."""

from django.db import models
from django.utils.translation import pgettext_lazy


class BenefitKind(models.TextChoices):
    COMMISSION = "commission", pgettext_lazy("benefit", "Higher commission")
    PRIORITY = "priority", pgettext_lazy("benefit", "Priority in selection")
    PERK = "perk", pgettext_lazy("benefit", "Perk")
    GROUP = "group", pgettext_lazy("benefit", "Invitation to a group")
    BOOST = "boost", pgettext_lazy("benefit", "Boost budget")
    OTHER = "other", pgettext_lazy("benefit", "Other benefit")
