"""Health, and who is calling: what stands before everything else."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from pytest_django.fixtures import Settings

from kosops.middleware import ClientAddressMiddleware


@pytest.mark.django_db
def test_a_probe_needs_neither_https_nor_a_known_host(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["kosops.example"]
    client = Client(headers={"host": "10.0.0.7:8000"})
    for path in ("/healthz", "/readyz"):
        assert client.get(path).status_code == 200
    assert client.get("/").status_code == 400


def test_the_process_lives_without_a_database() -> None:
    """No database fixture: a query would fail this test."""
    assert Client().get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readiness_is_red_when_the_database_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", gone)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "down", "redis": "ok"}


@pytest.mark.django_db
def test_pages_are_served_while_redis_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> None:
        raise ConnectionError

    monkeypatch.setattr(cache, "get", gone)
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "redis": "down"}


def seen(proxies: int, forwarded: str | None) -> str:
    """The address that pages see when the last hop is 172.18.0.2."""
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    request = RequestFactory().get("/", REMOTE_ADDR="172.18.0.2", headers=headers)
    inner: Callable[[HttpRequest], HttpResponse] = lambda r: HttpResponse(r.META["REMOTE_ADDR"])  # noqa: E731
    with override_settings(TRUSTED_PROXIES=proxies):
        return ClientAddressMiddleware(inner)(request).content.decode()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "172.18.0.2"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "1.2.3.4, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (2, "203.0.113.9", "172.18.0.2"),
        (1, "", "172.18.0.2"),
        (1, None, "172.18.0.2"),
    ],
)
def test_only_entries_of_our_own_proxies_are_believed(
    proxies: int, forwarded: str | None, expected: str
) -> None:
    assert seen(proxies, forwarded) == expected
