"""Figures of units are counted ahead, and counted again where something changed."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person
from content.models import Post
from kosops.lib.periods import Month
from matrix import figures, tree
from matrix.choices import AccountState, CreatorState
from matrix.models import ChangedUnit, Creator, Pairing, SocialAccount, UnitFigures
from tests import cast as c
from tests.matrix.test_pages import account, browser_of, pair, post

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def of(unit, now: dt.datetime = NOW) -> figures.Figures:
    return figures.standing([unit.pk], now).of_unit[unit.pk]


def changed() -> set[str]:
    return set(ChangedUnit.objects.values_list("unit__code", flat=True))


@pytest.fixture
def counted(chengye: c.Cast) -> SocialAccount:
    """One account each of Zhou and of a colleague in the south; everything has been counted."""
    zhou = account(chengye.zhou, "zhou", followers=700)
    account(c.creator(chengye.tianhe, "K002", "Li Na"), "li")
    figures.refresh_changed(NOW)
    assert changed() == set()
    return zhou


# -- what is noted -------------------------------------------------------------


def test_what_was_counted_is_read_and_not_counted_again(chengye, counted) -> None:
    with CaptureQueriesContext(connection) as seen:
        assert of(chengye.jingan).platforms == {"xiaohongshu": 1}

    assert len(seen) == 1


@pytest.mark.parametrize(
    ("change", "units"),
    [
        (lambda w, a: post(a), {"SH0001"}),
        (lambda w, a: pair(a), {"SH0001"}),
        (lambda w, a: account(w.tianhe, "store"), {"GZ0001"}),
        (lambda w, a: c.creator(w.tianhe, "K9", "New"), {"GZ0001"}),
        (lambda w, a: SocialAccount.objects.filter(pk=a.pk).delete(), {"SH0001"}),
        (lambda w, a: SocialAccount.objects.update(followers=9), {"SH0001", "GZ0001"}),
        (lambda w, a: Creator.objects.filter(pk=w.zhou.pk).update(store=w.tianhe),
         {"SH0001", "GZ0001"}),
        (lambda w, a: Creator.objects.filter(pk=w.zhou.pk).update(state=CreatorState.LEFT),
         {"SH0001"}),
        # Tiers, names and figures of posts move nothing here.
        (lambda w, a: Creator.objects.update(tier="junior", name="Same"), set()),
        (lambda w, a: SocialAccount.objects.update(handle="new"), set()),
    ],
)  # fmt: skip
def test_a_change_notes_the_units_that_it_moves(chengye, counted, change, units) -> None:
    change(chengye, counted)

    assert changed() == units


def test_a_post_that_moves_is_noted_and_one_that_is_read_again_is_not(chengye, counted) -> None:
    note = post(counted)
    figures.refresh_changed(NOW)

    Post.objects.update(likes=5)
    assert changed() == set()

    note.store = chengye.tianhe
    note.save()
    assert changed() == {"SH0001", "GZ0001"}


def test_who_left_is_counted_where_the_account_stands(chengye, counted) -> None:
    SocialAccount.objects.filter(pk=counted.pk).update(unit=chengye.tianhe)
    figures.refresh_changed(NOW)

    Creator.objects.filter(pk=chengye.zhou.pk).update(state=CreatorState.LEFT)

    assert changed() == {"SH0001", "GZ0001"}
    assert of(chengye.tianhe).needs["leaver"] == 1


# -- what is read --------------------------------------------------------------


def test_a_change_shows_at_once(chengye, counted) -> None:
    assert of(chengye.jingan).followers == 700
    SocialAccount.objects.filter(pk=counted.pk).update(followers=900, state=AccountState.BANNED)

    found = of(chengye.jingan)

    assert (found.followers, found.needs["banned"]) == (900, 1)
    assert changed() == set()


def test_followers_nobody_reported_are_not_nought(chengye, counted) -> None:
    assert of(chengye.tianhe).followers is None


def test_a_new_day_counts_again(chengye, counted) -> None:
    post(counted, 12)
    assert of(chengye.jingan).needs["silent"] == 0

    later = NOW + dt.timedelta(days=3)

    assert of(chengye.jingan, later).needs["silent"] == 1
    stored = UnitFigures.objects.filter(unit=chengye.jingan).latest("month")
    assert stored.day == timezone.localdate(later)


def test_counts_and_rows_agree_whatever_the_hour(chengye, lin, counted) -> None:
    """Both count back from the start of the day, so that nothing falls silent between them."""
    midnight = timezone.make_aware(dt.datetime.combine(TODAY, dt.time()))
    post(counted, 0)
    Post.objects.update(published_at=midnight - dt.timedelta(days=14) + dt.timedelta(hours=1))
    opened = [int(part) for part in chengye.jingan.path.strip("/").split("/")]

    found = tree.load(lin, open_ids=opened, now=midnight + dt.timedelta(hours=22))

    row = next(row for row in found.rows if row.kind == "account")
    assert [need.value for need in row.needs] == ["unpaired"]
    assert found.totals.needs["silent"] == 1  # Li Na's, who never posted


def test_very_many_changes_are_left_to_a_worker_and_said(
    chengye, lin, counted, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", 0)
    asked: list[str] = []
    monkeypatch.setattr(figures.queue, "after_commit", lambda name: asked.append(name))
    account(chengye.zhou, "second", "douyin")

    answer = browser_of(lin).get("/matrix/")

    assert "1 unit changed since and is being counted" in answer.content.decode()
    assert answer.context["tree"].totals.accounts == 2
    assert asked == [figures.REFRESH]
    figures.refresh_changed(NOW)
    answer = browser_of(lin).get("/matrix/")
    assert answer.context["tree"].totals.accounts == 3
    assert "being counted" not in answer.content.decode()


def test_a_unit_never_counted_is_counted_however_many_there_are(chengye, monkeypatch) -> None:
    monkeypatch.setattr(figures, "AT_ONCE", 0)

    found = figures.standing([chengye.jingan.pk, chengye.tianhe.pk], NOW)

    assert found.behind == 0 and found.of_unit[chengye.jingan.pk].people == 2


# -- months --------------------------------------------------------------------


def test_a_month_keeps_what_it_published(chengye, counted) -> None:
    month = Month(2026, 3)
    post(counted, 0, views=40)
    post(account(chengye.zhou, "two", "douyin"), 0)
    Post.objects.update(published_at=c.at("2026-03-31", 23))
    UnitFigures.objects.update(month=month.first_day, day=month.last_day)

    figures.recount_month(month)

    row = UnitFigures.objects.get(unit=chengye.jingan)
    assert (row.notes, row.active, row.views) == (2, 2, 40)
    assert UnitFigures.objects.get(unit=chengye.tianhe).views is None


@pytest.mark.parametrize(
    "fields",
    [{"month": dt.date(2026, 3, 2)}, {"day": dt.date(2026, 2, 27)}, {"accounts": 1, "paired": 2}],
)
def test_the_database_refuses_figures_that_cannot_be(chengye, fields) -> None:
    values = {"month": dt.date(2026, 3, 1), "day": dt.date(2026, 3, 9), "counted_at": NOW} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitFigures.objects.create(unit=chengye.jingan, **values)


def test_an_ended_pairing_counts_as_none(chengye, counted) -> None:
    pairing = pair(counted)
    assert of(chengye.jingan).paired == 1
    Pairing.objects.filter(pk=pairing.pk).update(until=TODAY)
    assert of(chengye.jingan).paired == 0
