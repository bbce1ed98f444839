"""The unit tree: placing new units, moving old ones, and reading paths."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Concat, Length, Substr
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


def ids_in(path: str) -> list[int]:
    """The ids of all units above the one with this path, the topmost first, and its own last."""
    return [int(part) for part in path.strip("/").split("/")]


def active_brands() -> QuerySet[Unit]:
    """The brands that work of the night is done for, in a fixed order."""
    return Unit.objects.filter(kind=UnitKind.BRAND, active=True).order_by("pk")


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
    if parent is not None:
        parent = _held_still(parent)
    check_parent(kind, parent)
    unit = Unit(
        kind=kind,
        code=code,
        name=name,
        parent=parent,
        brand=parent.brand if parent else None,
        city=city,
        store_kind=(store_kind or StoreKind.PHYSICAL) if kind == UnitKind.STORE else "",
    )
    try:
        with transaction.atomic():
            unit.save()
            unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
            unit.brand = unit.brand or unit
            unit.save(update_fields=["path", "brand"])
    except IntegrityError as error:
        raise _code_taken(code) from error
    activity.record(
        by=by, verb="unit.added", object=unit, unit=unit, after={"kind": kind, "code": code}
    )
    return unit


@transaction.atomic
def move_unit(*, by: Person | None, unit: Unit, to: Unit) -> Unit:
    """Hang a unit with everything below it under another parent of the same brand.

    Orders, posts and people keep their unit and so move with it: what a grant reaches changes at
    once. Refuses ``wrong_parent``, ``other_brand`` and ``own_subtree``.
    """
    to = _held_still(to)
    unit = Unit.objects.select_related("parent").get(pk=unit.pk)
    check_move(unit, to)
    if unit.parent_id == to.pk:
        return unit
    old_path, new_path, old_parent = unit.path, f"{to.path}{unit.pk}/", unit.parent
    Unit.objects.filter(path__startswith=old_path).update(
        path=Concat(Value(new_path), Substr(F("path"), Length(Value(old_path)) + 1))
    )
    Unit.objects.filter(pk=unit.pk).update(parent=to)
    unit.refresh_from_db()
    activity.record(
        by=by,
        verb="unit.moved",
        object=unit,
        unit=unit,
        before={"parent": old_parent.code if old_parent else None},
        after={"parent": to.code},
    )
    return unit


def check_parent(kind: str, parent: Unit | None) -> None:
    """Refuse ``wrong_parent``: a brand is a root, the others stand under a brand or a region."""
    if kind == UnitKind.BRAND:
        fits = parent is None
    else:
        fits = parent is not None and parent.kind in PARENTS[UnitKind(kind)]
    if not fits:
        raise DomainError("wrong_parent", _("A unit of this kind cannot stand there."))


def check_move(unit: Unit, to: Unit | None) -> None:
    """Refuse ``wrong_parent``, ``other_brand`` and ``own_subtree``; both units as they are now."""
    check_parent(unit.kind, to)
    if to is None:
        return
    if unit.brand_id != to.brand_id:
        raise DomainError("other_brand", _("A unit cannot move to another brand."))
    if to.path.startswith(unit.path):
        raise DomainError("own_subtree", _("A unit cannot stand under itself."))


def check_code(code: str, parent: Unit | None) -> None:
    """Refuse ``unit_code_taken`` before `add_unit` does, for forms that want to say it at once."""
    same = Unit.objects.filter(code=code)
    same = same.filter(brand=parent.brand_id) if parent else same.filter(kind=UnitKind.BRAND)
    if same.exists():
        raise _code_taken(code)


def _held_still(unit: Unit) -> Unit:
    """The unit as it is now, while nobody else changes the tree of its brand.

    A new unit takes its path from its parent; a move at the same time would miss it.
    """
    Unit.objects.select_for_update(no_key=True).get(pk=unit.brand_id or unit.pk)
    return Unit.objects.get(pk=unit.pk)


def _code_taken(code: str) -> DomainError:
    return DomainError(
        "unit_code_taken", _("The code %(code)s is already used by another unit."), code=code
    )
