"""Many creators paused or taken up again at once, with the job for long lists."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts import jobs
from accounts.choices import JobState, Role
from accounts.models import Activity, Job, Person
from kosops.lib.errors import DomainError
from matrix import bulk, registry
from matrix.choices import CreatorState
from matrix.models import Creator
from tests import cast as c

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 20)
ADDRESS = "matrix:creators_bulk"


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def states() -> dict[str, str]:
    return dict(Creator.objects.values_list("number", "state"))


def ask(person: Person, action: str, *chosen: Creator, follow: bool = False, **more: str):
    form = {"action": action, "chosen": [each.pk for each in chosen], **more}
    return browser_of(person).post(reverse(ADDRESS), form, follow=follow)


# -- the command ---------------------------------------------------------------


def change(lin: Person, before: str, after: str) -> list[int]:
    return registry.change_states(
        by=lin, creators=Creator.objects.all(), before=before, after=after, on=DAY
    )


def test_those_in_the_state_change_and_each_has_it_in_the_history(lin, chengye) -> None:
    gone = c.creator(chengye.tianhe, "K9", "Gone", state=CreatorState.LEFT)
    assert change(lin, "active", "paused") == [chengye.zhou.pk, chengye.may.pk]
    assert states() == {"K001": "paused", "C001": "paused", gone.number: "left"}
    rows = Activity.objects.filter(verb="creator.state_changed")
    assert {row.object_label for row in rows} == {"Zhou Min", "May"}
    assert {row.unit for row in rows} == {chengye.jingan}
    assert rows[0].before == {"state": "active"}


@pytest.mark.parametrize(("before", "after"), [("left", "active"), ("active", "left")])
def test_a_way_that_does_not_exist_or_is_decided_for_each_alone_is_refused(
    lin, chengye, before, after
) -> None:
    with pytest.raises(DomainError) as refusal:
        change(lin, before, after)
    assert refusal.value.code == "wrong_state_change"
    assert set(states().values()) == {"active"}


# -- the page ------------------------------------------------------------------


def test_it_asks_first_and_says_how_many_would_change(lin, chengye) -> None:
    paused = c.creator(chengye.tianhe, "K9", "Resting", state=CreatorState.PAUSED)
    text = ask(lin, "pause", chengye.zhou, chengye.may, paused).content.decode()
    assert "Pause 3 people" in text and "Pause 2 people" in text
    assert "1 of them is not “Active” or not identified, and stays as they are." in text
    assert states()["K001"] == "active"


def test_those_who_are_chosen_change_and_undo_takes_it_back(lin, chengye) -> None:
    paused = c.creator(chengye.tianhe, "K9", "Resting", state=CreatorState.PAUSED)
    browser = browser_of(lin)
    form = {"action": "pause", "chosen": [chengye.zhou.pk, paused.pk], "confirmed": "1"}
    answer = browser.post(reverse(ADDRESS), form, follow=True)
    text = answer.content.decode()
    assert "1 person was paused." in text
    assert states() == {"K001": "paused", "C001": "active", "K9": "paused"}
    undo = text.partition('class="toast toast-success')[2].partition("</form>")[0]
    assert f'name="chosen" value="{chengye.zhou.pk}"' in undo
    assert f'value="{paused.pk}"' not in undo
    form = {"action": "resume", "chosen": [chengye.zhou.pk], "confirmed": "1"}
    browser.post(reverse(ADDRESS), form)
    assert states() == {"K001": "active", "C001": "active", "K9": "paused"}


def test_the_whole_list_means_what_its_filters_leave(lin, chengye) -> None:
    ask(lin, "pause", every="1", query="kind=koc", confirmed="1")
    assert states() == {"K001": "active", "C001": "paused"}


def test_a_filter_that_means_nothing_changes_nobody(lin, chengye) -> None:
    answer = ask(lin, "pause", every="1", query="kind=robot", confirmed="1", follow=True)
    assert "is not known here" in answer.content.decode()
    assert set(states().values()) == {"active"}


@pytest.mark.parametrize(
    ("action", "with_zhou", "words"),
    [("pause", False, "Nobody was chosen"), ("promote", True, "cannot be done with several")],
)
def test_nothing_chosen_or_an_unknown_action_is_said(
    lin, chengye, action, with_zhou, words
) -> None:
    chosen = [chengye.zhou] if with_zhou else []
    answer = ask(lin, action, *chosen, confirmed="1", follow=True)
    assert words in answer.content.decode()
    assert set(states().values()) == {"active"}


def test_people_outside_one_s_part_are_not_touched(chengye) -> None:
    south = c.person("wu", (Role.OPERATOR, chengye.south))
    ask(south, "pause", chengye.zhou, confirmed="1")
    ask(south, "pause", every="1", query="", confirmed="1")
    assert set(states().values()) == {"active"}


def test_whoever_may_only_look_can_compare_but_not_change(chengye) -> None:
    xu = c.person("xu", (Role.REGION_MANAGER, chengye.east))
    shown = browser_of(xu).get(reverse("matrix:creators")).content.decode()
    assert "data-kos-compare" in shown and 'value="pause"' not in shown
    assert ask(xu, "pause", chengye.zhou, confirmed="1").status_code == 403
    assert set(states().values()) == {"active"}


# -- the job -------------------------------------------------------------------


def test_a_long_list_becomes_a_job_that_goes_on_where_it_was_stopped(
    lin, chengye, monkeypatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    monkeypatch.setattr(bulk, "BATCH", 2)
    for number in range(5):
        c.creator(chengye.tianhe, f"X{number}", f"Person {number}")
    answer = ask(lin, "pause", every="1", query="kind=kos", confirmed="1")
    job = Job.objects.get()
    assert answer["Location"] == reverse("accounts:job", args=[job.pk])
    assert set(states().values()) == {"active"}
    # A worker that died after its first batch.
    registry.change_states(
        by=lin,
        creators=Creator.objects.filter(number__in=("X0", "X1")),
        before="active",
        after="paused",
        on=DAY,
    )
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE and job.counts == {"creators_changed": 4}
    assert {state for number, state in states().items() if number != "C001"} == {"paused"}
    assert states()["C001"] == "active"


def test_a_job_comes_to_an_end_though_somebody_cannot_change(chengye: c.Cast, lin: Person) -> None:
    """Whoever has not been identified stays paused, and must not be tried for ever."""
    Creator.objects.update(state="paused")
    Creator.objects.filter(pk=chengye.zhou.pk).update(identity="")
    job = jobs.start(
        by=lin, kind=bulk.JOB, unit=chengye.brand, label="Creators",
        params={"action": "resume", "query": "state=paused"},
    )  # fmt: skip
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.counts) == ("done", {"creators_changed": 1})
    assert list(Creator.objects.filter(state="paused")) == [chengye.zhou]
