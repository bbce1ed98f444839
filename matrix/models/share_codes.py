"""Share codes that were ever given."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.models.people import Creator


class GivenCode(models.Model):
    """Who had a share code first: nobody else ever gets it, in this brand.

    A trigger on creators writes it, so that files, pages and repairs all leave a row. Append-only.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    code = models.CharField(max_length=30)
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="given_codes")
    given_at = models.DateTimeField(db_default=Now())

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("share code that was given")
        verbose_name_plural = _("share codes that were given")
        constraints = [models.UniqueConstraint("brand", "code", name="given_code_once")]

    def __str__(self) -> str:
        return self.code
