"""Who came, and the points that this brings: booked once, reversed by a correction (C12)."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity
from incentives import points, points_pages, proof, rota, rota_attendance, rota_jobs
from incentives.models import Journal, PointLine, PointRun, Shift, ShiftPlace
from incentives.rota_choices import Came
from tests import cast as c
from tests.incentives.rota import FRIDAY, Rota, code_of
from tests.refusals import as_owner_without_guards, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Rota:
    world = Rota(monkeypatch)
    world.sign_up(world.may)
    return world


def differences() -> dict[str, int]:
    """What the whole proof finds; empty when the books prove."""
    found = proof.verify(checks=proof.every_check())
    return {each.code: each.differences for each in found if each.differences}


def settle(world: Rota, shift: Shift | None = None) -> dict[str, int]:
    return rota_attendance.settle(by=None, brand=world.brand, shift=shift)


def has(creator: Any) -> int:
    return points.balance_of(creator, timezone.localdate()).spendable


def place_of(creator: Any, shift: Shift) -> ShiftPlace:
    return ShiftPlace.objects.get(creator=creator, shift=shift)


def correct(world: Rota, came: str, reason: str = "She was there", creator: Any = None) -> Any:
    place = place_of(creator or world.may, world.shift)
    return rota_attendance.correct(by=world.lin, place=place, came=came, reason=reason)


def test_who_came_gets_the_thanks_once_the_time_for_ticking_is_over(world: Rota) -> None:
    world.now("2026-11-27 14:05")
    world.tick(world.may)
    assert settle(world) == {"shifts": 0, "people": 0, "points": 0}
    assert has(world.may) == 0
    world.now("2026-11-30 14:00")
    assert settle(world) == {"shifts": 1, "people": 1, "points": 60}
    assert has(world.may) == 60
    line = PointLine.objects.get()
    assert (line.source, line.key) == ("rota", f"{world.shift.pk}:{world.may.pk}")
    assert (line.earned_on, line.expires_on) == (FRIDAY, dt.date(2027, 11, 30))
    assert Activity.objects.get(verb="rota.settled").after["points"] == 60


def test_booking_again_books_nothing(world: Rota) -> None:
    world.now("2026-11-27 14:05")
    world.tick(world.may)
    world.now("2026-12-01 03:20")
    settle(world)
    before = (Journal.objects.count(), PointRun.objects.count(), Activity.objects.count())
    assert settle(world) == {"shifts": 0, "people": 0, "points": 0}
    rota_jobs.settle_all()
    points.run(by=None, brand=world.brand, today=timezone.localdate(), only="rota")
    assert (Journal.objects.count(), has(world.may)) == (before[0], 60)


def test_absent_and_unticked_people_get_nothing(world: Rota) -> None:
    (second,) = world.shifts(begin=15, end=16, places=3)
    for creator in (world.may, world.zhou, world.guo):
        world.sign_up(creator, second)
    world.now("2026-11-27 18:00")
    world.tick(world.may, Came.EXCUSED, second)
    world.tick(world.zhou, Came.ABSENT, second)
    world.now("2026-12-05 03:20")
    assert settle(world) == {"shifts": 2, "people": 0, "points": 0}
    assert not PointLine.objects.exists()
    assert differences() == {}


def test_the_ceiling_of_the_month_holds_and_the_next_month_begins_anew(
    world: Rota, settings: Any
) -> None:
    settings.ROTA_POINTS_A_MONTH = 100
    for day in (10, 12, 14):
        world.attended(world.may, dt.date(2026, 11, day))
    world.attended(world.may, dt.date(2026, 12, 1))
    world.now("2026-11-16 03:20")
    settle(world)
    world.now("2026-12-20 03:20")
    settle(world)
    given = dict(
        ShiftPlace.objects.filter(came="present").values_list("shift__starts_at__date", "points")
    )
    assert given == {
        dt.date(2026, 11, 10): 60,
        dt.date(2026, 11, 12): 40,
        dt.date(2026, 11, 14): 0,
        dt.date(2026, 12, 1): 60,
    }
    assert differences() == {}


def test_a_shift_can_be_booked_early_when_everybody_is_ticked(world: Rota) -> None:
    world.now("2026-11-27 13:00")
    assert code_of(lambda: settle(world, world.shift)) == ""
    assert has(world.may) == 0, "it is not over"
    world.now("2026-11-27 14:05")
    assert code_of(lambda: settle(world, world.shift)) == "not_all_ticked"
    world.tick(world.may)
    assert settle(world, world.shift)["points"] == 60
    assert code_of(lambda: world.tick(world.may, Came.ABSENT)) == "attendance_closed"


# -- ticking -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "code"),
    [
        ("2026-11-27 11:59", "shift_not_begun"),
        ("2026-11-27 12:00", ""),
        ("2026-11-30 13:59", ""),
        ("2026-11-30 14:00", "attendance_closed"),
    ],
)
def test_ticking_has_its_time(world: Rota, now: str, code: str) -> None:
    world.now(now)
    assert code_of(lambda: world.tick(world.may)) == code


def test_a_tick_can_be_changed_and_taken_away_before_booking(world: Rota) -> None:
    world.now("2026-11-27 14:05")
    for came in (Came.ABSENT, Came.PRESENT, ""):
        world.tick(world.may, came)
        assert place_of(world.may, world.shift).came == came
    assert Activity.objects.filter(verb="shift.ticked").count() == 3
    world.tick(world.may, "")
    assert Activity.objects.filter(verb="shift.ticked").count() == 3, "nothing changed"


def test_ticks_of_other_shifts_and_of_those_without_a_place_change_nothing(world: Rota) -> None:
    (other,) = world.shifts(begin=9, end=10)
    theirs = world.sign_up(world.zhou, other)
    waits = world.sign_up(world.guo)
    world.now("2026-11-27 14:05")
    came = {theirs.pk: "present", waits.pk: "present"}
    rota_attendance.tick(by=world.lin, shift=world.shift, came=came)
    assert not ShiftPlace.objects.exclude(came="").exists()
    unknown = lambda: rota_attendance.tick(by=world.lin, shift=world.shift, came={1: "late"})  # noqa: E731
    assert code_of(unknown) == "unknown_word"


def test_nobody_ticks_themself(world: Rota) -> None:
    world.may.person = c.person("may", (Role.OPERATOR, world.brand))
    world.may.save()
    world.now("2026-11-27 14:05")
    came = {place_of(world.may, world.shift).pk: "present"}
    tick = lambda: rota_attendance.tick(by=world.may.person, shift=world.shift, came=came)  # noqa: E731
    assert code_of(tick) == "own_attendance"


def test_what_is_called_off_is_not_ticked_or_booked(world: Rota) -> None:
    from incentives import rota_places

    rota_places.call_off(by=world.lin, shift=world.shift, reason="Rain")
    world.now("2026-11-27 14:05")
    assert code_of(lambda: world.tick(world.may)) == "shift_called_off"
    assert code_of(lambda: correct(world, "present")) == "shift_called_off"
    world.now("2026-12-05 03:20")
    assert settle(world)["shifts"] == 0


# -- corrections ---------------------------------------------------------------


@pytest.fixture
def booked(world: Rota) -> Rota:
    world.now("2026-11-27 14:05")
    world.tick(world.may)
    world.now("2026-12-01 03:20")
    settle(world)
    return world


def test_a_correction_after_booking_takes_the_points_back_by_a_line(booked: Rota) -> None:
    correct(booked, Came.ABSENT, "Mistaken for her sister")
    assert list(PointLine.objects.order_by("sequence").values_list("amount", flat=True)) == [
        60,
        -60,
    ]
    assert has(booked.may) == 0
    row = Activity.objects.get(verb="shift_place.attendance_corrected")
    assert (row.before, row.after) == (
        {"came": "present", "points": 60},
        {"came": "absent", "points": None, "reason": "Mistaken for her sister"},
    )
    assert differences() == {}
    correct(booked, Came.PRESENT)
    assert (has(booked.may), differences()) == (60, {})


def test_points_that_are_spent_are_owed_after_a_correction(booked: Rota) -> None:
    points.spend(by=None, creator=booked.may, points=50, key="x", reason="Cream")
    correct(booked, Came.EXCUSED)
    assert points.balance_of(booked.may, timezone.localdate()).owed == 50
    assert differences() == {}


def test_who_was_forgotten_gets_the_thanks_later_as_far_as_the_month_leaves_room(
    world: Rota, settings: Any
) -> None:
    settings.ROTA_POINTS_A_MONTH = 100
    world.attended(world.may, dt.date(2026, 11, 24))
    world.now("2026-12-01 03:20")
    settle(world)
    assert has(world.may) == 60
    correct(world, Came.PRESENT)
    assert (has(world.may), differences()) == (100, {})


def test_a_correction_needs_a_reason_and_has_its_time(booked: Rota) -> None:
    assert code_of(lambda: correct(booked, Came.ABSENT, " ")) == "reason_needed"
    booked.now("2027-02-25 14:00")
    assert code_of(lambda: correct(booked, Came.ABSENT)) == "cannot_correct"
    booked.now("2026-11-27 14:05")
    Shift.objects.filter(pk=booked.shift.pk)
    assert has(booked.may) == 60


def test_while_ticking_is_open_nothing_is_corrected(world: Rota) -> None:
    world.now("2026-11-27 14:05")
    assert code_of(lambda: correct(world, Came.PRESENT)) == "cannot_correct"
    world.now("2026-11-30 14:00")
    correct(world, Came.PRESENT)
    assert has(world.may) == 0, "not booked yet"
    assert settle(world)["points"] == 60


def test_who_had_no_place_was_not_there(world: Rota) -> None:
    world.sign_up(world.zhou)
    world.now("2026-12-01 03:20")
    assert code_of(lambda: correct(world, Came.PRESENT, creator=world.zhou)) == "no_place"


# -- explained and proved ------------------------------------------------------


def test_the_line_of_points_says_which_shift(booked: Rota) -> None:
    ((_journal, reasons),) = points_pages.told(list(points.history_of(booked.may)))
    assert reasons == ["Volunteering: Weekend host on 27 Nov 2026"]


def test_the_proof_finds_points_without_attendance_and_attendance_without_points(
    booked: Rota,
) -> None:
    assert differences() == {}
    with as_owner_without_guards():
        sql("UPDATE incentives_shiftplace SET points = 61")
    assert differences()["attendance_in_points"] == 1
    with as_owner_without_guards():
        sql("UPDATE incentives_shiftplace SET points = NULL, came = 'absent'")
    assert differences()["attendance_in_points"] == 1
    with as_owner_without_guards():
        sql("UPDATE incentives_shiftplace SET points = 60, came = 'present'")
        sql("UPDATE incentives_shift SET taken = 0")
    assert differences() == {"places_counted": 1}


def test_booking_many_asks_as_few_statements_as_booking_one(
    world: Rota, django_assert_max_num_queries: Any
) -> None:
    crowd = [{"number": f"X{n}", "name": f"Person {n}", "kind": "koc"} for n in range(30)]
    c.creators(world.people.jingan, crowd)
    (large,) = world.shifts(begin=15, end=16, places=40)
    now = timezone.now()
    ShiftPlace.objects.bulk_create(
        ShiftPlace(
            brand=world.brand,
            shift=large,
            creator=creator,
            during=(large.starts_at, large.ends_at),
            state="held",
            asked_at=now,
            held_at=now,
            came="present",
            came_at=now,
        )
        for creator in type(world.may).objects.filter(number__startswith="X")
    )
    world.now("2026-12-05 03:20")
    with django_assert_max_num_queries(50):
        assert settle(world) == {"shifts": 2, "people": 30, "points": 1800}
    assert rota.sums_of(Shift.objects.all(), timezone.now()).thanks == 1800
