"""Closed lists of races."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RaceScheme(models.TextChoices):
    """K42: the kinds of scheme. Each begins with a formula of its own."""

    STORES = "stores", _("Store horse race")
    ACCOUNTS = "accounts", _("Account incentive")
    DEALS = "deals", _("Deal reward")
    # C49: such as a contest for likes.
    NOTES = "notes", _("Contest of notes")


class RaceKind(models.TextChoices):
    """Who runs."""

    STORE = "store", pgettext_lazy("who runs a race", "Stores")
    PERSON = "person", pgettext_lazy("who runs a race", "People")


class RaceState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", pgettext_lazy("race", "Running")
    CLOSING = "closing", _("Waiting for late data")
    FROZEN = "frozen", pgettext_lazy("race", "Result fixed")


class TieRule(models.TextChoices):
    SHARED = "shared", _("Equal scores share the place, and the prizes of the places they take")
    FIRST_FACT = "first_fact", _("The better one in the heaviest figure stands first")


class Measure(models.TextChoices):
    """What a figure of a participant is compared by."""

    PER_HEAD = "per_head", _("per active head")
    TOTAL = "total", _("as it is")
    TARGET = "target", _("against a target per head")


class DisputeState(models.TextChoices):
    OPEN = "open", pgettext_lazy("dispute", "Open")
    UPHELD = "upheld", _("Was right; the facts are corrected")
    REFUSED = "refused", _("Was looked at; the points stand")
