"""Schemes are checked when they begin: what stops them, what is accepted by whom, what is kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity, Person
from incentives import nightly, perks, races, rewards, rewards_sources, schemes, standing, themes
from incentives.models import Race, Reward, RewardRule, SchemeCheck, Standing, Theme
from incentives.race_rules import Formula, Term
from incentives.scheme_rules import Stated
from kosops.lib.periods import Month
from tests import cast as c
from tests.incentives.money import code_of, refusal_of
from tests.incentives.test_points_pages import browser
from tests.refusals import refused, sql

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
NOTE = {
    "source": "note",
    "steps": [{"at_least": 0, "amount": 500}],
    "check_days": 7,
    "count_days": 30,
    "watch_days": 60,
}
DRAW = Stated(by_chance=True, top_prize=100_000, published=True)


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(people: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def zhao(people: c.Cast) -> Person:
    return c.finance(people, "zhao")


def theme(people: c.Cast, **fields: Any) -> Theme:
    usual = {"month": str(Month.of(TODAY)), "name": "Rose month", "steps": [[0, 10]]}
    return themes.add_theme(by=None, brand=people.brand, **(usual | fields))


def rule(people: c.Cast, lin: Person, name: str = "Notes", **terms: Any) -> RewardRule:
    return rewards.propose(
        by=lin, brand=people.brand, name=name, terms=NOTE | terms, first_day=TODAY
    )


def gift(people: c.Cast, name: str = "Hand cream", **fields: Any) -> Reward:
    usual = {"kind": "gift", "delivery": "store", "price": 200, "opens_on": TODAY}
    return perks.add_reward(by=None, brand=people.brand, name=name, **(usual | fields))


def race(people: c.Cast, name: str = "Autumn", **formula: Any) -> Race:
    usual = {"terms": (Term("sales_net", 100, "total"),)}
    return races.add_race(
        by=None,
        brand=people.brand,
        scheme="deals",
        name=name,
        first_day=TODAY,
        last_day=TODAY,
        cut_off_on=TODAY,
        formula=Formula(**(usual | formula)),
    )


# -- when a scheme begins --------------------------------------------------------


def test_each_kind_is_checked_when_it_begins(people: c.Cast, lin: Person, zhao: Person) -> None:
    themes.open_theme(by=lin, theme=theme(people))
    rewards.approve(by=zhao, rule=rule(people, lin))
    races.start(by=lin, race=race(people, prizes=(50_000, 20_000)))
    perks.set_state(by=lin, reward=gift(people), state="open")
    standing.add_standing(by=lin, brand=people.brand, name="Friends", discount_bp=1000)
    rows = SchemeCheck.objects.order_by("pk")
    assert [(each.kind, each.outcome) for each in rows] == [
        (kind, "clear") for kind in ("theme", "rule", "race", "reward", "standing")
    ]
    assert [each.facts["basis"] for each in rows] == [
        ["posts"],
        ["posts"],
        ["orders"],
        ["points"],
        ["posts"],
    ]
    assert [each.facts["prize"] for each in rows] == [0, 0, 50_000, 0, 0]
    assert [each.checked_by for each in rows] == [lin, zhao, lin, lin, lin]
    assert rows[0].findings == [["note", "mark"]]


def test_what_is_not_allowed_does_not_begin(people: c.Cast, lin: Person, zhao: Person) -> None:
    tap = Stated(asks=frozenset({"share"}))
    made = theme(people), rule(people, lin), race(people), gift(people)
    for scheme in made:
        schemes.check(by=lin, scheme=scheme, stated=tap)
    acts = (
        lambda: themes.open_theme(by=lin, theme=made[0]),
        lambda: rewards.approve(by=zhao, rule=made[1]),
        lambda: races.start(by=lin, race=made[2]),
        lambda: perks.set_state(by=lin, reward=made[3], state="open"),
    )
    for act in acts:
        refusal = refusal_of(act)
        assert (refusal.code, refusal.params["findings"]) == ("scheme_stopped", ["share"])
    states = [type(each).objects.get(pk=each.pk).state for each in made]
    assert states == ["draft", "waiting", "draft", "draft"]


def test_a_member_price_that_asks_for_praise_is_refused_and_one_that_sounds_rests(
    people: c.Cast, lin: Person
) -> None:
    fields = {"by": lin, "brand": people.brand, "discount_bp": 1000}
    assert code_of(lambda: standing.add_standing(name="好评价", **fields)) == "scheme_stopped"
    made = standing.add_standing(name="邀请好友价", **fields)
    assert not made.active
    take_up = {"by": lin, "standing": made, "active": True}
    assert code_of(lambda: standing.switch(**take_up)) == "scheme_warned"
    schemes.check(by=lin, scheme=made, stated=Stated(), accepted=["people_words"])
    assert standing.switch(**take_up).active


def test_warnings_are_accepted_by_somebody_whose_name_stays(
    people: c.Cast, lin: Person, zhao: Person
) -> None:
    made = gift(people)
    first = schemes.check(by=lin, scheme=made, stated=DRAW)
    assert (first.outcome, first.accepted_by) == ("warned", None)
    opening = {"reward": made, "state": "open"}
    assert code_of(lambda: perks.set_state(by=lin, **opening)) == "scheme_warned"
    other = schemes.check(by=lin, scheme=made, stated=DRAW, accepted=["cashable"])
    assert other.outcome == "warned"
    last = schemes.check(by=zhao, scheme=made, stated=DRAW, accepted=["chance_tax"])
    assert (last.outcome, last.accepted_by, last.replaces) == ("accepted", zhao, other)
    perks.set_state(by=lin, **opening)
    assert schemes.latest(made) == last
    row = Activity.objects.get(verb="scheme.warnings_accepted")
    assert (row.actor, row.after["name"]) == (zhao, "Hand cream")


def test_nothing_that_is_stopped_can_be_accepted(people: c.Cast, lin: Person) -> None:
    stated = Stated(by_chance=True, top_prize=5_000_001, published=True)
    made = schemes.check(by=lin, scheme=gift(people), stated=stated, accepted=["chance_tax"])
    assert (made.outcome, made.accepted_by) == ("stopped", None)


def test_what_was_accepted_holds_until_something_else_is_found(
    people: c.Cast, lin: Person, zhao: Person
) -> None:
    made = gift(people)
    schemes.check(by=zhao, scheme=made, stated=DRAW, accepted=["chance_tax"])
    perks.set_state(by=lin, reward=made, state="open")
    perks.change_reward(by=lin, reward=made, name="Rose cream")
    again = schemes.latest(made)
    assert again and (again.name, again.checked_by, again.accepted_by) == ("Rose cream", lin, zhao)
    renaming = {"by": lin, "reward": made, "name": "集赞送"}
    assert code_of(lambda: perks.change_reward(**renaming)) == "scheme_warned"
    made.refresh_from_db()
    assert made.name == "Rose cream"


def test_the_words_of_a_theme_that_runs_are_checked_too(people: c.Cast, lin: Person) -> None:
    made = themes.open_theme(by=lin, theme=theme(people))
    change = {"by": lin, "theme": made, "about": "必须夸"}
    assert code_of(lambda: themes.change_theme(**change)) == "scheme_stopped"
    themes.change_theme(by=lin, theme=made, about="Your own opinion")
    assert Theme.objects.get().about == "Your own opinion"


# -- the tap on share --------------------------------------------------------------


@pytest.mark.parametrize("source", ["share", "tap", "share_tap", "repost"])
def test_no_rule_can_reward_the_tap_on_share(people: c.Cast, lin: Person, source: str) -> None:
    assert code_of(lambda: rule(people, lin, source=source)) == "unknown_source"
    assert not RewardRule.objects.exists()


@pytest.mark.parametrize("basis", ["share", "people", ""])
def test_no_source_of_rewards_can_be_added_for_it(basis: str) -> None:
    source = rewards_sources.Source("taps", "Taps", "Taps", "SELECT 1", basis=basis)
    with pytest.raises(ValueError, match="taps"):
        rewards_sources.register(source)
    assert "taps" not in {each.code for each in rewards_sources.sources()}


def test_a_rule_put_into_the_database_by_hand_for_taps_is_not_approved(
    people: c.Cast, lin: Person, zhao: Person
) -> None:
    made = RewardRule.objects.create(
        brand=people.brand,
        code="taps",
        name="Taps",
        source="share",
        period=(TODAY, None),
        terms=NOTE | {"source": "share"},
        created_by=lin,
    )
    assert code_of(lambda: rewards.approve(by=zhao, rule=made)) == "scheme_stopped"


# -- what is kept --------------------------------------------------------------------


def test_the_night_checks_what_runs_and_was_not_checked(people: c.Cast, lin: Person) -> None:
    made = gift(people, state="open")
    gift(people, "Draft")
    gift(
        people,
        "Over",
        state="open",
        closes_on=TODAY - dt.timedelta(1),
        opens_on=dt.date(2026, 1, 1),
    )
    assert list(schemes.unchecked(people.brand, TODAY)) == [made]
    nightly.check_schemes(today=TODAY)
    nightly.check_schemes(today=TODAY)
    assert [each.scheme for each in SchemeCheck.objects.all()] == [made]
    assert not list(schemes.unchecked(people.brand, TODAY))


def test_other_rules_are_a_reason_to_check_again(
    people: c.Cast, zhao: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = gift(people, state="open")
    schemes.check(by=zhao, scheme=made, stated=DRAW, accepted=["chance_tax"])
    monkeypatch.setattr("incentives.scheme_rules.VERSION", "2027-01-01")
    assert schemes.check_running(by=None, brand=people.brand, today=TODAY) == 1
    again = schemes.latest(made)
    assert again and (again.rules_version, again.accepted_by) == ("2027-01-01", zhao)
    assert again.stated["top_prize"] == 100_000


def test_the_database_keeps_checks_as_they_were_made(people: c.Cast, lin: Person) -> None:
    made = schemes.check(by=lin, scheme=gift(people), stated=Stated())
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    table = "incentives_schemecheck"
    for statement in (
        f"UPDATE {table} SET outcome = 'clear'",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
    ):
        with refused("23001"):
            sql(statement)
    fields = {
        "brand": people.brand,
        "name": "x",
        "facts": {},
        "stated": {},
        "findings": [],
        "rules_version": "x",
        "reward": made.reward,
    }
    wrong = (
        {"kind": "theme", "outcome": "clear", "replaces": made},
        {"kind": "reward", "outcome": "clear"},
        {"kind": "reward", "outcome": "accepted", "replaces": made},
        {"kind": "reward", "outcome": "clear", "accepted_by": lin, "replaces": made},
    )
    for more in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            SchemeCheck.objects.create(**(fields | more))


# -- pages ------------------------------------------------------------------------------


def test_headquarters_says_what_is_done_around_a_scheme_and_accepts(
    people: c.Cast, lin: Person
) -> None:
    made = gift(people)
    client = browser(lin)
    page = reverse("incentives:scheme", args=["reward", made.pk])
    assert (
        "Platform rules"
        in client.get(reverse("incentives:catalogue_item", args=[made.pk])).content.decode()
    )
    form = {"by_chance": "on", "top_prize": "1000", "published": "on", "youngest": "adult"}
    shown = client.post(page, form, follow=True).content.decode()
    assert "accept the warnings" in shown and 'value="chance_tax"' in shown
    client.post(page, form | {"accepted": "chance_tax"})
    check = schemes.latest(made)
    assert check and (check.outcome, check.stated["top_prize"]) == ("accepted", 100_000)
    stopped = client.post(page, form | {"asks": "share"}, follow=True).content.decode()
    assert "not allowed" in stopped and "WeChat bars sharing" in stopped
    assert client.post(page, form | {"asks": "nonsense"}).status_code == 422


def test_a_refusal_is_said_where_somebody_lets_it_run(people: c.Cast, lin: Person) -> None:
    made = gift(people, "集赞送")
    address = reverse("incentives:catalogue_state", args=[made.pk])
    shown = browser(lin).post(address, {"state": "open"}, follow=True).content.decode()
    assert "accept the warnings" in shown and "sound like collecting likes" in shown


def test_the_list_shows_what_runs_and_filters_it(people: c.Cast, lin: Person) -> None:
    perks.set_state(by=lin, reward=gift(people), state="open")
    themes.open_theme(by=lin, theme=theme(people))
    schemes.check(by=lin, scheme=gift(people, "Draft"), stated=Stated(asks=frozenset({"fee"})))
    gift(people, "Unseen", state="open")
    client = browser(lin)
    address = reverse("incentives:schemes")

    def names(query: str = "") -> list[str]:
        return [row[0].name for row in client.get(address + query).context["rows"]]

    assert names() == ["Rose month", "Hand cream"]
    assert names("?kind=reward") == ["Hand cream"]
    assert names("?outcome=stopped") == []
    assert names("?outcome=stopped&which=all") == ["Draft"]
    assert names("?q=rose") == ["Rose month"]
    assert client.get(address).context["open"] == 1
    client.post(reverse("incentives:schemes_check"))
    assert names("?sort=name") == ["Hand cream", "Rose month", "Unseen"]


def test_who_may_look_but_not_check(people: c.Cast, lin: Person, zhao: Person) -> None:
    made = gift(people)
    page = reverse("incentives:scheme", args=["reward", made.pk])
    ana = browser(c.person("ana", (Role.ANALYST, people.brand)))
    assert ana.get(page).status_code == 200
    assert ana.post(page, {"youngest": "adult"}).status_code == 403
    assert ana.post(reverse("incentives:schemes_check")).status_code == 403
    assert browser(zhao).post(page, {"youngest": "adult"}).status_code == 302
    elsewhere = c.person("wei", (Role.STORE_MANAGER, people.jingan))
    assert browser(elsewhere).get(page).status_code == 403
    assert browser(lin).get(reverse("incentives:scheme", args=["boost", 1])).status_code == 404
    assert not Standing.objects.exists()
