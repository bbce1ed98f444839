"""The account matrix as a tree: brand (the 1), regions and stores (the X), people (the N).

The figures of every unit have been counted ahead (`matrix.figures`); the database adds up those
below each unit that is shown. Of the others nothing is read.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from accounts.models import Person, Unit
from accounts.units import ids_in
from matrix import figures, health, posting
from matrix.figures import CURRENT, Figures
from matrix.health import Need
from matrix.models import Creator, SocialAccount
from matrix.posting import Posting

# An opened store shows so many people; the list of creators shows all.
PEOPLE_SHOWN = 30
# No more rows than this open at a time, or an address could ask for the whole brand.
OPEN_AT_ONCE = 60


@dataclass(slots=True)
class AccountRow:
    """A public account with what takes over its leads and what it needs."""

    account: SocialAccount
    posting: Posting
    needs: list[Need]
    depth: int

    kind = "account"


@dataclass(slots=True)
class PersonRow:
    creator: Creator
    accounts: list[AccountRow]
    posting: Posting
    depth: int

    kind = "person"

    @property
    def needing(self) -> int:
        return sum(bool(row.needs) for row in self.accounts)

    @property
    def paired(self) -> int:
        return sum(Need.UNPAIRED not in row.needs for row in self.accounts)

    @property
    def platforms(self) -> Counter[str]:
        return Counter(row.account.platform for row in self.accounts)


@dataclass(slots=True)
class UnitRow:
    """A unit with its figures; ``toggled`` is the set of open rows after its handle is used."""

    unit: Unit
    figures: Figures
    depth: int
    is_open: bool
    has_more: bool
    toggled: list[int]

    kind = "unit"


@dataclass(slots=True)
class MoreRow:
    """People of a store that are not shown."""

    unit: Unit
    count: int
    depth: int

    kind = "more"


Row = UnitRow | PersonRow | AccountRow | MoreRow


@dataclass(slots=True)
class Tree:
    rows: list[Row]
    totals: Figures
    # True when the person holds nothing here yet, as before the first import.
    empty: bool
    # Units whose figures are not those of this moment, and from when the oldest of them are.
    behind: int
    counted_at: dt.datetime | None
    opened: list[int]
    # The row that was opened just now, where ``rows`` are its own and those below it alone.
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """What the map shows at a time: the way down to a unit, what stands under it, its people."""

    trail: list[tuple[Unit, Figures]]
    children: list[tuple[Unit, Figures]]
    people: list[PersonRow]
    # People of the unit itself that are not shown.
    hidden: int
    behind: int
    counted_at: dt.datetime | None


@dataclass(slots=True)
class _Node:
    unit: Unit
    depth: int
    # Whether there are units below it, shown or not.
    is_above: bool
    children: list[_Node] = field(default_factory=list)


# -- queries -------------------------------------------------------------------


def load(
    person: Person,
    *,
    open_ids: Collection[int] | None,
    now: dt.datetime,
    need: str = "",
    toggle: int | None = None,
) -> Tree:
    """The tree that ``person`` may see, with these rows open (None: the topmost).

    With ``need`` only units, people and accounts that have it are shown; the figures stay whole.
    ``toggle`` opens or closes one row more; if it opens it, only that part of the tree is read.
    """
    units = Unit.objects.for_user(person, "matrix.view")
    wanted = None if open_ids is None else sorted(set(open_ids))[:OPEN_AT_ONCE]
    nodes, roots = _nodes(units, wanted, toggle)
    opened = {root.unit.pk for root in roots} if wanted is None else set(wanted) & nodes.keys()
    within = None
    if toggle in nodes:
        opened ^= {toggle}
        within = toggle if toggle in opened else None
    tops = roots if within is None else [nodes[within]]
    standing = figures.rolled_up([*(root.unit.pk for root in roots), *_shown(tops, opened)], now)
    totals = Figures()
    for root in roots:
        totals.add(standing.of_unit[root.unit.pk])
    inside = _Inside.read(person, _opened_units(tops, opened), now, need)
    rows: list[Row] = []
    for top in tops:
        rows.extend(_rows(top, standing.of_unit, opened, inside, need))
    return Tree(
        rows=rows,
        totals=totals,
        empty=not roots,
        behind=standing.behind,
        counted_at=standing.counted_at,
        opened=sorted(opened),
        within=within,
    )


def level(person: Person, *, at: int | None, now: dt.datetime) -> Level | None:
    """The level under a unit (None: the topmost); None where the person sees no such unit."""
    units = Unit.objects.for_user(person, "matrix.view")
    way = None if at is None else _way_down(units, at)
    if way == []:
        return None
    nodes, roots = _nodes(units, way)
    if at is None and len(roots) == 1:
        at = roots[0].unit.pk
    here = nodes.get(at or 0)
    below = here.children if here else roots
    trail = _trail(nodes, here)
    standing = figures.rolled_up([unit.pk for unit in (*trail, *(n.unit for n in below))], now)
    of_unit = standing.of_unit
    inside = _Inside.read(person, [here.unit.pk] if here and not below else [], now, "")
    people = [
        row
        for row in (_people_rows(here.unit, inside, 0) if here else ())
        if isinstance(row, PersonRow)
    ]
    return Level(
        trail=[(unit, of_unit[unit.pk]) for unit in trail],
        children=[
            (node.unit, of_unit[node.unit.pk])
            for node in below
            if node.unit.active or _has_any(of_unit[node.unit.pk])
        ],
        people=people,
        hidden=inside.counts.get(here.unit.pk, 0) - len(people) if here else 0,
        behind=standing.behind,
        counted_at=standing.counted_at,
    )


def units_by_kind(person: Person) -> Counter[str]:
    """How many units that ``person`` may see are active, by kind."""
    active = Unit.objects.for_user(person, "matrix.view").filter(active=True).order_by()
    return Counter(dict(active.values_list("kind").annotate(Count("pk"))))


def with_pairing(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Accounts with the private account that takes over their leads (``paired_with``, its parts)."""
    return accounts.annotate(
        open_pairing=FilteredRelation("pairings", condition=Q(pairings__until=None))
    ).annotate(
        paired_platform=F("open_pairing__private_account__platform"),
        paired_handle=F("open_pairing__private_account__handle"),
        paired_since=F("open_pairing__since"),
        pairing_id=F("open_pairing__pk"),
        hop_platform=F("open_pairing__brand_account__platform"),
        hop_handle=F("open_pairing__brand_account__handle"),
    )


