"""The dated versions of a brand's tier rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import tier_names, tiers
from incentives.models import LadderVersion
from incentives.tiers import Ladder, LadderFault
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind

FAULTS = {
    "missing": _("%(field)s is missing."),
    "unknown_field": _("%(field)s is not a part of tier rules."),
    "not_known": _("%(field)s: “%(value)s” is not known."),
    "not_a_number": _("%(field)s: “%(value)s” is not a whole number."),
    "too_small": _("%(field)s: %(value)s is too small; the least is %(limit)s."),
    "too_large": _("%(field)s: %(value)s is too large; the most is %(limit)s."),
    "wrong_order": _("%(field)s: name each tier once, in this order: %(value)s."),
    "too_long": _("%(field)s has at most %(limit)s letters."),
    "repeated": _("%(field)s asks for the same as a condition above it."),
    "empty": _("%(field)s needs at least one condition, or everybody would reach the tier."),
}


def ladder_on(brand: Unit, kind: str, day: dt.date) -> LadderVersion | None:
    """The version of the brand's ladder for ``kind`` that is in force on ``day``."""
    return (
        LadderVersion.objects.filter(brand=brand, creator_kind=kind, valid_from__lte=day)
        .order_by("-valid_from")
        .first()
    )


def ladders_on(brand: Unit, day: dt.date) -> list[LadderVersion]:
    """The ladders in force on ``day``, KOC before KOS."""
    return list(
        LadderVersion.objects.filter(brand=brand, valid_from__lte=day)
        .order_by("creator_kind", "-valid_from")
        .distinct("creator_kind")
    )


def coming_ladders(brand: Unit, day: dt.date) -> list[LadderVersion]:
    """Versions that will take effect after ``day``, soonest first."""
    return list(
        LadderVersion.objects.filter(brand=brand, valid_from__gt=day).order_by("valid_from")
    )


def rules_of(version: LadderVersion) -> Ladder:
    return tiers.ladder_from_json(version.rules)


def checked(rules: Any) -> Ladder:
    """Read ladder rules in JSON form; refuses ``invalid_ladder`` and names the field."""
    try:
        return tiers.ladder_from_json(rules)
    except LadderFault as fault:
        raise DomainError(
            "invalid_ladder",
            FAULTS[fault.problem],
            status=422,
            field=fault.field,
            problem=fault.problem,
            **fault.params,
        ) from fault


@transaction.atomic
def save_ladder(
    *, by: Person | None, brand: Unit, kind: str, rules: Any, valid_from: dt.date
) -> LadderVersion:
    """Keep new tier rules for a kind of creator from a day on; nothing moves before that day.

    Refuses ``invalid_ladder``, ``ladder_starts_in_past``, ``ladder_unchanged`` and
    ``ladder_version_taken``. A brand's first version may start in the past.
    """
    if kind not in CreatorKind.values:
        raise DomainError("unknown_kind", _("“%(kind)s” is not a kind of creator."), kind=kind)
    ladder = checked(rules)
    before = LadderVersion.objects.filter(brand=brand, creator_kind=kind).order_by("-valid_from")
    if before.exists() and valid_from < timezone.localdate():
        raise DomainError(
            "ladder_starts_in_past",
            _("New rules start today or later, so that past decisions stay explained."),
        )
    current = before.filter(valid_from__lte=valid_from).first()
    if current and rules_of(current) == ladder:
        raise DomainError(
            "ladder_unchanged", _("These are the rules that are in force on that day already.")
        )
    version = LadderVersion(
        brand=brand,
        creator_kind=kind,
        valid_from=valid_from,
        rules=tiers.ladder_to_json(ladder),
        created_by=by,
    )
    try:
        with transaction.atomic():
            version.save()
    except IntegrityError as error:
        raise DomainError(
            "ladder_version_taken",
            _("There are already new rules from %(day)s. Choose another day."),
            day=valid_from.isoformat(),
        ) from error
    tier_names.forget()
    activity.record(
        by=by,
        verb="ladder.saved",
        object=version,
        unit=brand,
        before={"rules": current.rules} if current else None,
        after={"rules": version.rules, "valid_from": valid_from.isoformat()},
    )
    return version


@transaction.atomic
def start_ladders(*, by: Person | None, brand: Unit, valid_from: dt.date) -> list[LadderVersion]:
    """Give a brand the standard ladders for the kinds of creator that have none yet."""
    having = set(LadderVersion.objects.filter(brand=brand).values_list("creator_kind", flat=True))
    return [
        save_ladder(
            by=by, brand=brand, kind=kind, rules=tiers.standard_rules(kind), valid_from=valid_from
        )
        for kind in CreatorKind.values
        if kind not in having
    ]
