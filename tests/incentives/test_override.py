"""The manager's override: one level, staff only, and under its cap of the month exactly (M20, M21)."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import transaction

from incentives import commission_runs, commission_sql, month_sql, places
from incentives.commission import MANAGER, SELLER
from incentives.models import CommissionLine, MonthLine
from incentives.plans import NewRate, save_version
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import Office, accrue, code_of, differences, held
from tests.incentives.races import PATIENCE, Race, keep, own_database, put_back
from tests.refusals import OVERLAP, refused, sql

FIRST = dt.date(2026, 8, 1)
CAP = 1_500


class Team(Office):
    """Zhou Min sells in a store that Liu leads; the override is 1 % up to 15.00 a month."""

    def __init__(self) -> None:
        super().__init__()
        jingan = self.people.jingan
        self.lead = c.creator(jingan, "K009", "Lead Liu")
        rates = (NewRate(SELLER, 500), NewRate(MANAGER, 100, month_cap=CAP))
        save_version(
            by=None, brand=self.brand, name="Lead", valid_from=dt.date(2026, 9, 1), rates=rates
        )
        places.put(by=None, creator=self.zhou, first=FIRST)
        places.put(by=None, creator=self.lead, first=FIRST, leads=True)

    def overrides(self, order: Any) -> list[Creator]:
        lines = CommissionLine.objects.filter(order=order, role=MANAGER).select_related("creator")
        return [line.creator for line in lines]


# -- M20: one level, no loops --------------------------------------------------


@pytest.fixture
def team(db: None) -> Team:
    return Team()


@pytest.mark.django_db
def test_a_store_has_one_lead_and_a_person_one_place_a_day(team: Team) -> None:
    """M20: a second level or a loop would need either; both are refused when saved, also by SQL."""
    second = c.creator(team.people.jingan, "K010", "Second")
    for store, creator, leads in (
        (team.people.jingan, second, True),
        (team.people.tianhe, team.lead, False),
    ):
        with refused(OVERLAP):
            sql(
                "INSERT INTO incentives_staffplace (store_id, creator_id, valid, weight, leads)"
                " VALUES (%s, %s, '[2026-08-01,)', 1, %s)",
                store.pk,
                creator.pk,
                leads,
            )
    koc = lambda: places.put(by=None, creator=team.may, first=FIRST, leads=True)  # noqa: E731
    assert code_of(koc) == "not_staff"


@pytest.mark.django_db
def test_a_lead_s_own_lead_gets_nothing(team: Team) -> None:
    """M20: what would be the second level: Liu moves to a store that Guo leads, and sells there."""
    guo = c.creator(team.people.tianhe, "K077", "Guo Yan")
    places.put(by=None, creator=guo, first=FIRST, leads=True)
    first = team.order("E1", 10_000, day="2026-09-05")
    places.put(
        by=None,
        creator=team.lead,
        store=team.people.tianhe,
        first=dt.date(2026, 9, 10),
        leads=False,
    )
    second = team.order("E2", 10_000, day="2026-09-12", seller=team.lead)
    third = team.order("E3", 10_000, day="2026-09-12")
    accrue(team.brand, "2026-09-20")
    assert team.overrides(first) == [team.lead], "Liu led the store on that day"
    assert team.overrides(second) == [guo], "the lead of the store in which Liu sells now"
    assert team.overrides(third) == [], "nobody leads the store of Zhou Min any more"
    assert differences() == {}


@pytest.mark.django_db
def test_two_who_lead_each_other_in_turn_get_one_override_an_order_at_most(team: Team) -> None:
    """M20: a loop over days: first Liu leads Zhou Min, then Zhou Min leads Liu."""
    turn = dt.date(2026, 9, 10)
    places.put(by=None, creator=team.zhou, first=turn, leads=True)
    orders = [
        team.order("E1", 10_000, day="2026-09-05"),
        team.order("E2", 10_000, day="2026-09-05", seller=team.lead),
        team.order("E3", 10_000, day="2026-09-12"),
        team.order("E4", 10_000, day="2026-09-12", seller=team.lead),
    ]
    accrue(team.brand, "2026-09-20")
    found = [team.overrides(order) for order in orders]
    assert found == [[team.lead], [], [], [team.zhou]], "nobody gets one on what they sold"
    assert differences() == {}


# -- M21: two orders at once ---------------------------------------------------


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("override"):
        keep()
        yield


def two_orders(team: Team) -> None:
    """Each alone comes to 10.00 of override, both to 20.00; the cap is 15.00."""
    team.order("E1", 100_000)
    team.order("E2", 100_000)


def at_the_same_moment(patch: pytest.MonkeyPatch) -> None:
    """Each of the two orders is worked on by a connection of its own; both have begun."""
    both, span = threading.Barrier(2), commission_sql.accrue_span

    def met_first(*of: Any) -> Any:
        both.wait(PATIENCE)
        return span(*of)

    patch.setattr(commission_sql, "accrue_span", met_first)


@pytest.mark.usefixtures("committed")
def test_two_orders_at_once_reach_the_cap_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """M21"""
    team = Team()
    two_orders(team)
    at_the_same_moment(monkeypatch)
    accrue(team.brand, "2026-09-05", batch=1)
    assert sorted(CommissionLine.objects.filter(role=MANAGER).values_list("amount", flat=True)) == [
        1_000,
        1_000,
    ]
    assert (held(team.lead), MonthLine.objects.get().amount) == (CAP, -500)
    assert differences() == {}
    put_back()


@pytest.mark.usefixtures("committed")
def test_without_the_month_two_orders_at_once_go_past_the_cap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: taken away is the month, which looks at what all orders came to together."""
    team = Team()
    two_orders(team)
    at_the_same_moment(monkeypatch)
    monkeypatch.setattr(month_sql, "post", lambda by, run: 0)
    accrue(team.brand, "2026-09-05", batch=1)
    assert held(team.lead) == 2_000
    put_back()


def two_runs(team: Team) -> list[Any]:
    """A run for each of two days, begun at the same moment."""
    race = Race()

    def run(day: str) -> Any:
        return lambda: accrue(team.brand, day)

    return race.run(run("2026-09-05"), run("2026-09-06"))


@pytest.mark.usefixtures("committed")
def test_two_runs_at_once_reach_the_cap_exactly() -> None:
    """M21: one is refused, and whoever comes later finds what the first posted."""
    team = Team()
    team.order("E1", 100_000, day="2026-09-05")
    team.order("E2", 100_000, day="2026-09-06")
    codes = sorted(end.code for end in two_runs(team))
    assert codes in (["", "run_in_progress"], ["", ""])
    accrue(team.brand, "2026-09-07")
    assert held(team.lead) == CAP
    assert differences() == {}
    put_back()


@pytest.mark.usefixtures("committed")
def test_without_the_runs_guards_the_month_is_still_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Below the lock of runs stands the list of changed months, which one run takes."""
    team = Team()
    team.order("E1", 100_000, day="2026-09-05")
    accrue(team.brand, "2026-09-05")
    team.order("E2", 100_000, day="2026-09-06")
    team.order("E3", 100_000, day="2026-09-07")
    monkeypatch.setattr(commission_runs, "exclusive", lambda brand: nullcontext())
    with transaction.atomic():
        sql("DROP INDEX commission_run_one_open")
    codes = sorted(end.code for end in two_runs(team))
    assert "" in codes
    monkeypatch.undo()
    accrue(team.brand, "2026-09-08")
    assert held(team.lead) == CAP
    assert differences() == {}
    put_back()
