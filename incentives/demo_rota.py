"""The demo brand's volunteers: two activities, weekend after weekend, and who came."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import rota, rota_attendance, rota_places
from incentives.models import Duty, Shift, ShiftPlace
from incentives.rota_choices import Came, DutyState, PlaceState
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

# Volunteering began so long ago, and shifts stand so far ahead.
BEGAN = dt.timedelta(days=60)
AHEAD = dt.timedelta(days=20)


@demo_part(order=58)
class Rota(DemoPart):
    """Hosts at the store of Zhou Min and helpers at the days of new products."""

    name = "rota"
    fills = (ShiftPlace,)

    def play(self, until: dt.datetime) -> None:
        if until.date() < self.demo.day - BEGAN:
            return
        if not Duty.objects.filter(brand=self.demo.brand).exists():
            self._add_duties()
        self._tick(until)
        rota_attendance.settle(by=None, brand=self.demo.brand)
        self._add_shifts(until)
        self._sign_up(until)

    def _add_duties(self) -> None:
        lin = Person.objects.get(username="lin")
        zhou = Creator.objects.select_related("store__parent").get(person__username="zhou")
        self._open(
            lin,
            unit=zhou.store,
            name="旗舰店周末接待",
            about="迎接到店顾客，介绍新品试用台，帮忙拍照打卡。每班之前店长做十分钟说明。",
            where="一层入口服务台",
            host=zhou,
            points=60,
        )
        self._open(
            lin,
            unit=zhou.store.parent or self.demo.brand,
            name="新品体验日助手",
            about="引导体验者排队，收集试用感受，好的不好的都如实记录。",
            where="体验区",
            points=80,
            creator_kind=CreatorKind.KOC,
        )

    def _open(self, lin: Person, **fields: object) -> None:
        duty = rota.add_duty(by=lin, **fields)  # type: ignore[arg-type]
        rota.set_state(by=lin, duty=duty, state=DutyState.OPEN)

    def _add_shifts(self, until: dt.datetime) -> None:
        lin = Person.objects.get(username="lin")
        today = timezone.localdate(until)
        for number, duty in enumerate(Duty.objects.filter(brand=self.demo.brand).order_by("pk")):
            pattern = rota.Pattern(
                first=today + dt.timedelta(days=1),
                last=today + AHEAD,
                begin=dt.time(13 - 3 * number),
                end=dt.time(17 - 3 * number),
                weekdays=(5, 6) if number == 0 else (2,),
            )
            try:
                rota.add_shifts(by=lin, duty=duty, pattern=pattern, places=3 - number)
            except DomainError:
                # The halts of a month's end lie close together: all of it is there.
                continue

    def _sign_up(self, until: dt.datetime) -> None:
        people = self._people()
        own = [creator for creator in people if creator.person_id]
        zhou = Creator.objects.select_related("store").get(person__username="zhou")
        coming = Shift.objects.filter(
            brand=self.demo.brand, starts_at__gt=until, called_off_at=None, people=None
        )
        for shift in coming.select_related("duty").order_by("starts_at", "pk"):
            wanted = shift.places + 1 if shift.pk % 4 == 0 else shift.places - shift.pk % 2
            host = [zhou] * (shift.pk % 5 == 0)
            asked = (
                host
                + own[:1] * (shift.pk % 3 == 0)
                + self.rng.sample(people, min(len(people), wanted))
            )
            for creator in dict.fromkeys(asked):
                try:
                    rota_places.sign_up(by=creator.person, creator=creator, shift=shift)
                except DomainError:
                    # Absent too often, or at another shift at that time.
                    continue

    def _people(self) -> list[Creator]:
        """Those near the store who volunteer: May first, who signs in, then some of the region."""
        zhou = Creator.objects.select_related("store__parent").get(person__username="zhou")
        region = zhou.store.parent or self.demo.brand
        near = Creator.objects.filter(
            brand=self.demo.brand,
            kind=CreatorKind.KOC,
            state=CreatorState.ACTIVE,
            store__path__startswith=region.path,
        ).select_related("person", "store", "brand")
        may = list(near.filter(person__username="may"))
        return may + list(near.exclude(person__username="may").order_by("pk")[:24])

    def _tick(self, until: dt.datetime) -> None:
        lin = Person.objects.get(username="lin")
        # What ended within the last days is still to be ticked.
        over = Shift.objects.filter(
            brand=self.demo.brand,
            ends_at__lte=until - dt.timedelta(days=2),
            settled_at=None,
            called_off_at=None,
        )
        for shift in over.order_by("ends_at"):
            held = ShiftPlace.objects.filter(shift=shift, state=PlaceState.HELD)
            came = {place.pk: self._came() for place in held.order_by("pk")}
            with clock(shift.ends_at + dt.timedelta(hours=1)):
                rota_attendance.tick(by=lin, shift=shift, came=came)

    def _came(self) -> str:
        chance = self.rng.random()
        return Came.ABSENT if chance < 0.06 else Came.EXCUSED if chance < 0.14 else Came.PRESENT

    def figures(self) -> dict[str, int]:
        return {"people": ShiftPlace.objects.filter(brand=self.demo.brand).count()}
