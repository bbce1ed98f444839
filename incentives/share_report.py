"""What sharing brings: sums of days kept up to date, and figures of a period beside those before.

An order counts on the day of its payment, in the store at which it came to be, for the person whose
code it names. Orders name the code and no link, and nobody's taps are counted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access, activity, jobs
from accounts.models import Job, Person, Unit
from accounts.units import active_brands
from incentives import share_report_sql
from incentives.models import (
    PlanVersion,
    RewardRule,
    ShareCount,
    SharedArticle,
    ShareDay,
    ShareLink,
    Theme,
)
from incentives.plan_choices import PlanState
from incentives.points_choices import ThemeState
from incentives.rewards_choices import RuleState
from kosops.lib.periods import Month
from kosops.lib.sql import execute, fetch_all
from kosops.ui import formats
from matrix.models import Creator

VIEW = "commission.view"
JOB = "incentives.share_report"
# Rows that were being written when the last run looked.
OVERLAP = dt.timedelta(hours=1)
# So many days go into one statement.
BATCH = 31

jobs.name_counts({"share_days": gettext_lazy("Days worked out")})


# -- queries -------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """Days of a report, the first and the last among them."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Window:
        """As many days, right before."""
        return Window(self.first - dt.timedelta(self.days), self.first - dt.timedelta(1))


@dataclass(frozen=True)
class Measures:
    """What orders by share codes came to; minor units."""

    orders: int = 0
    paid: int = 0
    returned: int = 0
    commission: int = 0
    firsts: int = 0
    repeats: int = 0
    people: int = 0

    @property
    def net(self) -> int:
        return self.paid - self.returned

    @property
    def returned_bp(self) -> int | None:
        return formats.share_bp(self.returned, self.paid)

    @property
    def cost_bp(self) -> int | None:
        return formats.share_bp(self.commission, self.net)


def this_month(today: dt.date) -> Window:
    return Window(today.replace(day=1), today)


def measures(days: QuerySet[ShareDay], window: Window, before: Window) -> list[Measures]:
    """The figures of ``days`` in two windows, in one query."""
    names = ("orders", "paid", "returned", "commission", "firsts", "repeats")
    sums: dict[str, Any] = {}
    for code, each in (("now", window), ("before", before)):
        within = Q(day__range=(each.first, each.last))
        sums |= {f"{code}_{name}": Sum(name, filter=within) for name in names}
        sums[f"{code}_people"] = Count("creator", distinct=True, filter=within)
    either = Q(day__range=(window.first, window.last)) | Q(day__range=(before.first, before.last))
    found = days.filter(either).aggregate(**sums)
    return [
        Measures(**{name: found[f"{code}_{name}"] or 0 for name in (*names, "people")})
        for code in ("now", "before")
    ]


def visible_days(person: Person, brand: Unit, unit: Unit | None) -> QuerySet[ShareDay]:
    rows = ShareDay.objects.for_user(person, VIEW).filter(brand=brand)
    return rows.filter(store__in=_stores(unit)) if unit else rows


def with_sums(
    person: Person, brand: Unit, unit: Unit | None, window: Window, rows: QuerySet[Any]
) -> QuerySet[Any]:
    """People or articles of ``rows`` that orders by share codes name in a window, with the sums.

    One join and narrow rows: the planner groups some ten thousand of them in no time.
    """
    of_window: dict[str, Any] = {
        "share_days__brand": brand,
        "share_days__day__range": (window.first, window.last),
    }
    within = access.reach(person, VIEW)
    if unit is not None or not within.covers(brand):
        stores = Unit.objects.for_user(person, VIEW)
        of_window["share_days__store__in"] = (
            stores.filter(path__startswith=unit.path) if unit else stores
        ).values("pk")
    more = ("pieces",) if rows.model is SharedArticle else ("firsts", "repeats")
    names = ("orders", "paid", "returned", "commission", *more)
    return rows.filter(**of_window).annotate(
        **{f"sum_{name}": Sum(f"share_days__{name}") for name in names},
        net=F("sum_paid") - F("sum_returned"),
    )


def sharers_of(brand: Unit) -> QuerySet[Creator]:
    """Whoever an order of the brand may name: who may see the order may see who shared it."""
    rows = Creator.objects.filter(brand=brand).only("name", "number", "store")
    return rows.prefetch_related("store")


