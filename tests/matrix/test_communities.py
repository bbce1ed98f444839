"""Communities: who may open and change them, who is in them, what their members post."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.choices import Role
from accounts.models import Activity, Job, Person
from content.models import Post
from kosops.lib.errors import DomainError
from matrix import colleagues, communities, community_bulk, posting
from matrix.choices import CreatorState
from matrix.models import Community, CommunityMember, Creator, SocialAccount
from tests import cast as c
from tests.integrations.passing import bring_in, check, faults, figures
from tests.integrations.trying import csv_file
from tests.refusals import RULE_BROKEN, TWICE, refused

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def senior(lin: Person, chengye: c.Cast) -> Community:
    return opened(lin, chengye.brand, "Senior KOC")


def opened(lin, unit, name, **more) -> Community:
    return communities.open_community(
        by=lin, unit=unit, name=name, kind="wecom_group", host=lin, opened_on=TODAY, **more
    )


def join(lin, community, *creators) -> int:
    chosen = Creator.objects.filter(pk__in=[one.pk for one in creators])
    return communities.add_members(by=lin, community=community, creators=chosen, since=TODAY)


def code_of(act, **arguments) -> str:
    with pytest.raises(DomainError) as refusal:
        act(**arguments)
    return refusal.value.code


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def posted(creator: Creator, days_ago: int, likes: int) -> Post:
    account = SocialAccount.objects.get_or_create(
        brand=creator.brand, unit=creator.store, creator=creator, platform="xiaohongshu",
        domain="public", ownership="personal", owner_proof="checked", handle=creator.number,
    )[0]  # fmt: skip
    return Post.objects.create(
        brand=creator.brand, store=creator.store, account=account, creator=creator,
        platform="xiaohongshu", title=f"Of {creator.name}", title_key=f"{days_ago}",
        published_at=timezone.now() - dt.timedelta(days=days_ago), likes=likes, saves=0, comments=0,
    )  # fmt: skip


# -- commands ---------------------------------------------------------------------


def test_a_community_has_a_host_and_its_opening_is_noted(lin, chengye, senior):
    row = Activity.objects.get(verb="community.added")
    assert (row.actor, row.unit, row.after["host"]) == (lin, chengye.brand, "Lin")
    assert (senior.host, senior.opened_on, senior.is_open) == (lin, TODAY, True)


def test_an_open_name_is_used_once_and_free_again_after_closing(lin, chengye, senior):
    given = {"lin": lin, "unit": chengye.brand, "name": "Senior KOC"}
    assert code_of(opened, **given) == "community_name_taken"
    communities.close_community(by=lin, community=senior, on=TODAY)
    assert opened(**given).pk != senior.pk


def test_only_who_can_join_is_added_and_one_row_is_noted(lin, chengye, senior):
    left = c.creator(chengye.jingan, "K009", "Gone", state=CreatorState.LEFT)
    join(lin, senior, chengye.may)
    assert join(lin, senior, chengye.may, chengye.zhou, left) == 1
    assert set(communities.creators_in(senior)) == {chengye.may.pk, chengye.zhou.pk}
    rows = Activity.objects.filter(verb="community.members_added").order_by("pk")
    assert [row.after["members"] for row in rows] == [1, 1]


def test_a_store_s_community_takes_its_own_people_only(lin, chengye):
    team = opened(lin, chengye.tianhe, "Tianhe team")
    assert join(lin, team, chengye.zhou) == 0
    given = {"by": lin, "community": team, "creator": chengye.zhou, "since": TODAY}
    assert code_of(communities.add_member, **given) == "cannot_join"


def test_a_creator_is_in_several_communities_but_once_in_each(lin, chengye, senior):
    other = opened(lin, chengye.brand, "New KOC")
    communities.add_member(by=lin, community=senior, creator=chengye.may, since=TODAY)
    communities.add_member(by=lin, community=other, creator=chengye.may, since=TODAY)
    assert [row.community.name for row in communities.of_creator(chengye.may)] == [
        "New KOC",
        "Senior KOC",
    ]
    given = {"by": lin, "community": senior, "creator": chengye.may, "since": TODAY}
    assert code_of(communities.add_member, **given) == "already_member"
    with refused(TWICE):
        CommunityMember.objects.create(community=senior, creator=chengye.may, since=TODAY)
    with refused(RULE_BROKEN):
        CommunityMember.objects.create(
            community=senior, creator=chengye.zhou, since=TODAY, until=TODAY - dt.timedelta(days=1)
        )


def test_who_is_taken_out_may_come_back(lin, chengye, senior):
    member = communities.add_member(by=lin, community=senior, creator=chengye.may, since=TODAY)
    communities.remove_member(by=lin, member=member, until=TODAY)
    again = {"by": lin, "member": member, "until": TODAY}
    assert code_of(communities.remove_member, **again) == "member_left_already"
    assert join(lin, senior, chengye.may) == 1
    assert senior.members.count() == 2


def test_closing_ends_all_memberships_and_nothing_changes_after(lin, chengye, senior):
    join(lin, senior, chengye.may, chengye.zhou)
    communities.close_community(by=lin, community=senior, on=TODAY)
    assert not communities.open_members(senior).exists()
    assert Activity.objects.get(verb="community.closed").after["members"] == 2
    for act, more in (
        (communities.close_community, {"on": TODAY}),
        (communities.add_members, {"creators": Creator.objects.all(), "since": TODAY}),
        (
            communities.change_community,
            {"name": "x", "kind": "app", "host": lin, "for_whom": "", "topic": ""},
        ),
    ):
        assert code_of(act, by=lin, community=senior, **more) == "community_closed"


def test_a_change_notes_only_what_changed(lin, senior):
    communities.change_community(
        by=lin, community=senior, name="Senior KOC", kind="wecom_group", host=lin, for_whom="Senior", topic=""
    )  # fmt: skip
    row = Activity.objects.get(verb="community.changed")
    assert (row.before, row.after) == ({"for_whom": ""}, {"for_whom": "Senior"})


def test_a_colleague_is_found_by_user_name_or_by_the_only_name(lin, chengye):
    he = c.person("he", (Role.STORE_MANAGER, chengye.jingan))
    for number in (1, 2):
        twin = c.person(f"wang{number}", (Role.KOS, chengye.jingan))
        Person.objects.filter(pk=twin.pk).update(name="Wang")
    assert colleagues.named(lin, "matrix.edit", " HE ") == he
    assert code_of(lambda: colleagues.named(lin, "matrix.edit", "Wang")) == "several_colleagues"
    assert code_of(lambda: colleagues.named(lin, "matrix.edit", "Nobody")) == "unknown_colleague"
    names = [username for username, _name in colleagues.suggested(lin, "matrix.edit")]
    assert names == ["he", "lin"]


# -- what members post ---------------------------------------------------------------


def test_the_figures_are_of_the_members_of_today(lin, chengye, senior):
    posted(chengye.may, 2, 30)
    posted(chengye.may, 40, 900)
    posted(chengye.zhou, 1, 50)
    member = communities.add_member(by=lin, community=senior, creator=chengye.may, since=TODAY)
    known = posting.of_communities([senior.pk], timezone.now())[senior.pk]
    assert (known.posts, known.best) == (1, 30)
    join(lin, senior, chengye.zhou)
    assert posting.of_communities([senior.pk], timezone.now())[senior.pk].posts == 2
    communities.remove_member(by=lin, member=member, until=TODAY)
    assert posting.of_communities([senior.pk], timezone.now())[senior.pk].best == 50


def test_the_hits_of_a_community_and_its_posts_as_a_list(lin, chengye, senior):
    low, high = posted(chengye.may, 2, 30), posted(chengye.may, 3, 90)
    posted(chengye.zhou, 1, 50)
    join(lin, senior, chengye.may)
    client = browser(lin)
    address = reverse("content:community_posts", args=[senior.pk])
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    places = [part.find(reverse("content:post", args=[post.pk])) for post in (high, low)]
    assert 0 < places[0] < places[1] and "Of Zhou Min" not in part
    assert client.get(address)["Location"] == f"{reverse('content:posts')}?community={senior.pk}"
    shown = client.get(reverse("content:posts"), {"community": senior.pk}).content.decode()
    assert "Of May" in shown and "Of Zhou Min" not in shown and "Community: Senior KOC" in shown


# -- pages ------------------------------------------------------------------------------


def test_the_list_shows_each_with_members_and_posts(lin, chengye, senior):
    join(lin, senior, chengye.may)
    posted(chengye.may, 2, 30)
    closed = opened(lin, chengye.brand, "Old group")
    communities.close_community(by=lin, community=closed, on=TODAY)
    client, address = browser(lin), reverse("matrix:communities")
    shown = client.get(address).content.decode()
    assert "Senior KOC" in shown and "Old group" in shown
    assert "Old group" not in client.get(address, {"state": "open"}).content.decode()
    assert "No community fits" in client.get(address, {"q": "nothing"}).content.decode()


def test_a_hundred_communities_cost_as_many_queries_as_one(lin, chengye, senior):
    client, address = browser(lin), reverse("matrix:communities")
    client.get(address)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    before = asked()
    for number in range(20):
        join(lin, opened(lin, chengye.brand, f"Group {number}"), chengye.may, chengye.zhou)
    assert asked() == before <= 12


def test_a_community_is_opened_changed_and_closed_on_its_pages(lin, chengye):
    client = browser(lin)
    form = {"name": "Best", "kind": "app", "unit": chengye.east.pk, "host": "lin", "for_whom": "", "topic": ""}  # fmt: skip
    wrong = client.post(reverse("matrix:community_add"), form | {"host": "nobody"})
    assert wrong.status_code == 422 and "Nobody called nobody" in wrong.content.decode()
    client.post(reverse("matrix:community_add"), form)
    best = Community.objects.get()
    assert (best.unit, best.host) == (chengye.east, lin)
    change = reverse("matrix:community_change", args=[best.pk])
    client.post(change, form | {"topic": "New shades"})
    best.refresh_from_db()
    assert best.topic == "New shades"
    client.post(reverse("matrix:community_close", args=[best.pk]))
    best.refresh_from_db()
    assert best.closed_on == TODAY


def test_members_come_in_by_number_and_go_out_by_button(lin, chengye, senior):
    client, page = browser(lin), reverse("matrix:community", args=[senior.pk])
    address = reverse("matrix:member_add", args=[senior.pk])
    assert "May" in client.post(address, {"number": "C001"}, follow=True).content.decode()
    again = client.post(address, {"number": "C001"}, follow=True).content.decode()
    assert "in the community already" in again
    nobody = client.post(address, {"number": "C999"}, follow=True).content.decode()
    assert "no one creator with the number C999" in nobody
    member = senior.members.get()
    client.post(reverse("matrix:member_remove", args=[member.pk]))
    assert "Nobody is in it" in client.get(page).content.decode()


def test_who_only_looks_changes_nothing(chengye, lin, senior):
    join(lin, senior, chengye.may)
    wu = browser(c.person("wu", (Role.AUDITOR, chengye.brand)))
    shown = wu.get(reverse("matrix:community", args=[senior.pk])).content.decode()
    assert reverse("matrix:member_remove", args=[senior.members.get().pk]) not in shown
    assert wu.get(reverse("matrix:community_add")).status_code == 403
    for name in ("community_change", "community_close", "member_add"):
        assert wu.post(reverse(f"matrix:{name}", args=[senior.pk])).status_code == 403
    assert (
        wu.post(reverse("matrix:member_remove", args=[senior.members.get().pk])).status_code == 403
    )


def test_a_store_manager_sees_the_store_s_community_and_not_the_brand_s(lin, chengye, senior):
    team = opened(lin, chengye.jingan, "Jing'an team")
    he = browser(c.person("he", (Role.STORE_MANAGER, chengye.jingan)))
    shown = he.get(reverse("matrix:communities")).content.decode()
    assert "Jing&#x27;an team" in shown and "Senior KOC" not in shown
    assert he.get(reverse("matrix:community", args=[senior.pk])).status_code == 404
    assert he.get(reverse("matrix:community", args=[team.pk])).status_code == 200


# -- many at once ------------------------------------------------------------------------


def bulk_add(client: Client, **more) -> object:
    return client.post(reverse("matrix:creators_bulk"), {"action": "community", "query": ""} | more)


def test_chosen_creators_are_asked_about_and_added(lin, chengye, senior):
    client, chosen = browser(lin), [chengye.may.pk, chengye.zhou.pk]
    asked = bulk_add(client, chosen=chosen).content.decode()
    assert "Add 2 people to a community" in asked and "Senior KOC" in asked
    unsaid = bulk_add(client, chosen=chosen, confirmed="1")
    assert unsaid.status_code == 422
    assert not senior.members.exists()
    bulk_add(client, chosen=chosen, confirmed="1", community=senior.pk)
    assert senior.members.count() == 2


def test_a_long_list_is_a_job_that_can_run_twice(lin, chengye, senior, monkeypatch):
    monkeypatch.setattr(community_bulk.bulk, "AT_ONCE", 1)
    monkeypatch.setattr(community_bulk.bulk, "BATCH", 1)
    bulk_add(browser(lin), every="2", confirmed="1", community=senior.pk)
    job = Job.objects.get(kind=community_bulk.JOB)
    jobs.run(job.pk)
    assert set(communities.creators_in(senior)) == {chengye.may.pk, chengye.zhou.pk}
    job.refresh_from_db()
    assert (job.state, job.counts) == ("done", {"members_added": 2})
    assert community_bulk.run_job(job, lambda *_given: None) == {"members_added": 2}
    assert senior.members.count() == 2


def test_communities_of_others_cannot_be_filled(lin, chengye, senior):
    tian = browser(c.person("tian", (Role.OPERATOR, chengye.tianhe)))
    answer = bulk_add(tian, every="1", confirmed="1", community=senior.pk)
    assert answer.status_code == 422
    assert not senior.members.exists()


# -- files ---------------------------------------------------------------------------------


def test_a_file_fills_communities(lin, chengye, senior):
    text = "社群,编号,入群时间\nSenior KOC,C001,2026-09-01\nSenior KOC,K001,\n"
    assert figures(bring_in(lin, chengye.brand, "community_members", csv_file(text))) == {"new": 2}
    assert senior.members.get(creator=chengye.may).since == dt.date(2026, 9, 1)
    again = check(lin, chengye.brand, "community_members", csv_file(text + "\n"))
    assert figures(again) == {"unchanged": 2}


def test_what_a_file_says_wrongly_is_named(lin, chengye, senior):
    opened(lin, chengye.tianhe, "Tianhe team")
    c.creator(chengye.jingan, "K009", "Gone", state=CreatorState.LEFT)
    file = csv_file(
        "社群,编号\nNo such,C001\nSenior KOC,C999\nTianhe team,C001\nSenior KOC,K009\n"
        "Senior KOC,C001\nSenior KOC,C001\n"
    )
    assert faults(check(lin, chengye.brand, "community_members", file)) == [
        (2, "community", "unknown_community"),
        (3, "number", "unknown_creator"),
        (4, "number", "not_of_the_unit"),
        (5, "number", "not_in_programme"),
        (7, "", "repeated_row"),
    ]
