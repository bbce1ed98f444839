"""Who a person is on all their accounts, and what their accounts really show."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import scoped_by
from matrix.models.accounts import SocialAccount
from matrix.models.people import Creator


class Persona(models.Model):
    """K29: one persona for all accounts of a person, public and private."""

    creator = models.OneToOneField(Creator, models.PROTECT, related_name="persona")
    # The name under which the person appears: the real one or a nickname that stays the same.
    name = models.CharField(max_length=80)
    position = models.CharField(max_length=60, blank=True)
    introduction = models.CharField(max_length=300, blank=True)
    # What the picture shows, so that somebody can tell whether it is the same one.
    avatar = models.CharField(max_length=120, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("persona")
        verbose_name_plural = _("personas")

    def __str__(self) -> str:
        return self.name


class ProfileCheck(models.Model):
    """What somebody saw on the profile of an account on a day; the latest one counts. Never edited."""

    account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="profile_checks")
    checked_at = models.DateTimeField()
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    shown_name = models.CharField(max_length=80)
    shown_position = models.CharField(max_length=60, blank=True)
    shown_store = models.CharField(max_length=120, blank=True)
    shows_affiliation = models.BooleanField()
    # None: the persona does not say what the picture is.
    same_avatar = models.BooleanField(null=True)
    # Codes of `matrix.profiles.Item` that did not fit when it was checked.
    differences = models.JSONField(default=list)

    objects = scoped_by("account__unit").as_manager()

    class Meta:
        verbose_name = _("profile check")
        verbose_name_plural = _("profile checks")
        indexes = [models.Index(fields=["account", "-checked_at"], name="profile_check_latest")]

    def __str__(self) -> str:
        return f"{self.account} {self.checked_at:%Y-%m-%d}"
