"""Health, and who is calling: what stands before everything else."""

from collections.abc import Callable

import pytest
import redis
from django.core.cache.backends.redis import RedisCache as DjangoRedisCache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from pytest_django.fixtures import Settings

from kosops.cache import RedisCache
from kosops.middleware import ClientAddressMiddleware

# Port 1 of this machine: nothing listens there.
NOBODY = "redis://127.0.0.1:1/0"


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
def test_readiness_stays_green_while_redis_is_gone(settings: Settings) -> None:
    settings.REDIS_URL = NOBODY
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": "ok", "redis": "down"}


def away() -> RedisCache:
    return RedisCache(NOBODY, {"OPTIONS": {"socket_connect_timeout": 1}})


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda cache: cache.get("key", "default"), "default"),
        (lambda cache: cache.set("key", 1), None),
        (lambda cache: cache.add("key", 1), True),
        (lambda cache: cache.incr("key", 2), 2),
        (lambda cache: cache.delete("key"), False),
        (lambda cache: cache.touch("key"), False),
        (lambda cache: cache.has_key("key"), False),
        (lambda cache: cache.get_many(["key"]), {}),
        (lambda cache: cache.set_many({"key": 1}), []),
        (lambda cache: cache.delete_many(["key"]), None),
        (lambda cache: cache.get_or_set("key", 7), 7),
    ],
)
def test_a_cache_that_is_away_counts_as_empty(
    call: Callable[[RedisCache], object], answer: object
) -> None:
    assert call(away()) == answer


def test_a_cache_that_is_there_keeps_what_it_is_given(settings: Settings) -> None:
    cache = RedisCache(settings.REDIS_URL, {})
    cache.set("kosops-test", [1, 2], 60)
    assert cache.get("kosops-test") == [1, 2]
    assert cache.add("kosops-test", "other") is False
    assert cache.delete("kosops-test") is True


def test_django_alone_would_fail_without_its_cache() -> None:
    """Shows that the tests above can fail."""
    with pytest.raises(redis.RedisError):
        DjangoRedisCache(NOBODY, {}).get("key")


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
