"""The part of the tree that a page is about, and the pages of the matrix side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import access
from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.lib.htmx import address_of
from kosops.ui.listing import address
from kosops.ui.parts import Choice
from matrix.filters import unit_choices

VIEW = "matrix.view"


@dataclass(frozen=True, slots=True)
class Part:
    """All units that a person sees, or those of the region or store chosen in the address.

    ``paths`` are those of its topmost units: all that lies at and below them is the part.
    """

    unit: Unit | None
    paths: Sequence[str]
    units: Any
    problems: Sequence[str] = ()

    @property
    def query(self) -> dict[str, int]:
        """What leads from a figure to its rows within this part."""
        return {"unit": self.unit.pk} if self.unit else {}


def part_of(request: HttpRequest) -> Part:
    """Reads ``?unit=``; one that the person cannot see is no unit, and none of theirs is shown."""
    visible = Unit.objects.for_user(request.user, VIEW)
    asked = request.GET.get("unit", "")
    unit, problems = None, []
    if asked:
        known = asked.isascii() and asked.isdigit() and len(asked) < 19
        unit = visible.filter(pk=int(asked)).first() if known else None
        if unit is None:
            problems = [_("There is no region or store “%(value)s”.") % {"value": asked[:40]}]
    paths: Sequence[str] = ()
    if not problems:
        paths = [unit.path] if unit else access.reach(request.user, VIEW).prefixes
    return Part(unit, paths, partial(unit_choices, request, VIEW, unit), problems)


def tabs(selected: str, unit: Unit | None = None) -> list[Choice]:
    """The pages of the matrix; the part chosen on one goes along to the next."""
    part = address({}, unit=unit.pk if unit else None).removesuffix("?")
    found = [
        ("tree", _("Tree"), reverse("matrix:tree")),
        ("map", _("Map"), reverse("matrix:tree") + "?view=map"),
        ("grid", _("Grid"), address_of("matrix:grid") and address_of("matrix:grid") + part),
        ("growth", _("Growth"), address_of("matrix:growth") and address_of("matrix:growth") + part),
        ("assets", _("Assets"), address_of("matrix:assets") and address_of("matrix:assets") + part),
        ("stores", _("Stores"), reverse("matrix:stores") + part),
    ]
    return [
        Choice(label=label, href=href, selected=code == selected)
        for code, label, href in found
        if href
    ]


def page_of(unit: Unit) -> str:
    """Where a unit has a page of its own: stores and regions; a brand is the tree itself."""
    if unit.kind == UnitKind.BRAND:
        return reverse("matrix:tree")
    return reverse(
        "matrix:store" if unit.kind == UnitKind.STORE else "matrix:region", args=[unit.pk]
    )
