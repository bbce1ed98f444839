"""Member prices: who has one in a month, worked out for everybody at once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import scheme_rules, schemes, standing_rules
from incentives.models import Standing, StandingMonth
from incentives.standing_rules import Asked, Work
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from kosops.lib.sql import execute, fetch_one
from matrix.choices import CreatorState
from matrix.models import Creator

# Notes that are online and orders sold of the days between, per person.
_WORK = """
    SELECT c.id AS creator_id, c.kind, c.programme, c.state, c.joined_on,
           (SELECT count(*) FROM content_post p
             WHERE p.creator_id = c.id AND p.state = 'online'
               AND (p.published_at AT TIME ZONE %(zone)s)::date BETWEEN %(first)s AND %(last)s
           ) AS notes,
           (SELECT count(*) FROM customers_order o
             WHERE (o.seller_id = c.id OR o.sharer_id = c.id) AND o.status <> 'closed'
               AND o.business_date BETWEEN %(first)s AND %(last)s
           ) AS orders
      FROM matrix_creator c
     WHERE c.brand_id = %(brand)s
"""

_MONTH = f"""
    INSERT INTO incentives_standingmonth (standing_id, creator_id, month, notes, orders, is_new, met,
                                          decided_at)
    SELECT s.id, w.creator_id, %(month)s, w.notes, w.orders, w.is_new,
           w.is_new OR (w.notes >= s.notes AND w.orders >= s.orders), %(now)s
      FROM incentives_standing s
      JOIN (SELECT work.*, COALESCE(joined_on >= %(first)s, false) AS is_new
              FROM ({_WORK}) work WHERE state = 'active') w
        ON s.creator_kind IN ('', w.kind) AND s.programme IN ('', w.programme)
     WHERE s.brand_id = %(brand)s AND s.active
        ON CONFLICT (standing_id, creator_id, month) DO NOTHING
"""


# -- queries -------------------------------------------------------------------


@dataclass(frozen=True)
class Own:
    """A member price as one person sees it: this month's, and what is missing for the next."""

    standing: Standing
    month: StandingMonth | None
    missing: Work

    @property
    def has(self) -> bool:
        return self.month is not None and self.month.met


def of_brand(brand: Unit, month: Month) -> QuerySet[Standing]:
    """Member prices with ``having`` and ``without``: how many have it in a month, how many not."""
    in_month = Q(months__month=str(month))
    return (
        Standing.objects.filter(brand=brand)
        .annotate(
            having=Count("months", filter=in_month & Q(months__met=True)),
            without=Count("months", filter=in_month & Q(months__met=False)),
        )
        .order_by("name")
    )


def own(creator: Creator, today: dt.date) -> list[Own]:
    """The member prices that are for a person."""
    month = Month.of(today)
    found = list(
        Standing.objects.filter(
            brand=creator.brand_id,
            active=True,
            creator_kind__in=("", creator.kind),
            programme__in=("", creator.programme),
        ).order_by("name")
    )
    if not found:
        return []
    rows = StandingMonth.objects.filter(creator=creator, month=str(month))
    months = {each.standing_id: each for each in rows}
    params = _params(creator.brand, month.first_day, today) | {"creator": creator.pk}
    work = fetch_one(f"SELECT notes, orders FROM ({_WORK} AND c.id = %(creator)s) work", params)
    return [
        Own(
            each,
            months.get(each.pk),
            standing_rules.missing(Asked(each.notes, each.orders), Work(**work)),
        )
        for each in found
    ]


def in_force(brand: Unit, today: dt.date, rows: QuerySet[StandingMonth]) -> QuerySet[StandingMonth]:
    """Those of ``rows`` that say who has which price today, with ``kept`` for `since`.

    Until the month of today is worked out, what the last one decided goes on: nobody loses a price
    between midnight and the nightly run.
    """
    month = Month.of(today)
    decided = StandingMonth.objects.filter(standing=OuterRef("pk"), month=str(month))
    prices = dict(
        Standing.objects.filter(brand=brand)
        .annotate(decided=Exists(decided))
        .values_list("pk", "decided")
    )
    this = [pk for pk, is_decided in prices.items() if is_decided]
    last = [pk for pk, is_decided in prices.items() if not is_decided]
    kept = StandingMonth.objects.filter(
        standing=OuterRef("standing"),
        creator=OuterRef("creator"),
        month__lte=OuterRef("month"),
        met=True,
    )
    return rows.filter(
        Q(standing__in=this, month=str(month)) | Q(standing__in=last, month=str(month.shifted(-1)))
    ).annotate(kept=ArraySubquery(kept.order_by("-month").values("month")))


def entitled() -> Q:
    """Which rows of `in_force` mean that the shop gives the price."""
    return Q(met=True, standing__active=True, creator__state=CreatorState.ACTIVE)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_standing(*, by: Person | None, brand: Unit, **fields: Any) -> Standing:
    """Add a member price; it rests where warnings of the platform rules are to be accepted first.

    Refuses ``asks_nothing``, ``standing_name_taken`` and ``scheme_stopped``.
    """
    if not fields.get("notes", 1) and not fields.get("orders"):
        raise DomainError("asks_nothing", _("Ask for at least one note or one order a month."))
    standing = Standing(brand=brand, **fields)
    if scheme_rules.warnings(schemes.findings_now(standing, None)):
        standing.active = False
    try:
        with transaction.atomic():
            standing.save()
    except IntegrityError as error:
        raise DomainError(
            "standing_name_taken", _("There is already a member price of this name.")
        ) from error
    if standing.active:
        schemes.require(by=by, scheme=standing)
    activity.record(
        by=by, verb="standing.added", object=standing, unit=brand, after={"name": standing.name}
    )
    return standing


@transaction.atomic
def switch(*, by: Person | None, standing: Standing, active: bool) -> Standing:
    """Let a member price rest or take it up again; months that are worked out stay.

    To take it up refuses what `schemes.require` refuses.
    """
    standing = (
        Standing.objects.select_for_update(of=("self",)).select_related("brand").get(pk=standing.pk)
    )
    if standing.active != active:
        if active:
            schemes.require(by=by, scheme=standing)
        standing.active = active
        standing.switched_at = timezone.now()
        standing.save(update_fields=["active", "switched_at"])
        activity.record(
            by=by,
            verb="standing.changed",
            object=standing,
            unit=standing.brand,
            after={"in_use": active},
        )
    return standing


@transaction.atomic
def work_out(*, by: Person | None, brand: Unit, today: dt.date) -> int:
    """Say who has the member prices of this month, by the work of the last one; how many rows.

    Each person and month is decided once: a second call adds only who was not there before.
    """
    month = Month.of(today)
    before = month.shifted(-1)
    params = _params(brand, before.first_day, before.last_day)
    params |= {"month": str(month), "now": timezone.now()}
    added = execute(_MONTH, params)
    if added:
        activity.record(
            by=by,
            verb="standing.evaluated",
            object=brand,
            unit=brand,
            after={"evaluated": added, "month": str(month)},
        )
    return added


def _params(brand: Unit, first: dt.date, last: dt.date) -> dict[str, Any]:
    return {"brand": brand.pk, "zone": settings.TIME_ZONE, "first": first, "last": last}
