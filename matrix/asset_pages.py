"""The asset ledger at HQ: what the company holds, and what it would lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Unit
from kosops.lib.htmx import address_of, page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import Text
from matrix import holdings
from matrix.choices import Ownership
from matrix.holdings import Figure, Ledger, Source
from matrix.part import VIEW, Part, page_of, part_of, tabs

# What becomes of it when the person goes.
FATE: dict[str, tuple[Promise, str]] = {
    Ownership.COMPANY_OPENED: (_("Stays with the company"), "good"),
    Ownership.EMPLOYEE_AUTHORISED: (_("Stays while it is authorised"), "warn"),
    Ownership.PERSONAL: (_("Goes with the person"), "bad"),
}
UNITS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure with its change against last month and the way to its rows."""

    label: Text
    figure: Figure
    href: str = ""
    share_bp: int | None = None

    @property
    def change_bp(self) -> int | None:
        return formats.change_bp(self.figure.now, self.figure.before)


@dataclass(frozen=True, slots=True)
class Line:
    label: Text
    note: Text
    tone: str
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A unit under the part shown: of each asset how much stays, of how much."""

    unit: Unit
    href: str
    cells: Sequence[tuple[Text, int, int, int | None]]


@require_safe
@login_required
def asset_page(request: HttpRequest) -> HttpResponse:
    """``unit`` is the part of the tree."""
    access.require(request.user, VIEW)
    part = part_of(request)
    now = timezone.now()
    sources = [
        source for source in holdings.sources() if access.reach(request.user, source.permission)
    ]
    top, shown = _right_under(request, part)
    found, parts = holdings.ledgers(part.paths, top, now)
    context = {
        "part": part,
        "problems": part.problems,
        "heads": [(source.asset.label, source.help) for source in sources],
        "lines": [_line(found, ownership, sources, part) for ownership in Ownership],
        "total": [
            Cell(source.asset.label, found.whole(source.asset), _rows(source, None, part))
            for source in sources
        ],
        "units": [
            UnitLine(unit, page_of(unit), _held(parts.get(unit.pk, Ledger()), sources))
            for unit in shown
        ],
        "counted_at": found.counted_at,
        "tabs": tabs("assets", part.unit),
    }
    return page_or_fragment(
        request,
        "matrix/assets.html",
        context,
        fragment="matrix/_assets.html",
        status=422 if part.problems else 200,
    )


# -- private -------------------------------------------------------------------


def _line(found: Ledger, ownership: Ownership, sources: Sequence[Source], part: Part) -> Line:
    note, tone = FATE[ownership]
    return Line(
        label=ownership.label,
        note=note,
        tone=tone,
        cells=[
            Cell(
                label=source.asset.label,
                figure=(figure := found.figure(source.asset, ownership)),
                href=_rows(source, ownership, part) if figure.now else "",
                share_bp=formats.share_bp(figure.now, found.whole(source.asset).now),
            )
            for source in sources
        ],
    )


def _rows(source: Source, ownership: str | None, part: Part) -> str:
    """The list of what a figure counts, where this installation has one."""
    rows = address_of(source.url_name) if source.url_name else ""
    return rows + address({}, ownership=ownership, **part.query).removesuffix("?") if rows else ""


def _right_under(request: HttpRequest, part: Part) -> tuple[Unit | None, list[Unit]]:
    """The top of the part and what stands right under it: regions, or the stores of a region."""
    if part.problems:
        return None, []
    visible = Unit.objects.for_user(request.user, VIEW).filter(active=True)
    top = part.unit or visible.filter(kind="brand").first()
    children = visible.filter(parent=top) if top else visible.filter(kind="store")
    return top, list(children.order_by("name")[:UNITS_SHOWN])


def _held(found: Ledger, sources: Sequence[Source]) -> list[tuple[Text, int, int, int | None]]:
    cells = []
    for source in sources:
        whole = found.whole(source.asset).now
        held = whole - found.figure(source.asset, Ownership.PERSONAL).now
        cells.append((source.asset.label, held, whole, formats.share_bp(held, whole)))
    return cells
