"""Contests of notes: organic figures only, jumps held for a person, from notes to prize."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity
from content import reviews
from content.models import MetricSnapshot, Post
from incentives import (
    ledger,
    race_notes,
    race_prizes,
    race_rules,
    race_sql,
    race_standings,
    races,
    rewards,
)
from incentives.models import Boost, NoteReview, RewardItem, RewardRule
from incentives.race_choices import RaceScheme, RaceState
from kosops.lib.errors import DomainError, NotAllowed
from matrix.models import Creator, SocialAccount
from tests import cast as c
from tests.incentives.test_race_season import (
    CUT_OFF,
    FIRST,
    LAST,
    lin,
    people,
    post,
    refused,
    set_day,
    zhao,
)

__all__ = ["lin", "people", "set_day", "zhao"]

pytestmark = pytest.mark.django_db
FORMULA = replace(races.SCHEMES[RaceScheme.NOTES].formula, prizes=(80_000, 50_000))


@pytest.fixture
def eva(people):
    return c.creator(people.tianhe, "C002", "Eva", kind="koc")


@pytest.fixture
def contest(people, lin, eva):
    def make(**changed):
        race = races.add_race(
            by=lin,
            brand=people.brand,
            scheme=RaceScheme.NOTES,
            name="Contest",
            first_day=FIRST,
            last_day=LAST,
            cut_off_on=CUT_OFF,
            formula=replace(FORMULA, **changed),
            creator_kind="koc",
        )
        return races.start(by=lin, race=race)

    return make


def seen(note, *figures):
    """Likes at moments: (hours after publishing, likes)."""
    MetricSnapshot.objects.bulk_create(
        MetricSnapshot(
            post=note,
            captured_at=note.published_at + dt.timedelta(hours=hours),
            source="test",
            likes=likes,
            saves=0,
            comments=0,
        )
        for hours, likes in figures
    )
    hours, likes = figures[-1]
    moment = note.published_at + dt.timedelta(hours=hours)
    Post.objects.filter(pk=note.pk).update(likes=likes, figures_at=moment)


def boosted(note, lin, zhao, hours):
    Boost.objects.create(
        post=note,
        state="spent",
        period="2026-09",
        asked_amount=100,
        asked_reason="Near",
        asked_by=lin,
        approved_amount=100,
        decided_by=zhao,
        decided_at=note.published_at,
        spent_amount=100,
        began_at=note.published_at + dt.timedelta(hours=hours),
        spent_by=lin,
    )


def counted(race, creator):
    found = race_sql.gather(races.season_of(race), races.formula_of(race)).values
    values = found.get(creator.pk, {})
    return values.get("organic_interactions", 0), values.get("organic_posts", 0)


def held(race):
    return [row["post"] for row in race_standings.held(race)]


# -- what counts ---------------------------------------------------------------


def test_likes_of_a_boost_do_not_count(people, contest, lin, zhao):
    race, note = contest(), post(people.may, "2026-09-03")
    seen(note, (10, 40), (30, 90), (40, 600))
    boosted(note, lin, zhao, 31)
    assert counted(race, people.may) == (90, 1)
    assert held(race) == [], "the rise came with the boost, and none of it counts"


def test_paid_placements_hidden_notes_and_other_topics_do_not_count(people, contest):
    race = contest(topic="Serum")
    post(people.may, "2026-09-03", likes=50)
    paid, hidden, other = (post(people.may, "2026-09-04", likes=70) for _each in range(3))
    Post.objects.filter(pk=paid.pk).update(is_commercial=True)
    Post.objects.filter(pk=hidden.pk).update(state="hidden")
    Post.objects.filter(pk=other.pk).update(title="Lipstick", title_key="lipstick")
    post(people.may, "2026-10-01", likes=9)
    assert counted(race, people.may) == (50, 1)


def test_a_note_counts_once_a_second_person_has_cleared_it(people, contest):
    race = contest()
    own = post(people.may, "2026-09-02", likes=5).account
    SocialAccount.objects.filter(pk=own.pk).update(purpose="recruiting")
    cleared, faulty, _waits = (post(people.may, "2026-09-03", likes=50) for _each in range(3))
    assert counted(race, people.may) == (5, 1)
    ren = c.person("ren", (Role.REVIEWER, people.brand))
    reviews.review(by=ren, post=cleared, findings=[])
    reviews.review(by=ren, post=faulty, findings=["fee"])
    assert counted(race, people.may) == (55, 2)


@pytest.mark.parametrize(
    ("figures", "is_held"),
    [
        (((5, 20), (20, 320)), True),
        (((5, 20), (20, 319)), False),
        (((5, 100), (20, 499)), False),
        (((5, 20), (30, 320)), False),
    ],
)
def test_a_jump_is_a_steep_rise_within_a_day(people, contest, figures, is_held):
    race, note = contest(), post(people.may, "2026-09-03")
    seen(note, *figures)
    assert bool(held(race)) == is_held
    assert counted(race, people.may)[1] == (0 if is_held else 1)


def test_what_a_person_cleared_counts_until_it_jumps_again(people, contest, lin):
    race, note = contest(), post(people.may, "2026-09-03")
    seen(note, (5, 20), (20, 400))
    assert counted(race, people.may) == (0, 0)
    race_notes.review(by=lin, post=note, counts=True)
    assert (counted(race, people.may), held(race)) == ((400, 1), [])
    seen(note, (24 * 9, 450), (24 * 9 + 5, 2_400))
    assert (counted(race, people.may), held(race)) == ((0, 0), [note.pk])


def test_what_a_person_left_out_stays_out(people, contest, lin):
    race, note = contest(), post(people.may, "2026-09-03", likes=50)
    refused("reason_needed", race_notes.review, by=lin, post=note, counts=False, reason=" ")
    race_notes.review(by=lin, post=note, counts=False, reason="Bought likes")
    assert (counted(race, people.may), held(race)) == ((0, 0), [])
    assert Activity.objects.filter(verb="contest_note.left_out").count() == 1


def test_the_review_of_a_reward_holds_in_contests_too(people, contest, lin, zhao):
    race = contest()
    bought, fine = post(people.may, "2026-09-03"), post(people.may, "2026-09-04")
    seen(bought, (5, 20), (20, 400))
    seen(fine, (5, 20), (20, 500))
    rule = rewards.propose(
        by=lin,
        brand=people.brand,
        name="Notes",
        terms={
            "source": "note",
            "steps": [{"at_least": 0, "amount": 500}],
            "check_days": 7,
            "count_days": 30,
            "watch_days": 60,
        },
        first_day=FIRST,
    )
    assert isinstance(rule, RewardRule)
    for note, fields in (
        (bought, {"stopped_by": lin, "stopped_reason": "Bought"}),
        (fine, {"cleared_by": lin}),
    ):
        RewardItem.objects.create(
            brand=people.brand,
            rule=rule,
            code=rule.code,
            key=f"note:{note.pk}",
            creator=people.may,
            post=note,
            done_on=FIRST,
            watched_until=LAST,
            standing="flagged",
            **fields,
        )
    assert (counted(race, people.may), held(race)) == ((500, 1), [])


def test_nobody_clears_a_note_of_their_own(people, lin):
    Creator.objects.filter(pk=people.may.pk).update(person=lin)
    note = post(Creator.objects.get(pk=people.may.pk), "2026-09-03")
    with pytest.raises(NotAllowed):
        race_notes.review(by=lin, post=note, counts=True)
    assert not NoteReview.objects.exists()


# -- from notes to prize -------------------------------------------------------


def test_from_notes_to_prize(people, contest, eva, lin, zhao, set_day):
    race = contest()
    seen(post(people.may, "2026-09-03"), (10, 30), (60, 200))
    bought = post(eva, "2026-09-04")
    seen(bought, (5, 10), (20, 900))
    set_day("2026-09-20")
    race = race_standings.refresh(by=lin, race=race)
    assert race.held_notes == 1
    first = race_standings.current(race).filter(rank=1).first()
    assert (first.entry.creator, first.score) == (people.may, 10_000)
    set_day("2026-10-08")
    refused("notes_held", race_standings.freeze, by=lin, race=race)
    race_notes.review(by=lin, post=bought, counts=False, reason="Bought likes")
    race = race_standings.freeze(by=lin, race=race)
    assert (race.state, race.held_notes) == (RaceState.FROZEN, 0)
    (award,) = race_prizes.awards_of(race)
    assert (award.creator, award.amount) == (people.may, 80_000)
    with pytest.raises(NotAllowed):
        race_prizes.approve(by=lin, race=race)
    race_prizes.approve(by=zhao, race=race)
    account = ledger.account(brand=people.brand, kind="payable", currency="CNY", creator=people.may)
    assert -ledger.balance(account) == 80_000
    assert race_standings.prove(by=zhao, race=race).same


# -- what is refused -----------------------------------------------------------


def test_organic_figures_need_a_limit_of_jumps(people):
    with pytest.raises(DomainError) as refusal:
        races.checked(replace(FORMULA, jump=None), "person")
    assert refusal.value.code == "invalid_formula"
    with pytest.raises(race_rules.FormulaFault):
        race_rules.check(replace(FORMULA, jump=0))


def test_a_formula_without_organic_figures_is_stored_as_before():
    stored = race_rules.to_json(races.SCHEMES[RaceScheme.DEALS].formula)
    assert not stored.keys() & {"jump", "topic"}
    assert race_rules.from_json(race_rules.to_json(FORMULA)) == FORMULA


def test_a_look_at_a_note_is_kept(people, lin):
    note = post(people.may, "2026-09-03")
    made = race_notes.review(by=lin, post=note, counts=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        NoteReview.objects.filter(pk=made.pk).update(counts=False, reason="No")
    with pytest.raises(IntegrityError), transaction.atomic():
        NoteReview.objects.create(post=note, counts=False, by=lin, at=made.at)


# -- the pages -----------------------------------------------------------------


def test_a_contest_is_set_up_from_its_preset(client, people, lin, eva):
    client.force_login(lin)
    assert "Contest of notes" in client.get(reverse("incentives:races")).content.decode()
    address = reverse("incentives:race_add") + "?scheme=notes"
    form = client.get(address).context["form"]
    shown = {
        name: form[name].value() for name in form.fields if form[name].value() not in (None, "")
    }
    answer = client.post(address, shown | {"topic": "Serum", "prizes": "800; 500"})
    race = races.visible_to(lin).get()
    assert answer.url == reverse("incentives:race", args=[race.pk])
    assert races.formula_of(race) == replace(FORMULA, topic="Serum")
    said = client.get(answer.url).content.decode()
    assert "Only notes whose title says “Serum” count." in said
    assert "bought likes win nothing" in said
    refused_form = client.post(address, shown | {"jump": ""})
    assert refused_form.status_code == 422
    assert "Say from which rise within a day a person looks" in refused_form.content.decode()


def test_hq_looks_at_held_notes(client, people, contest, lin, set_day):
    race, note = contest(), post(people.may, "2026-09-03")
    seen(note, (5, 20), (20, 400))
    race_standings.refresh(by=lin, race=race)
    assert waiting.facts_of(lin)["contest_notes"] == 1
    client.force_login(lin)
    page = reverse("incentives:race_notes", args=[race.pk])
    assert page in client.get(reverse("incentives:race", args=[race.pk])).content.decode()
    assert "From 20 to 400 interactions within a day" in client.get(page).content.decode()
    assert client.post(page, {"post": "x", "act": "counts"}).status_code == 404
    said = client.post(page, {"post": note.pk, "act": "out", "reason": ""}, follow=True)
    assert "Say why, so that others can follow it." in said.content.decode()
    said = client.post(page, {"post": note.pk, "act": "counts"}, follow=True)
    assert "No note waits" in said.content.decode()
    race.refresh_from_db()
    assert race.held_notes == 0
    assert counted(race, people.may) == (400, 1)


def test_who_does_not_set_races_up_does_not_clear_notes(client, people, contest, zhao):
    page = reverse("incentives:race_notes", args=[contest().pk])
    client.force_login(c.person("he", (Role.STORE_MANAGER, people.jingan)))
    assert client.get(page).status_code == 403