# -- private -------------------------------------------------------------------


# What rows and the map print of a unit, in the order of the model's fields, as `from_db` wants it.
_FIELDS = ("id", "parent_id", "kind", "store_kind", "code", "name", "city", "path", "active")


def _nodes(
    units: QuerySet[Any], opened: Collection[int] | None, toggle: int | None = None
) -> tuple[dict[int, _Node], list[_Node]]:
    """Nodes by id of the topmost units, of the opened ones (None: the topmost), of ``toggle`` and of
    those right below these; and the topmost. A node hangs under its parent where that is among them.
    """
    above = units.filter(pk=OuterRef("parent"))
    topmost = units.filter(~Exists(above))
    under = Q(parent__in=topmost) if opened is None else Q(parent__in=opened) | Q(pk__in=opened)
    if toggle is not None:
        under |= Q(parent=toggle) | Q(pk=toggle)
    rows = (
        units.annotate(is_top=~Exists(above), is_above=Exists(units.filter(parent=OuterRef("pk"))))
        .filter(under | Q(is_top=True))
        .values_list("is_top", "is_above", *_FIELDS)
    )
    found = [
        (Unit.from_db("default", _FIELDS, row), is_top, is_above) for is_top, is_above, *row in rows
    ]
    nodes: dict[int, _Node] = {}
    roots: list[_Node] = []
    for unit, is_top, is_above in sorted(
        found, key=lambda row: (row[0].path.count("/"), row[0].code)
    ):
        parent = nodes.get(unit.parent_id or 0)
        node = nodes[unit.pk] = _Node(unit, parent.depth + 1 if parent else 1, is_above)
        if is_top:
            roots.append(node)
        elif parent:
            parent.children.append(node)
    return nodes, roots


def _way_down(units: QuerySet[Any], at: int) -> list[int]:
    """The unit ``at`` and all above it; empty where it is not among ``units``."""
    path = units.filter(pk=at).values_list("path", flat=True).first()
    return ids_in(path) if path else []


def _has_any(found: Figures) -> bool:
    return bool(found.people or found.accounts)


def _trail(nodes: dict[int, _Node], here: _Node | None) -> list[Unit]:
    found = []
    while here is not None:
        found.append(here.unit)
        here = nodes.get(here.unit.parent_id or 0)
    return found[::-1]


