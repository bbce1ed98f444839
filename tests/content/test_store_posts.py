"""Posts of accounts of stores show their store (K15): said with the link, by a person, by a file."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity, Person
from content import store_posts, submissions
from content.models import Post, PostLink
from kosops.lib.errors import DomainError
from matrix import custody
from matrix.models import SocialAccount
from tests import cast as c
from tests.content.links import ADDRESS, NOTE, SHORT, account, post

PEEK = {"HX-Request": "true", "Kos-Peek": "1"}


@pytest.fixture
def chengye(db: None) -> c.Cast:
    people = c.cast()
    people.zhou.person = c.person("zhou", (Role.KOS, people.jingan))
    people.zhou.save()
    account(people.zhou)
    return people


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def counter(chengye: c.Cast, lin: Person) -> SocialAccount:
    """The account of the store, which Zhou Min holds."""
    of_store = c.account(chengye.jingan, handle="jingan")
    custody.begin(by=lin, account=of_store, creator=chengye.zhou, since=dt.date(2026, 1, 5))
    return of_store


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def refused(code: str, act: Callable[..., object], *args: object, **fields: object) -> None:
    with pytest.raises(DomainError) as refusal:
        act(*args, **fields)
    assert refusal.value.code == code


def add(by: Person, of: SocialAccount, text: str = ADDRESS, **fields: object) -> PostLink:
    given = {"creator": None, "client_key": uuid.uuid4(), "location": "store", **fields}
    return submissions.add_link(by=by, account=of, text=text, **given)  # type: ignore[arg-type]


# -- with the link -------------------------------------------------------------


def test_a_link_of_a_stores_account_says_what_its_location_shows(chengye, lin, counter) -> None:
    refused("location_needed", add, lin, counter, location="")

    link = add(lin, counter)

    assert (link.location, link.store, link.creator) == ("store", chengye.jingan, None)
    row = Activity.objects.get(verb="post_link.added")
    assert (row.after["location"], row.unit) == ("store", chengye.jingan)


def test_the_database_holds_it_too(chengye, lin, counter) -> None:
    link = add(lin, counter)
    link.pk, link.url, link.platform_post_id = None, "https://x.test/1", None
    link.client_key, link.location = uuid.uuid4(), ""

    with pytest.raises(IntegrityError, match="location tag"), transaction.atomic():
        link.save(force_insert=True)


def test_on_other_accounts_it_is_offered_and_not_asked_for(chengye, lin) -> None:
    of_brand = c.account(chengye.brand, handle="chengye")

    assert add(lin, of_brand, location="").location == ""
    own = submissions.add_link(
        by=chengye.zhou.person,
        creator=chengye.zhou,
        text=SHORT,
        client_key=uuid.uuid4(),
        location="none",
    )
    assert own.location == "none"


def test_who_holds_the_account_adds_its_links_on_the_phone(chengye, counter) -> None:
    browser = browser_of(chengye.zhou.person)
    address = reverse("mobile:post_add")
    form = {"text": ADDRESS, "client_key": str(uuid.uuid4()), "account": counter.pk}

    assert "jingan" in browser.get(address).content.decode()
    missing = browser.post(address, form)
    assert missing.status_code == 422
    assert "Say what the location tag of the post shows" in missing.content.decode()
    assert browser.post(address, form | {"location": "store"}).status_code == 302

    link = PostLink.objects.get()
    assert (link.account, link.creator, link.location) == (counter, chengye.zhou, "store")
    assert "jingan" in browser.get(reverse("mobile:posts")).content.decode()


def test_who_does_not_hold_it_cannot_choose_it(chengye, lin, counter) -> None:
    may = chengye.may
    may.person = c.person("may", (Role.KOC, chengye.jingan))
    may.save()
    account(may)
    form = {"text": ADDRESS, "client_key": str(uuid.uuid4()), "account": counter.pk}

    answer = browser_of(may.person).post(
        reverse("mobile:post_add"), form, headers={"Accept": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "account_not_held")
    refused("account_not_held", add, may.person, counter, creator=may)
    assert not PostLink.objects.exists()


def test_a_link_of_another_platform_or_account_is_refused(chengye, lin, counter) -> None:
    refused("other_platform", add, lin, counter, "https://v.douyin.com/iRNBho6u/")
    post(chengye.zhou.social_accounts.get(), platform_post_id=NOTE)
    refused("post_of_another", add, lin, counter)
    refused("account_not_held", add, lin, chengye.zhou.social_accounts.get())


def test_the_same_form_of_headquarters_twice_is_one_link(chengye, lin, counter) -> None:
    key = uuid.uuid4()

    assert add(lin, counter, client_key=key) == add(lin, counter, client_key=key)
    refused("link_yours", add, lin, counter)


@pytest.mark.parametrize("text", [ADDRESS, SHORT])
def test_the_post_takes_it_over_when_it_is_known(chengye, lin, counter, text) -> None:
    link = add(lin, counter, text, location="other")
    known = post(counter, platform_post_id=NOTE if text == ADDRESS else None)

    assert submissions.link_waiting(accounts=[counter.pk]) == 1

    known.refresh_from_db()
    link.refresh_from_db()
    assert (link.post, known.location) == (known, "other")


def test_what_is_known_of_the_post_stays(chengye, lin, counter) -> None:
    known = post(counter, "Edited", location="store")
    link = add(lin, counter, SHORT, location="none")

    submissions.link_to_post(by=lin, link=link, post=known)

    known.refresh_from_db()
    assert known.location == "store"


def test_a_link_of_the_store_means_no_post_of_who_holds_the_account(chengye, lin, counter) -> None:
    own = post(chengye.zhou.social_accounts.get())
    link = add(lin, counter, SHORT, creator=chengye.zhou)

    assert link.state == "waiting"
    assert list(submissions.candidates_for(link)) == []
    refused("not_a_candidate", submissions.link_to_post, by=lin, link=link, post=own)


# -- at headquarters -----------------------------------------------------------


def test_headquarters_adds_the_link_on_a_page_of_its_own(chengye, lin, counter) -> None:
    browser = browser_of(lin)
    address = reverse("content:link_add", args=[counter.pk])
    form = {"text": ADDRESS, "client_key": str(uuid.uuid4())}

    assert address in browser.get(reverse("matrix:account", args=[counter.pk])).content.decode()
    assert "This account belongs to a store" in browser.get(address).content.decode()
    assert browser.post(address, form).status_code == 422
    assert browser.post(address, form | {"location": "none"}).status_code == 302
    assert PostLink.objects.get().location == "none"
    shown = browser.get(reverse("content:link", args=[PostLink.objects.get().pk]))
    assert "No location" in shown.content.decode()


def test_nobody_else_adds_one_there(chengye, lin, counter) -> None:
    xu = browser_of(c.person("xu", (Role.REGION_MANAGER, chengye.east)))
    own = chengye.zhou.social_accounts.get()

    assert xu.get(reverse("content:link_add", args=[counter.pk])).status_code == 403
    assert browser_of(lin).get(reverse("content:link_add", args=[own.pk])).status_code == 404


def test_a_person_says_it_beside_the_list_and_it_is_noted(chengye, lin, counter) -> None:
    known = post(counter)
    browser, address = browser_of(lin), reverse("content:post_location", args=[known.pk])

    beside = browser.post(address, {"location": "store"}, headers=PEEK)
    assert beside.status_code == 200 and "<html" not in beside.content.decode()
    assert browser.post(address, {"location": "store"}).status_code == 302
    assert browser.post(address, {"location": "moon"}).status_code == 422

    known.refresh_from_db()
    row = Activity.objects.get(verb="post.changed")
    assert (known.location, row.before, row.after) == (
        "store",
        {"location": None},
        {"location": "store"},
    )


def test_only_who_may_edit_posts_says_it(chengye, lin, counter) -> None:
    known = post(counter)
    xu = browser_of(c.person("xu", (Role.REGION_MANAGER, chengye.east)))

    shown = xu.get(reverse("content:post", args=[known.pk])).content.decode()
    assert "Record it" not in shown and "Unknown" in shown
    answer = xu.post(reverse("content:post_location", args=[known.pk]), {"location": "store"})
    assert answer.status_code == 403
    with pytest.raises(DomainError):
        store_posts.set_location(by=lin, post=known, location="moon")


# -- what is missing -----------------------------------------------------------


@pytest.fixture
def posted(chengye, counter) -> dict[str, Post]:
    of_brand = c.account(chengye.brand, handle="chengye")
    number = c.account(chengye.jingan, handle="number", role="employee_number")
    return {
        "unknown": post(counter, "unknown"),
        "none": post(counter, "none", location="none"),
        "store": post(counter, "store", location="store"),
        "removed": post(counter, "removed", state="removed"),
        "old": post(counter, "old", hours_ago=24 * 40),
        "brand": post(of_brand, "brand"),
        "employee": post(number, "employee"),
        "person": post(chengye.zhou.social_accounts.get(), "person"),
    }


def test_missing_are_posts_of_stores_alone(chengye, lin, posted) -> None:
    def titles(location: str) -> set[str]:
        answer = browser_of(lin).get(reverse("content:posts"), {"location": location})
        return {row.post.title for row in answer.context["rows"]}

    assert titles("missing") == {"unknown", "none", "old"}
    assert titles("none") == {"none"}
    assert titles("store") == {"store"}
    assert {name for name, each in posted.items() if store_posts.lacks_store(each)} == {
        "unknown",
        "none",
        "old",
    }


def test_what_is_missing_waits_for_headquarters(chengye, lin, posted) -> None:
    waits = [each for each in waiting.items_for(lin) if "location=missing" in each.href]

    assert "<b>2</b> posts" in waits[0].text
    rows = browser_of(lin).get(waits[0].href).context["rows"]
    assert {row.post.title for row in rows} == {"unknown", "none"}
    xu = c.person("xu", (Role.REGION_MANAGER, chengye.east))
    assert not [each for each in waiting.items_for(xu) if "location=missing" in each.href]


def test_the_page_of_the_store_counts_them(chengye, lin, posted) -> None:
    part = (
        browser_of(lin)
        .get(
            reverse("content:unit_posts", args=[chengye.jingan.pk]), headers={"HX-Request": "true"}
        )
        .content.decode()
    )

    assert "2 posts of 30 days on accounts of stores do not show the store" in part
    assert "Location not known" in part and "Store not in the location" in part
