"""Themes of a month: what posts earn by their result, cut-off, proof, points in the books."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.choices import Role
from content import reviews
from content.models import MetricSnapshot, Post
from incentives import themes
from incentives.models import Theme, ThemeResult
from matrix.models import SocialAccount
from tests import cast as c
from tests.incentives.money import code_of
from tests.incentives.test_points import account, holds, people, post, run, today
from tests.incentives.test_points_pages import browser

__all__ = ["people", "today"]

STEPS = [[0, 10], [100, 50], [1000, 300]]
AFTER = dt.date(2026, 10, 8)


# -- in the database -----------------------------------------------------------


def theme(people: c.Cast, **fields: Any) -> Theme:
    usual = {"month": "2026-09", "name": "Rose month", "steps": STEPS, "topic": "Rose"}
    made = themes.add_theme(by=None, brand=people.brand, **(usual | fields))
    return themes.open_theme(by=None, theme=made)


def posted(
    creator: Any, number: int, likes: int | None, at: str = "2026-09-20", **fields: Any
) -> Post:
    facts = {"title": "A rose", "title_key": "arose"} | fields
    made = post(creator, "2026-09-10", number, **facts)
    if likes is not None:
        MetricSnapshot.objects.create(post=made, captured_at=c.at(at), source="xhs", likes=likes)
    return made


def closed(people: c.Cast, today: Any, **fields: Any) -> Theme:
    made = theme(people, **fields)
    today(AFTER)
    return themes.close_theme(by=None, theme=made)


@pytest.mark.django_db
def test_a_theme_is_worked_out_and_its_points_are_booked_once(
    people: c.Cast,
    today: Any,
) -> None:
    posted(people.may, 1, 150)
    posted(people.may, 2, 3)
    posted(people.zhou, 3, 1200)
    made = closed(people, today)
    results = ThemeResult.objects.order_by("post")
    assert list(results.values_list("interactions", "points")) == [(150, 50), (3, 10), (1200, 300)]
    run(people, AFTER)
    run(people, AFTER)
    assert (holds(people.may, AFTER), holds(people.zhou, AFTER)) == (60, 300)
    assert (themes.prove(made).same, themes.untouched(made)) == (True, True)


@pytest.mark.django_db
def test_what_does_not_count(people: c.Cast, today: Any) -> None:
    posted(people.may, 1, 150, title="Lipstick", title_key="lipstick")
    posted(people.may, 2, 150, is_commercial=True)
    posted(people.may, 3, 150, state="removed")
    posted(people.may, 4, None)
    posted(people.zhou, 5, 150)
    late = posted(people.may, 6, 5)
    MetricSnapshot.objects.create(
        post=late, captured_at=c.at("2026-10-08", 1), source="xhs", likes=9999
    )
    closed(people, today, creator_kind="koc")
    assert list(ThemeResult.objects.values_list("post", "interactions")) == [(late.pk, 5)]


@pytest.mark.django_db
def test_a_post_counts_once_a_second_person_has_cleared_it(people: c.Cast, today: Any) -> None:
    ren = c.person("ren", (Role.REVIEWER, people.brand))
    SocialAccount.objects.filter(pk=account(people.may).pk).update(purpose="recruiting")
    cleared, faulty, _waits = (posted(people.may, number, 150) for number in (1, 2, 3))
    reviews.review(by=ren, post=cleared, findings=[])
    reviews.review(by=ren, post=faulty, findings=["fee"])
    closed(people, today)
    assert list(ThemeResult.objects.values_list("post", flat=True)) == [cleared.pk]


@pytest.mark.django_db
def test_figures_that_fall_behind_the_cut_off_are_seen_by_the_proof(
    people: c.Cast,
    today: Any,
) -> None:
    first = posted(people.may, 1, 150)
    made = closed(people, today)
    MetricSnapshot.objects.create(post=first, captured_at=c.at("2026-09-30"), source="xhs", likes=9)
    proof = themes.prove(made)
    assert (proof.same, proof.differing, themes.untouched(made)) == (False, [first.pk], True)


@pytest.mark.django_db
def test_a_post_that_goes_takes_its_points_back(people: c.Cast, today: Any) -> None:
    gone = posted(people.may, 1, 150)
    closed(people, today)
    run(people, AFTER)
    Post.objects.filter(pk=gone.pk).update(state="removed")
    run(people, AFTER)
    assert holds(people.may, AFTER) == 0


@pytest.mark.django_db
def test_a_theme_goes_its_way_and_no_other(people: c.Cast, today: Any) -> None:
    made = theme(people)
    assert code_of(lambda: theme(people)) == "month_taken"
    assert code_of(lambda: theme(people, month="2026-10", steps=[])) == "wrong_steps"
    assert code_of(lambda: themes.close_theme(by=None, theme=made)) == "too_early"
    refused = code_of(lambda: themes.change_theme(by=None, theme=made, steps=[[0, 99]]))
    assert refused == "theme_runs"
    assert themes.change_theme(by=None, theme=made, about="Post it").about == "Post it"
    copied = themes.copy_theme(by=None, theme=made)
    assert (copied.month, copied.state, copied.steps) == ("2026-10", "draft", STEPS)
    today(AFTER)
    themes.close_theme(by=None, theme=made)
    assert code_of(lambda: themes.close_theme(by=None, theme=made)) == "theme_not_running"
    assert code_of(lambda: themes.change_theme(by=None, theme=made, about="x")) == "theme_closed"
    assert code_of(lambda: themes.open_theme(by=None, theme=made)) == "theme_closed"
    old = themes.add_theme(by=None, brand=people.brand, month="2026-08", name="Old", steps=STEPS)
    assert code_of(lambda: themes.open_theme(by=None, theme=old)) == "month_over"


@pytest.mark.django_db
def test_the_database_keeps_what_was_worked_out(people: c.Cast, today: Any) -> None:
    posted(people.may, 1, 150)
    closed(people, today)
    for act in (
        lambda: ThemeResult.objects.update(points=999),
        lambda: ThemeResult.objects.all().delete(),
        lambda: Theme.objects.update(content_hash="0"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


# -- pages ---------------------------------------------------------------------


@pytest.mark.django_db
def test_headquarters_sets_up_runs_copies_and_works_out(
    people: c.Cast,
    today: Any,
) -> None:
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    client = browser(lin)
    form = {
        "name": "Rose month",
        "month": "2026-09",
        "topic": "Rose",
        "step_0": "0",
        "points_0": "10",
        "step_1": "100",
        "points_1": "50",
        "most_posts": "3",
        "cutoff_days": "7",
        "months": "12",
    }
    assert client.post(reverse("incentives:theme_add"), form | {"points_1": "5"}).status_code == 422
    assert client.post(reverse("incentives:theme_add"), form).status_code == 302
    made = Theme.objects.get()
    address = reverse("incentives:theme", args=[made.pk])
    act = reverse("incentives:theme_act", args=[made.pk])
    client.post(act, {"act": "open"})
    posted(people.may, 1, 150)
    assert [each.posts for each in client.get(address).context["counts"]] == [0, 1]
    client.post(act, {"act": "close"})
    made.refresh_from_db()
    assert made.state == "open"
    today(AFTER)
    client = browser(lin)  # the session of September is over
    client.post(act, {"act": "close"})
    client.post(act, {"act": "copy"})
    made.refresh_from_db()
    assert (made.state, Theme.objects.count()) == ("closed", 2)
    page = client.get(address + "?prove=1")
    assert page.context["proof"].same
    manager = browser(c.person("manager", (Role.STORE_MANAGER, people.jingan)))
    assert manager.post(act, {"act": "copy"}).status_code in (403, 404)
    assert manager.post(reverse("incentives:theme_add"), form).status_code == 403


@pytest.mark.django_db
def test_my_posts_in_the_theme_of_the_month(people: c.Cast, today: Any) -> None:
    people.may.person = c.person("may", (Role.KOC, people.jingan))
    people.may.save()
    client = browser(people.may.person)
    assert client.get(reverse("mobile:theme")).context["theme"] is None
    theme(people)
    posted(people.may, 1, 150)
    posted(people.zhou, 2, 150)
    page = client.get(reverse("mobile:theme"))
    assert page.context["points"] == 50
    ((_post, entry, counted, following),) = page.context["rows"]
    assert (entry.interactions, counted, following.at_least) == (150, 50, 1000)
