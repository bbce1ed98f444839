"""The pages of the rota: managers set it up and tick, people sign up on the phone (C12)."""

import datetime as dt
import re
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import middleware, waiting
from accounts.choices import JobState, Role
from accounts.models import Job, Person
from incentives import rota_exports, rota_jobs, rota_places
from incentives.models import Duty, Shift, ShiftPlace
from matrix.models import Creator
from tests import cast as c
from tests.incentives.rota import FRIDAY, Rota
from tests.incentives.test_points_pages import browser

pytestmark = pytest.mark.django_db

FORM = {
    "name": "Auto show stand",
    "about": "Hand out samples",
    "where": "Hall 3",
    "points": "50",
    "cutoff_hours": "24",
    "tick_days": "3",
}
PATTERN = {
    "first": "2026-12-01",
    "last": "2026-12-14",
    "weekdays": ["5", "6"],
    "begin": "22:00",
    "end": "01:00",
    "places": "2",
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Rota:
    world = Rota(monkeypatch)
    # The clock of a session goes on while that of the story is turned.
    monkeypatch.setattr(middleware, "ends_at", lambda request: None)
    for creator, role in ((world.may, Role.KOC), (world.zhou, Role.KOS)):
        creator.person = c.person(creator.name.split()[0].lower(), (role, world.people.jingan))
        creator.save()
    return world


@pytest.fixture
def manager(world: Rota) -> Person:
    return c.person("manager", (Role.STORE_MANAGER, world.people.jingan))


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def page(name: str, *args: Any) -> str:
    return reverse(f"incentives:{name}", args=args)


def phone(creator: Creator) -> Client:
    return browser(creator.person)


def own(name: str, *args: Any) -> str:
    return reverse(f"mobile:{name}", args=args)


# -- setting it up -------------------------------------------------------------


def test_headquarters_adds_an_activity_looks_at_its_shifts_and_adds_them(world: Rota) -> None:
    client = browser(world.lin)
    form = FORM | {"unit": world.people.east.pk, "host_number": "K001", "creator_kind": "koc"}
    assert client.post(page("duty_add"), form).status_code == 302
    made = Duty.objects.get(name="Auto show stand")
    assert (made.unit, made.host, made.state) == (world.people.east, world.zhou, "draft")
    looked = client.post(page("duty_shifts", made.pk), PATTERN)
    assert looked.status_code == 200
    assert "Add 4 shifts" in text(looked)
    assert not made.shifts.exists(), "looking adds nothing"
    client.post(page("duty_shifts", made.pk), PATTERN | {"confirm": "1"})
    assert made.shifts.count() == 4
    client.post(page("duty_state", made.pk), {"state": "open"})
    made.refresh_from_db()
    assert made.state == "open"
    assert client.post(page("duty", made.pk), form | {"points": "40"}).status_code == 302
    assert client.post(page("duty", made.pk), form | {"points": "900"}).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"host_number": "X1"}, "host_number"), ({"points": "501"}, "points"), ({"name": ""}, "name")],
)
def test_what_is_filled_in_wrongly_is_said(world: Rota, wrong: Any, field: str) -> None:
    answer = browser(world.lin).post(
        page("duty_add"), FORM | {"unit": world.people.jingan.pk} | wrong
    )
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert Duty.objects.count() == 1


def test_a_store_manager_asks_the_people_of_the_own_store(world: Rota, manager: Person) -> None:
    client, store = browser(manager), world.people.jingan
    assert client.post(page("duty_add"), FORM | {"unit": store.pk}).status_code == 422
    form = FORM | {"unit": store.pk, "for_unit": store.pk}
    assert client.post(page("duty_add"), form).status_code == 302
    assert Duty.objects.get(name="Auto show stand").for_unit == store
    for unit in (world.people.tianhe, world.people.east, world.brand):
        wrong = client.post(page("duty_add"), form | {"unit": unit.pk})
        assert wrong.status_code == 422, unit
    theirs = world.open(unit=world.people.east)
    assert client.get(page("duty", theirs.pk)).status_code == 404


