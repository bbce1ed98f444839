"""Commission plans: dated versions that are never edited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from customers import intake
from incentives.commission import Rate
from incentives.models import PlanRate, PlanVersion
from kosops.lib.errors import DomainError
from kosops.lib.money import BASIS_POINTS


@dataclass(frozen=True)
class NewRate:
    """A rate to be saved with a plan version; empty text means any."""

    role: str
    rate_bp: int
    category: str = ""
    tier: str = ""
    creator_kind: str = ""


def rates_of(version: PlanVersion) -> list[Rate]:
    """The rates of a version in the form that the rule reads."""
    return [
        Rate(
            id=rate.pk,
            role=rate.role,
            rate_bp=rate.rate_bp,
            category=rate.category,
            tier=rate.tier,
            kind=rate.creator_kind,
        )
        for rate in version.rates.order_by("pk")
    ]


def in_force(brand: Unit, day: dt.date) -> PlanVersion | None:
    """The version that applies to orders paid on ``day``."""
    return PlanVersion.objects.filter(brand=brand, valid__contains=day).first()


@transaction.atomic
def save_version(
    *,
    by: Person | None,
    brand: Unit,
    name: str,
    valid_from: dt.date,
    rates: Sequence[NewRate],
    valid_until: dt.date | None = None,
    hold_days: int = 15,
    cap_bp: int = 3000,
) -> PlanVersion:
    """Add a version from ``valid_from`` (to the day ``valid_until``, if given).

    An open-ended version before it ends the day before. The next run looks at orders of the days
    that change again: what is credited keeps its rate, what was not may be now. Refuses
    `plan_overlaps` naming the other version, `dates_reversed`, `no_rates`, `repeated_rate`,
    `cap_out_of_range` and `rate_above_cap`.
    """
    _check_rates(rates, cap_bp)
    # Two new versions at once would each see no other.
    Unit.objects.select_for_update(no_key=True).get(pk=brand.pk)
    end = valid_until + dt.timedelta(days=1) if valid_until else None
    if end is not None and end <= valid_from:
        raise DomainError("dates_reversed", _("The last day is before the first."), status=400)
    before = (
        PlanVersion.objects.select_for_update()
        .filter(brand=brand, valid__startswith__lt=valid_from, valid__upper_inf=True)
        .first()
    )
    if before is not None:
        before.valid = DateRange(before.valid.lower, valid_from)
        before.save(update_fields=["valid"])
    other = PlanVersion.objects.filter(
        brand=brand, valid__overlap=DateRange(valid_from, end)
    ).first()
    if other is not None:
        raise DomainError(
            "plan_overlaps",
            _("The plan “%(other)s” already applies on some of these days."),
            other=other.name,
        )
    version = PlanVersion.objects.create(
        brand=brand,
        name=name,
        valid=DateRange(valid_from, end),
        hold_days=hold_days,
        cap_bp=cap_bp,
        created_by=by,
    )
    PlanRate.objects.bulk_create(
        PlanRate(
            version=version,
            role=rate.role,
            category=rate.category,
            tier=rate.tier,
            creator_kind=rate.creator_kind,
            rate_bp=rate.rate_bp,
        )
        for rate in rates
    )
    # Days behind the new version lose the plan that was cut short, and with it its cap.
    intake.look_again(brand=brand, first=valid_from, until=None if before else end)
    activity.record(
        by=by,
        verb="commission_plan.saved",
        object=version,
        unit=brand,
        after={"valid_from": valid_from.isoformat(), "hold_days": hold_days, "cap_bp": cap_bp},
    )
    return version


def _check_rates(rates: Sequence[NewRate], cap_bp: int) -> None:
    if not rates:
        raise DomainError("no_rates", _("A plan needs at least one rate."), status=400)
    if not 0 <= cap_bp <= BASIS_POINTS:
        raise DomainError(
            "cap_out_of_range", _("The cap must lie between 0 and 100 percent."), status=400
        )
    places = {(rate.role, rate.category, rate.tier, rate.creator_kind) for rate in rates}
    if len(places) < len(rates):
        raise DomainError("repeated_rate", _("Two rates are for the same case."), status=400)
    if any(not 0 <= rate.rate_bp <= cap_bp for rate in rates):
        raise DomainError(
            "rate_above_cap",
            _("A rate must lie between 0 and the plan's cap of %(cap)s %%."),
            status=400,
            cap=f"{cap_bp / 100:g}",
        )
