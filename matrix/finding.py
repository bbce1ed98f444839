"""What the search box finds in the account matrix: people, regions and stores."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.ui import finding
from matrix.models import Creator
from matrix.part import page_of

VIEW = "matrix.view"


def creators(person: Any, words: str, limit: int) -> list[finding.Hit]:
    """KOS and KOC by part of the name, start of the number or share code; whole names first."""
    rows = (
        Creator.objects.for_user(person, VIEW)
        .filter(
            Q(name__icontains=words) | Q(number__istartswith=words) | Q(share_code__iexact=words)
        )
        .annotate(is_whole=Q(name__iexact=words) | Q(number__iexact=words))
        .select_related("store")
        .order_by("-is_whole", "name", "pk")[:limit]
    )
    return [
        finding.Hit(
            label=row.name,
            href=reverse("matrix:creator", args=[row.pk]),
            note=_("%(kind)s · %(number)s · %(store)s")
            % {"kind": row.get_kind_display(), "number": row.number, "store": row.store.name},
            icon="user",
        )
        for row in rows
    ]


def units(person: Any, words: str, limit: int) -> list[finding.Hit]:
    """Regions and stores by part of the name or by their code."""
    rows = (
        Unit.objects.for_user(person, VIEW)
        .filter(Q(name__icontains=words) | Q(code__iexact=words), active=True)
        .exclude(kind=UnitKind.BRAND)
        .order_by("name", "pk")[:limit]
    )
    return [
        finding.Hit(
            label=row.name,
            href=page_of(row),
            note=_("%(kind)s · %(code)s") % {"kind": row.get_kind_display(), "code": row.code},
            icon="store" if row.kind == UnitKind.STORE else "map-pin",
        )
        for row in rows
    ]


def register() -> None:
    finding.register(
        finding.Finder(
            code="creators",
            heading=gettext_lazy("Creators"),
            permission=VIEW,
            find=creators,
            order=10,
        )
    )
    finding.register(
        finding.Finder(
            code="units",
            heading=gettext_lazy("Regions and stores"),
            permission=VIEW,
            find=units,
            order=20,
        )
    )
    finding.register_action(
        finding.Action(
            label=gettext_lazy("Platforms"),
            url_name="matrix:platforms",
            icon="globe",
            permission=VIEW,
            order=60,
        )
    )
