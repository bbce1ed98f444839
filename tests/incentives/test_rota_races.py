"""Two people at once at the last place of a shift, and one person at two shifts.

Each race runs as well with its guards taken away, to show what harm they prevent.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from incentives import rota, rota_places
from incentives.models import Shift, ShiftPlace
from incentives.rota_choices import PlaceState
from matrix import registry
from tests.incentives.races import Race, keep, own_database, put_back
from tests.incentives.rota import FRIDAY, Rota
from tests.refusals import sql


@pytest.fixture(scope="module", autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("rota"):
        keep()
        yield


@pytest.fixture(autouse=True)
def and_back_again(in_an_own_database: None) -> Iterator[None]:
    yield
    put_back()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Rota:
    return Rota(monkeypatch)


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Race:
    """Everybody comes as far as the check before anybody takes."""
    race = Race()
    monkeypatch.setattr(rota_places, "_why_not", race.before(rota_places._why_not))
    monkeypatch.setattr(rota_places, "_saved", race.before(rota_places._saved))
    return race


def two_at_the_last_place(world: Rota, race: Race) -> list[str]:
    ends = race.run(lambda: world.sign_up(world.may), lambda: world.sign_up(world.zhou))
    return sorted(end.code for end in ends)


def held() -> int:
    return ShiftPlace.objects.filter(state=PlaceState.HELD).count()


def without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    def unlocked(shift: Shift) -> Shift:
        return Shift.objects.select_related("brand", "duty__for_unit").get(pk=shift.pk)

    monkeypatch.setattr(rota, "lock_shift", unlocked)


def test_the_last_place_goes_to_one_and_the_other_waits(world: Rota, race: Race) -> None:
    assert two_at_the_last_place(world, race) == ["", ""]
    assert sorted([world.state(world.may), world.state(world.zhou)]) == ["held", "waiting"]


def test_without_the_lock_the_database_refuses_the_second(
    world: Rota, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: taken away is the lock; the limit of the shift stands behind it."""
    without_the_lock(monkeypatch)
    assert two_at_the_last_place(world, race) == ["", "IntegrityError"]
    assert held() == 1


def test_without_lock_and_limit_the_last_place_is_given_twice(
    world: Rota, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_lock(monkeypatch)
    sql("ALTER TABLE incentives_shift DROP CONSTRAINT shift_not_over_full")
    try:
        assert two_at_the_last_place(world, race) == ["", ""]
        assert held() == 2
    finally:
        put_back()
        sql(
            "ALTER TABLE incentives_shift ADD CONSTRAINT shift_not_over_full CHECK (taken <= places)"
        )


def two_shifts_at_one_time(world: Rota, race: Race) -> list[str]:
    (later,) = world.shifts(begin=13, end=15)
    ends = race.run(lambda: world.sign_up(world.may), lambda: world.sign_up(world.may, later))
    return sorted(end.code for end in ends)


def test_nobody_gets_two_places_at_one_time(world: Rota, race: Race) -> None:
    assert two_shifts_at_one_time(world, race) == ["", "two_at_once"]
    assert held() == 1


def test_without_the_exclusion_one_person_would_be_at_two_places(world: Rota, race: Race) -> None:
    """The control: the rows of two shifts keep nobody apart."""
    sql("ALTER TABLE incentives_shiftplace DROP CONSTRAINT shift_place_not_at_two")
    try:
        assert two_shifts_at_one_time(world, race) == ["", ""]
        assert held() == 2
    finally:
        put_back()
        sql(
            "ALTER TABLE incentives_shiftplace ADD CONSTRAINT shift_place_not_at_two"
            " EXCLUDE USING gist (creator_id WITH =, during WITH &&) WHERE (state = 'held')"
        )


def test_who_withdraws_at_once_with_who_signs_up_leaves_no_place_empty(
    world: Rota, race: Race
) -> None:
    world.sign_up(world.may)
    ends = race.run(lambda: world.withdraw(world.may), lambda: world.sign_up(world.zhou))
    assert [end.code for end in ends] == ["", ""]
    assert (world.state(world.zhou), held()) == ("held", 1)
    assert rota.to_tick(Shift.objects.all(), timezone.now()).count() == 0


def test_who_is_paused_while_the_waiting_list_moves_waits_for_nobody(
    world: Rota, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telling Zhou that she moved up needs her row, which pausing her holds: no circle of waiting."""
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    monkeypatch.setattr(rota_places, "_tell", race.before(rota_places._tell))
    monkeypatch.setattr(registry, "_after_stopping", race.before(registry._after_stopping))
    ends = race.run(
        lambda: world.withdraw(world.may),
        lambda: registry.change_state(by=None, creator=world.zhou, state="paused", on=FRIDAY),
    )
    assert [end.code for end in ends] == ["", ""]
    rota_places.end_places()
    assert (world.state(world.zhou), held()) == ("lost", 0)
