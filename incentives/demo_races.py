"""The demo brand's races: last month's with its prizes, three that run, one in its making."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from accounts.choices import UnitKind
from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person, Unit
from incentives import race_disputes, race_screens, race_standings, races
from incentives.models import Race, RaceAward, RaceEntry, RaceStanding
from incentives.race_choices import DisputeState, RaceScheme
from incentives.race_rules import Leagues
from kosops.lib.periods import Month
from matrix.models import Creator

# Late data are waited for so long after the last day.
LATE_DAYS = 5
STORE_PRIZES = (300_000, 200_000, 100_000)
PERSON_PRIZES = (80_000, 50_000, 30_000)
NOTE_JUMP = 60
DOUBT = "17号的一笔订单还没有算进来，已经让店里补传了"
ANSWER = "订单已补录，名次会在下一次计算时更新"


@demo_part(order=55)
class Races(DemoPart):
    """A season of stores with prizes, a running one of stores and one of people, and a draft."""

    name = "races"
    fills = (Race, RaceEntry, RaceStanding, RaceAward)

    def play(self, until: dt.datetime) -> None:
        if until != self.demo.moments()[-1]:
            return
        self.lin = Person.objects.get(username="lin")
        self.zhao = Person.objects.get(username="zhao")
        today = self.demo.last_day
        month = Month.of(today)
        self._past(month.shifted(-2 if today.day <= LATE_DAYS + 1 else -1))
        self._running(month)
        self._draft(month.shifted(1))

    def figures(self) -> dict[str, int]:
        return {"races": Race.objects.filter(brand=self.demo.brand).count()}

    def _add(self, month: Month, scheme: str, name: str, by: Person, **changes: object) -> Race:
        template = races.SCHEMES[scheme].formula
        return races.add_race(
            by=by,
            brand=self.demo.brand,
            scheme=scheme,
            name=name,
            first_day=month.first_day,
            last_day=month.last_day,
            cut_off_on=month.last_day + dt.timedelta(days=LATE_DAYS),
            formula=replace(template, **changes),  # type: ignore[arg-type]
        )

    def _past(self, month: Month) -> None:
        """It ran, was fixed, proved, and its prizes wait for a second person."""
        with clock(self.demo.at(month.first_day - dt.timedelta(days=3), 15)):
            race = self._add(
                month,
                RaceScheme.STORES,
                f"{month.month}月门店赛马",
                self.lin,
                prizes=STORE_PRIZES,
                leagues=self._leagues(),
            )
            race = races.start(by=self.lin, race=race)
        for day in (month.last_day - dt.timedelta(days=1), month.last_day):
            with clock(self.demo.at(day, 21, 40)):
                race_standings.refresh(by=None, race=race)
        with clock(self.demo.at(race.cut_off_on + dt.timedelta(days=1), 0, 40)):
            race = race_standings.freeze(by=None, race=race)
        with clock(self.demo.at(self.demo.last_day, 9, 20)):
            race_standings.prove(by=self.zhao, race=race)

    def _running(self, month: Month) -> None:
        """A race of stores with a question, one of staff accounts, one of customers' notes."""
        began = self.demo.at(month.first_day - dt.timedelta(days=2), 16)
        with clock(began):
            stores = races.start(
                by=self.lin,
                race=self._add(
                    month,
                    RaceScheme.STORES,
                    f"{month.month}月门店赛马",
                    self.lin,
                    prizes=STORE_PRIZES,
                    leagues=self._leagues(),
                ),
            )
            people = races.start(
                by=self.lin,
                race=self._add(
                    month,
                    RaceScheme.ACCOUNTS,
                    f"{month.month}月账号激励",
                    self.lin,
                    prizes=PERSON_PRIZES,
                    leagues=Leagues(),
                ),
            )
            notes = races.start(
                by=self.lin,
                race=self._add(
                    month,
                    RaceScheme.NOTES,
                    f"{month.month}月笔记竞赛",
                    self.lin,
                    prizes=PERSON_PRIZES,
                    leagues=Leagues(),
                    jump=NOTE_JUMP,
                ),
            )
        for race in (stores, people, notes):
            self._days(race)
        self._doubts(stores)
        with clock(self.demo.at(self.demo.last_day, 9, 50)):
            race_screens.open_screen(by=self.lin, race=stores)

    def _days(self, race: Race) -> None:
        """Standings of the last days, so that there is movement and a line to look at."""
        last = self.demo.last_day
        days = [last - dt.timedelta(days=back) for back in (5, 3, 1, 0)]
        for day in days:
            if day >= race.first_day:
                with clock(self.demo.at(day, 8, 40)):
                    race_standings.refresh(by=None, race=race)

    def _doubts(self, race: Race) -> None:
        """One question is open, one was answered."""
        manager = Person.objects.filter(username="he").first() or self.lin
        entries = list(race.entries.order_by("pk")[:2])
        if race.first_day > self.demo.last_day or len(entries) < 2:
            return
        with clock(self.demo.at(self.demo.last_day, 9, 5)):
            race_disputes.raise_dispute(by=manager, entry=entries[0], text=DOUBT, fact="sales_net")
            answered = race_disputes.raise_dispute(by=manager, entry=entries[1], text=DOUBT)
        with clock(self.demo.at(self.demo.last_day, 9, 45)):
            race_disputes.answer(
                by=self.lin, dispute=answered, state=DisputeState.UPHELD, text=ANSWER
            )

    def _draft(self, month: Month) -> None:
        with clock(self.demo.at(self.demo.last_day, 9, 55)):
            self._add(
                month,
                RaceScheme.DEALS,
                f"{month.month}月成交奖励",
                self.lin,
                prizes=PERSON_PRIZES,
            )

    def _leagues(self) -> Leagues:
        """Two bands about the middle size of the demo's stores, whatever its scale."""
        stores = Unit.objects.filter(brand=self.demo.brand, kind=UnitKind.STORE, active=True)
        heads = Creator.objects.filter(brand=self.demo.brand, kind="kos", state="active").count()
        middle = max(heads // max(stores.count(), 1), 1)
        return Leagues(bands=(middle + 1,))