def _shown(nodes: Iterable[_Node], opened: set[int]) -> list[int]:
    """Rows of units that are on the page: the topmost, and those under rows that are open."""
    found: list[int] = []
    for node in nodes:
        found.append(node.unit.pk)
        if node.unit.pk in opened:
            found += _shown(node.children, opened)
    return found


def _opened_units(nodes: Iterable[_Node], opened: set[int]) -> list[int]:
    """Open rows that are on the page, that is whose parents are open too."""
    found: list[int] = []
    for node in nodes:
        if node.unit.pk in opened:
            found += [node.unit.pk, *_opened_units(node.children, opened)]
    return found


@dataclass(slots=True)
class _Inside:
    """People and accounts of the open units."""

    people: dict[int, list[Creator]]
    counts: dict[int, int]
    of_creator: dict[int, list[AccountRow]]
    of_unit: dict[int, list[AccountRow]]
    posting: dict[int, Posting]

    @classmethod
    def read(cls, person: Person, units: list[int], now: dt.datetime, need: str) -> _Inside:
        inside = cls(defaultdict(list), {}, defaultdict(list), defaultdict(list), {})
        if units:
            inside._read_people(person, units, now, need)
            inside._read_accounts(person, units, now, need)
        return inside

    def _read_people(self, person: Person, units: list[int], now: dt.datetime, need: str) -> None:
        accounts = health.public_accounts(SocialAccount.objects.filter(creator=OuterRef("pk")))
        shown = Q(state__in=CURRENT) | Q(Exists(accounts))
        if need:
            shown = Q(Exists(health.needing(health.with_needs(accounts, now), need)))
        people = (
            Creator.objects.for_user(person, "matrix.view")
            .filter(shown, store__in=units)
            .annotate(
                place=Window(
                    RowNumber(), partition_by="store_id", order_by=(F("kind").desc(), "name", "pk")
                ),
                of_store=Window(Count("pk"), partition_by="store_id"),
            )
            .filter(place__lte=PEOPLE_SHOWN)
            .order_by("store_id", "place")
        )
        for creator in people:
            self.people[creator.store_id].append(creator)
            self.counts[creator.store_id] = creator.of_store
        shown_ids = [creator.pk for found in self.people.values() for creator in found]
        self.posting = posting.of_creators(shown_ids, now)

    def _read_accounts(self, person: Person, units: list[int], now: dt.datetime, need: str) -> None:
        shown_ids = [creator.pk for found in self.people.values() for creator in found]
        accounts = health.with_needs(
            health.public_accounts(SocialAccount.objects.for_user(person, "matrix.view")), now
        ).filter(Q(creator__in=shown_ids) | Q(creator=None, unit__in=units))
        if need:
            accounts = health.needing(accounts, need)
        found = list(with_pairing(accounts).order_by("platform", "handle", "pk"))
        posts = posting.of_accounts([account.pk for account in found], now)
        for account in found:
            row = AccountRow(
                account, posts.get(account.pk, posting.NOTHING), health.needs_of(account), depth=0
            )
            if account.creator_id:
                self.of_creator[account.creator_id].append(row)
            else:
                self.of_unit[account.unit_id].append(row)


def _rows(
    node: _Node, of_unit: dict[int, Figures], opened: set[int], inside: _Inside, need: str
) -> Iterable[Row]:
    unit = node.unit
    found = of_unit[unit.pk]
    if not unit.active and not _has_any(found):
        return
    if need and not (found.needing if need == health.ANY else found.needs[need]):
        return
    is_open = unit.pk in opened
    yield UnitRow(
        unit=unit,
        figures=found,
        depth=node.depth,
        is_open=is_open,
        has_more=node.is_above or _has_any(found),
        toggled=sorted(opened ^ {unit.pk}),
    )
    if not is_open:
        return
    depth = node.depth + 1
    for row in inside.of_unit[unit.pk]:
        row.depth = depth
        yield row
    for child in node.children:
        yield from _rows(child, of_unit, opened, inside, need)
    yield from _people_rows(unit, inside, depth)


def _people_rows(unit: Unit, inside: _Inside, depth: int) -> Iterable[Row]:
    people = inside.people[unit.pk]
    for creator in people:
        accounts = inside.of_creator[creator.pk]
        yield PersonRow(creator, accounts, inside.posting.get(creator.pk, posting.NOTHING), depth)
        for row in accounts:
            row.depth = depth + 1
            yield row
    hidden = inside.counts.get(unit.pk, 0) - len(people)
    if hidden > 0:
        yield MoreRow(unit, hidden, depth)
