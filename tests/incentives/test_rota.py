"""What volunteers do and when: activities, their shifts, and who finds them open (C12)."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Activity
from incentives import rota
from incentives.models import Shift
from incentives.rota_choices import DutyState
from tests import cast as c
from tests.incentives.rota import FRIDAY, Rota, code_of
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Rota:
    return Rota(monkeypatch)


def found(world: Rota, creator: Any) -> list[Shift]:
    return list(rota.open_for(creator, timezone.now()))


def pattern(**facts: Any) -> rota.Pattern:
    usual: dict[str, Any] = {
        "first": FRIDAY,
        "last": FRIDAY + dt.timedelta(days=8),
        "begin": dt.time(22),
        "end": dt.time(2),
        "weekdays": (5, 6),
    }
    return rota.Pattern(**(usual | facts))


def test_shifts_of_weekends_over_midnight_are_made_at_once(world: Rota) -> None:
    made = rota.add_shifts(by=world.lin, duty=world.duty, pattern=pattern(), places=4)
    local = timezone.localtime
    assert [f"{local(s.starts_at):%d %H:%M} {local(s.ends_at):%d %H:%M}" for s in made] == [
        "28 22:00 29 02:00",
        "29 22:00 30 02:00",
        "05 22:00 06 02:00",
    ]
    row = Activity.objects.filter(verb="duty.shifts_added").latest("pk")
    assert row.after == {"shifts": 3, "places": 4, "first": "2026-11-28", "until": "2026-12-05"}


def test_the_preview_says_what_is_left_out(world: Rota) -> None:
    noon = {"begin": dt.time(12), "end": dt.time(14), "weekdays": ()}
    week = pattern(first=dt.date(2026, 11, 20), last=FRIDAY, **noon)
    world.now("2026-11-21 13:00")
    plan = rota.planned(world.duty, week, timezone.now())
    assert [str(each.why_not) for each in plan] == [
        *["begins in the past"] * 2,
        *[""] * 5,
        "is there already",
    ]
    made = rota.add_shifts(by=world.lin, duty=world.duty, pattern=week, places=1)
    assert len(made) == 5
    again = lambda: rota.add_shifts(by=world.lin, duty=world.duty, pattern=week, places=1)  # noqa: E731
    assert code_of(again) == "nothing_to_add"


@pytest.mark.parametrize(
    ("facts", "places", "code"),
    [
        ({"last": FRIDAY - dt.timedelta(days=1)}, 1, "ends_before_start"),
        ({"last": FRIDAY, "weekdays": (0,)}, 1, "no_days"),
        ({"last": FRIDAY + dt.timedelta(days=100), "weekdays": ()}, 1, "too_many_days"),
        ({"begin": dt.time(8), "end": dt.time(20, 1)}, 1, "shift_too_long"),
        ({}, 0, "places_out_of_range"),
        ({}, 501, "places_out_of_range"),
    ],
)
def test_shifts_that_cannot_be(world: Rota, facts: dict[str, Any], places: int, code: str) -> None:
    act = lambda: rota.add_shifts(  # noqa: E731
        by=world.lin, duty=world.duty, pattern=pattern(**facts), places=places
    )
    assert code_of(act) == code
    assert Shift.objects.count() == 1


def test_thanks_are_small_and_no_money(world: Rota) -> None:
    assert code_of(lambda: world.open(points=501)) == "thanks_too_high"
    change = lambda: rota.change_duty(by=world.lin, duty=world.duty, points=900)  # noqa: E731
    assert code_of(change) == "thanks_too_high"


def test_a_shift_keeps_the_thanks_that_it_was_made_with(world: Rota) -> None:
    rota.change_duty(by=world.lin, duty=world.duty, points=10)
    world.shift.refresh_from_db()
    assert (world.shift.points, world.shifts(begin=15, end=16)[0].points) == (60, 10)


def test_a_host_takes_part_in_the_same_brand(world: Rota) -> None:
    c.creator(world.people.jingan, "K099", "Gone", state="left")
    stranger = world.people.jingan.creators.get(number="K099")
    assert code_of(lambda: world.open(host=stranger)) == "not_a_host"
    assert world.open(host=world.zhou).host == world.zhou


# -- who finds it --------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "may", "zhou", "guo"),
    [
        ({}, True, True, True),
        ({"creator_kind": "koc"}, True, False, True),
        ({"tiers": ["senior"]}, True, False, False),
        ({"tiers": ["senior"], "layers": ["potential"]}, True, True, False),
        ({"for_unit": "jingan"}, True, True, False),
        ({"for_unit": "south"}, False, False, True),
    ],
)
def test_people_find_what_is_for_them(
    world: Rota, fields: dict[str, Any], may: bool, zhou: bool, guo: bool
) -> None:
    """What the list shows is what signing up lets in."""
    world.may.tier, world.zhou.layer = "senior", "potential"
    for creator in (world.may, world.zhou):
        creator.save()
    if "for_unit" in fields:
        fields = {"for_unit": getattr(world.people, fields["for_unit"])}
    (shift,) = world.shifts(duty=world.open(name="Auto show", **fields))
    for creator, fits in ((world.may, may), (world.zhou, zhou), (world.guo, guo)):
        assert (shift in found(world, creator)) is fits, creator
        code = code_of(lambda one=creator: world.sign_up(one, shift))
        assert code == ("" if fits else "not_for_you"), creator


def test_drafts_closed_ones_and_what_has_begun_are_not_open(world: Rota) -> None:
    assert found(world, world.may) == [world.shift]
    for state in (DutyState.DRAFT, DutyState.CLOSED):
        rota.set_state(by=world.lin, duty=world.duty, state=state)
        assert found(world, world.may) == []
        assert code_of(lambda: world.sign_up(world.may)) == "duty_closed"
    rota.set_state(by=world.lin, duty=world.duty, state=DutyState.OPEN)
    world.now("2026-11-27 12:00")
    assert found(world, world.may) == []
    assert code_of(lambda: world.sign_up(world.may)) == "shift_begun"


# -- what the database holds ---------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE incentives_shift SET points = 500", RESTRICTED),
        ("UPDATE incentives_shift SET starts_at = starts_at + interval '1 hour'", RESTRICTED),
        ("DELETE FROM incentives_shift", RESTRICTED),
        ("DELETE FROM incentives_duty", RESTRICTED),
        ("DELETE FROM incentives_shiftplace", RESTRICTED),
        ("UPDATE incentives_shiftplace SET creator_id = creator_id + 1", RESTRICTED),
        ("UPDATE incentives_shift SET taken = places + 1", RULE_BROKEN),
        ("UPDATE incentives_duty SET points = 501", RULE_BROKEN),
        ("UPDATE incentives_shiftplace SET points = 10", RULE_BROKEN),
        ("UPDATE incentives_shiftplace SET came = 'present'", RULE_BROKEN),
    ],
)
def test_the_database_refuses(world: Rota, statement: str, error: str) -> None:
    world.sign_up(world.may)
    with refused(error):
        sql(statement)
