"""Evaluating tiers: what is written, what is refused, what others may ask."""

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.access import Reach
from accounts.choices import Role, UnitKind
from accounts.models import Activity
from accounts.units import add_unit
from content.models import Post
from incentives import ladders, nightly, tier_runs, tiers
from incentives.models import LadderVersion, TierChange, TierRisk, TierRun
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import registry
from matrix.models import Creator, SocialAccount
from tests import cast as c

DAY = dt.date(2026, 6, 30)
START = dt.date(2026, 1, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    people = c.cast()
    ladders.start_ladders(by=None, brand=people.brand, valid_from=START)
    return people


def days(number):
    return dt.timedelta(days=number)


def post(creator, days_ago, interactions=10, **fields):
    """A note of a creator, so many days before DAY."""
    account, _new = SocialAccount.objects.get_or_create(
        brand=creator.brand,
        unit=creator.store,
        creator=creator,
        platform="xiaohongshu",
        domain="public",
        ownership="personal",
        owner_proof="checked",
        handle=creator.name,
    )
    figures = {"likes": interactions, "saves": 0, "comments": 0}
    day = (DAY - days(days_ago)).isoformat()
    return Post.objects.create(
        brand=creator.brand,
        store=creator.store,
        account=account,
        creator=creator,
        platform="xiaohongshu",
        title=f"{creator.name} {days_ago}",
        title_key=f"{days_ago} {interactions} {Post.objects.count()}",
        published_at=c.at(day),
        **(figures | fields),
    )


def evaluate(people, as_of=DAY, by=None):
    return {
        run.ladder.creator_kind: run
        for run in tier_runs.evaluate(by=by, brand=people.brand, as_of=as_of)
    }


def at_tier(creator, tier):
    Creator.objects.filter(pk=creator.pk).update(tier=tier, tier_since=START)


def tier_of(creator):
    creator.refresh_from_db()
    return creator.tier


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code
    return refusal.value


# -- a run ---------------------------------------------------------------------


def test_a_hit_makes_may_senior_and_the_change_says_why(people):
    hit = post(people.may, 40, 1_240)
    post(people.may, 3, 20)
    runs = evaluate(people)

    people.may.refresh_from_db()
    assert (people.may.tier, people.may.tier_since) == ("senior", DAY)
    change = TierChange.objects.get(creator=people.may)
    assert (change.from_tier, change.to_tier, change.effective_on) == ("", "senior", DAY)
    assert change.run == runs["koc"]
    assert change.explanation == {
        "rule": "reach",
        "tier": "senior",
        "facts": {"best_note_180": 1_240},
        "thresholds": {
            "best_note_180": {"fact": "best_note", "at_least": 1_000, "within_days": 180}
        },
        "posts": [hit.pk],
    }


def test_kos_and_koc_have_ladders_of_their_own(people):
    post(people.may, 10, 300)
    post(people.zhou, 10, 300)
    evaluate(people)
    assert (tier_of(people.may), tier_of(people.zhou)) == ("junior", "senior")


def test_a_run_writes_its_counts_and_one_activity_row(people):
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    post(people.may, 10)
    run = evaluate(people, by=lin)["koc"]
    assert run.counts == {
        "evaluated": 1,
        "promoted": 1,
        "demoted": 0,
        "at_risk": 0,
        "newly_at_risk": 0,
        "recovered": 0,
        "heads": {"junior": 1, "intermediate": 0, "senior": 0, "": 0},
    }
    rows = Activity.objects.filter(verb="tiers.evaluated")
    assert [(row.actor, row.object_id) for row in rows.filter(object_id=run.pk)] == [(lin, run.pk)]
    assert rows.count() == 2


@pytest.mark.parametrize("state", ["hidden", "removed"])
def test_a_note_that_is_not_online_does_not_count(people, state):
    post(people.may, 10, 5_000, state=state)
    evaluate(people)
    assert tier_of(people.may) == ""


def test_unknown_figures_move_nobody(people):
    at_tier(people.may, "senior")
    for day in (10, 20, 30):
        post(people.may, day, likes=None, saves=None, comments=None)
    evaluate(people)
    assert tier_of(people.may) == "senior"
    assert not TierRisk.objects.exists()


@pytest.mark.parametrize("state", ["candidate", "paused", "left"])
def test_only_who_takes_part_is_evaluated(people, state):
    post(people.may, 10, 5_000)
    Creator.objects.filter(pk=people.may.pk).update(state=state)
    assert evaluate(people)["koc"].counts["evaluated"] == 0
    assert tier_of(people.may) == ""


def test_another_brand_is_left_alone(people):
    other = add_unit(by=None, kind=UnitKind.BRAND, code="XX", name="Other")
    store = add_unit(by=None, kind=UnitKind.STORE, code="X1", name="There", parent=other)
    stranger = c.creator(store, "C001", "Mei", kind="koc")
    post(stranger, 10, 5_000)
    evaluate(people)
    assert tier_of(stranger) == ""


def test_midnight_is_the_brands(people):
    post(people.may, 0)
    Post.objects.update(published_at=dt.datetime(2026, 6, 30, 16, tzinfo=dt.UTC))
    evaluate(people)
    assert tier_of(people.may) == "", "16:00 UTC is the next day in Shanghai"
    evaluate(people, DAY + days(1))
    assert tier_of(people.may) == "junior"


# -- at risk -------------------------------------------------------------------


def fall_behind(creator):
    """A senior whose last three notes have a median of 150."""
    at_tier(creator, "senior")
    return [post(creator, day, value) for day, value in ((10, 40), (20, 150), (30, 900))]


def test_falling_figures_put_a_senior_at_risk_and_the_grace_ends_in_a_demotion(people):
    posts = fall_behind(people.may)
    run = evaluate(people)["koc"]
    risk = TierRisk.objects.get(creator=people.may)
    assert tier_of(people.may) == "senior"
    assert (risk.to_tier, risk.since, risk.falls_on) == ("intermediate", DAY, DAY + days(30))
    assert risk.explanation["facts"] == {"notes_180": 3, "median_note_3_7": 150}
    assert risk.explanation["posts"] == [each.pk for each in posts]
    assert (run.counts["at_risk"], run.counts["newly_at_risk"]) == (1, 1)

    for day in (post(people.may, -15, 50), post(people.may, -20, 60)):
        assert day.pk
    evaluate(people, DAY + days(29))
    assert tier_of(people.may) == "senior"
    assert TierRisk.objects.get().falls_on == DAY + days(30), "the promised day stands"

    run = evaluate(people, DAY + days(30))["koc"]
    assert tier_of(people.may) == "intermediate"
    assert not TierRisk.objects.exists()
    change = TierChange.objects.get(creator=people.may)
    assert change.explanation["rule"] == "keep"
    assert change.explanation["since"] == DAY.isoformat()
    assert run.counts["demoted"] == 1


def test_who_recovers_loses_the_mark(people):
    fall_behind(people.may)
    evaluate(people)
    Post.objects.filter(creator=people.may).update(likes=500)
    run = evaluate(people, DAY + days(1))["koc"]
    assert not TierRisk.objects.exists()
    assert run.counts["recovered"] == 1
    assert tier_of(people.may) == "senior"


def test_a_pause_ends_the_grace_and_it_begins_anew(people):
    fall_behind(people.may)
    evaluate(people)
    registry.change_state(by=None, creator=people.may, state="paused", on=DAY)
    evaluate(people, DAY + days(1))
    assert not TierRisk.objects.exists()
    registry.change_state(by=None, creator=people.may, state="active", on=DAY + days(40))
    evaluate(people, DAY + days(40))
    assert TierRisk.objects.get().falls_on == DAY + days(70)


def test_the_mark_follows_the_facts(people):
    fall_behind(people.may)
    evaluate(people)
    Post.objects.filter(creator=people.may).update(state="removed")
    evaluate(people, DAY + days(1))
    risk = TierRisk.objects.get()
    assert (risk.to_tier, risk.since) == ("", DAY)
    assert risk.explanation["facts"]["notes_180"] == 0


# -- repetition and refusals ---------------------------------------------------


def test_the_same_day_twice_changes_nothing(people):
    post(people.may, 10)
    evaluate(people)
    refusal = refused(
        "already_evaluated", tier_runs.evaluate, by=None, brand=people.brand, as_of=DAY
    )
    assert DAY.isoformat() in str(refusal)
    assert (TierRun.objects.count(), TierChange.objects.count()) == (2, 1)


def test_an_older_day_does_not_follow_a_newer_one(people):
    evaluate(people)
    yesterday = DAY - days(1)
    refused("older_than_last_run", tier_runs.evaluate, by=None, brand=people.brand, as_of=yesterday)


def test_a_day_to_come_is_not_evaluated(people):
    tomorrow = timezone.localdate() + days(1)
    refused("future_date", tier_runs.evaluate, by=None, brand=people.brand, as_of=tomorrow)


def test_without_rules_nothing_is_evaluated():
    brand = add_unit(by=None, kind=UnitKind.BRAND, code="CY", name="Chengye Beauty")
    refused("no_ladder", tier_runs.evaluate, by=None, brand=brand, as_of=DAY)
    assert tier_runs.preview(brand=brand, kind="koc", as_of=DAY) is None


def test_changes_cannot_be_edited(people):
    post(people.may, 10)
    evaluate(people)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        TierChange.objects.update(to_tier="senior")


def evaluate_twice_at_once(people):
    """Start two evaluations while a third party holds no lock; their answers."""
    answers, ready = [], threading.Barrier(2)

    def run():
        ready.wait()
        try:
            tier_runs.evaluate(by=None, brand=people.brand, as_of=DAY)
            answers.append("done")
        except DomainError as refusal:
            answers.append(refusal.code)
        except IntegrityError:
            answers.append("broken")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)


