"""Every kind of answer says how a browser has to treat it, refusals and faults as well (A15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse

from accounts.choices import Role
from kosops import urls
from tests import cast as c
from tests import test_doors as doors

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


urlpatterns = [path("broken/", broken), *urls.urlpatterns]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500

CSP = "Content-Security-Policy"
Ask = Callable[[Client, doors.World], Any]
# An answer of each kind, and its status.
ANSWERS: dict[str, tuple[int, Ask]] = {
    "page": (200, lambda client, _world: client.get("/orders/")),
    "fragment": (200, lambda client, _world: client.get("/orders/", headers={"HX-Request": "true"})),
    "peek": (200, lambda client, world: client.get(
        reverse("matrix:creator", args=[world.chengye.zhou.pk]), headers={"Kos-Peek": "1"})),
    "redirect": (302, lambda _client, _world: Client().get("/orders/", secure=True)),
    "list as a file": (200, lambda client, _world: client.post(
        reverse("integrations:export"), {"list": "orders", "query": "", "type": "csv"})),
    "workbook": (200, lambda client, _world: client.post(
        reverse("integrations:export"), {"list": "orders", "query": "", "type": "xlsx"})),
    "file of a job": (200, lambda client, world: client.get(
        reverse("accounts:job_file", args=[world.job.pk]))),
    "evidence": (200, lambda client, world: client.get(
        reverse("matrix:evidence", args=[world.custody.evidence_id]))),
    "statement": (200, lambda client, world: client.get(
        reverse("incentives:statement_file", args=[world.statement.pk]))),
    "uploaded file": (200, lambda client, world: client.get(
        reverse("integrations:import_file", args=[world.batch.pk]))),
    "phone page": (403, lambda client, _world: client.get("/m/")),
    "refused": (403, lambda _client, _world: Client(enforce_csrf_checks=True).post(
        "/preferences/", {"theme": "dark"}, secure=True)),
    "missing": (404, lambda client, _world: client.get("/no-such-page/")),
    "wrong method": (405, lambda client, _world: client.put("/orders/")),
    "fault": (500, lambda client, _world: client.get("/broken/")),
    "public page": (404, lambda _client, _world: Client().get(
        "/certificates/ACDEFGHJKMNP/", secure=True)),
    "API": (401, lambda _client, _world: Client().get("/api/v1/statements", secure=True)),
    "API, missing": (404, lambda _client, _world: Client().get("/api/v1/nothing", secure=True)),
    "admin": (200, lambda client, _world: client.get("/admin/")),
}  # fmt: skip


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> doors.World:
    return doors.a_world(settings, tmp_path)


@pytest.fixture
def answers(world: doors.World, settings: Any) -> dict[str, Any]:
    settings.ROOT_URLCONF = __name__
    settings.SECURE_SSL_REDIRECT = True
    client = Client(raise_request_exception=False, SERVER_NAME="testserver")
    client.defaults["HTTP_X_FORWARDED_PROTO"] = "https"
    client.force_login(c.person("admin", is_superuser=True, is_staff=True))
    return {name: ask(client, world) for name, (_status, ask) in ANSWERS.items()}


def missing(answer: Any) -> list[str]:
    """What the answer does not say of all that a browser has to be told."""
    policy = answer.get(CSP, "")
    wanted = {
        "nosniff": answer.get("X-Content-Type-Options") == "nosniff",
        "frames": answer.get("X-Frame-Options") == "DENY" and "frame-ancestors 'none'" in policy,
        "script": "default-src 'none'" in policy and "unsafe" not in policy,
        "https": "max-age=31536000; includeSubDomains"
        in answer.get("Strict-Transport-Security", ""),
        "referrer": answer.get("Referrer-Policy") == "same-origin",
        "opener": answer.get("Cross-Origin-Opener-Policy") == "same-origin",
        "type": answer.status_code == 302 or bool(answer.get("Content-Type")),
    }
    return [name for name, told in wanted.items() if not told]


def test_each_kind_of_answer_has_every_header(answers: dict[str, Any]) -> None:
    assert {name: answer.status_code for name, answer in answers.items()} == {
        name: status for name, (status, _ask) in ANSWERS.items()
    }
    assert {name: gone for name, answer in answers.items() if (gone := missing(answer))} == {}


def test_files_are_downloads(answers: dict[str, Any]) -> None:
    for name in ("list as a file", "workbook", "file of a job", "evidence", "uploaded file"):
        assert answers[name]["Content-Disposition"].startswith("attachment"), name


@pytest.mark.parametrize(
    "taken_out",
    ["django.middleware.security.SecurityMiddleware", "csp.middleware.CSPMiddleware",
     "django.middleware.clickjacking.XFrameOptionsMiddleware"],
)  # fmt: skip
def test_without_one_of_those_who_say_it_something_is_missing(
    settings: Any, taken_out: str
) -> None:
    """The control."""
    people = c.cast()
    client = Client()
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    settings.MIDDLEWARE = [one for one in django_settings.MIDDLEWARE if one != taken_out]
    assert missing(client.get("/orders/", secure=True)) != []
