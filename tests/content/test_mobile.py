"""A creator's own posts and links on the phone, each door with its refusals."""

import json
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from content import submissions
from content.models import PostLink
from kosops.ui import offline
from matrix.models import Creator
from tests import cast as c
from tests.content.links import ADDRESS, NOTE, SHORT, TITLE, account, add, post

JSON = {"Accept": "application/json"}
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def chengye(db: None) -> c.Cast:
    people = c.cast()
    for creator, role in ((people.zhou, Role.KOS), (people.may, Role.KOC)):
        creator.person = c.person(creator.name.split()[0].lower(), (role, people.jingan))
        creator.save()
        account(creator)
    return people


def phone(creator: Creator) -> Client:
    browser = Client()
    browser.force_login(creator.person)
    return browser


def page(creator: Creator, name: str = "posts", **query: str) -> str:
    answer = phone(creator).get(reverse(f"mobile:{name}"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def send(creator: Creator, text: str = ADDRESS, *, json: bool = False, **fields: object):
    form = {"text": text, "client_key": str(uuid.uuid4()), **fields}
    return phone(creator).post(reverse("mobile:post_add"), form, headers=JSON if json else None)


# -- my posts ------------------------------------------------------------------


def test_my_posts_and_what_became_of_my_links(chengye: c.Cast) -> None:
    own = chengye.zhou.social_accounts.get()
    post(own, "Serum", likes=700, saves=200, comments=100, views=5000)
    post(own, TITLE, platform_post_id=NOTE)
    add(chengye.zhou)
    add(chengye.zhou, "Mask http://xhslink.com/a/XyZ98")
    refused = add(chengye.zhou, "http://xhslink.com/a/Qqqqq")
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    submissions.refuse_link(by=lin, link=refused, reason="Not about us")

    shown = page(chengye.zhou)

    assert "1,000" in shown and "5,000 views" in shown
    assert shown.count("Linked") == 1
    assert "Figures not in yet" in shown and "Mask" in shown
    assert "Refused: Not about us" in shown


def test_nothing_of_anybody_else_is_shown(chengye: c.Cast) -> None:
    post(chengye.may.social_accounts.get(), "Post of May")
    add(chengye.may, "Link of May http://xhslink.com/a/AbC12")

    shown = page(chengye.zhou)

    assert "of May" not in shown and "No posts known yet" in shown


def test_a_long_list_goes_on_on_the_next_page(chengye: c.Cast) -> None:
    own = chengye.zhou.social_accounts.get()
    for number in range(22):
        post(own, f"Note {number:02}", hours_ago=number + 1)
    add(chengye.zhou, "http://xhslink.com/a/Qqqqq")
    browser = phone(chengye.zhou)

    first = browser.get(reverse("mobile:posts"))
    more = browser.get(
        reverse("mobile:posts"), {"cursor": first.context["page"].next}, headers=FRAGMENT
    ).content.decode()

    assert "Note 21" not in first.content.decode() and "Note 21" in more
    assert "Links that I added" not in more and "<html" not in more


@pytest.mark.parametrize("name", ["posts", "post_add"])
def test_who_is_no_creator_has_no_such_page(chengye: c.Cast, name: str) -> None:
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    browser = Client()
    assert browser.get(reverse(f"mobile:{name}")).status_code == 302
    browser.force_login(lin)
    assert browser.get(reverse(f"mobile:{name}")).status_code == 403
    assert browser.post(reverse("mobile:post_check"), {"text": ADDRESS}).status_code == 403


# -- add a link ----------------------------------------------------------------


def test_a_link_is_added_by_a_plain_form(chengye: c.Cast) -> None:
    answer = send(chengye.zhou)

    assert answer.status_code == 302 and answer["Location"] == reverse("mobile:posts")
    assert PostLink.objects.get().creator == chengye.zhou


def test_a_script_is_answered_in_json_and_the_same_form_alike(chengye: c.Cast) -> None:
    key = str(uuid.uuid4())

    first = send(chengye.zhou, json=True, client_key=key)
    second = send(chengye.zhou, json=True, client_key=key)

    assert first.json() == second.json()
    assert first.json()["state"] == "waiting" and first.json()["message"]
    assert PostLink.objects.count() == 1


def test_a_refused_form_comes_back_with_its_words_and_a_fresh_key(chengye: c.Cast) -> None:
    key = str(uuid.uuid4())

    answer = send(chengye.zhou, "今天发了一篇", client_key=key)

    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "There is no link in the text." in shown and "今天发了一篇" in shown
    assert key not in shown


def test_a_refusal_in_json_has_its_code_and_words(chengye: c.Cast) -> None:
    add(chengye.may)

    answer = send(chengye.zhou, json=True)

    assert answer.status_code == 422
    assert answer.json()["code"] == "link_taken" and answer.json()["message"]


@pytest.mark.parametrize(
    "spoilt", [{"client_key": "not a key"}, {"client_key": ""}, {"noted_at": "yesterday"}]
)
def test_spoilt_hidden_fields_do_not_keep_a_link_out(chengye: c.Cast, spoilt: dict) -> None:
    assert send(chengye.zhou, **spoilt).status_code == 302
    assert PostLink.objects.count() == 1


def test_a_form_of_one_person_is_not_sent_in_the_name_of_the_next(chengye: c.Cast) -> None:
    own, other = (offline.person_key(each.person) for each in (chengye.zhou, chengye.may))

    refused = send(chengye.zhou, json=True, person=other)

    assert (refused.status_code, refused.json()["code"]) == (422, "other_person")
    assert not PostLink.objects.exists()
    assert send(chengye.zhou, person=own).status_code == 302


def test_what_another_app_shares_stands_in_the_form(chengye: c.Cast) -> None:
    assert "xhslink.com/a/AbC12" in page(chengye.zhou, "post_add", text=SHORT)
    assert not PostLink.objects.exists()


def test_a_pasted_text_is_checked_at_once(chengye: c.Cast) -> None:
    def check(text: str) -> str:
        answer = phone(chengye.zhou).post(reverse("mobile:post_check"), {"text": text})
        return answer.content.decode()

    assert "Xiaohongshu" in check(SHORT) and TITLE in check(SHORT)
    assert "This can be sent." in check(SHORT)
    assert "none in the text" in check("xhslink.com/a/AbC12")
    assert "No Douyin account of yours is registered." in check("https://v.douyin.com/iRNBho6u/")
    assert check(" ").strip() == ""
    assert not PostLink.objects.exists()


# -- the first day -------------------------------------------------------------


def test_today_of_somebody_new_says_how_to_begin(chengye: c.Cast) -> None:
    shown = page(chengye.zhou, "today")
    assert "Add your first link" in shown and "Commission this month" not in shown

    add(chengye.zhou)
    assert "Add your first link" not in page(chengye.zhou, "today")


@pytest.mark.parametrize("role", ["seller", "sharer"])
def test_who_sold_something_is_not_new(chengye: c.Cast, role: str) -> None:
    facts = {"seller": None, "sharer": None, role: chengye.may}
    c.order(chengye, "E1", 10_000, **facts)

    assert "Commission this month" in page(chengye.may, "today")


# -- what the phone may keep ---------------------------------------------------


def test_own_pages_may_be_kept_under_a_key_of_the_person(chengye: c.Cast) -> None:
    zhou, may = (phone(each).get(reverse("mobile:posts")) for each in (chengye.zhou, chengye.may))

    assert zhou[offline.KEEP] == offline.person_key(chengye.zhou.person)
    assert zhou[offline.KEEP] != may[offline.KEEP]
    assert zhou[offline.KEEP] in zhou.content.decode()


def test_refusals_fragments_and_answers_to_forms_are_not_kept(chengye: c.Cast) -> None:
    browser = phone(chengye.zhou)
    answers = [
        browser.get(reverse("mobile:posts"), headers=FRAGMENT),
        browser.post(reverse("mobile:post_check"), {"text": ADDRESS}),
        send(chengye.zhou, "nothing"),
        send(chengye.zhou),
        Client().get(reverse("mobile:posts")),
    ]

    assert [answer for answer in answers if offline.KEEP in answer] == []
    assert json.dumps([answer.status_code for answer in answers]) == "[200, 200, 422, 302, 302]"
