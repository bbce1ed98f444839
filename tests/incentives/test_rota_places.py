"""Places in shifts: signing up, the waiting list, withdrawing, and whose place ends (C12)."""

import datetime as dt
from typing import Any

import pytest

from accounts.models import Activity
from incentives import payees, rota_places
from incentives.models import RotaNotice, ShiftPlace
from incentives.rota_choices import Came, PlaceState
from incentives.rota_places import absences_of, offer
from matrix import registry
from matrix.choices import CreatorState
from tests import cast as c
from tests.incentives.rota import Rota, code_of

pytestmark = pytest.mark.django_db
HELD, WAITING, WITHDRAWN, LOST = "held", "waiting", "withdrawn", "lost"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Rota:
    return Rota(monkeypatch)


def states(world: Rota, *people: Any) -> list[str]:
    return [world.state(creator) for creator in people]


def told(creator: Any) -> list[str]:
    return [notice.kind for notice in rota_places.unread_of(creator)]


def test_the_first_gets_the_place_and_the_next_wait_in_turn(world: Rota) -> None:
    for creator in (world.may, world.zhou, world.guo):
        world.sign_up(creator)
    assert states(world, world.may, world.zhou, world.guo) == [HELD, WAITING, WAITING]
    world.shift.refresh_from_db()
    assert world.shift.taken == 1
    now = world.shift.starts_at - dt.timedelta(days=2)
    ahead = [offer(creator, world.shift, now).ahead for creator in (world.zhou, world.guo)]
    assert ahead == [0, 1]


def test_signing_up_twice_is_one_place(world: Rota) -> None:
    first, again = world.sign_up(world.may), world.sign_up(world.may)
    assert first.pk == again.pk
    assert Activity.objects.filter(verb="shift_place.added").count() == 1


def test_who_withdraws_makes_room_for_who_waits_longest(world: Rota) -> None:
    for creator in (world.may, world.zhou, world.guo):
        world.sign_up(creator)
    world.withdraw(world.may)
    assert states(world, world.may, world.zhou, world.guo) == [WITHDRAWN, HELD, WAITING]
    assert (told(world.zhou), told(world.guo), told(world.may)) == (["moved_up"], [], [])
    assert Activity.objects.filter(verb="shift_place.moved_up").count() == 1
    # Who asks again stands at the end of the line.
    world.now("2026-11-20 09:01")
    world.sign_up(world.may)
    world.withdraw(world.zhou)
    assert states(world, world.guo, world.may) == [HELD, WAITING]
    assert ShiftPlace.objects.filter(creator=world.may).count() == 1


def test_after_the_cut_off_nobody_leaves_without_a_word(world: Rota) -> None:
    world.sign_up(world.may)
    world.now("2026-11-26 12:01")
    assert code_of(lambda: world.withdraw(world.may)) == "too_late_to_withdraw"
    assert world.state(world.may) == HELD
    assert code_of(lambda: world.withdraw(world.zhou)) == "no_place"


def test_who_waits_may_leave_until_it_begins_and_so_may_who_moved_up_late(world: Rota) -> None:
    for creator in (world.may, world.zhou, world.guo):
        world.sign_up(creator)
    world.now("2026-11-27 09:00")
    world.withdraw(world.guo)
    rota_places.change_places(by=world.lin, shift=world.shift, places=2)
    assert states(world, world.zhou, world.guo) == [HELD, WITHDRAWN]
    world.withdraw(world.zhou)
    assert world.state(world.zhou) == WITHDRAWN


def test_nobody_has_two_places_at_one_time(world: Rota) -> None:
    (later,) = world.shifts(begin=13, end=15)
    (next_one,) = world.shifts(begin=14, end=16)
    world.sign_up(world.may)
    assert code_of(lambda: world.sign_up(world.may, later)) == "two_at_once"
    assert offer(world.may, later, later.starts_at - dt.timedelta(days=1)).why_not == "two_at_once"
    world.sign_up(world.may, next_one)
    assert world.state(world.may, next_one) == HELD


