"""HQ pages of what sharing brings: by person, by article, before and after a scheme."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from incentives import share_report
from incentives.models import SharedArticle
from incentives.share_definitions import SHARING
from incentives.share_report import VIEW, Measures
from incentives.share_report_filters import (
    SharedArticlesFilter,
    ShareReportFilter,
    SharersFilter,
)
from kosops.ui import formats
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Choice, Kpi
from matrix.filters import unit_choices
from matrix.models import Creator

RUN = "commission.run"
SPANS = (7, 14, 28, 56)


@require_safe
@login_required
def sharers(request: HttpRequest) -> HttpResponse:
    """What sharing brings by person, the figures of the period above it."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    found = SharersFilter(
        request.GET,
        queryset=share_report.sharers_of(brand),
        request=request,
        brand=brand,
    )
    return _report(request, brand, found, "incentives/_sharers.html", {})


@require_safe
@login_required
def shared_articles(request: HttpRequest) -> HttpResponse:
    """The same by article."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    found = SharedArticlesFilter(
        request.GET,
        queryset=share_report.articles_of(brand),
        request=request,
        brand=brand,
    )
    links = share_report.link_names(brand)
    return _report(request, brand, found, "incentives/_shared_articles.html", links)


@require_safe
@login_required
def before_after(request: HttpRequest) -> HttpResponse:
    """The same figures for so many days before and since a scheme began."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    starts = share_report.starts(brand)
    wanted = request.GET.get("scheme", "")
    chosen = next((each for each in starts if each.code == wanted), starts[0] if starts else None)
    span = request.GET.get("days", "")
    days = int(span) if span in {str(each) for each in SPANS} else 28
    today = timezone.localdate()
    around = share_report.around(chosen, days, today) if chosen else None
    rows: list[Compared] = []
    if around:
        visible = share_report.visible_days(request.user, brand, None)
        since, before = share_report.measures(visible, around[1], around[0])
        rows = _compared(before, since)
    context = {
        "starts": starts,
        "chosen": chosen,
        "days": days,
        "spans": [
            Choice(
                label=_("%(n)s days") % {"n": each},
                href=address(request.GET, days=each),
                selected=each == days,
            )
            for each in SPANS
        ],
        "around": around,
        "rows": rows,
        "tabs": _tabs(request, "before"),
        "worked_out_at": share_report.worked_out_at(brand),
    }
    return render(request, "incentives/share_before_after.html", context)


@require_POST
@login_required
def refresh(request: HttpRequest) -> HttpResponse:
    """Work the report out anew in the background."""
    brand = brands.required(request, RUN)
    access.require(request.user, RUN, brand)
    return redirect("accounts:job", share_report.start(by=request.user, brand=brand).pk)


# -- private -------------------------------------------------------------------


def _report(
    request: HttpRequest,
    brand: Unit,
    found: ShareReportFilter,
    fragment: str,
    links: Mapping[str, str],
) -> HttpResponse:
    rows = found.rows()
    window = found.window
    by_article = isinstance(found, SharedArticlesFilter)
    page = found.page(rows)
    context = {
        "page": page,
        "rows": [
            (each, _share(formats.share_bp(each.sum_commission, each.net)), _link(each, links))
            for each in page.rows
        ],
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.unit_chosen),
        "window": window,
        "before": window.before(),
        "tabs": _tabs(request, "articles" if by_article else "people"),
        "by_article": by_article,
        "worked_out_at": share_report.worked_out_at(brand),
        "may_run": access.reach(request.user, RUN).covers(brand),
    }
    if not found.problems:
        days = share_report.visible_days(request.user, brand, found.unit_chosen)
        context["kpis"] = _kpis(*share_report.measures(days, window, window.before()))
    return list_response(
        request, found, context, template="incentives/share_report.html", fragment=fragment
    )


def _tabs(request: HttpRequest, here: str) -> list[Choice]:
    kept = {name: request.GET[name] for name in ("first", "last", "unit") if request.GET.get(name)}
    query = address(kept).removesuffix("?")
    return [
        Choice(label=label, href=reverse(name) + query, selected=code == here)
        for code, label, name in (
            ("people", _("By person"), "incentives:share_report"),
            ("articles", _("By article"), "incentives:share_articles"),
            ("before", _("Before and after"), "incentives:share_before_after"),
        )
    ]


def _share(value: int | None) -> str:
    return "–" if value is None else formats.percent_bp(value, 1)


def _link(row: Creator | SharedArticle, links: Mapping[str, str]) -> str:
    return links.get(row.sku, "") if isinstance(row, SharedArticle) else ""


def _kpis(now: Measures, before: Measures) -> list[Kpi]:
    """The figures that matter first, and how they changed."""

    def changed(name: str) -> int | None:
        return formats.change_bp(getattr(now, name), getattr(before, name))

    money, number = formats.whole_money, formats.number
    returned = _("%(share)s returned") % {"share": _share(now.returned_bp)}
    cost = _("%(share)s of sales") % {"share": _share(now.cost_bp)}
    repeats = _("repeat orders: %(n)s") % {"n": number(now.repeats)}
    return [
        Kpi(
            label=_("Orders"),
            value=number(now.orders),
            change_bp=changed("orders"),
            help=SHARING["share_orders"],
        ),
        Kpi(
            label=_("Net sales"),
            value=money(now.net),
            change_bp=changed("net"),
            note=returned,
            help=SHARING["share_net"],
        ),
        Kpi(
            label=_("Commission"),
            value=money(now.commission),
            change_bp=changed("commission"),
            good="",
            note=cost,
            help=SHARING["share_commission"],
        ),
        Kpi(
            label=_("People with orders"),
            value=number(now.people),
            change_bp=changed("people"),
            help=SHARING["share_people"],
        ),
        Kpi(
            label=_("New buyers"),
            value=number(now.firsts),
            change_bp=changed("firsts"),
            note=repeats,
            help=SHARING["share_firsts"],
        ),
    ]


@dataclass(frozen=True)
class Compared:
    """A row of the table of before and after; shares of a whole have no change of their own."""

    label: str
    help: str
    before: str
    since: str
    change_bp: int | None = None
    good: str = "up"


def _compared(before: Measures, since: Measures) -> list[Compared]:
    money, number = formats.money, formats.number
    rows: list[tuple[str, str, Callable[[Any], str], str]] = [
        (_("Orders"), "orders", number, "up"),
        (_("Net sales"), "net", money, "up"),
        (_("Returned"), "returned_bp", _share, "down"),
        (_("Commission"), "commission", money, ""),
        (_("Cost of sales"), "cost_bp", _share, "down"),
        (_("People with orders"), "people", number, "up"),
        (_("New buyers"), "firsts", number, "up"),
        (_("Repeat orders"), "repeats", number, "up"),
    ]
    return [
        Compared(
            label=label,
            help=str(SHARING[f"share_{name.removesuffix('_bp')}"]),
            before=words(getattr(before, name)),
            since=words(getattr(since, name)),
            change_bp=None
            if name.endswith("_bp")
            else formats.change_bp(getattr(since, name), getattr(before, name)),
            good=good,
        )
        for label, name, words, good in rows
    ]