def test_who_may_only_look_changes_nothing(world: Rota) -> None:
    world.sign_up(world.may)
    client = browser(c.person("ana", (Role.ANALYST, world.brand)))
    for name, *args in (("rota_week",), ("shifts",), ("duties",), ("shift", world.shift.pk)):
        assert client.get(page(name, *args)).status_code == 200, name
    assert client.get(page("duty", world.duty.pk)).status_code == 200
    assert client.get(page("duty_add")).status_code == 403
    place = ShiftPlace.objects.get()
    for name, args, form in (
        ("shift", [world.shift.pk], {"act": "call_off", "reason": "x"}),
        ("duty_state", [world.duty.pk], {"state": "closed"}),
        ("duty_shifts", [world.duty.pk], PATTERN | {"confirm": "1"}),
        ("duty", [world.duty.pk], FORM),
        ("shift_place", [world.shift.pk, place.pk], {"came": "present", "reason": "x"}),
        ("rota_book", [], {}),
    ):
        assert client.post(page(name, *args), form).status_code == 403, name
    world.shift.refresh_from_db()
    assert world.shift.called_off_at is None


# -- the week and the lists ----------------------------------------------------


def test_the_week_shows_each_day_and_says_how_it_goes(world: Rota) -> None:
    world.sign_up(world.may)
    answer = browser(world.lin).get(page("rota_week"), {"week": "2026-11-25"})
    said = text(answer)
    assert "23 – 29 Nov 2026" in said
    assert re.search(r"Friday 27 November 12:00–14:00 Weekend host", said)
    assert "1 / 1" in said
    assert "Full" in said
    assert said.count("no shift") == 6
    for odd in ("x", "0001-01-01", "9999-12-31", "2026-13-01"):
        assert browser(world.lin).get(page("rota_week"), {"week": odd}).status_code == 200
    other = {"week": "2026-11-25", "unit": world.people.south.pk}
    assert "Weekend host" not in text(browser(world.lin).get(page("rota_week"), other))


def test_shifts_are_found_by_state_days_and_activity(world: Rota) -> None:
    past = world.attended(world.may, dt.date(2026, 11, 10))
    unticked = world.attended(world.zhou, dt.date(2026, 11, 12), "")
    world.now("2026-11-20 09:00")
    (off,) = world.shifts(begin=9, end=10)
    rota_places.call_off(by=world.lin, shift=off, reason="Rain")
    world.sign_up(world.may)
    client = browser(world.lin)

    def found(**query: str) -> set[Shift]:
        return set(client.get(page("shifts"), query).context["page"].rows)

    assert found() == {past, unticked, off, world.shift}
    assert found(state="coming") == {world.shift}
    assert found(state="free") == set()
    assert found(state="past") == {past, unticked}
    assert found(state="to_tick") == {unticked}
    assert found(state="called_off") == {off}
    assert found(since="2026-11-12", until="2026-11-12") == {unticked}
    assert found(q="weekend") == found(duty=str(world.duty.pk)) == found()
    assert found(q="nothing") == set()
    shown = {s.pk: (s.came, s.unticked) for s in client.get(page("shifts")).context["page"].rows}
    assert (shown[past.pk], shown[unticked.pk]) == ((1, 0), (0, 1))


def test_the_file_has_a_line_for_each_person_of_the_listed_shifts(world: Rota) -> None:
    past = world.attended(world.may, dt.date(2026, 11, 10))
    world.now("2026-11-20 09:00")
    world.sign_up(world.zhou)
    found, rows = rota_exports.attendance(world.lin, world.brand, QueryDict("state=past"))
    assert [(row.shift, row.creator.name, row.came) for row in rows] == [(past, "May", "present")]
    assert sum(len(batch) for batch in found.batches(rows, 10)) == 1
    stranger = c.person("manager", (Role.STORE_MANAGER, world.people.tianhe))
    assert not rota_exports.attendance(stranger, world.brand, QueryDict(""))[1].exists()


