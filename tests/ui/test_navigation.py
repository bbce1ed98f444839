from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from django.urls import reverse

from kosops.ui import context, navigation
from kosops.ui.navigation import NavItem


def person(*codes, **more):
    return SimpleNamespace(
        is_authenticated=True,
        is_superuser=False,
        name="Lin",
        theme="",
        has_perm_code=lambda code: code in codes,
        **more,
    )


@pytest.fixture
def bar(monkeypatch):
    """An empty registry that knows three addresses."""
    addresses = {"tree": "/matrix/", "creators": "/matrix/creators/", "orders": "/orders/"}
    monkeypatch.setattr(navigation, "_items", [])
    monkeypatch.setattr(navigation, "_staff_items", [])
    monkeypatch.setattr(navigation, "_url", lambda item: addresses.get(item.url_name))
    navigation.register(
        NavItem(
            label="Orders",
            url_name="orders",
            icon="receipt",
            group="convert",
            permission="orders.view",
        )
    )
    navigation.register(
        NavItem(
            label="Creators",
            url_name="creators",
            icon="users",
            group="create",
            order=2,
            count=lambda p: 7,
        )
    )
    navigation.register(
        NavItem(label="Matrix", url_name="tree", icon="network", group="create", order=1)
    )


def labels(who, path="/"):
    return [
        (str(title), [str(link.label) for link in links])
        for title, links in navigation.groups_for(who, path)
    ]


def test_groups_come_in_order_and_empty_ones_are_left_out(bar):
    assert labels(person("orders.view")) == [
        ("Create", ["Matrix", "Creators"]),
        ("Convert", ["Orders"]),
    ]


def test_what_a_person_may_not_see_does_not_show(bar):
    assert labels(person()) == [("Create", ["Matrix", "Creators"])]
    assert labels(AnonymousUser()) == []


def test_the_longest_address_is_the_current_one(bar):
    [(_title, links)] = navigation.groups_for(person(), "/matrix/creators/7/")
    assert [(link.label, link.current) for link in links] == [("Matrix", False), ("Creators", True)]


def test_nothing_is_current_elsewhere(bar):
    [(_title, links)] = navigation.groups_for(person(), "/jobs/")
    assert not any(link.current for link in links)


def test_counts_are_asked_for_the_person(bar):
    [(_title, links)] = navigation.groups_for(person(), "/")
    assert [link.count for link in links] == [None, 7]


def test_an_item_is_not_registered_twice(bar):
    navigation.register(
        NavItem(label="Orders and refunds", url_name="orders", icon="receipt", group="convert")
    )
    assert labels(person())[1] == ("Convert", ["Orders and refunds"])


def test_an_unknown_group_is_refused(bar):
    with pytest.raises(ValueError, match="No navigation group"):
        navigation.register(NavItem(label="x", url_name="x", icon="x", group="misc"))


def test_every_registered_page_exists():
    assert [item.url_name for item in navigation.registered() if not reverse(item.url_name)] == []


def frame_for(user, **cookies):
    request = RequestFactory().get("/orders/?state=held")
    request.user = user
    request.COOKIES.update(cookies)
    return context.frame(request)["frame"]


def test_the_frame_knows_the_person_and_the_place():
    frame = frame_for(person())
    assert frame.signed_in
    assert frame.name == "Lin"
    assert frame.here == "/orders/?state=held"


def test_the_theme_is_the_persons_before_the_browsers():
    dark = person()
    dark.theme = "dark"
    assert frame_for(dark, theme="light").theme == "dark"
    assert frame_for(AnonymousUser(), theme="light").theme == "light"
    assert frame_for(AnonymousUser()).theme == ""


def test_a_strange_theme_is_not_printed():
    assert frame_for(AnonymousUser(), theme='"><script>').theme == ""


def test_the_frame_stands_without_a_person():
    request = RequestFactory().get("/")
    frame = context.frame(request)["frame"]
    assert not frame.signed_in
    assert frame.groups == []
    assert frame.brand.name == "kosops"


def test_a_stranger_is_not_told_whose_installation_this_is(monkeypatch):
    monkeypatch.setattr(
        navigation, "_sources", {"brand": lambda _person: navigation.Brand(name="Chengye")}
    )
    assert frame_for(AnonymousUser()).brand.name == "kosops"
    assert frame_for(person()).brand.name == "Chengye"
