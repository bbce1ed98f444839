"""The unit tree keeps its shape, and moving a part of it moves what grants reach."""

import threading

import pytest
from django.db import connection, transaction

from accounts import units
from accounts.choices import Role, StoreKind, UnitKind
from accounts.models import Activity, Unit
from accounts.units import add_unit, move_unit
from kosops.lib.errors import DomainError
from tests.cast import Cast, cast, cast_of_another_brand, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> Cast:
    return cast()


def refusal(**wanted: object) -> str:
    with pytest.raises(DomainError) as raised:
        add_unit(by=None, name="New", **wanted)
    return raised.value.code


def test_a_new_unit_knows_its_place(chengye: Cast) -> None:
    lin = person("lin", (Role.OPERATOR, chengye.brand))
    store = add_unit(
        by=lin, kind=UnitKind.STORE, code="SH0002", name="Xintiandi", parent=chengye.east
    )
    assert store.path == f"/{chengye.brand.pk}/{chengye.east.pk}/{store.pk}/"
    assert store.brand == chengye.brand
    assert store.store_kind == StoreKind.PHYSICAL
    row = Activity.objects.latest("pk")
    assert (row.verb, row.actor, row.unit) == ("unit.added", lin, store)
    assert row.after == {"kind": "store", "code": "SH0002"}


def test_the_units_of_the_tests_are_as_the_product_makes_them(chengye: Cast) -> None:
    def row(unit: Unit) -> dict[str, object]:
        found = Unit.objects.filter(pk=unit.pk).values().get()
        of_its_own = {"id", "code", "name", "path", "created_at"}
        return {name: value for name, value in found.items() if name not in of_its_own}

    def log(unit: Unit) -> tuple[object, ...]:
        noted = Activity.objects.get(unit=unit)
        return noted.verb, noted.actor_label, noted.object_type, noted.object_id - unit.pk

    store = add_unit(by=None, kind=UnitKind.STORE, code="A", name="A", parent=chengye.east)
    region = add_unit(by=None, kind=UnitKind.REGION, code="B", name="B", parent=chengye.brand)
    assert (row(chengye.jingan), log(chengye.jingan)) == (row(store), log(store))
    assert (row(chengye.south), log(chengye.south)) == (row(region), log(region))
    assert chengye.jingan.path.rpartition(f"{chengye.jingan.pk}/")[0] == chengye.east.path
    brand = Unit.objects.values().get(pk=chengye.brand.pk)
    other = Unit.objects.values().get(pk=cast_of_another_brand().pk)
    names = ("kind", "store_kind", "parent_id", "city", "active")
    assert [brand[name] for name in names] == [other[name] for name in names]


def test_a_brand_is_its_own_brand(chengye: Cast) -> None:
    assert chengye.brand.brand == chengye.brand
    assert chengye.brand.path == f"/{chengye.brand.pk}/"


def test_units_stand_only_where_their_kind_may(chengye: Cast) -> None:
    assert refusal(kind=UnitKind.STORE, code="X", parent=None) == "wrong_parent"
    assert refusal(kind=UnitKind.STORE, code="X", parent=chengye.jingan) == "wrong_parent"
    assert refusal(kind=UnitKind.REGION, code="X", parent=chengye.jingan) == "wrong_parent"
    assert refusal(kind=UnitKind.BRAND, code="X", parent=chengye.brand) == "wrong_parent"


def test_a_code_is_used_once_in_a_brand(chengye: Cast) -> None:
    assert refusal(kind=UnitKind.STORE, code="SH0001", parent=chengye.south) == "unit_code_taken"
    assert refusal(kind=UnitKind.REGION, code="CY", parent=chengye.brand) == "unit_code_taken"
    assert refusal(kind=UnitKind.BRAND, code="CY") == "unit_code_taken"
    other = add_unit(by=None, kind=UnitKind.BRAND, code="OT", name="Other")
    again = add_unit(by=None, kind=UnitKind.STORE, code="SH0001", name="Other", parent=other)
    assert again.brand == other


def test_a_refused_unit_leaves_nothing_behind(chengye: Cast) -> None:
    before = Unit.objects.count(), Activity.objects.count()
    refusal(kind=UnitKind.STORE, code="SH0001", parent=chengye.south)
    assert (Unit.objects.count(), Activity.objects.count()) == before


