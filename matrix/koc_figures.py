"""How many KOC take part in which programme, work in which domain, and are known as consumers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Person
from matrix import domains, purchase_proofs
from matrix.choices import CreatorKind, Programme
from matrix.definitions import MATRIX
from matrix.figures import CURRENT
from matrix.models import Creator
from matrix.purchase_choices import Shown


@dataclass(frozen=True, slots=True)
class Figure:
    """How many, and the address of the list of them."""

    label: str | Promise
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that add up to all KOC who take part."""

    title: str
    help: str | Promise
    figures: list[Figure]


def groups(person: Person) -> list[Group]:
    """The KOC who take part and whom the person sees, divided in three ways."""
    people = Creator.objects.for_user(person, "matrix.view")
    people = people.filter(kind=CreatorKind.KOC, state__in=CURRENT)
    rows = purchase_proofs.with_shown(domains.with_domain(people)).order_by()
    counted = rows.values_list("programme", "works_in", "shown").annotate(n=Count("pk"))
    programme, domain, shown = Counter[str](), Counter[str](), Counter[str]()
    for in_programme, works_in, is_shown, count in counted:
        programme[in_programme] += count
        domain[works_in or "unknown"] += count
        shown[is_shown] += count
    programmes: list[tuple[str, str]] = [
        *((each.value, str(each.label)) for each in Programme),
        ("", _("No programme")),
    ]
    every = reverse("matrix:creators") + "?kind=koc&state=current"
    return [
        Group(
            _("Programme"),
            MATRIX["koc_programme"],
            [
                Figure(label, programme[code], f"{every}&programme={code or 'none'}")
                for code, label in programmes
            ],
        ),
        Group(
            _("Domain"),
            MATRIX["works_in"],
            [
                Figure(domains.WHERE_WORDS[code], domain[code], f"{every}&domain={code}")
                for code in ("public", "private", "both", "unknown")
            ],
        ),
        Group(
            _("Purchase"),
            MATRIX["purchase_shown"],
            [Figure(each.label, shown[each], f"{every}&purchase={each}") for each in Shown],
        ),
    ]
