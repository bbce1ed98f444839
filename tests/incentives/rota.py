"""A store that looks for volunteers: what the tests of the rota begin with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.choices import Role
from incentives import rota, rota_attendance, rota_places
from incentives.models import Duty, Shift, ShiftPlace
from incentives.rota_choices import Came, DutyState
from kosops.lib.errors import DomainError
from matrix.models import Creator
from tests import cast as c

FRIDAY = dt.date(2026, 11, 27)


def code_of(act: Callable[[], Any]) -> str:
    """The code with which an act is refused, empty where it is not."""
    try:
        act()
    except DomainError as refusal:
        return refusal.code
    return ""


class Rota:
    """Jing'an looks for hosts on Friday 27 November, 12 to 14 o'clock; it is Friday the 20th."""

    def __init__(self, monkeypatch: Any = None, **fields: Any) -> None:
        self.monkeypatch = monkeypatch
        self.people = people = c.cast()
        self.brand, self.may, self.zhou = people.brand, people.may, people.zhou
        self.lin = c.person("lin", (Role.OPERATOR, self.brand))
        self.guo = c.creator(people.tianhe, "C002", "Guo Yan", kind="koc")
        if monkeypatch:
            self.now("2026-11-20 09:00")
        self.duty = self.open(**fields)
        (self.shift,) = self.shifts()

    def now(self, text: str) -> None:
        moment = dt.datetime.fromisoformat(text).replace(tzinfo=c.ZONE)
        self.monkeypatch.setattr(timezone, "now", lambda: moment)

    def open(self, **fields: Any) -> Duty:
        facts = {"name": "Weekend host", "about": "Welcome guests", "where": "Ground floor"}
        usual = {"unit": self.people.jingan, "points": 60, **facts}
        duty = rota.add_duty(by=self.lin, **(usual | fields))
        return rota.set_state(by=self.lin, duty=duty, state=DutyState.OPEN)

    def shifts(
        self, begin: int = 12, end: int = 14, places: int = 1, days: int = 1, **more: Any
    ) -> list[Shift]:
        pattern = rota.Pattern(
            first=more.get("first", FRIDAY),
            last=more.get("first", FRIDAY) + dt.timedelta(days=days - 1),
            begin=dt.time(begin),
            end=dt.time(end),
        )
        duty = more.get("duty", self.duty)
        return rota.add_shifts(by=self.lin, duty=duty, pattern=pattern, places=places)

    def sign_up(self, creator: Creator, shift: Shift | None = None) -> ShiftPlace:
        return rota_places.sign_up(by=None, creator=creator, shift=shift or self.shift)

    def withdraw(self, creator: Creator, shift: Shift | None = None) -> ShiftPlace:
        return rota_places.withdraw(by=None, creator=creator, shift=shift or self.shift)

    def state(self, creator: Creator, shift: Shift | None = None) -> str:
        place = ShiftPlace.objects.filter(creator=creator, shift=shift or self.shift).first()
        return place.state if place else ""

    def tick(self, creator: Creator, came: str = Came.PRESENT, shift: Shift | None = None) -> None:
        place = ShiftPlace.objects.get(creator=creator, shift=shift or self.shift)
        rota_attendance.tick(by=self.lin, shift=place.shift, came={place.pk: came})

    def attended(self, creator: Creator, day: dt.date, came: str = Came.PRESENT) -> Shift:
        """A shift of an earlier day, made as it would have been, with one person in it."""
        self.now(f"{day - dt.timedelta(days=2)} 09:00")
        (shift,) = self.shifts(first=day)
        self.sign_up(creator, shift)
        self.now(f"{day} 18:00")
        self.tick(creator, came, shift)
        return shift
