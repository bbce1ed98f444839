"""The benefit table: what a tier or a layer brings, from which day to which."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import tiers
from incentives.benefits_choices import BenefitKind
from incentives.models import Benefit
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix.models import Creator

NEEDS_VALUE = (BenefitKind.PRIORITY, BenefitKind.BOOST)


# -- queries -------------------------------------------------------------------


def on(brand: Unit, day: dt.date) -> QuerySet[Benefit]:
    """The benefits that hold on a day."""
    return Benefit.objects.filter(brand=brand, period__contains=day).order_by("id")


def of_tier(brand: Unit, kind: str, tier: str, day: dt.date) -> list[Benefit]:
    """What a tier brings: its own benefits and those of the tiers under it, its own first."""
    if tier not in tiers.TIERS:
        return []
    levels = tiers.TIERS[: tiers.TIERS.index(tier) + 1]
    rows = list(on(brand, day).filter(creator_kind=kind, tier__in=levels))
    return sorted(rows, key=lambda row: (-levels.index(row.tier), row.pk))


def of_creator(creator: Creator, day: dt.date) -> list[Benefit]:
    """What the creator has now: by tier, and by layer."""
    found = of_tier(creator.brand, creator.kind, creator.tier, day)
    if creator.layer:
        rows = on(creator.brand, day).filter(creator_kind=creator.kind, layer=creator.layer)
        found += list(rows)
    return found


def unlocked_by(brand: Unit, kind: str, tier: str, day: dt.date) -> list[Benefit]:
    """What a tier brings that the tier under it does not."""
    return list(on(brand, day).filter(creator_kind=kind, tier=tier)) if tier else []


def priorities(creators: Collection[int], day: dt.date | None = None) -> dict[int, int]:
    """How far ahead each creator stands in selections: the highest weight of their benefits.

    For recruiting and assignments; who has none is left out. One query for all.
    """
    rows = sql.fetch_all(
        """
        SELECT c.id, max(b.value) AS weight
          FROM matrix_creator c
          JOIN incentives_benefit b ON b.brand_id = c.brand_id AND b.creator_kind = c.kind
               AND b.kind = 'priority' AND b.period @> %(day)s
         WHERE c.id = ANY(%(creators)s)
           AND (b.layer <> '' AND b.layer = c.layer
                OR array_position(%(tiers)s::text[], b.tier::text)
                   <= array_position(%(tiers)s::text[], c.tier::text))
         GROUP BY c.id
        """,
        {
            "creators": list(creators),
            "day": day or timezone.localdate(),
            "tiers": list(tiers.TIERS),
        },
    )
    return {row["id"]: row["weight"] for row in rows}


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add(
    *,
    by: Person | None,
    brand: Unit,
    creator_kind: str,
    kind: str,
    title: str,
    text: str = "",
    tier: str = "",
    layer: str = "",
    value: int | None = None,
    first_day: dt.date,
    last_day: dt.date | None = None,
) -> Benefit:
    """Add a benefit. Refuses ``tier_or_layer``, ``value_needed``, ``dates_reversed`` and

    ``starts_in_past``.
    """
    if bool(tier) == bool(layer):
        raise DomainError("tier_or_layer", _("Choose either a tier or a layer."))
    if kind in NEEDS_VALUE and not value:
        raise DomainError("value_needed", _("This kind of benefit needs a figure above zero."))
    if last_day is not None and last_day < first_day:
        raise DomainError("dates_reversed", _("The last day is before the first."), status=400)
    if by is not None and first_day < timezone.localdate():
        raise DomainError("starts_in_past", _("A benefit starts today or later."))
    end = last_day + dt.timedelta(days=1) if last_day else None
    made = Benefit.objects.create(
        brand=brand,
        creator_kind=creator_kind,
        tier=tier,
        layer=layer,
        kind=kind,
        title=title,
        text=text,
        value=value,
        period=DateRange(first_day, end),
        created_by=by,
    )
    activity.record(
        by=by,
        verb="benefit.added",
        object=made,
        unit=brand,
        after={"kind": kind, "tier": tier, "valid_from": first_day.isoformat()},
    )
    return made


@transaction.atomic
def end(*, by: Person, benefit: Benefit) -> Benefit:
    """Let a benefit hold today for the last time. Refuses ``benefit_over``."""
    benefit = Benefit.objects.select_for_update(of=("self",)).get(pk=benefit.pk)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    if benefit.period.upper is not None and benefit.period.upper <= tomorrow:
        raise DomainError("benefit_over", _("This benefit ends today or is over already."))
    benefit.period = DateRange(
        benefit.period.lower, max(tomorrow, benefit.period.lower + dt.timedelta(days=1))
    )
    benefit.save(update_fields=["period"])
    activity.record(
        by=by,
        verb="benefit.ended",
        object=benefit,
        unit=benefit.brand,
        after={"until": timezone.localdate().isoformat()},
    )
    return benefit