def articles_of(brand: Unit) -> QuerySet[SharedArticle]:
    return SharedArticle.objects.filter(brand=brand)


def link_names(brand: Unit) -> dict[str, str]:
    """By article number, the name of its share link, the latest one."""
    links = ShareLink.objects.filter(brand=brand).exclude(sku="").order_by("pk")
    return dict(links.values_list("sku", "name"))


def worked_out_at(brand: Unit) -> dt.datetime | None:
    found = ShareCount.objects.filter(brand=brand).values_list("worked_out_at", flat=True)
    return found.first()


def _stores(unit: Unit) -> QuerySet[Any]:
    return Unit.objects.filter(path__startswith=unit.path).values("pk")


# -- before and after --------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    """A scheme and the day from which it holds."""

    code: str
    name: str
    day: dt.date


def starts(brand: Unit) -> list[Start]:
    """Plans, themes and reward rules that began, the latest first; fifty of each at most."""
    plans = PlanVersion.objects.filter(brand=brand, state=PlanState.APPROVED).order_by("-valid")
    themes = Theme.objects.filter(brand=brand).exclude(state=ThemeState.DRAFT).order_by("-month")
    rules = RewardRule.objects.filter(brand=brand, state=RuleState.APPROVED).order_by("-period")
    found = [
        *(Start(f"plan-{each.pk}", each.name, each.valid.lower) for each in plans[:50]),
        *(
            Start(f"theme-{each.pk}", each.name, Month.parse(each.month).first_day)
            for each in themes[:50]
        ),
        *(Start(f"rule-{each.pk}", each.name, each.period.lower) for each in rules[:50]),
    ]
    return sorted(found, key=lambda start: (start.day, start.code), reverse=True)


def around(start: Start, days: int, today: dt.date) -> tuple[Window, Window] | None:
    """So many days from the start of a scheme on and right before; of one that runs shorter, as

    many as there are. None before it began.
    """
    last = min(start.day + dt.timedelta(days - 1), today)
    if last < start.day:
        return None
    since = Window(start.day, last)
    return since.before(), since


# -- keeping the sums ----------------------------------------------------------------


@transaction.atomic
def refresh(*, by: Person | None, brand: Unit, anew: bool = False) -> int:
    """Work out the days whose facts changed since the last time, or all ``anew``; how many."""
    ShareCount.objects.get_or_create(brand=brand)
    # Two at once would both delete and both insert.
    mark = ShareCount.objects.select_for_update().get(brand=brand)
    now = timezone.now()
    params: dict[str, Any] = {"brand": brand.pk, "currency": settings.CURRENCY}
    if anew or mark.worked_out_at is None:
        found = fetch_all(share_report_sql.ALL_DAYS, params)
    else:
        since = mark.worked_out_at - OVERLAP
        found = fetch_all(share_report_sql.CHANGED_DAYS, params | {"since": since})
    days = sorted(row["day"] for row in found)
    for at in range(0, len(days), BATCH):
        _work_out(params | {"days": days[at : at + BATCH]})
    mark.worked_out_at = now
    mark.save(update_fields=["worked_out_at"])
    activity.record(
        by=by, verb="share_report.evaluated", object=mark, unit=brand, after={"days": len(days)}
    )
    return len(days)


def _work_out(params: dict[str, Any]) -> None:
    for table in ("incentives_shareday", "incentives_sharearticleday"):
        execute(share_report_sql.FORGET.format(table=table), params)
    for statement in (
        share_report_sql.PEOPLE,
        share_report_sql.NAMES,
        share_report_sql.ARTICLES,
    ):
        execute(statement, params)


def refresh_all() -> None:
    """The nightly run; anew on the first of a month, which also finds orders that changed days."""
    anew = timezone.localdate().day == 1
    for brand in active_brands():
        refresh(by=None, brand=brand, anew=anew)


def start(*, by: Person, brand: Unit) -> Job:
    """Work out the whole report anew in the background."""
    return jobs.start(
        by=by,
        kind=JOB,
        unit=brand,
        label=_("Work out the share report"),
        params={"brand": brand.pk},
    )


@jobs.job_kind(JOB)
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    brand = Unit.objects.get(pk=job.params["brand"])
    return {"share_days": refresh(by=job.created_by, brand=brand, anew=True)}