@pytest.mark.django_db(transaction=True)
def test_two_evaluations_at_once_are_one(people):
    post(people.may, 10)
    answers = evaluate_twice_at_once(people)
    assert answers[0] in ("already_evaluated", "done")
    assert answers[1] in ("done", "tiers_busy")
    assert answers.count("done") == 1
    assert TierChange.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_second_evaluation_would_break(people, monkeypatch):
    """The twin of the test above: only the lock makes the second one a plain refusal."""
    from contextlib import contextmanager

    @contextmanager
    def no_lock(name, *, busy):
        with transaction.atomic():
            yield

    both = threading.Barrier(2)
    due = tier_runs._due_ladders

    def due_at_once(brand, as_of):
        found = due(brand, as_of)
        both.wait(timeout=10)
        return found

    monkeypatch.setattr(sql, "exclusive", no_lock)
    monkeypatch.setattr(tier_runs, "_due_ladders", due_at_once)
    post(people.may, 10)
    assert evaluate_twice_at_once(people) == ["broken", "done"]
    assert TierChange.objects.count() == 1, "the unique keys still hold"


def test_nightly_evaluates_each_brand_with_rules(people):
    post(people.may, 10)
    without = add_unit(by=None, kind=UnitKind.BRAND, code="XX", name="Other")
    nightly.run_tiers(as_of=DAY)
    nightly.run_tiers(as_of=DAY)
    assert tier_of(people.may) == "junior"
    assert TierRun.objects.filter(as_of=DAY, brand=people.brand).count() == 2
    assert not TierRun.objects.filter(brand=without).exists()


