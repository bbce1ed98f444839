"""Links without a post at HQ, each door with its refusals."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Person
from content.models import PostLink
from tests import cast as c
from tests.content.links import ADDRESS, SHORT, TITLE, account, add, post


@pytest.fixture
def chengye(db: None) -> c.Cast:
    people = c.cast()
    account(people.zhou)
    return people


@pytest.fixture
def li(chengye: c.Cast):
    found = c.creator(chengye.tianhe, "K002", "Li Na")
    account(found)
    return found


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


@pytest.fixture
def lin(chengye: c.Cast) -> Client:
    return browser_of(c.person("lin", (Role.OPERATOR, chengye.brand)))


def titles(browser: Client) -> list[str]:
    answer = browser.get(reverse("content:links"))
    return [link.title for link, _days in answer.context["rows"]]


def test_links_without_a_post_are_listed_oldest_first(chengye, li, lin) -> None:
    add(chengye.zhou, "First http://xhslink.com/a/AbC12")
    add(li, "Second http://xhslink.com/a/XyZ98")
    post(chengye.zhou.social_accounts.get(), "Known")
    add(chengye.zhou, "Known http://xhslink.com/a/Qqqqq")

    assert titles(lin) == ["First", "Second"]


def test_a_regional_manager_sees_those_of_the_region_and_changes_none(chengye, li) -> None:
    xu = browser_of(c.person("xu", (Role.REGION_MANAGER, chengye.east)))
    own, other = add(chengye.zhou, SHORT), add(li, "http://xhslink.com/a/XyZ98")

    assert titles(xu) == [TITLE]
    assert xu.get(reverse("content:link", args=[other.pk])).status_code == 404
    shown = xu.get(reverse("content:link", args=[own.pk])).content.decode()
    assert "Headquarters operations and reviewers" in shown and "Refuse the link" not in shown
    for name, fields in (("link_to_post", {"post": 1}), ("link_refuse", {"reason": "No"})):
        assert xu.post(reverse(f"content:{name}", args=[own.pk]), fields).status_code == 403
    assert PostLink.objects.filter(state="waiting").count() == 2


def test_a_reviewer_may_decide_and_a_creator_may_not_look(chengye) -> None:
    link = add(chengye.zhou, SHORT)
    ren = browser_of(c.person("ren", (Role.REVIEWER, chengye.brand)))
    zhou = browser_of(c.person("zhou", (Role.KOS, chengye.jingan)))

    assert zhou.get(reverse("content:links")).status_code == 403
    assert "Refuse the link" in ren.get(reverse("content:link", args=[link.pk])).content.decode()


def test_hq_chooses_among_the_posts_it_may_be(chengye, lin) -> None:
    link = add(chengye.zhou, SHORT)
    own = chengye.zhou.social_accounts.get()
    meant, old = post(own, "Edited"), post(own, "Long ago", hours_ago=24 * 20)
    address = reverse("content:link_to_post", args=[link.pk])

    shown = lin.get(reverse("content:link", args=[link.pk])).content.decode()
    assert "Edited" in shown and "Long ago" not in shown
    assert lin.post(address, {"post": old.pk}).status_code == 422
    assert lin.post(address, {}).status_code == 422
    assert lin.post(address, {"post": meant.pk}).status_code == 302

    link.refresh_from_db()
    assert link.post == meant
    assert "Linked to" in lin.get(reverse("content:link", args=[link.pk])).content.decode()
    assert lin.post(address, {"post": meant.pk}).status_code == 422


def test_hq_refuses_with_words(chengye, lin) -> None:
    link = add(chengye.zhou, ADDRESS)
    address = reverse("content:link_refuse", args=[link.pk])

    assert lin.post(address, {"reason": " "}).status_code == 422
    assert lin.post(address, {"reason": "Not about us"}).status_code == 302

    link.refresh_from_db()
    assert (link.state, link.reason) == ("refused", "Not about us")
    assert "Not about us" in lin.get(reverse("content:link", args=[link.pk])).content.decode()


def test_an_empty_list_says_what_will_be_here(chengye, lin) -> None:
    assert "No link waits" in lin.get(reverse("content:links")).content.decode()
