"""Closed lists of the volunteer rota."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DutyState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OPEN = "open", pgettext_lazy("volunteering", "Open")
    CLOSED = "closed", pgettext_lazy("volunteering", "Closed")


class PlaceState(models.TextChoices):
    """How a person stands to a shift."""

    HELD = "held", pgettext_lazy("volunteering", "Has a place")
    WAITING = "waiting", _("On the waiting list")
    WITHDRAWN = "withdrawn", pgettext_lazy("volunteering", "Withdrew")
    LOST = "lost", pgettext_lazy("volunteering", "Place ended")


class Came(models.TextChoices):
    PRESENT = "present", _("Came")
    EXCUSED = "excused", _("Absent, excused")
    ABSENT = "absent", _("Absent without a word")


class RotaNews(models.TextChoices):
    """What volunteers are told."""

    MOVED_UP = "moved_up", _("A place came free and is yours")
    CALLED_OFF = "called_off", _("The shift is called off")
    LOST = "lost", _("Your place ended, since you do not take part at present")


class ShiftFilterState(models.TextChoices):
    """Where a shift stands, as the list is asked for it."""

    COMING = "coming", _("To come")
    FREE = "free", _("To come, with places left")
    TO_TICK = "to_tick", _("Attendance to be ticked")
    PAST = "past", _("Over")
    CALLED_OFF = "called_off", _("Called off")
