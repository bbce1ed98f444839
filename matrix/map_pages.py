"""The account matrix as a map: brand, regions, stores and people as circles, a level at a time.

Drawn by the server as links, so that it works by keyboard, without script, and with the fingers of
one hand; a thousand stores are a level of twelve regions and a level of eighty stores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.lib.htmx import page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address
from matrix import filters, health, tree
from matrix.figures import Figures
from matrix.part import page_of, tabs

# Radius of circles in pixels: of the smallest and of the largest on a level.
SMALL, LARGE = 9, 26
# From this share of its accounts on a unit is shown as one that needs much.
MUCH_BP = 6667


@dataclass(frozen=True, slots=True)
class Circle:
    """A unit or a person on the map. ``tone`` goes with ``sign`` and words, never alone."""

    name: str
    line: str
    words: str
    tone: str
    radius: float
    href: str
    page: str = ""

    @property
    def sign(self) -> str:
        return {"good": "circle-check", "warn": "triangle-alert", "bad": "circle-alert"}.get(
            self.tone, "minus"
        )

    @property
    def size(self) -> int:
        return 2 * LARGE + 4


def map_page(request: HttpRequest) -> HttpResponse:
    """The level under the unit ``at``, or the topmost."""
    asked = request.GET.get("at", "")
    known = asked.isascii() and asked.isdigit() and len(asked) < 19
    if asked and not known:
        raise Http404
    found = tree.level(request.user, at=int(asked) if asked else None, now=timezone.now())
    if found is None:
        raise Http404
    here = found.trail[-1][0] if found.trail else None
    most = max((figures.people for _unit, figures in found.children), default=0)
    context = {
        "here": here,
        "trail": [_circle(unit, figures, 0) for unit, figures in found.trail],
        "circles": [_circle(unit, figures, most) for unit, figures in found.children],
        "people": [_person(row) for row in found.people],
        "hidden": found.hidden,
        "hidden_url": reverse("matrix:creators")
        + address({}, unit=here.pk if here else None, state=filters.CURRENT_STATES),
        "behind": found.behind,
        "counted_at": found.counted_at,
        "twin": _twin(found.trail),
        "tabs": tabs("map"),
    }
    return page_or_fragment(request, "matrix/map.html", context, fragment="matrix/_map.html")


# -- private -------------------------------------------------------------------


def _twin(trail: Sequence[tuple[Unit, Figures]]) -> str:
    """The same level as a table."""
    opened = ",".join(str(unit.pk) for unit, _figures in trail)
    return reverse("matrix:tree") + address({}, open=opened).removesuffix("?")


def _circle(unit: Unit, figures: Figures, most: int) -> Circle:
    share = formats.share_bp(figures.needing, figures.accounts) or 0
    pressing = figures.needs["banned"] + figures.needs["leaver"]
    if not figures.accounts:
        tone, words = "none", _("No account")
    elif not figures.needing:
        tone, words = "good", _("Nothing to do")
    else:
        tone = "bad" if share >= MUCH_BP or pressing * 10 >= figures.accounts else "warn"
        words = ngettext(
            "%(count)s of %(whole)s accounts needs action",
            "%(count)s of %(whole)s accounts need action",
            figures.needing,
        ) % {
            "count": formats.number(figures.needing),
            "whole": formats.number(figures.accounts),
        }
    return Circle(
        name=unit.name,
        line=ngettext("%(count)s person", "%(count)s people", figures.people)
        % {"count": formats.number(figures.people)},
        words=words,
        tone=tone,
        radius=_radius(figures.people, most),
        href=reverse("matrix:tree") + address({}, view="map", at=unit.pk),
        page=page_of(unit) if unit.kind != UnitKind.BRAND else "",
    )


def _person(row: tree.PersonRow) -> Circle:
    needs = [need for need in health.Need if any(need in one.needs for one in row.accounts)]
    pressing = {health.Need.BANNED, health.Need.LEAVER} & set(needs)
    if not row.accounts:
        tone, words = "none", _("No account")
    elif needs:
        tone, words = "bad" if pressing else "warn", health.in_words(needs)
    else:
        tone, words = "good", _("Nothing to do")
    return Circle(
        name=row.creator.name,
        line=row.creator.get_kind_display(),
        words=words,
        tone=tone,
        radius=_radius(len(row.accounts), 4),
        href=reverse("matrix:creator", args=[row.creator.pk]),
    )


def _radius(count: int, most: int) -> float:
    """The area grows with the count."""
    if not most:
        return (SMALL + LARGE) / 2
    return round(max(SMALL, LARGE * math.sqrt(min(count, most) / most)), 1)
