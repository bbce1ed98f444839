"""The HQ overview and the whole "Waiting for you" list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access, brands, first_steps, waiting
from accounts.choices import UnitKind
from accounts.models import Unit
from incentives import tier_runs
from incentives.choices import Tier
from insights import figures, periods
from insights.behind import Behind
from kosops.lib.htmx import page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import Chart, Choice, FunnelStep, Kpi, Series
from matrix.choices import CreatorKind, CreatorState
from matrix.filters import CURRENT_STATES

VIEW = "overview.view"
STORES_PER_PAGE = 10
SORTS = {"sales", "notes", "interactions", "kos", "name", "place"}


@require_safe
@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """What is so, what waits for me, and the stores; all within the part the person may see."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    span = periods.span(request.GET.get("period", ""), timezone.localdate())
    regions = list(
        Unit.objects.for_user(request.user, VIEW)
        .filter(brand=brand, kind=UnitKind.REGION, active=True)
        .order_by("name")
    )
    region = next((unit for unit in regions if str(unit.pk) == request.GET.get("region")), None)
    stores = _store_ids(request, brand, region)
    daily = figures.daily(stores, span)
    metric = request.GET.get("metric", figures.NOTES)
    metric = metric if metric in figures.METRICS else figures.NOTES
    waits = waiting.items_for(request.user)
    behind = Behind(request.user, brand, region)
    context = {
        "brand": brand,
        "span": span,
        "periods": _period_choices(request, span),
        "regions": regions,
        "region": region,
        "kpis": _kpis(request, daily, metric, span),
        "trend": _trend(daily[metric], metric, span, behind),
        "funnel": _funnel(stores, daily, span, behind),
        "first_steps": first_steps.standing(request.user, brand),
        "waiting": waits[:5],
        "waiting_more": max(0, len(waits) - 5),
        "tiers": _tiers(brand, request),
        **_stores(request, stores, span, behind),
    }
    return page_or_fragment(
        request, "insights/overview.html", context, fragment="insights/_overview.html"
    )


def _store_ids(request: HttpRequest, brand: Unit | None, region: Unit | None) -> list[int]:
    stores = Unit.objects.for_user(request.user, VIEW).filter(
        brand=brand, kind=UnitKind.STORE, active=True
    )
    if region is not None:
        stores = stores.filter(path__startswith=region.path)
    return list(stores.values_list("pk", flat=True))


def _period_choices(request: HttpRequest, span: periods.Span) -> list[Choice]:
    return [
        Choice(
            label=label,
            href=address(request.GET, period=code, page=None),
            selected=code == span.code,
        )
        for code, label in periods.LABELS.items()
    ]


# -- key figures ---------------------------------------------------------------


def _labels() -> dict[str, tuple[str, str]]:
    """Label and definition of each metric."""
    return {
        figures.NOTES: (
            _("Notes published"),
            _("Notes and videos of the programme's accounts, by day of publishing."),
        ),
        figures.INTERACTIONS: (
            _("Interactions"),
            _("Likes, saves and comments so far of the notes published in the period."),
        ),
        figures.ORDERS: (
            _("Orders with a seller"),
            _("Orders paid in the period that name who sold them; closed orders do not count."),
        ),
        figures.SALES: (
            _("Attributed sales"),
            _("What customers paid for these orders, less refunds, by day of payment."),
        ),
        figures.COMMISSION: (
            _("Commission"),
            _("Commission of the orders paid in the period, held or payable, less taken back."),
        ),
    }


def _kpis(
    request: HttpRequest, daily: dict[str, figures.Series], chosen: str, span: periods.Span
) -> list[Kpi]:
    note = _("vs %(period)s") % {"period": span.compared_with(get_language())}
    return [
        Kpi(
            label=label,
            value=_shown(metric, daily[metric].total),
            help=definition,
            href=address(request.GET, metric=metric, page=None),
            selected=metric == chosen,
            change_bp=formats.change_bp(daily[metric].total, daily[metric].total_before),
            good="" if metric == figures.COMMISSION else "up",
            note=note,
            spark=daily[metric].now,
            spark_before=daily[metric].before,
        )
        for metric, (label, definition) in _labels().items()
    ]


def _shown(metric: str, value: int | None) -> str | None:
    if value is None:
        return None
    if metric in (figures.SALES, figures.COMMISSION):
        return formats.short_money(value, language=get_language())
    return formats.short_number(value, get_language())


def _trend(series: figures.Series, metric: str, span: periods.Span, behind: Behind) -> Chart:
    language = get_language()
    label = _labels()[metric][0]
    now = formats.day_range_short(span.first, span.last, language)
    before = formats.day_range_short(span.first_before, span.last_before, language)
    of_posts = metric in (figures.NOTES, figures.INTERACTIONS)
    return Chart(
        id="trend",
        title=label,
        labels=[formats.day(day, language, "short") for day in span.days],
        axis=[formats.day(day, language, span.axis_style) for day in span.days],
        series=[
            Series(
                name=now, values=series.now, links=[_rows(behind, metric, d, d) for d in span.days]
            ),
            Series(
                name=before,
                values=series.before[: len(series.now)],
                dashed=True,
                links=[_rows(behind, metric, d, d) for d in span.days_before[: len(series.now)]],
            ),
        ],
        unit="money" if metric in (figures.SALES, figures.COMMISSION) else "number",
        summary=_("%(label)s per day, %(now)s against %(before)s.")
        % {"label": label, "now": now, "before": before},
        open=_("Open the posts of the day") if of_posts else _("Open the orders of the day"),
        href=_rows(behind, metric, span.first, span.last),
        link=_("Open the posts") if of_posts else _("Open the orders"),
    )


