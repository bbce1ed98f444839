"""API keys: shown once, stored as a digest, refused by default."""

import datetime as dt
import json
import logging
import re

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.decorators import api_view
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from accounts import api_keys
from accounts.access import SCOPE_WORDS, SCOPES, reach
from accounts.api_keys import create_key, find_key, needs_scope, revoke_key
from accounts.choices import Role
from accounts.models import Activity, ApiKey, Person, Unit
from customers.models import Order
from kosops.lib.errors import DomainError
from tests.cast import Cast, cast, order, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> Cast:
    return cast()


@pytest.fixture
def lin(chengye: Cast) -> Person:
    return person("lin", (Role.OPERATOR, chengye.brand))


def new_key(lin: Person, unit: Unit, *scopes: str, **fields: object) -> api_keys.NewKey:
    return create_key(by=lin, unit=unit, name="Shop", scopes=scopes or ["orders:read"], **fields)


def ask(secret: str, path: str = "/api/v1/me", **headers: str):
    return Client().get(path, headers={"Authorization": f"Bearer {secret}", **headers})


# -- making --------------------------------------------------------------------


def test_a_key_has_256_random_bits_and_only_its_digest_is_stored(
    chengye: Cast, lin: Person
) -> None:
    made = new_key(lin, chengye.brand)
    assert re.fullmatch(r"kos_live_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", made.secret)
    row = ApiKey.objects.get()
    assert row.prefix == made.secret[9:17]
    assert len(bytes(row.digest)) == 32
    stored = " ".join(str(value) for value in ApiKey.objects.values().get().values())
    assert made.secret[18:] not in stored
    logged = Activity.objects.get(verb="api_key.added")
    assert made.secret not in f"{logged.object_label}{logged.after}"
    assert new_key(lin, chengye.brand).secret != made.secret


@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        ([], "no_scopes"),
        (["orders:raed"], "unknown_scope"),
        (["orders:write", "payouts:approve"], "scopes_conflict"),
        (["payouts:approve", "orders:read", "orders:write"], "scopes_conflict"),
    ],
)
def test_scopes_that_must_not_be_are_refused(
    chengye: Cast, lin: Person, scopes: list[str], code: str
) -> None:
    with pytest.raises(DomainError) as raised:
        create_key(by=lin, unit=chengye.brand, name="Shop", scopes=scopes)
    assert raised.value.code == code
    assert not ApiKey.objects.exists()


def test_an_end_in_the_past_is_refused(chengye: Cast, lin: Person) -> None:
    with pytest.raises(DomainError) as raised:
        new_key(lin, chengye.brand, expires_at=timezone.now())
    assert raised.value.code == "expiry_passed"


# -- checking ------------------------------------------------------------------


def test_a_key_is_found_by_its_whole_secret_only(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.brand)
    assert find_key(made.secret) == made.key
    flipped = "A" if made.secret[-2] != "A" else "B"
    for wrong in (
        "",
        "kos_live_",
        made.secret[:-1],
        made.secret + "x",
        made.secret[:-2] + flipped + made.secret[-1],
        made.secret.upper(),
        f" {made.secret}",
        made.secret.replace("kos_live_", "kos_test_"),
        "kos_live_zzzzzzzz_" + made.secret[18:],
    ):
        assert find_key(wrong) is None, wrong


def test_an_expired_revoked_or_orphaned_key_is_dead(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.brand, expires_at=timezone.now() + dt.timedelta(days=1))
    assert find_key(made.secret)
    row = ApiKey.objects.filter(pk=made.key.pk)
    row.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert find_key(made.secret) is None
    row.update(expires_at=None)
    Person.objects.filter(pk=lin.pk).update(is_active=False)
    assert find_key(made.secret) is None
    Person.objects.filter(pk=lin.pk).update(is_active=True)
    assert find_key(made.secret)
    revoke_key(by=lin, key=made.key)
    assert find_key(made.secret) is None


def test_revoking_again_changes_nothing(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.brand)
    first = revoke_key(by=lin, key=made.key).revoked_at
    assert revoke_key(by=lin, key=made.key).revoked_at == first
    assert Activity.objects.filter(verb="api_key.revoked").count() == 1


def test_a_rotated_data_key_keeps_old_keys_until_it_is_dropped(
    chengye: Cast, lin: Person, settings
) -> None:
    old = settings.DATA_KEYS
    made = new_key(lin, chengye.brand)
    settings.DATA_KEYS = ["new", *old]
    assert find_key(made.secret)
    later = new_key(lin, chengye.brand)
    settings.DATA_KEYS = ["new"]
    assert find_key(made.secret) is None
    assert find_key(later.secret)


def test_the_digest_is_compared_in_constant_time(chengye: Cast, lin: Person, monkeypatch) -> None:
    """Also for a prefix that nobody has, so that the time taken tells nothing."""
    compared = []
    real = api_keys.hmac.compare_digest
    monkeypatch.setattr(
        api_keys.hmac, "compare_digest", lambda a, b: compared.append(1) or real(a, b)
    )
    made = new_key(lin, chengye.brand)
    find_key(made.secret)
    find_key("kos_live_zzzzzzzz_" + made.secret[18:])
    assert len(compared) == 2