def test_the_statements_do_not_grow_with_the_creators(people, django_assert_max_num_queries):
    for number in range(30):
        post(c.creator(people.jingan, f"C1{number}", f"Mei {number}", kind="koc"), 5)
    with django_assert_max_num_queries(40):
        assert evaluate(people)["koc"].counts["promoted"] == 30


# -- ladder versions -----------------------------------------------------------


def save(people, rules, valid_from, kind="koc"):
    return ladders.save_ladder(
        by=None, brand=people.brand, kind=kind, rules=rules, valid_from=valid_from
    )


def easier():
    rules = tiers.standard_rules("koc")
    rules["tiers"][2]["reach"][0]["at_least"] = 100
    return rules


def test_new_rules_hold_from_their_day_and_the_run_names_them(people):
    today = timezone.localdate()
    version = save(people, easier(), today)
    post(people.may, 10, 150)
    assert ladders.ladder_on(people.brand, "koc", today - days(1)) != version
    evaluate(people)
    assert tier_of(people.may) == "junior"
    Post.objects.update(published_at=timezone.now() - days(3))
    run = evaluate(people, today)["koc"]
    assert (run.ladder, tier_of(people.may)) == (version, "senior")
    assert Activity.objects.filter(verb="ladder.saved", object_id=version.pk).exists()


