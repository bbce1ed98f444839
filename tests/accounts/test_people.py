"""Adding people, giving and ending roles, ending access at once."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.access import reach, roles_of
from accounts.api_keys import create_key, find_key
from accounts.choices import Role
from accounts.models import Activity, Grant, Person
from accounts.people import (
    add_person,
    check_may_manage,
    deactivate,
    end_role,
    end_sessions,
    give_role,
    held_roles,
    make_password_link,
    reactivate,
    set_preferences,
)
from kosops.lib.errors import DomainError
from tests.cast import Cast, cast, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> Cast:
    return cast()


@pytest.fixture
def lin(chengye: Cast) -> Person:
    return person("lin", (Role.OPERATOR, chengye.brand))


def fresh(someone: Person) -> Person:
    """The person as the next request reads them."""
    return Person.objects.get(pk=someone.pk)


def test_a_new_person_has_a_role_and_no_password(chengye: Cast, lin: Person) -> None:
    he = add_person(
        by=lin, username=" He.Li ", name="He Li", role=Role.STORE_MANAGER, unit=chengye.jingan
    )
    assert he.username == "he.li"
    assert not he.has_usable_password()
    assert roles_of(he) == {Role.STORE_MANAGER}
    verbs = list(Activity.objects.filter(actor=lin).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["person.added", "grant.added"]


@pytest.mark.parametrize("username", ["", "x", "he li", "何力", "-he", "he@li", "h" * 61, "he\nli"])
def test_a_username_must_be_plain(chengye: Cast, lin: Person, username: str) -> None:
    with pytest.raises(DomainError) as raised:
        add_person(by=lin, username=username, name="He", role=Role.KOS, unit=chengye.jingan)
    assert raised.value.code == "invalid_username"
    assert Person.objects.count() == 1


def test_a_username_is_taken_in_any_case(chengye: Cast, lin: Person) -> None:
    with pytest.raises(DomainError) as raised:
        add_person(by=lin, username="LIN", name="Lin II", role=Role.KOS, unit=chengye.jingan)
    assert raised.value.code == "username_taken"
    assert "lin" in str(raised.value)


def test_a_role_is_given_once_and_ends_at_once(chengye: Cast, lin: Person) -> None:
    he = person("he")
    grant = give_role(by=lin, person=he, role=Role.STORE_MANAGER, unit=chengye.jingan)
    assert reach(fresh(he), "orders.view").covers(chengye.jingan)
    with pytest.raises(DomainError) as raised:
        give_role(by=lin, person=he, role=Role.STORE_MANAGER, unit=chengye.jingan)
    assert raised.value.code == "role_held"
    end_role(by=lin, grant=grant)
    assert not reach(fresh(he), "orders.view")
    give_role(by=lin, person=he, role=Role.STORE_MANAGER, unit=chengye.jingan)
    assert reach(fresh(he), "orders.view")


def test_an_old_role_ends_with_yesterday_and_stays_in_the_history(
    chengye: Cast, lin: Person
) -> None:
    he = person("he", (Role.STORE_MANAGER, chengye.jingan))
    ended = end_role(by=lin, grant=he.grants.get())
    assert ended.until == timezone.localdate() - dt.timedelta(days=1)
    assert not roles_of(fresh(he))
    rows = held_roles(Grant.objects.filter(person=he), timezone.localdate())
    assert [row.state for row in rows] == ["ended"]
    row = Activity.objects.get(verb="grant.ended")
    assert row.before["until"] is None
    assert row.after["until"] == ended.until.isoformat()
    end_role(by=lin, grant=ended)
    assert Activity.objects.filter(verb="grant.ended").count() == 1


def test_roles_that_make_no_sense_are_refused(chengye: Cast, lin: Person) -> None:
    he = person("he")
    today = timezone.localdate()
    for wanted, code in (
        ({"role": "emperor"}, "unknown_role"),
        ({"role": Role.KOS, "until": today - dt.timedelta(days=1)}, "ends_before_start"),
    ):
        with pytest.raises(DomainError) as raised:
            give_role(by=lin, person=he, unit=chengye.jingan, **wanted)
        assert raised.value.code == code
    assert not Grant.objects.filter(person=he).exists()


def test_nobody_manages_themselves_superiors_or_other_parts(chengye: Cast, lin: Person) -> None:
    regional = person("xu", (Role.OPERATOR, chengye.east))
    he = person("he", (Role.STORE_MANAGER, chengye.jingan))
    both = person("both", (Role.STORE_MANAGER, chengye.jingan), (Role.KOS, chengye.tianhe))
    admin = person("admin", is_superuser=True)
    check_may_manage(regional, he)
    check_may_manage(lin, both)
    check_may_manage(admin, lin)
    for by, other, code in (
        (lin, lin, "own_access"),
        (admin, admin, "own_access"),
        (regional, both, "held_elsewhere"),
        (regional, lin, "held_elsewhere"),
        (lin, admin, "superuser"),
    ):
        with pytest.raises(DomainError) as raised:
            check_may_manage(by, other)
        assert (raised.value.code, raised.value.status) == (code, 403)


def signed_in(someone: Person) -> Client:
    browser = Client()
    browser.force_login(someone)
    assert is_signed_in(browser)
    return browser


def is_signed_in(browser: Client) -> bool:
    answer = browser.get("/account/password/change/")
    return answer.status_code == 200 or "login" not in answer.get("Location", "login")


def test_ending_access_ends_sessions_and_keys_at_once(chengye: Cast, lin: Person) -> None:
    wang = person("wang", (Role.OPERATOR, chengye.brand))
    phone, desk = signed_in(wang), signed_in(wang)
    secret = create_key(by=wang, unit=chengye.brand, name="Shop", scopes=["orders:read"]).secret
    assert find_key(secret)
    deactivate(by=lin, person=wang)
    assert not is_signed_in(phone)
    assert not is_signed_in(desk)
    assert find_key(secret) is None
    row = Activity.objects.get(verb="person.deactivated")
    assert row.after == {"is_active": False, "api_keys_revoked": 1}
    assert row.unit == chengye.brand


def test_coming_back_wakes_no_old_session_or_key(chengye: Cast, lin: Person) -> None:
    wang = person("wang", (Role.OPERATOR, chengye.brand))
    phone = signed_in(wang)
    secret = create_key(by=wang, unit=chengye.brand, name="Shop", scopes=["orders:read"]).secret
    deactivate(by=lin, person=wang)
    back = reactivate(by=lin, person=wang)
    assert back.is_active
    assert not is_signed_in(phone)
    assert find_key(secret) is None
    assert is_signed_in(signed_in(back))


def test_ending_access_twice_writes_one_row(chengye: Cast, lin: Person) -> None:
    wang = person("wang", (Role.OPERATOR, chengye.brand))
    for _twice in range(2):
        deactivate(by=lin, person=wang)
        reactivate(by=lin, person=wang)
        reactivate(by=lin, person=wang)
    assert Activity.objects.filter(verb="person.deactivated").count() == 2
    assert Activity.objects.filter(verb="person.reactivated").count() == 2


def test_a_changed_password_ends_the_other_sessions(chengye: Cast) -> None:
    wang = person("wang", (Role.OPERATOR, chengye.brand))
    desk, phone = signed_in(wang), signed_in(wang)
    answer = desk.post(
        "/account/password/change/",
        {
            "oldpassword": "correct horse battery",
            "password1": "staple copper lantern",
            "password2": "staple copper lantern",
        },
    )
    assert answer.status_code == 302, answer.context["form"].errors
    assert is_signed_in(desk)
    assert not is_signed_in(phone)


def test_signing_somebody_out_ends_every_session(chengye: Cast, lin: Person) -> None:
    wang = person("wang", (Role.OPERATOR, chengye.brand))
    phone, own = signed_in(wang), signed_in(lin)
    end_sessions(by=lin, person=wang)
    assert not is_signed_in(phone)
    assert is_signed_in(own)


def test_a_password_link_works_once_and_not_after_the_access_has_ended(
    chengye: Cast, lin: Person, client: Client
) -> None:
    he = add_person(
        by=lin, username="he", name="He Li", role=Role.STORE_MANAGER, unit=chengye.jingan
    )
    link = make_password_link(by=lin, person=he)
    page = client.get(link, follow=True)
    chosen = {"password1": "staple copper lantern", "password2": "staple copper lantern"}
    answer = client.post(page.request["PATH_INFO"], chosen)
    assert answer.status_code == 302, answer.context
    assert fresh(he).check_password("staple copper lantern")
    again = Client().get(link, follow=True)
    assert again.context["token_fail"]
    deactivate(by=lin, person=he)
    with pytest.raises(DomainError) as raised:
        make_password_link(by=lin, person=fresh(he))
    assert raised.value.code == "deactivated"


def test_preferences_change_only_what_is_named(chengye: Cast, lin: Person) -> None:
    set_preferences(by=lin, theme="dark", language="zh-hans")
    set_preferences(by=lin, theme="")
    assert (fresh(lin).theme, fresh(lin).language) == ("", "zh-hans")
    assert not Activity.objects.filter(actor=lin).exists()