def test_the_database_lets_nobody_be_at_two_places(
    world: Rota, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nobody asked before."""
    (later,) = world.shifts(begin=13, end=15)
    world.sign_up(world.may)
    monkeypatch.setattr(rota_places, "_elsewhere", lambda creator, shift: False)
    assert code_of(lambda: world.sign_up(world.may, later)) == "two_at_once"
    assert world.state(world.may, later) == ""


def test_who_took_a_place_elsewhere_is_passed_over_and_keeps_the_turn(world: Rota) -> None:
    (later,) = world.shifts(begin=13, end=15)
    for creator in (world.may, world.zhou, world.guo):
        world.sign_up(creator)
    world.sign_up(world.zhou, later)
    world.withdraw(world.may)
    assert states(world, world.zhou, world.guo) == [WAITING, HELD]
    world.withdraw(world.zhou, later)
    world.withdraw(world.guo)
    assert world.state(world.zhou) == HELD


def test_places_grow_and_shrink_but_not_below_those_taken(world: Rota) -> None:
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    rota_places.change_places(by=world.lin, shift=world.shift, places=3)
    assert states(world, world.may, world.zhou) == [HELD, HELD]
    fewer = lambda: rota_places.change_places(by=world.lin, shift=world.shift, places=1)  # noqa: E731
    assert code_of(fewer) == "places_below_taken"
    none = lambda: rota_places.change_places(by=world.lin, shift=world.shift, places=0)  # noqa: E731
    assert code_of(none) == "places_out_of_range"


def test_a_shift_that_is_called_off_tells_everybody_in_it(world: Rota) -> None:
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    call_off = lambda reason: rota_places.call_off(  # noqa: E731
        by=world.lin, shift=world.shift, reason=reason
    )
    assert code_of(lambda: call_off(" ")) == "reason_needed"
    call_off("The store is closed that day")
    assert states(world, world.may, world.zhou) == [LOST, LOST]
    assert told(world.may) == told(world.zhou) == ["called_off"]
    assert code_of(lambda: call_off("again")) == "shift_called_off"
    assert code_of(lambda: world.sign_up(world.guo)) == "shift_called_off"
    more = lambda: rota_places.change_places(by=world.lin, shift=world.shift, places=5)  # noqa: E731
    assert code_of(more) == "shift_called_off"
    # The hours are free again for another try.
    world.shifts()


def test_what_has_begun_is_not_called_off(world: Rota) -> None:
    world.now("2026-11-27 12:00")
    act = lambda: rota_places.call_off(by=world.lin, shift=world.shift, reason="Rain")  # noqa: E731
    assert code_of(act) == "shift_begun"


# -- people who pause or leave -------------------------------------------------


@pytest.mark.parametrize("state", [CreatorState.PAUSED, CreatorState.LEFT])
def test_who_pauses_or_leaves_loses_places_to_come_and_the_next_moves_up(
    world: Rota, state: str, django_capture_on_commit_callbacks: Any
) -> None:
    past = world.attended(world.may, dt.date(2026, 11, 10))
    world.now("2026-11-20 09:00")
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    with django_capture_on_commit_callbacks(execute=True):
        registry.change_state(by=None, creator=world.may, state=state, on=dt.date(2026, 11, 20))
    assert states(world, world.may, world.zhou) == [LOST, HELD]
    assert (told(world.may), told(world.zhou)) == (["lost"], ["moved_up"])
    assert world.state(world.may, past) == HELD, "what was is not touched"


def test_many_paused_at_once_lose_their_places(
    world: Rota, django_capture_on_commit_callbacks: Any
) -> None:
    world.sign_up(world.may)
    world.sign_up(world.guo)
    with django_capture_on_commit_callbacks(execute=True):
        registry.change_states(
            by=world.lin,
            creators=type(world.may).objects.filter(kind="koc"),
            before="active",
            after="paused",
            on=dt.date(2026, 11, 20),
        )
    assert states(world, world.may, world.guo) == [LOST, LOST]
    world.shift.refresh_from_db()
    assert world.shift.taken == 0


def test_who_left_by_a_list_is_found_by_the_sweeper(world: Rota) -> None:
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    type(world.may).objects.filter(pk=world.may.pk).update(state="left")
    assert rota_places.end_places() == 1
    assert rota_places.end_places() == 0
    assert states(world, world.may, world.zhou) == [LOST, HELD]


def test_who_does_not_take_part_does_not_sign_up_and_is_passed_over(world: Rota) -> None:
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    type(world.may).objects.filter(pk=world.zhou.pk).update(state="paused")
    world.withdraw(world.may)
    assert world.state(world.zhou) == WAITING
    assert code_of(lambda: world.sign_up(world.zhou, world.shifts(9, 10)[0])) == "not_active"


# -- adults who come -----------------------------------------------------------


def test_who_is_known_to_be_under_eighteen_is_not_accepted(world: Rota) -> None:
    payees.set_born(by=None, creator=world.may, born=dt.date(2008, 11, 28))
    assert code_of(lambda: world.sign_up(world.may)) == "adults_only"
    payees.set_born(by=None, creator=world.may, born=dt.date(2008, 11, 27))
    assert code_of(lambda: world.sign_up(world.may)) == ""


def test_absences_without_a_word_close_sign_up_for_a_time(world: Rota) -> None:
    for day, came in ((1, Came.ABSENT), (3, Came.EXCUSED), (5, Came.PRESENT)):
        world.attended(world.may, dt.date(2026, 11, day), came)
    world.now("2026-11-20 09:00")
    assert code_of(lambda: world.sign_up(world.may)) == ""
    world.withdraw(world.may)
    world.attended(world.may, dt.date(2026, 11, 10), Came.ABSENT)
    world.now("2026-11-20 09:00")
    assert len(absences_of(world.may, dt.date(2026, 11, 20))) == 2
    assert code_of(lambda: world.sign_up(world.may)) == "sign_up_closed"
    sentence = offer(world.may, world.shift, world.shift.starts_at - dt.timedelta(days=3)).sentence
    assert sentence == (
        "You missed shifts without a word, 2 within 90 days. You can sign up again after 10 Dec 2026."
    )
    (later,) = world.shifts(first=dt.date(2026, 12, 12))
    world.now("2026-12-11 09:00")
    assert code_of(lambda: world.sign_up(world.may, later)) == ""


def test_people_read_what_they_were_told_once(world: Rota) -> None:
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    world.withdraw(world.may)
    assert (rota_places.read(world.zhou), rota_places.read(world.zhou)) == (1, 0)
    assert told(world.zhou) == []
    assert RotaNotice.objects.count() == 1


def test_a_shift_with_many_in_line_asks_few_queries(
    world: Rota, django_assert_max_num_queries: Any
) -> None:
    """Moving up costs a few statements for each who moves, none for those who wait."""
    c.creators(
        world.people.jingan,
        [{"number": f"X{n}", "name": f"Person {n}", "kind": "koc"} for n in range(30)],
    )
    crowd = type(world.may).objects.filter(number__startswith="X").select_related("store")
    world.sign_up(world.may)
    for creator in crowd:
        world.sign_up(creator)
    with django_assert_max_num_queries(25):
        world.withdraw(world.may)
    assert ShiftPlace.objects.filter(state=PlaceState.WAITING).count() == 29