def test_rules_that_start_in_the_past_are_refused(people):
    yesterday = timezone.localdate() - days(1)
    refused("ladder_starts_in_past", save, people=people, rules=easier(), valid_from=yesterday)


def test_rules_that_change_nothing_are_refused(people):
    today = timezone.localdate()
    same = tiers.standard_rules("koc")
    refused("ladder_unchanged", save, people=people, rules=same, valid_from=today)


def test_two_versions_of_a_day_are_refused(people):
    today = timezone.localdate()
    save(people, easier(), today)
    other = easier() | {"grace_days": 3}
    refused("ladder_version_taken", save, people=people, rules=other, valid_from=today)
    assert LadderVersion.objects.filter(creator_kind="koc").count() == 2


def test_wrong_rules_are_refused_by_the_name_of_the_field(people):
    rules = easier()
    rules["tiers"][2]["keep"][1]["last_notes"] = 0
    refusal = refused(
        "invalid_ladder", save, people=people, rules=rules, valid_from=timezone.localdate()
    )
    assert refusal.params["field"] == "tiers[2].keep[1].last_notes"
    assert "tiers[2].keep[1].last_notes" in str(refusal)
    assert refusal.status == 422


def test_start_gives_only_the_ladders_that_are_missing(people):
    assert ladders.start_ladders(by=None, brand=people.brand, valid_from=DAY) == []


# -- preview -------------------------------------------------------------------


def test_a_preview_says_what_a_run_then_does_and_writes_nothing(people):
    fall_behind(people.may)
    rising = c.creator(people.jingan, "C002", "Mei", kind="koc")
    hit = post(rising, 5, 2_000)
    preview = tier_runs.preview(brand=people.brand, kind="koc", as_of=DAY)
    assert preview.counts == {"promoted": 1, "demoted": 0, "at_risk": 1, "stays": 0}
    assert preview.heads == {"junior": 0, "intermediate": 0, "senior": 2, "": 0}
    (up,), (risk,) = preview.promoted, preview.at_risk
    assert (up.name, up.from_tier, up.to_tier, up.posts) == ("Mei", "", "senior", [hit.pk])
    assert (risk.name, risk.to_tier, risk.falls_on) == ("May", "intermediate", DAY + days(30))
    assert not TierRun.objects.exists()
    assert (tier_of(rising), TierRisk.objects.count()) == ("", 0)

    run = evaluate(people)["koc"]
    assert {name: run.counts[name] for name in ("promoted", "demoted", "at_risk")} == {
        "promoted": 1,
        "demoted": 0,
        "at_risk": 1,
    }


def test_a_preview_of_a_later_day_shows_who_falls_if_nothing_is_posted(people):
    fall_behind(people.may)
    evaluate(people)
    later = tier_runs.preview(brand=people.brand, kind="koc", as_of=DAY + days(30))
    assert [move.name for move in later.demoted] == ["May"]


def test_a_preview_tries_other_rules(people):
    post(people.may, 10, 150)
    tried = tiers.ladder_from_json(easier())
    preview = tier_runs.preview(brand=people.brand, kind="koc", as_of=DAY, ladder=tried)
    assert [move.to_tier for move in preview.promoted] == ["senior"]


def test_a_preview_shows_only_the_stores_that_a_person_may_see(people):
    post(people.may, 10)
    mei = c.creator(people.tianhe, "C002", "Mei", kind="koc")
    post(mei, 10)
    south = Reach(paths=(people.south.path,))
    preview = tier_runs.preview(brand=people.brand, kind="koc", as_of=DAY, within=south)
    assert [move.name for move in preview.promoted] == ["Mei"]
    assert preview.counts["promoted"] == 1


