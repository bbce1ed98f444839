"""How a brand sorts its creators into layers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by


class LayerThresholds(models.Model):
    """C52: from which value on an axis counts some, and from which much; a brand's own.

    ``values``: axis to [some, much]; without a row those of `matrix.layers.DEFAULTS` hold.
    """

    brand = models.OneToOneField(Unit, models.PROTECT, related_name="layer_thresholds")
    values = models.JSONField()
    changed_at = models.DateTimeField(auto_now=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("layer thresholds")
        verbose_name_plural = _("layer thresholds")

    def __str__(self) -> str:
        return str(self.brand)
