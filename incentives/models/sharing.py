"""Shop addresses that creators share with their own code."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by


class ShareLink(models.Model):
    """An address of the shop with a place for a code: of the brand as such, or of one product.

    One that was stopped is not shared any more; orders by codes that are out there still count.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=60)
    template = models.CharField(_("shop address"), max_length=300)
    sku = models.CharField(_("article number"), max_length=60, blank=True)
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("last day"), null=True, blank=True)
    # The lower stands first.
    place = models.PositiveSmallIntegerField(_("place in the list"), default=100)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("share link")
        verbose_name_plural = _("share links")
        constraints = [
            models.UniqueConstraint(
                "brand", "name", condition=Q(stopped_at=None), name="share_link_name_once"
            ),
            models.CheckConstraint(
                condition=Q(template__regex=r"^https://[^{}@\s]+/[^{}\s]*[{]code[}][^{}\s]*$")
                | Q(template__regex=r"^https://[^{}@/\s]+[?#][^{}\s]*[{]code[}][^{}\s]*$"),
                name="share_link_https_with_code",
            ),
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")),
                name="share_link_days",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "place", "id"],
                condition=Q(stopped_at=None),
                name="share_link_in_order",
            )
        ]

    def __str__(self) -> str:
        return self.name