def _rows(
    behind: Behind, metric: str, first: dt.date, last: dt.date, store: int | None = None
) -> str:
    """The posts or orders that make a metric."""
    within = {"unit": store} if store else {}
    match metric:
        case figures.NOTES:
            return behind.posts(first, last, **within)
        case figures.INTERACTIONS:
            return behind.posts(first, last, sort="-interactions", **within)
        case figures.COMMISSION:
            # Commission also comes from orders that were only shared.
            return behind.orders(first, last, **within)
        case _:
            return behind.orders(first, last, credited=1, **within)


def _funnel(
    stores: list[int], daily: dict[str, figures.Series], span: periods.Span, behind: Behind
) -> list[FunnelStep]:
    """Notes as figures, then customers as bars on one scale."""
    found = figures.steps(stores, span)
    if found.views is None and found.customers is None:
        return []
    orders = behind.orders(span.first, span.last)
    credited = behind.orders(span.first, span.last, credited=1)
    return [
        FunnelStep(
            label=_("Views"),
            value=found.views,
            help=_("Views so far of the notes published in the period, as platforms count them."),
            href=behind.posts(span.first, span.last),
            as_figure=True,
        ),
        FunnelStep(
            label=_labels()[figures.INTERACTIONS][0],
            value=daily[figures.INTERACTIONS].total,
            help=_labels()[figures.INTERACTIONS][1],
            href=behind.posts(span.first, span.last, sort="-interactions"),
            as_figure=True,
        ),
        FunnelStep(
            label=_("Buyers"),
            value=found.customers,
            help=_(
                "Different customers with an order paid in the period. Orders without a customer"
                " identifier are left out, so the list of orders is longer."
            ),
            href=orders,
            apart=True,
        ),
        FunnelStep(
            label=_("With a seller"),
            value=found.credited,
            help=_("Customers with at least one order that names who sold it."),
            href=credited,
        ),
        FunnelStep(
            label=_("Bought again"),
            value=found.again,
            help=_("Customers with two or more orders of a seller in the period."),
            href=credited,
        ),
    ]


# -- tiers and stores ----------------------------------------------------------


def _tiers(brand: Unit | None, request: HttpRequest) -> dict[str, Any] | None:
    if brand is None:
        return None
    months = tier_runs.head_counts(brand, within=access.reach(request.user, "tiers.view"))
    if not any(sum(month.heads.get(tier, 0) for tier in Tier.values) for month in months):
        return None
    language = get_language()
    behind = Behind(request.user, brand)
    earlier = [""] * (len(months) - 1)
    chart = Chart(
        id="tiers",
        title=_("KOC tiers"),
        labels=[formats.day(m.month.first_day, language, "short_month") for m in months],
        series=[
            Series(
                name=tier.label,
                values=[m.heads.get(tier, 0) for m in months],
                # Who stands where is known by name for today only.
                links=[
                    *earlier,
                    behind.creators(kind=CreatorKind.KOC, tier=tier, state=CURRENT_STATES),
                ],
            )
            for tier in (Tier.JUNIOR, Tier.INTERMEDIATE, Tier.SENIOR)
        ],
        kind="stacked",
        summary=_("Consumer creators at each tier at the end of each month."),
    )
    return {
        "chart": chart,
        "promoted": months[-1].promoted,
        "demoted": months[-1].demoted,
        "month": formats.day(months[-1].month.first_day, language, "month"),
    }


def _stores(
    request: HttpRequest, stores: list[int], span: periods.Span, behind: Behind
) -> dict[str, Any]:
    rows = figures.store_table(stores, span)
    wanted = request.GET.get("q", "").strip().lower()
    if wanted:
        rows = [row for row in rows if wanted in row.name.lower() or wanted == row.code.lower()]
    sort = request.GET.get("sort", "place")
    name = sort.removeprefix("-")
    if name in SORTS:
        rows.sort(key=lambda row: _sort_key(row, name), reverse=sort.startswith("-"))
    best = max((row.sales for row in rows), default=0)
    page = Paginator(rows, STORES_PER_PAGE).get_page(request.GET.get("page"))
    for row in page.object_list:
        row.share = formats.percent_bp(formats.share_bp(row.sales, best) or 0, 0)
        row.behind = _behind_store(row, span, behind)
    return {
        "page": page,
        "store_count": len(rows),
        "best": best,
        "q": request.GET.get("q", ""),
    }


def _behind_store(row: figures.StoreRow, span: periods.Span, behind: Behind) -> dict[str, str]:
    """The lists behind each figure of a store."""
    return {
        "people": behind.creators(unit=row.id, state=CURRENT_STATES),
        "kos": behind.creators(unit=row.id, kind=CreatorKind.KOS, state=CreatorState.ACTIVE),
        **{
            metric: _rows(behind, metric, span.first, span.last, row.id)
            for metric in (figures.NOTES, figures.INTERACTIONS, figures.SALES)
        },
    }


def _sort_key(row: figures.StoreRow, name: str) -> Any:
    value = getattr(row, name)
    return (value is not None, value) if name != "name" else value


@require_safe
@login_required
def approvals(request: HttpRequest) -> HttpResponse:
    """All that waits for the person."""
    access.require(request.user, VIEW)
    return render(request, "insights/approvals.html", {"waiting": waiting.items_for(request.user)})
