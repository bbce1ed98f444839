"""Filters of the share report: days, region or store, and whom or what."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.forms import DateInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from incentives import share_report
from incentives.models import SharedArticle
from incentives.share_report import VIEW, Window
from kosops.ui.listing import ListColumn, ListFilter
from matrix.filters import UnitFilter, called
from matrix.models import Creator


class _Unit(UnitFilter):
    """Which orders count, not which rows: the sums ask for it."""

    def filter(self, qs: QuerySet[Any], value: Unit | None) -> QuerySet[Any]:
        return qs


def _day(label: Any) -> django_filters.DateFilter:
    return django_filters.DateFilter(
        label=label, method="as_it_is", widget=DateInput(attrs={"type": "date"})
    )


class ShareReportFilter(ListFilter):
    """Rows with the sums of a window; of this month where no days are named."""

    def __init__(self, *args: Any, brand: Unit, **more: Any) -> None:
        super().__init__(*args, **more)
        self.brand = brand

    @property
    def window(self) -> Window:
        usual = share_report.this_month(timezone.localdate())
        chosen = self.active
        first, last = chosen.get("first", usual.first), chosen.get("last", usual.last)
        return Window(min(first, last), max(first, last))

    @property
    def unit_chosen(self) -> Unit | None:
        return self.active.get("unit")

    def as_it_is(self, rows: QuerySet[Any], _name: str, _value: Any) -> QuerySet[Any]:
        return rows

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        person = self.request.user
        return share_report.with_sums(person, self.brand, self.unit_chosen, self.window, rows)


_FIGURES = [
    ListColumn(
        code="orders", define="share_orders", label=_("Orders"), numeric=True, sort="orders"
    ),
    ListColumn(code="net", define="share_net", label=_("Net sales"), numeric=True, sort="net"),
    ListColumn(code="returned", define="share_returned", label=_("Returned"), numeric=True),
    ListColumn(
        code="commission",
        define="share_commission",
        label=_("Commission"),
        numeric=True,
        sort="commission",
    ),
    ListColumn(code="cost", define="share_cost", label=_("Cost of sales"), numeric=True),
]
_SORTS = {"orders": "sum_orders", "net": "net", "commission": "sum_commission"}


class SharersFilter(ShareReportFilter):
    """People whose code orders name."""

    sorts = _SORTS
    default_sort = "-net"
    columns = [
        ListColumn(code="person", label=_("Person")),
        *_FIGURES,
        ListColumn(code="firsts", define="share_firsts", label=_("New buyers"), numeric=True),
        ListColumn(code="repeats", define="share_repeats", label=_("Repeat orders"), numeric=True),
    ]

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name", max_length=80)
    unit = _Unit(path_field="", permission=VIEW)
    first = _day(_("From"))
    last = _day(_("Until"))

    class Meta:
        model = Creator
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(pk__in=called(value))


class SharedArticlesFilter(ShareReportFilter):
    """Articles that were bought by share codes."""

    sorts = _SORTS
    default_sort = "-net"
    columns = [
        ListColumn(code="article", label=_("Article")),
        *_FIGURES,
        ListColumn(code="pieces", define="share_pieces", label=_("Pieces"), numeric=True),
    ]

    q = django_filters.CharFilter(label=_("Name or article number"), method="by_name")
    unit = _Unit(path_field="", permission=VIEW)
    first = _day(_("From"))
    last = _day(_("Until"))

    class Meta:
        model = SharedArticle
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(title__icontains=value) | Q(sku=value))
