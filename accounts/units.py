"""The unit tree: finding units and placing new ones."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import StoreKind, UnitKind
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError

# A unit of this kind may stand under these kinds.
PARENTS = {
    UnitKind.REGION: {UnitKind.BRAND, UnitKind.REGION},
    UnitKind.STORE: {UnitKind.BRAND, UnitKind.REGION},
}


@transaction.atomic
def add_unit(
    *,
    by: Person | None,
    kind: str,
    code: str,
    name: str,
    parent: Unit | None = None,
    store_kind: str = "",
    city: str = "",
) -> Unit:
    """Place a new unit. Refuses ``wrong_parent`` and ``unit_code_taken``."""
    check_parent(kind, parent)
    brand = parent.brand or parent if parent else None
    taken = Unit.objects.filter(code=code, brand=brand)
    if kind == UnitKind.BRAND:
        taken = Unit.objects.filter(code=code, kind=UnitKind.BRAND)
    if taken.exists():
        raise DomainError(
            "unit_code_taken", _("The code %(code)s is already used by another unit."), code=code
        )
    unit = Unit(
        kind=kind,
        code=code,
        name=name,
        parent=parent,
        brand=brand,
        city=city,
        store_kind=(store_kind or StoreKind.PHYSICAL) if kind == UnitKind.STORE else "",
    )
    unit.save()
    unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
    unit.brand = brand or unit
    unit.save(update_fields=["path", "brand"])
    activity.record(
        by=by, verb="unit.added", object=unit, unit=unit, after={"kind": kind, "code": code}
    )
    return unit


def check_parent(kind: str, parent: Unit | None) -> None:
    if kind == UnitKind.BRAND:
        fits = parent is None
    else:
        fits = parent is not None and parent.kind in PARENTS[UnitKind(kind)]
    if not fits:
        raise DomainError("wrong_parent", _("A unit of this kind cannot stand there."))
