"""Views of a list under a name: one's own, and those that are shared within the brand."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from accounts import saved_views
from accounts.choices import Role
from accounts.models import Activity, Person, SavedView
from kosops.lib.errors import DomainError, NotAllowed
from tests import cast as c

pytestmark = pytest.mark.django_db
PAGE = "matrix:creators"


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def xu(chengye: c.Cast) -> Person:
    return c.person("xu", (Role.REGION_MANAGER, chengye.east))


def keep(by: Person, name: str = "East", query: str = "kind=kos&sort=-posts", **more) -> SavedView:
    return saved_views.save_view(by=by, page=PAGE, name=name, query=query, **more)


def names(person: Person) -> list[str]:
    return [view.name for view in saved_views.visible(person)]


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def test_a_view_keeps_filters_order_and_columns_but_not_the_place_in_the_list(lin) -> None:
    view = keep(lin, query="kind=kos&q=&columns=tier&columns=store&cursor=abc&sort=-posts")
    assert view.query == "kind=kos&columns=tier&columns=store&sort=-posts"
    assert Activity.objects.get(verb="saved_view.saved").object_label == "East"


def test_a_view_of_the_same_name_is_replaced(lin) -> None:
    keep(lin)
    keep(lin, name="  East ", query="kind=koc")
    assert [view.query for view in saved_views.visible(lin)] == ["kind=koc"]


def test_views_are_one_s_own_until_they_are_shared(lin, xu, chengye) -> None:
    keep(lin, "Mine")
    assert names(xu) == []
    keep(lin, "Ours", shared_with=chengye.brand)
    assert names(xu) == ["Ours"]
    assert names(lin) == ["Mine", "Ours"]


def test_another_brand_sees_nothing_of_what_is_shared(lin, chengye) -> None:
    keep(lin, "Ours", shared_with=chengye.brand)
    qian = c.person("qian", (Role.OPERATOR, c.cast_of_another_brand()))
    assert names(qian) == []


@pytest.mark.parametrize(
    ("name", "query", "code"),
    [
        ("  ", "kind=kos", "view_without_name"),
        ("East", "", "nothing_to_keep"),
        ("East", "q=&cursor=abc", "nothing_to_keep"),
        ("East", "q=" + "x" * 2000, "view_too_long"),
    ],
)
def test_what_is_no_view_is_refused(lin, name, query, code) -> None:
    with pytest.raises(DomainError) as refusal:
        keep(lin, name, query)
    assert refusal.value.code == code
    assert SavedView.objects.count() == 0


def test_nobody_keeps_more_views_of_a_list_than_they_can_read(lin, monkeypatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 2)
    keep(lin, "One")
    keep(lin, "Two")
    with pytest.raises(DomainError) as refusal:
        keep(lin, "Three")
    assert refusal.value.code == "too_many_views"
    keep(lin, "Two", query="kind=koc")


def test_only_its_owner_removes_a_view(lin, xu, chengye) -> None:
    view = keep(lin, shared_with=chengye.brand)
    with pytest.raises(NotAllowed):
        saved_views.remove_view(by=xu, view=view)
    assert browser_of(xu).post(reverse("accounts:view_remove", args=[view.pk])).status_code == 404
    assert SavedView.objects.count() == 1
    browser = browser_of(lin)
    answer = browser.post(reverse("accounts:view_remove", args=[view.pk]), follow=True)
    assert answer.redirect_chain == [(reverse(PAGE), 302)]
    assert SavedView.objects.count() == 0
    # What was taken away can be put back as it was.
    undo = (
        answer.content.decode().partition('class="toast toast-success')[2].partition("</form>")[0]
    )
    form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', undo))
    browser.post(reverse("accounts:view_save"), {key: unescape(form[key]) for key in form})
    again = SavedView.objects.get()
    assert (again.name, again.query, again.shared_with) == (view.name, view.query, chengye.brand)


def test_a_list_is_saved_and_opened_again_from_its_page(lin) -> None:
    browser = browser_of(lin)
    form = {"page": PAGE, "name": "North", "query": "kind=koc&cursor=x", "shared": "on"}
    answer = browser.post(reverse("accounts:view_save"), form)
    assert answer["Location"] == reverse(PAGE) + "?kind=koc"
    shown = browser.get(reverse("accounts:views") + f"?page={PAGE}&query=kind%3Dkoc")
    text = shown.content.decode()
    assert f'href="{reverse(PAGE)}?kind=koc" aria-current="true"' in text
    assert "shared with headquarters" in text
    assert "North" in browser.get(reverse("accounts:views")).content.decode()


def test_a_refusal_is_said_on_the_list(lin) -> None:
    browser = browser_of(lin)
    form = {"page": PAGE, "name": "", "query": "kind=koc"}
    answer = browser.post(reverse("accounts:view_save"), form, follow=True)
    assert "Give the view a name." in answer.content.decode()


def test_a_page_that_one_may_not_open_has_no_views(chengye) -> None:
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))
    browser = browser_of(zhou)
    assert browser.get(reverse("accounts:views") + f"?page={PAGE}").status_code == 404
    form = {"page": PAGE, "name": "X", "query": "kind=koc"}
    assert browser.post(reverse("accounts:view_save"), form).status_code == 404