def test_a_page_of_shifts_asks_the_same_for_one_as_for_many(
    world: Rota, django_assert_max_num_queries: Any
) -> None:
    world.shifts(days=30, first=dt.date(2026, 12, 1))
    client = browser(world.lin)
    client.get(page("shifts"))
    for name in ("shifts", "duties", "rota_week"):
        with django_assert_max_num_queries(12):
            assert client.get(page(name)).status_code == 200


# -- one shift -----------------------------------------------------------------


def test_a_manager_changes_places_calls_off_ticks_and_books(world: Rota, manager: Person) -> None:
    world.sign_up(world.may)
    world.sign_up(world.zhou)
    client, here = browser(manager), page("shift", world.shift.pk)
    assert "On the waiting list" in text(client.get(here))
    assert client.post(here, {"act": "places", "places": "2"}).status_code == 302
    assert world.state(world.zhou) == "held"
    assert client.post(here, {"act": "places", "places": "0"}).status_code == 422
    assert client.post(here, {"act": "call_off", "reason": ""}).status_code == 422
    world.now("2026-11-27 14:05")
    client = browser(manager)
    places = {place.creator_id: place.pk for place in ShiftPlace.objects.all()}
    ticks = {f"came-{places[world.may.pk]}": "present", f"came-{places[world.zhou.pk]}": "absent"}
    assert client.post(here, {"act": "tick"} | ticks).status_code == 302
    assert client.post(here, {"act": "book"}).status_code == 302
    world.shift.refresh_from_db()
    assert world.shift.settled_at is not None
    said = text(client.get(here))
    assert "Booked" in said
    assert "Absent without a word" in said
    correction = page("shift_place", world.shift.pk, places[world.zhou.pk])
    assert client.get(correction).status_code == 200
    assert client.post(correction, {"came": "excused", "reason": ""}).status_code == 422
    form = {"came": "excused", "reason": "He had called"}
    assert client.post(correction, form).status_code == 302
    assert ShiftPlace.objects.get(creator=world.zhou).came == "excused"


def test_what_is_no_tick_is_refused_or_left_alone(world: Rota) -> None:
    world.sign_up(world.may)
    world.now("2026-11-27 14:05")
    client, here = browser(world.lin), page("shift", world.shift.pk)
    place = ShiftPlace.objects.get()
    for odd in ("came-", "came-x", "came-²", f"came-{'9' * 30}"):
        assert client.post(here, {"act": "tick", odd: "present"}).status_code == 302
    assert client.post(here, {"act": "tick", f"came-{place.pk}": "late"}).status_code == 422
    assert browser(world.lin).post(here, {"act": "nothing"}).status_code == 422
    place.refresh_from_db()
    assert place.came == ""


def test_points_are_booked_in_the_background(world: Rota, manager: Person) -> None:
    assert browser(manager).post(page("rota_book")).status_code == 403
    world.sign_up(world.may)
    world.now("2026-11-27 14:05")
    world.tick(world.may)
    world.now("2026-12-01 09:00")
    assert browser(world.lin).post(page("rota_book")).status_code == 302
    job = Job.objects.get(kind=rota_jobs.KIND)
    assert job.state == JobState.WAITING
    assert rota_jobs.run_job(job, None) == {"shifts": 1, "people": 1, "points": 60}


def test_attendance_to_tick_waits_for_who_may_tick(world: Rota, manager: Person) -> None:
    def waits(person: Person) -> list[str]:
        person = Person.objects.get(pk=person.pk)
        return [item.href for item in waiting.items_for(person) if item.icon == "handshake"]

    world.sign_up(world.may)
    assert waits(manager) == []
    world.now("2026-11-27 14:05")
    assert waits(manager) == waits(world.lin) == [page("shifts") + "?state=to_tick&sort=starts"]
    assert waits(c.person("far", (Role.STORE_MANAGER, world.people.tianhe))) == []
    world.tick(world.may)
    world.now("2026-11-27 14:06")
    assert waits(manager) == []


