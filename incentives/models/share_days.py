"""What orders by share codes came to per day: sums that can be worked out again at any time."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.models import Creator


class ShareCount(models.Model):
    """Up to when the sums of a brand were worked out."""

    brand = models.OneToOneField(Unit, models.PROTECT, related_name="+")
    worked_out_at = models.DateTimeField(null=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("state of the share report")
        verbose_name_plural = _("states of the share report")

    def __str__(self) -> str:
        return f"{self.brand} {self.worked_out_at}"


class ShareDay(models.Model):
    """Orders of a day and store that name one person's share code; amounts are minor units."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="share_days", db_index=False)
    orders = models.PositiveIntegerField()
    paid = models.BigIntegerField()
    returned = models.BigIntegerField()
    commission = models.BigIntegerField()
    # Orders of buyers who are known: their first of the brand, and later ones.
    firsts = models.PositiveIntegerField()
    repeats = models.PositiveIntegerField()

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("shared orders of a day")
        verbose_name_plural = _("shared orders of days")
        constraints = [
            models.UniqueConstraint("brand", "day", "store", "creator", name="share_day_once"),
            models.CheckConstraint(
                condition=Q(orders__gt=0, orders__gte=F("firsts") + F("repeats")),
                name="share_day_orders",
            ),
            models.CheckConstraint(
                condition=Q(returned__gte=0, returned__lte=F("paid")), name="share_day_returned"
            ),
        ]
        indexes = [models.Index(fields=["creator", "day"], name="share_day_of_creator")]

    def __str__(self) -> str:
        return f"{self.creator_id} {self.day}"


class SharedArticle(models.Model):
    """An article that was bought by a share code, as it was called last."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    sku = models.CharField(_("article number"), max_length=60)
    title = models.CharField(max_length=200, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("shared article")
        verbose_name_plural = _("shared articles")
        constraints = [models.UniqueConstraint("brand", "sku", name="shared_article_once")]

    def __str__(self) -> str:
        return self.title or self.sku


class ShareArticleDay(models.Model):
    """What of an article was bought by share codes on a day in a store."""

    article = models.ForeignKey(
        SharedArticle, models.PROTECT, related_name="share_days", db_index=False
    )
    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    orders = models.PositiveIntegerField()
    pieces = models.IntegerField()
    paid = models.BigIntegerField()
    returned = models.BigIntegerField()
    commission = models.BigIntegerField()

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("shared article of a day")
        verbose_name_plural = _("shared articles of days")
        constraints = [
            models.UniqueConstraint("brand", "day", "store", "article", name="share_article_once"),
            models.CheckConstraint(condition=Q(orders__gt=0), name="share_article_orders"),
        ]
        indexes = [models.Index(fields=["article", "day"], name="share_article_of_article")]

    def __str__(self) -> str:
        return f"{self.article_id} {self.day}"