def test_moving_a_region_moves_everything_below(chengye: Cast) -> None:
    xu = person("xu", (Role.REGION_MANAGER, chengye.south))
    deep = add_unit(by=None, kind=UnitKind.REGION, code="SH", name="Shanghai", parent=chengye.east)
    store = add_unit(by=None, kind=UnitKind.STORE, code="SH9", name="Bund", parent=deep)
    moved = move_unit(by=None, unit=chengye.east, to=chengye.south)
    south = f"/{chengye.brand.pk}/{chengye.south.pk}/"
    assert moved.path == f"{south}{chengye.east.pk}/"
    assert moved.parent == chengye.south
    store.refresh_from_db()
    assert store.path == f"{south}{chengye.east.pk}/{deep.pk}/{store.pk}/"
    chengye.tianhe.refresh_from_db()
    assert chengye.tianhe.path == f"{south}{chengye.tianhe.pk}/"
    reached = Unit.objects.for_user(xu, "matrix.view")
    assert {unit.code for unit in reached} >= {"EAST", "SH0001", "SH9"}
    row = Activity.objects.get(verb="unit.moved")
    assert (row.before, row.after) == ({"parent": "CY"}, {"parent": "SOUTH"})


def test_moving_costs_the_same_for_any_size(chengye: Cast, django_assert_max_num_queries) -> None:
    for n in range(20):
        add_unit(by=None, kind=UnitKind.STORE, code=f"E{n}", name=f"East {n}", parent=chengye.east)
    with django_assert_max_num_queries(9):
        move_unit(by=None, unit=chengye.east, to=chengye.south)


def test_a_unit_cannot_move_under_itself(chengye: Cast) -> None:
    deep = add_unit(by=None, kind=UnitKind.REGION, code="SH", name="Shanghai", parent=chengye.east)
    for target in (deep, chengye.east):
        with pytest.raises(DomainError) as raised:
            move_unit(by=None, unit=chengye.east, to=target)
        assert raised.value.code == "own_subtree"


def test_a_unit_stays_in_its_brand_and_a_brand_where_it_is(chengye: Cast) -> None:
    other = add_unit(by=None, kind=UnitKind.BRAND, code="OT", name="Other")
    for unit, to, code in (
        (chengye.east, other, "other_brand"),
        (chengye.east, chengye.jingan, "wrong_parent"),
        (other, chengye.brand, "wrong_parent"),
    ):
        with pytest.raises(DomainError) as raised:
            move_unit(by=None, unit=unit, to=to)
        assert raised.value.code == code


def test_moving_to_where_it_stands_changes_nothing(chengye: Cast) -> None:
    move_unit(by=None, unit=chengye.jingan, to=chengye.east)
    assert not Activity.objects.filter(verb="unit.moved").exists()


def test_a_stale_parent_object_does_not_give_a_stale_path(chengye: Cast) -> None:
    east_as_read_before = Unit.objects.get(pk=chengye.east.pk)
    move_unit(by=None, unit=chengye.east, to=chengye.south)
    store = add_unit(
        by=None, kind=UnitKind.STORE, code="SH2", name="Xintiandi", parent=east_as_read_before
    )
    assert store.path.startswith(f"/{chengye.brand.pk}/{chengye.south.pk}/{chengye.east.pk}/")


def add_below_while_it_moves(chengye: Cast) -> Unit:
    """A store is added under the east in the moment in which the east moves under the south."""
    placed = []

    def add() -> None:
        try:
            placed.append(
                add_unit(
                    by=None, kind=UnitKind.STORE, code="SH2", name="Xintiandi", parent=chengye.east
                )
            )
        finally:
            connection.close()

    thread = threading.Thread(target=add)
    with transaction.atomic():
        move_unit(by=None, unit=chengye.east, to=chengye.south)
        thread.start()
        thread.join(timeout=1)
    thread.join()
    return Unit.objects.get(pk=placed[0].pk)


@pytest.mark.django_db(transaction=True)
def test_a_unit_added_while_its_parent_moves_lands_where_the_parent_is() -> None:
    chengye = cast()
    store = add_below_while_it_moves(chengye)
    chengye.east.refresh_from_db()
    assert store.path == f"{chengye.east.path}{store.pk}/"


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_it_would_be_lost(monkeypatch) -> None:
    """The twin of the test above."""
    chengye = cast()
    monkeypatch.setattr(units, "_held_still", lambda unit: Unit.objects.get(pk=unit.pk))
    store = add_below_while_it_moves(chengye)
    chengye.east.refresh_from_db()
    assert not store.path.startswith(chengye.east.path)
