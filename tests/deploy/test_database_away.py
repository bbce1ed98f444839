"""A database that cannot be reached is a 503 that says so; a wrong query stays a 500.

The faults are real: the connection leads to a port where nobody listens, or its session is ended
by the server. The twins show that other faults of a query do not pass for it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client, override_settings

from accounts.choices import Role
from tests import cast as c
from tests.deploy.fault_urls import end_the_session

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.deploy.fault_urls"),
]

CODE = re.compile(r"<strong>([0-9A-Z]{4}-[0-9A-Z]{4})</strong>")


@pytest.fixture
def lin() -> Client:
    people = c.cast()
    c.person("lin", (Role.OPERATOR, people.brand))
    client = Client(raise_request_exception=False)
    client.post("/account/login/", {"login": "lin", "password": c.PASSWORD})
    assert client.get("/orders/").status_code == 200
    return client


@pytest.fixture
def nobody_listens(lin: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server is down: new connections are refused."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        patch.setitem(connection.settings_dict, "PORT", "1")
        yield
    connection.close()


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [each for each in caplog.records if each.name == "django.request"]


@pytest.mark.usefixtures("nobody_listens")
def test_a_page_says_that_it_will_be_back(lin: Client, caplog: pytest.LogCaptureFixture) -> None:
    answer = lin.get("/orders/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "Back in a moment" in answer.text
    (line,) = lines(caplog)
    code = CODE.search(answer.text)
    assert code, "the page shows a code to quote"
    assert line.getMessage().startswith(f"{code[1]} Service Unavailable: /orders/: connection to")
    assert line.exc_info is None


@pytest.mark.usefixtures("nobody_listens")
@pytest.mark.parametrize(
    ("cookie", "accepted", "words", "lang"),
    [
        ("", "zh-CN,zh;q=0.9", "请稍候片刻", "zh-Hans"),
        ("", "ja", "まもなく再開します", "ja"),
        ("ja", "zh-CN", "まもなく再開します", "ja"),
        ("", "fr", "Back in a moment", "en"),
    ],
)
def test_it_speaks_the_language_of_cookie_or_browser(
    cookie: str, accepted: str, words: str, lang: str
) -> None:
    client = Client(raise_request_exception=False, headers={"accept-language": accepted})
    client.cookies["session"] = "of-somebody"
    if cookie:
        client.cookies["django_language"] = cookie
    answer = client.get("/overview/")
    assert answer.status_code == 503
    assert words in answer.text and f'lang="{lang}"' in answer.text


@pytest.mark.usefixtures("nobody_listens")
def test_the_page_asks_nothing_that_may_be_away(lin: Client) -> None:
    """It names static files as they lie, since the manifest may be what is broken."""
    lin.cookies["theme"] = "dark"
    with override_settings(
        STORAGES={
            "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
        }
    ):
        answer = lin.get("/orders/")
    assert answer.status_code == 503 and 'data-theme="dark"' in answer.text


@pytest.mark.usefixtures("nobody_listens")
def test_a_form_is_not_invited_to_be_sent_twice(lin: Client) -> None:
    answer = lin.post("/settings/people/add/", {"name": "Ning"})
    assert answer.status_code == 503
    assert "look whether it is already there" in answer.text
    assert 'href="/settings/people/add/"' not in answer.text


@pytest.mark.usefixtures("nobody_listens")
@pytest.mark.parametrize(
    ("method", "path"), [("get", "/api/v1/me"), ("post", "/hooks/tests/token")]
)
def test_a_program_gets_a_problem_document(
    method: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(raise_request_exception=False)
    answer: HttpResponse = getattr(client, method)(
        path, headers={"authorization": f"Bearer kos_live_abcdefgh_{'x' * 43}"}
    )
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Retry-After"] == "30"
    problem = json.loads(answer.content)
    assert problem["code"] == "unavailable"
    assert lines(caplog)[0].getMessage().startswith(f"{problem['request_id']} ")


@pytest.mark.usefixtures("nobody_listens")
def test_a_page_that_does_not_exist_is_not_a_500_either(lin: Client) -> None:
    """The 404 page asks for the person, and that is where the database is missed."""
    assert lin.get("/no-such-page/").status_code == 503


@pytest.mark.usefixtures("nobody_listens")
def test_readiness_says_what_is_down() -> None:
    client = Client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["database"] == "down"


def test_a_session_that_the_server_ended_is_no_500(lin: Client) -> None:
    end_the_session()
    answer = lin.get("/orders/")
    assert answer.status_code == 503
    connection.close()
    assert lin.get("/orders/").status_code == 200


def test_a_connection_lost_inside_a_transaction_is_no_500(lin: Client) -> None:
    connection.set_autocommit(False)
    end_the_session()
    assert lin.get("/asks/").status_code == 503
    assert lin.get("/asks/").status_code == 503, "and not “connection already closed” afterwards"
    connection.close()


@pytest.mark.parametrize("path", ["/slow-query/", "/closed-cursor/", "/broken/"])
def test_other_faults_stay_errors_with_their_trace(
    lin: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    connection.set_autocommit(False)
    try:
        answer = lin.get(path)
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert answer.status_code == 500
    assert "Retry-After" not in answer
    code = CODE.search(answer.text)
    (line,) = lines(caplog)
    assert code and line.getMessage() == f"{code[1]} Internal Server Error: {path}"
    assert line.exc_info


def test_the_api_s_number_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = Client(raise_request_exception=False).get("/api/broken")
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (500, "internal")
    (line,) = lines(caplog)
    assert line.getMessage() == f"{problem['request_id']} Internal Server Error: /api/broken"


def test_a_session_that_cannot_be_stored_was_not_deleted(lin: Client) -> None:
    """Django says “deleted before the request completed”, a 400, when its write fails."""
    answer = lin.get("/is-cut-off/")
    assert answer.status_code == 503
    connection.close()
    assert lin.get("/orders/").status_code == 200, "still signed in"


def test_an_ended_session_is_a_page_too(lin: Client) -> None:
    """The twin: here the row really is gone."""
    answer = lin.get("/is-deleted/")
    assert answer.status_code == 400
    assert "This request could not be read" in answer.text
