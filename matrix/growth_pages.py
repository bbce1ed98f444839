"""How the matrix grew: figures with their trend, and a table of months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.lib.periods import Month
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import Chart, Choice, Kpi, Series
from matrix import figures, growth
from matrix.definitions import MATRIX
from matrix.growth import MonthFigures
from matrix.part import VIEW, Part, part_of, tabs

# Figure, its name, the name of its definition.
FIGURES: dict[str, tuple[Promise, str]] = {
    "people": (gettext_lazy("People"), "people_of_month"),
    "accounts": (gettext_lazy("Public accounts"), "accounts_of_unit"),
    "active": (gettext_lazy("Active accounts"), "active_accounts"),
    "followers": (gettext_lazy("Followers"), "followers_of_month"),
    "notes": (gettext_lazy("Notes"), "notes_of_month"),
    "views": (gettext_lazy("Reach"), "views_of_month"),
}


@dataclass(frozen=True, slots=True)
class Growth:
    """What the page and the pages of units show."""

    months: Sequence[MonthFigures]
    kpis: list[Kpi]
    # The same figures as a short choice, where there is no room for them all.
    choices: list[Choice]
    chart: Chart
    estimated: bool


@require_safe
@login_required
def growth_page(request: HttpRequest) -> HttpResponse:
    """``unit`` is the part of the tree, ``figure`` what the chart shows."""
    access.require(request.user, VIEW)
    part = part_of(request)
    now = timezone.now()
    # The present month is as of now.
    standing = figures.freshen(part.paths, now)
    found = growth_of(request, part.paths, now, part.query)
    context = {
        "part": part,
        "problems": part.problems,
        "growth": found,
        "rows": [_MonthRow(month, part) for month in reversed(found.months)],
        "behind": standing.behind,
        "counted_at": standing.counted_at,
        "definitions": MATRIX,
        "tabs": tabs("growth", part.unit),
    }
    return page_or_fragment(
        request,
        "matrix/growth.html",
        context,
        fragment="matrix/_growth.html",
        status=422 if part.problems else 200,
    )


def growth_of(
    request: HttpRequest, paths: Sequence[str], now: dt.datetime, query: dict[str, int]
) -> Growth:
    """The last twelve months of what lies at and below these paths."""
    months = growth.by_month(paths, now)
    shown = request.GET.get("figure", "")
    shown = shown if shown in FIGURES else "people"
    return Growth(
        months=months,
        kpis=[_kpi(request, months, name, selected=name == shown) for name in FIGURES],
        choices=[
            Choice(
                label=FIGURES[name][0],
                href=address(request.GET, figure=name),
                selected=name == shown,
            )
            for name in ("people", "accounts", "active", "notes", "followers")
        ],
        chart=_chart(months, shown, query),
        estimated=any(month.estimated for month in months),
    )


# -- private -------------------------------------------------------------------


def _kpi(request: HttpRequest, months: Sequence[MonthFigures], name: str, *, selected: bool) -> Kpi:
    label, definition = FIGURES[name]
    now = getattr(months[-1], name) if months else None
    before = getattr(months[-2], name) if len(months) > 1 else None
    # A month that is not over is not held against a whole one.
    stock = name in ("people", "accounts", "followers")
    change = formats.change_bp(now, before) if stock else None
    compared = "" if change is None else _("vs end of last month")
    return Kpi(
        label=label,
        value=None if now is None else formats.short_number(now, get_language()),
        help=MATRIX[definition],
        href=address(request.GET, figure=name),
        selected=selected,
        change_bp=change,
        note=compared if stock else _("this month so far"),
        spark=[getattr(month, name) for month in months],
    )


def _chart(months: Sequence[MonthFigures], name: str, query: dict[str, int]) -> Chart:
    language = get_language()
    label = FIGURES[name][0]
    values = [getattr(month, name) for month in months]
    # What posts say is counted exactly for every month; what is so in a unit only from now on.
    guessed = [month.estimated and name in ("people", "accounts") for month in months]
    known = [None if guess else value for value, guess in zip(values, guessed, strict=True)]
    series = [Series(name=label, values=known)]
    if any(guessed):
        # The two lines meet at the first month that was counted.
        meet = [guess or (i > 0 and guessed[i - 1]) for i, guess in enumerate(guessed)]
        estimate = [value if on else None for value, on in zip(values, meet, strict=True)]
        series.append(Series(name=_("Estimated"), values=estimate, dashed=True))
    return Chart(
        id="growth",
        title=label,
        labels=[formats.day(month.month, language, "month") for month in months],
        axis=[formats.day(month.month, language, "short_month") for month in months],
        series=series,
        links=[_behind(month, name, query) for month in months],
        summary=_("%(label)s at the end of each of the last %(count)s months.")
        % {"label": label, "count": len(months)}
        if name in ("people", "accounts", "followers")
        else _("%(label)s in each of the last %(count)s months.")
        % {"label": label, "count": len(months)},
        open=_("Open the posts of the month"),
    )


def _behind(month: MonthFigures, name: str, query: dict[str, int]) -> str:
    """The posts that make a figure of a month; people and accounts of the past have no list."""
    posts = address_of("content:posts")
    if name not in ("notes", "views", "active") or not posts or not month.notes:
        return ""
    span = Month.of(month.month)
    return posts + address(
        {}, since=span.first_day.isoformat(), until=span.last_day.isoformat(), **query
    )


@dataclass(frozen=True, slots=True)
class _MonthRow:
    """A line of the table with the lists behind its figures."""

    month: MonthFigures
    part: Part

    @property
    def posts(self) -> str:
        return _behind(self.month, "notes", self.part.query)

    def _people(self, name: str, **more: Any) -> str:
        query = address({}, **{name: str(Month.of(self.month.month))}, **more, **self.part.query)
        return reverse("matrix:creators") + query

    @property
    def joined(self) -> str:
        return self._people("joined")

    @property
    def left(self) -> str:
        return self._people("left", state="left")