# -- on the phone --------------------------------------------------------------


def test_a_person_signs_up_takes_the_date_along_and_withdraws(world: Rota) -> None:
    client, here = phone(world.may), own("volunteer_shift", world.shift.pk)
    assert "Weekend host" in text(client.get(own("volunteer")))
    assert "Sign up" in text(client.get(here))
    assert client.get(own("volunteer_calendar", world.shift.pk)).status_code == 404
    assert "You have a place" in text(client.post(here, {"act": "sign_up"}, follow=True))
    file = client.get(own("volunteer_calendar", world.shift.pk))
    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"DTSTART:20261127T040000Z\r\n" in file.content
    client.post(here, {"act": "withdraw"})
    assert world.state(world.may) == "withdrawn"


def test_who_moves_up_is_told_on_the_phone_until_it_is_read(world: Rota) -> None:
    world.sign_up(world.zhou)
    client, here = phone(world.may), own("volunteer_shift", world.shift.pk)
    client.post(here, {"act": "sign_up"})
    assert "You are next on the waiting list" in text(client.get(here))
    world.withdraw(world.zhou)
    assert "1 message about your volunteer shifts" in text(client.get(own("today")))
    assert "A place came free and is yours" in text(client.get(own("volunteer")))
    client.post(own("volunteer_read"))
    assert "A place came free" not in text(client.get(own("volunteer")))


def test_the_phone_says_why_somebody_cannot_sign_up(world: Rota) -> None:
    (far,) = world.shifts(duty=world.open(name="Far", for_unit=world.people.south))
    client, here = phone(world.may), own("volunteer_shift", far.pk)
    assert "Far" not in text(client.get(own("volunteer")))
    assert "not for your tier, group or store" in text(client.get(here))
    said = text(client.post(here, {"act": "sign_up"}, follow=True))
    assert "not for your tier, group or store" in said
    assert world.state(world.may, far) == ""


def test_drafts_and_other_brands_do_not_exist_on_the_phone(world: Rota) -> None:
    draft = Duty.objects.create(
        brand=world.brand, unit=world.brand, name="Draft", about="-", where="-"
    )
    (hidden,) = world.shifts(duty=draft)
    assert phone(world.may).get(own("volunteer_shift", hidden.pk)).status_code == 404


def test_the_host_ticks_on_the_phone_and_nobody_else(world: Rota) -> None:
    Duty.objects.filter(pk=world.duty.pk).update(host=world.zhou)
    world.sign_up(world.may)
    here = own("volunteer_attendance", world.shift.pk)
    world.now("2026-11-27 11:00")
    assert "once the shift has begun" in text(phone(world.zhou).get(here))
    world.now("2026-11-27 14:05")
    place = ShiftPlace.objects.get()
    ticks = {f"came-{place.pk}": "present"}
    assert phone(world.may).get(here).status_code == 404
    assert phone(world.may).post(here, ticks).status_code == 404
    assert "Who came" in text(phone(world.zhou).get(own("volunteer")))
    assert phone(world.zhou).post(here, ticks).status_code == 302
    place.refresh_from_db()
    assert place.came == "present"


def test_own_attendance_is_ticked_by_somebody_else(world: Rota) -> None:
    Duty.objects.filter(pk=world.duty.pk).update(host=world.zhou)
    world.sign_up(world.zhou)
    world.now("2026-11-27 14:05")
    ticks = {f"came-{ShiftPlace.objects.get().pk}": "present"}
    here = own("volunteer_attendance", world.shift.pk)
    said = text(phone(world.zhou).post(here, ticks, follow=True))
    assert "Nobody ticks their own attendance" in said
    assert ShiftPlace.objects.get().came == ""


def test_the_phone_of_somebody_without_a_shift_is_empty_and_calm(world: Rota) -> None:
    world.now("2026-11-27 12:00")
    assert timezone.localdate() == FRIDAY
    assert "Nothing for you at present" in text(phone(world.may).get(own("volunteer")))
