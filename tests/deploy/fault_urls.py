"""The product's addresses, and some that fail in ways of their own."""

from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from kosops import urls
from tests.conftest import server

handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500


def slow_query(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 20")
        cursor.execute("SELECT pg_sleep(10)")
    return HttpResponse()


def closed_cursor(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        pass
    cursor.execute("SELECT 1")
    return HttpResponse()


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("broken on purpose")


def asks_the_database(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok")


def end_the_session() -> None:
    """The server ends the session between two queries, as it does when it restarts."""
    connection.ensure_connection()
    number = connection.connection.info.backend_pid
    with server() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
        assert cursor.fetchone() == (True,)


def is_cut_off(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    end_the_session()
    return HttpResponse()


def is_deleted(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = True
    Session.objects.all().delete()
    return HttpResponse()


urlpatterns = [
    *urls.urlpatterns,
    path("slow-query/", slow_query),
    path("closed-cursor/", closed_cursor),
    path("broken/", broken),
    path("api/broken", broken),
    path("hooks/tests/token", asks_the_database),
    path("asks/", asks_the_database),
    path("is-cut-off/", is_cut_off),
    path("is-deleted/", is_deleted),
]
