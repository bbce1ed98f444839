"""Who can take something over: colleagues of a store, managers and headquarters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Role
from accounts.models import Grant, Person, Unit
from accounts.units import ids_in
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

# Roles whose holders look after accounts themselves.
HOLDING = (Role.OPERATOR, Role.REGION_MANAGER, Role.STORE_MANAGER)
NAMED = 60


@dataclass(frozen=True, slots=True)
class Taker:
    """A creator or a person of headquarters, never both."""

    creator: Creator | None = None
    person: Person | None = None


def colleagues(unit: Unit, *, without: Creator | None = None) -> list[tuple[Any, Any]]:
    """Takers at a unit as the options of a select: its staff first, then who manages it."""
    staff = Creator.objects.filter(
        store__path__startswith=unit.path, kind=CreatorKind.KOS, state=CreatorState.ACTIVE
    )
    if without is not None:
        staff = staff.exclude(pk=without.pk)
    own = [
        (f"c-{pk}", f"{name} · {number}")
        for pk, name, number in staff.order_by("name", "pk").values_list("pk", "name", "number")[
            :NAMED
        ]
    ]
    others = [(f"p-{pk}", name) for pk, name in _managers(unit)]
    if without is not None and without.person_id:
        others = [(value, name) for value, name in others if value != f"p-{without.person_id}"]
    groups: list[tuple[Any, list[tuple[str, str]]]] = [
        (gettext_lazy("Staff"), own),
        (gettext_lazy("Managers and headquarters"), others),
    ]
    return [group for group in groups if group[1]]


def _managers(unit: Unit) -> list[tuple[int, str]]:
    above = ids_in(unit.path)
    held = Grant.objects.current(timezone.localdate()).filter(
        role__in=HOLDING, unit__in=above, person__is_active=True
    )
    people = Person.objects.filter(pk__in=held.values("person")).order_by("name", "pk")
    return list(people.values_list("pk", "name")[:NAMED])


def chosen(*, brand: Unit, value: str, number: str = "") -> Taker:
    """The taker whom a form names: by a value of `colleagues`, else by the number.

    Refuses ``taker_not_known``.
    """
    if number.strip():
        found = Creator.objects.filter(brand=brand, number=number.strip()).exclude(
            state=CreatorState.LEFT
        )
        known = sorted(found, key=lambda one: one.kind != CreatorKind.KOS)
        if known:
            return Taker(creator=known[0])
    kind, _dash, pk = value.partition("-")
    if pk.isascii() and pk.isdigit():
        if kind == "c":
            creator = Creator.objects.filter(brand=brand, pk=pk).first()
            if creator is not None:
                return Taker(creator=creator)
        elif kind == "p":
            person = Person.objects.filter(pk=pk, is_active=True).first()
            if person is not None:
                return Taker(person=person)
    raise DomainError("taker_not_known", _("Choose who takes it over, or write a known number."))
