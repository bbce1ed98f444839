"""Layers of creators: the rule, the nightly sorting, the page."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.choices import Role
from accounts.models import Activity, Job
from content.models import Post
from kosops.lib.errors import DomainError
from matrix import layer_pages, layering, tasks
from matrix.layers import DEFAULTS, Axis, decide, problem
from matrix.models import Creator, SocialAccount
from matrix.registry import add_account
from tests import cast as c


def facts(content=None, skill=None, influence=None, completion=None):
    return {
        Axis.COMPLETION: completion, Axis.CONTENT: content, Axis.SKILL: skill,
        Axis.INFLUENCE: influence,
    }  # fmt: skip


# Axis values against the layer: thresholds 50/80 %, 2/6 posts, 100/500 interactions, 500/3,000.
@pytest.mark.parametrize(
    ("known", "layer"),
    [
        (facts(), "potential"),
        (facts(content=0, skill=None, influence=200), "potential"),
        (facts(content=2, skill=100, influence=499), "potential"),  # 2 of 3 marks: 0.67
        (facts(content=2, skill=100, influence=500), "standard"),
        (facts(content=6, skill=100, influence=0, completion=0), "standard"),  # 3 of 4: 0.75
        (facts(content=6, skill=499, influence=500), "standard"),  # 4 of 3: 1.33
        (facts(content=6, skill=500, influence=500), "quality"),
        (facts(content=6, skill=100), "quality"),  # 3 of 2: 1.5
        (facts(completion=80), "quality"),
        (facts(completion=49, content=6, skill=500, influence=3000), "quality"),  # 6 of 4
    ],
)
def test_the_mean_of_what_is_known_decides(known, layer):
    assert decide(known).layer == layer


def test_a_decision_says_what_counted_and_what_the_next_mark_needs():
    marks = decide(facts(content=3, influence=5_000)).marks
    assert [(mark.axis, mark.value, mark.mark, mark.next_at) for mark in marks] == [
        ("content", 3, 1, 6),
        ("influence", 5_000, 2, None),
    ]


def test_thresholds_have_to_rise():
    assert problem(DEFAULTS) is None
    assert problem({**DEFAULTS, Axis.SKILL: (500, 500)}) == Axis.SKILL
    assert problem({**DEFAULTS, Axis.CONTENT: (0, 5)}) == Axis.CONTENT


@pytest.fixture
def people(db):
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


def account_of(creator, followers=None):
    return add_account(
        by=None, creator=creator, platform="xiaohongshu", handle=f"{creator.number}.red",
        ownership="personal", followers=followers,
    )  # fmt: skip


def post(account, **figures):
    return Post.objects.create(
        brand=account.brand, store=account.unit, account=account, creator=account.creator,
        platform="xiaohongshu", title=f"Note {Post.objects.count()}",
        published_at=timezone.now() - dt.timedelta(days=3), **figures,
    )  # fmt: skip


def layers():
    return dict(Creator.objects.values_list("number", "layer"))


def test_everybody_is_sorted_by_posts_interactions_and_followers_at_night(people):
    for _number in range(6):
        post(account_of_zhou := SocialAccount.objects.filter(creator=people.zhou).first()
             or account_of(people.zhou, followers=4_000), likes=600, saves=0, comments=0)  # fmt: skip
    assert account_of_zhou.followers == 4_000
    left = c.creator(people.jingan, "K009", "Gone", state="left")
    tasks.nightly_layers()
    assert layers() == {"K001": "quality", "C001": "potential", "K009": ""}
    people.zhou.refresh_from_db()
    assert people.zhou.layer_since == timezone.localdate()
    assert Activity.objects.get(verb="layers.evaluated").after["moved"] == 2
    count = Activity.objects.count()
    tasks.nightly_layers()
    assert Activity.objects.count() == count
    assert left.layer == ""


def test_followers_of_all_accounts_count_together_and_an_unknown_number_does_not_count(people):
    account_of(people.may, followers=400)
    assert layering.facts_of([people.may.pk], timezone.now())[people.may.pk][Axis.INFLUENCE] == 400
    add_account(
        by=None, creator=people.may, platform="douyin", handle="may", ownership="personal",
        followers=200,
    )  # fmt: skip
    assert layering.facts_of([people.may.pk], timezone.now())[people.may.pk][Axis.INFLUENCE] == 600
    assert (
        layering.facts_of([people.zhou.pk], timezone.now())[people.zhou.pk][Axis.INFLUENCE] is None
    )


def test_lin_changes_what_decides_and_sees_the_layers_move(people, lin):
    account_of(people.may, followers=400)
    layering.work_out(by=None, brand=people.brand, now=timezone.now(), on=timezone.localdate())
    assert layers()["C001"] == "potential"
    browser = Client()
    browser.force_login(lin)
    form = {f"{axis}_{name}": value for axis, limits in DEFAULTS.items()
            for name, value in zip(("some", "much"), limits, strict=True)}  # fmt: skip
    answer = browser.post(
        reverse("matrix:layers"), form | {"influence_some": 100, "influence_much": 300}, follow=True
    )
    assert "in another layer than before: 1" in answer.content.decode()
    assert layers()["C001"] == "standard"
    listed = browser.get(reverse("matrix:creators") + "?layer=standard")
    assert [row.creator for row in listed.context["rows"]] == [people.may]
    shown = browser.get(reverse("matrix:creator", args=[people.may.pk])).content.decode()
    assert "Standard layer" in shown


def test_thresholds_that_do_not_rise_are_refused_and_stay_in_the_form(people, lin):
    browser = Client()
    browser.force_login(lin)
    form = {f"{axis}_{name}": 7 for axis in Axis for name in ("some", "much")}
    answer = browser.post(reverse("matrix:layers"), form)
    assert answer.status_code == 422
    assert "the second higher than the first" in answer.content.decode()
    assert layering.thresholds_of(people.brand) == DEFAULTS
    with pytest.raises(DomainError) as refusal:
        layering.set_thresholds(
            by=lin, brand=people.brand, thresholds={**DEFAULTS, Axis.SKILL: (9, 3)}
        )
    assert refusal.value.code == "thresholds_not_rising"


def test_a_long_list_is_sorted_by_a_job(people, lin, monkeypatch):
    monkeypatch.setattr(layer_pages, "AT_ONCE", 1)
    browser = Client()
    browser.force_login(lin)
    form = {f"{axis}_{name}": value for axis, limits in DEFAULTS.items()
            for name, value in zip(("some", "much"), limits, strict=True)}  # fmt: skip
    answer = browser.post(reverse("matrix:layers"), form)
    job = Job.objects.get(kind=layer_pages.JOB)
    assert answer["Location"] == reverse("accounts:job", args=[job.pk])
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.counts["potential"], job.done, job.total) == ("done", 2, 2, 2)


def test_who_only_looks_sees_the_thresholds_and_cannot_change_them(people):
    browser = Client()
    browser.force_login(c.person("xu", (Role.ANALYST, people.brand)))
    page = browser.get(reverse("matrix:layers")).content.decode()
    assert "Much from" in page and "sort everybody anew" not in page
    assert browser.post(reverse("matrix:layers"), {}).status_code == 403
