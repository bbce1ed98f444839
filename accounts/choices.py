"""Closed lists of the accounts app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitKind(models.TextChoices):
    BRAND = "brand", _("Brand")
    REGION = "region", _("Region")
    STORE = "store", _("Store")


class StoreKind(models.TextChoices):
    """O07: what a store is."""

    PHYSICAL = "physical", _("Physical store")
    ONLINE = "online", _("Online shop")
    LIVE = "live", _("Live room")
    FRANCHISE = "franchise", _("Franchise store")
    MICRO_MALL = "micro_mall", _("Micro mall")
    OMNICHANNEL = "omnichannel", _("Omnichannel store")


class Role(models.TextChoices):
    """O03: the roles of the programme. What each may do stands in `access.PERMISSIONS`."""

    OPERATOR = "operator", _("HQ operations")
    ANALYST = "analyst", _("Analyst")
    REVIEWER = "reviewer", _("Content reviewer")
    FINANCE = "finance", _("Finance")
    AUDITOR = "auditor", _("Auditor")
    REGION_MANAGER = "region_manager", _("Regional manager")
    STORE_MANAGER = "store_manager", _("Store manager")
    KOS = "kos", _("Store assistant (KOS)")
    KOC = "koc", _("Consumer creator (KOC)")


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Theme(models.TextChoices):
    SYSTEM = "", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
