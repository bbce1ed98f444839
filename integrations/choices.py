"""Closed lists of the integrations app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", _("Uploaded")
    MAPPED = "mapped", _("Columns chosen")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    APPLYING = "applying", _("Being imported")
    DONE = "done", _("Imported")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


# What a person may still change, or throw away without a trace in the data.
BEFORE_APPLYING = (
    ImportState.UPLOADED,
    ImportState.MAPPED,
    ImportState.CHECKING,
    ImportState.CHECKED,
)


class Outcome(models.TextChoices):
    """What becomes of a row."""

    NEW = "new", _("New")
    CHANGED = "changed", _("Changed")
    UNCHANGED = "unchanged", _("Unchanged")
    SKIPPED = "skipped", _("Skipped")
    FAULTY = "faulty", _("To fix")
    AMBIGUOUS = "ambiguous", _("To decide")


WRITTEN = frozenset((Outcome.NEW, Outcome.CHANGED))
GOOD = frozenset((Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED))
WAITING = frozenset((Outcome.FAULTY, Outcome.AMBIGUOUS))
