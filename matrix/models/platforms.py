"""The platforms of a brand: those that the product ships, switched on or off, and its own."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import REGULATED, Domain, Platform, Trade

CODE_LENGTH = 20
KEY = "matrix.platforms"
# How long the shared copy lives at the longest, and the copy of one process: a name that was
# changed elsewhere may be read for so many seconds more.
SHARED_SECONDS = 600
OWN_SECONDS = 5.0


class BrandPlatform(models.Model):
    """What a brand says of a platform. A shipped one has a row only once something was changed.

    A platform of the brand's own has a name, a shipped one none: it is translated. ``advice`` holds
    the brand's own words by trade.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="platforms")
    code = models.SlugField(max_length=CODE_LENGTH)
    name = models.CharField(max_length=40, blank=True)
    domain = models.CharField(max_length=7, choices=Domain.choices)
    in_use = models.BooleanField(default=True)
    order = models.PositiveSmallIntegerField(default=100)
    advice = models.JSONField(default=dict, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("platform")
        verbose_name_plural = _("platforms")
        constraints = [
            models.UniqueConstraint("brand", "code", name="brand_platform_code_once"),
            models.UniqueConstraint(
                "brand", "name", condition=~Q(name=""), name="brand_platform_name_once"
            ),
            # A code of a brand's own never means a platform that the product knows.
            models.CheckConstraint(
                condition=Q(name="", code__in=Platform.values)
                | (~Q(name="") & ~Q(code__in=Platform.values)),
                name="brand_platform_own_has_name",
            ),
        ]

    def __str__(self) -> str:
        return str(label_of(self.brand_id, self.code)) if not self.name else self.name


class BrandTrade(models.Model):
    """What a brand deals in; without a row nobody has said so yet."""

    brand = models.OneToOneField(Unit, models.PROTECT, related_name="trade")
    trade = models.CharField(max_length=20, choices=Trade.choices)
    # Posts from then on are reviewed by a second person (K21); nothing earlier is.
    regulated_from = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("trade of a brand")
        verbose_name_plural = _("trades of brands")
        constraints = [
            models.CheckConstraint(
                condition=Q(trade__in=sorted(REGULATED), regulated_from__isnull=False)
                | (~Q(trade__in=sorted(REGULATED)) & Q(regulated_from=None)),
                name="brand_trade_regulated_from",
            )
        ]

    def __str__(self) -> str:
        return str(self.get_trade_display())


# -- what every row of a list asks ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A row of `BrandPlatform` as the lists need it."""

    code: str
    name: str
    domain: str
    in_use: bool
    order: int


ByBrand = dict[int, dict[str, Known]]
_mine: list[tuple[float, ByBrand]] = []


def changed_by_brands() -> ByBrand:
    """What all brands say of platforms, by brand and code: a few dozen rows, asked for seldom."""
    if _mine and time.monotonic() - _mine[0][0] < OWN_SECONDS:
        return _mine[0][1]
    found = cache.get(KEY)
    if found is None:
        found = {}
        rows = BrandPlatform.objects.values_list(
            "brand_id", "code", "name", "domain", "in_use", "order"
        )
        for brand_id, code, name, domain, in_use, order in rows:
            found.setdefault(brand_id, {})[code] = Known(code, name, domain, in_use, order)
        cache.set(KEY, found, SHARED_SECONDS)
    _mine[:] = [(time.monotonic(), found)]
    return found


def forget() -> None:
    """Ask the database again; whoever changed a platform calls this, again after the commit."""
    _mine.clear()
    cache.delete(KEY)


def label_of(brand_id: int | None, code: str) -> str | Promise:
    """The name of a platform as people of this brand read it; the code itself of an unknown one."""
    if code in Platform:
        return Platform(code).label
    known = changed_by_brands().get(brand_id or 0, {}).get(code)
    return known.name if known else code


class PlatformField(models.CharField):
    """The code of a platform, shipped or of the row's own brand; the row has ``brand``."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(
            *args, **{**options, "max_length": CODE_LENGTH, "choices": Platform.choices}
        )

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """A plain text to the migrations: which platforms there are is no matter of the schema."""
        name, _path, args, options = super().deconstruct()
        options.pop("choices", None)
        return name, "django.db.models.CharField", list(args), options

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        def display(row: Any) -> str:
            return str(label_of(row.brand_id, getattr(row, name)))

        setattr(cls, f"get_{name}_display", display)
        super().contribute_to_class(cls, name, private_only)

    @property
    def flatchoices(self) -> list[tuple[str, Any]]:  # type: ignore[override]
        """With the names of all brands' own, for the admin and the activity log."""
        own = [each for rows in changed_by_brands().values() for each in rows.values() if each.name]
        return [*Platform.choices, *((each.code, each.name) for each in own)]

    def validate(self, value: Any, model_instance: Any) -> None:
        brand_id = getattr(model_instance, "brand_id", None)
        if value not in Platform and value not in changed_by_brands().get(brand_id or 0, {}):
            raise ValidationError(_("The brand has no platform with this code."))

    def formfield(self, **options: Any) -> forms.Field:  # type: ignore[override]
        return forms.CharField(label=self.verbose_name, max_length=CODE_LENGTH)