def test_a_preview_lists_part_and_counts_all(people):
    for number in range(5):
        post(c.creator(people.jingan, f"C1{number}", f"Mei {number}", kind="koc"), 5)
    first = tier_runs.preview(brand=people.brand, kind="koc", as_of=DAY, listed=2)
    then = tier_runs.preview(brand=people.brand, kind="koc", as_of=DAY, listed=2, skip=2)
    assert first.counts["promoted"] == 5
    names = [move.name for preview in (first, then) for move in preview.promoted]
    assert names == ["Mei 0", "Mei 1", "Mei 2", "Mei 3"]


# -- what others ask -----------------------------------------------------------


def test_head_counts_are_counted_back_from_today(people):
    mei = c.creator(people.tianhe, "C002", "Mei", kind="koc")
    post(people.may, 60)
    evaluate(people, dt.date(2026, 5, 31))
    post(mei, 20, 3_000)
    evaluate(people, dt.date(2026, 6, 15))
    post(people.may, -20)
    post(people.may, -21)
    post(people.may, -22)
    evaluate(people, dt.date(2026, 7, 31))

    months = tier_runs.head_counts(people.brand, months=4, today=dt.date(2026, 7, 31))
    told = [(str(m.month), m.heads, m.promoted, m.demoted) for m in months]
    assert told == [
        ("2026-04", {"junior": 0, "intermediate": 0, "senior": 0, "": 2}, 0, 0),
        ("2026-05", {"junior": 1, "intermediate": 0, "senior": 0, "": 1}, 1, 0),
        ("2026-06", {"junior": 1, "intermediate": 0, "senior": 1, "": 0}, 1, 0),
        ("2026-07", {"junior": 0, "intermediate": 1, "senior": 1, "": 0}, 1, 0),
    ]
    south = Reach(paths=(people.south.path,))
    seen = tier_runs.head_counts(people.brand, 1, today=dt.date(2026, 7, 31), within=south)
    assert seen[0].heads == {"junior": 0, "intermediate": 0, "senior": 1, "": 0}


def test_head_counts_hold_who_left_until_the_day_of_leaving(people):
    post(people.may, 60)
    evaluate(people, dt.date(2026, 5, 31))
    # Of a handover only the day matters here.
    Creator.objects.filter(pk=people.may.pk).update(
        state="left", left_on=dt.date(2026, 6, 20), share_code_until=dt.date(2026, 6, 20)
    )
    months = tier_runs.head_counts(people.brand, months=2, today=DAY)
    assert [month.heads["junior"] for month in months] == [1, 0]
    assert [month.promoted for month in months] == [1, 0]


def test_progress_says_what_the_next_tier_lacks(people):
    for day in (5, 15):
        post(people.may, day, 640)
    evaluate(people)
    people.may.refresh_from_db()
    progress = tier_runs.progress_of(people.may, DAY)
    assert (progress.tier, progress.next_tier) == ("junior", "intermediate")
    (notes,) = progress.reach
    assert (notes.value, notes.met, notes.missing) == (2, False, 1)
    assert progress.first_gap == notes
    assert [finding.met for finding in progress.keep] == [True]


def test_progress_names_what_stands_in_the_way_of_a_hit(people):
    at_tier(people.may, "intermediate")
    for day, value in ((10, 40), (20, 50), (30, 5_000)):
        post(people.may, day, value)
    people.may.refresh_from_db()
    progress = tier_runs.progress_of(people.may, DAY)
    assert [finding.met for finding in progress.reach] == [True]
    (median,) = progress.blocked_by
    assert (median.value, median.missing) == (50, 150)


def test_progress_at_the_top_and_while_paused(people):
    fall_behind(people.may)
    evaluate(people)
    people.may.refresh_from_db()
    top = tier_runs.progress_of(people.may, DAY)
    assert (top.next_tier, top.first_gap, top.risk.to_tier) == ("", None, "intermediate")
    registry.change_state(by=None, creator=people.may, state="paused", on=DAY)
    people.may.refresh_from_db()
    assert tier_runs.progress_of(people.may, DAY).stands_still


def test_history_is_newest_first(people):
    post(people.may, 10)
    evaluate(people)
    post(people.may, 9, 2_000)
    evaluate(people, DAY + days(1))
    assert [change.to_tier for change in tier_runs.history_of(people.may)] == ["senior", "junior"]