# -- at the door ---------------------------------------------------------------


def test_me_tells_what_the_key_may_do(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.east, "orders:read", "posts:write")
    answer = ask(made.secret)
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "Shop",
        "prefix": made.key.prefix,
        "unit": {"code": "EAST", "name": "East", "kind": "region"},
        "scopes": ["orders:read", "posts:write"],
        "expires_at": None,
    }


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer kos_live_abcdefgh_" + "x" * 43},
        {"Authorization": "Basic bGluOnB3"},
        {"Authorization": "Bearer \xff\xfe"},
        {"Authorization": "Bearer a b c"},
    ],
    ids=["none", "empty", "unknown", "basic", "bytes", "spaces"],
)
def test_without_a_good_key_the_answer_is_401(chengye: Cast, headers: dict[str, str]) -> None:
    answer = Client().get("/api/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="kosops"'
    assert answer.json()["code"] == "unauthenticated"


def test_a_key_in_the_address_or_a_session_opens_nothing(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.brand)
    assert Client().get(f"/api/v1/me?key={made.secret}").status_code == 401
    browser = Client()
    browser.force_login(lin)
    assert browser.get("/api/v1/me").status_code == 401


def test_use_is_noted_once_a_minute(chengye: Cast, lin: Person, django_assert_num_queries) -> None:
    made = new_key(lin, chengye.brand)
    ask(made.secret)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    ask(made.secret)
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=first - dt.timedelta(seconds=61))
    ask(made.secret)
    assert ApiKey.objects.get().last_used_at >= first


def call(view: object, secret: str, method: str = "get"):
    request = getattr(APIRequestFactory(), method)(
        "/", headers={"Authorization": f"Bearer {secret}"}
    )
    return view(request)  # type: ignore[operator]


def test_a_view_that_names_no_scope_is_refused(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.brand, *sorted(set(SCOPES) - {"orders:write"}))

    @api_view(["GET"])
    def forgotten(request):
        return Response("open")

    assert call(forgotten, made.secret).status_code == 403


def test_a_missing_scope_is_named(chengye: Cast, lin: Person) -> None:
    made = new_key(lin, chengye.brand, "orders:read")

    @needs_scope({"GET": "orders:read", "POST": "orders:write"})
    @api_view(["GET", "POST"])
    def orders(request):
        return Response("open")

    assert call(orders, made.secret).status_code == 200
    refused = call(orders, made.secret, "post")
    assert refused.status_code == 403
    problem = json.loads(refused.content)
    assert (problem["code"], problem["scope"]) == ("insufficient_scope", "orders:write")


def test_a_key_reaches_its_unit_and_only_what_its_scopes_allow(chengye: Cast, lin: Person) -> None:
    order(chengye, "T1", 10000)
    east = new_key(lin, chengye.east, "orders:read").key
    south = new_key(lin, chengye.south, "orders:read").key
    posts = new_key(lin, chengye.brand, "posts:write").key
    assert Order.objects.for_user(east, "orders.view").count() == 1
    assert Order.objects.for_user(south, "orders.view").count() == 0
    assert Order.objects.for_user(posts, "orders.view").count() == 0
    assert not reach(east, "people.manage")


def test_a_key_is_not_written_to_the_log(chengye: Cast, lin: Person, caplog) -> None:
    made = new_key(lin, chengye.brand)
    with caplog.at_level(logging.DEBUG):
        ask(made.secret)
        ask(made.secret, "/api/v1/nothing")
    assert made.secret not in caplog.text


# -- errors --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/v1/nothing", 404, "not_found"),
        ("get", "/api/v1/me/", 404, "not_found"),
        ("get", "/api/", 404, "not_found"),
        ("post", "/api/v1/me", 405, "method_not_allowed"),
        ("delete", "/api/v1/me", 405, "method_not_allowed"),
    ],
)
def test_errors_are_problem_documents(
    chengye: Cast, lin: Person, method: str, path: str, status: int, code: str
) -> None:
    made = new_key(lin, chengye.brand)
    answer = getattr(Client(), method)(path, headers={"Authorization": f"Bearer {made.secret}"})
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["type"].endswith(f"/{code}")
    assert re.fullmatch(r"req_[0-9A-HJKMNP-TV-Z]{26}", problem["request_id"])


def test_another_media_type_is_406(chengye: Cast, lin: Person) -> None:
    answer = ask(new_key(lin, chengye.brand).secret, Accept="text/csv")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


def test_an_error_of_ours_is_a_bare_500(chengye: Cast, lin: Person, monkeypatch, caplog) -> None:
    def broken(key: ApiKey) -> None:
        raise RuntimeError("the secret reason")

    made = new_key(lin, chengye.brand)
    monkeypatch.setattr(api_keys, "_note_use", broken)
    browser = Client(raise_request_exception=False)
    answer = browser.get("/api/v1/me", headers={"Authorization": f"Bearer {made.secret}"})
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "internal"
    assert "secret reason" not in answer.content.decode()
    assert answer.json()["request_id"] in caplog.text


def test_pages_keep_their_own_errors(chengye: Cast) -> None:
    answer = Client().get("/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


def test_every_scope_has_words() -> None:
    assert list(SCOPE_WORDS) == list(SCOPES)
