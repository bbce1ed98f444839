"""One effect for each key: repetition, another body, no key, two at once, killed, gone.

The effect is points given by API: the money request that exists.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from accounts import idempotency
from accounts.choices import Role
from accounts.models import Activity, KeptAnswer
from accounts.tasks import forget_answers
from incentives.choices import LedgerKind
from incentives.models import Journal, LedgerAccount, PointGrant
from incentives.points import balance_of
from tests import cast as c
from tests.api import ROOT, Program, code
from tests.incentives.races import Race, in_a_child, keep, own_database, put_back
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

GIFT = {"creator": "kos:K001", "points": 120, "reason": "Helped at the opening"}


class World:
    def __init__(self) -> None:
        self.people = c.cast()
        self.lin = c.person("lin", (Role.OPERATOR, self.people.brand))
        self.program = Program(self.lin, self.people.brand, "points:write")

    def send(self, key: str | None = "k-1", **changes):
        return self.program.post("point-grants", GIFT | changes, key)

    def given(self) -> int:
        return balance_of(self.people.zhou, timezone.localdate()).spendable


@pytest.fixture
def world(db) -> World:
    return World()


# -- one after the other -------------------------------------------------------


def test_the_same_request_again_gets_the_same_answer_and_gives_nothing(world: World) -> None:
    first, again = world.send(), world.send()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert world.given() == 120
    assert Journal.objects.filter(currency="PTS").count() == 1
    assert Activity.objects.filter(verb="point_grant.added").count() == 1


def test_the_body_counts_by_its_meaning_not_by_its_letters(world: World) -> None:
    world.send()
    turned = json.dumps(dict(reversed(GIFT.items())), indent=3)
    again = world.program.post("point-grants", turned, "k-1")
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "changes", [{"points": 121}, {"creator": "koc:C001"}, {"months": 6}, {"reason": "Another"}]
)
def test_the_same_key_with_another_body_is_refused_and_changes_nothing(
    world: World, changes
) -> None:
    """I2"""
    world.send()
    assert code(world.send(**changes)) == (422, "idempotency_key_reused")
    assert (world.given(), PointGrant.objects.count()) == (120, 1)


def test_a_request_without_a_key_is_refused(world: World) -> None:
    """I3"""
    assert code(world.send(None)) == (400, "idempotency_key_required")
    assert code(world.send("")) == (400, "idempotency_key_required")
    assert not PointGrant.objects.exists()


@pytest.mark.parametrize("key", ["a b", "x" * 256, "é"])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    assert code(world.send(key)) == (400, "idempotency_key_invalid")


def test_the_key_of_another_program_is_another_key(world: World) -> None:
    world.send()
    other = Program(world.lin, world.people.brand, "points:write")
    answer = other.post("point-grants", GIFT, "k-1")
    assert answer.status_code == 201 and "Idempotency-Replayed" not in answer
    assert world.given() == 240


def test_a_refusal_keeps_nothing_so_the_key_is_free(world: World) -> None:
    assert code(world.send(points=-50)) == (409, "not_enough_points")
    assert not KeptAnswer.objects.exists()
    world.send("k-0")
    assert world.send(points=-50).status_code == 201
    assert world.given() == 70


def test_after_three_days_an_answer_is_forgotten_and_the_key_still_gives_nothing_twice(
    world: World,
) -> None:
    first = world.send()
    later = timezone.now() + idempotency.KEPT_FOR
    assert idempotency.forget(now=later - dt.timedelta(minutes=1)) == 0
    assert idempotency.forget(now=later + dt.timedelta(minutes=1)) == 1
    again = world.send()
    assert "Idempotency-Replayed" not in again
    assert (again.json()["id"], world.given()) == (first.json()["id"], 120)
    KeptAnswer.objects.all().delete()
    assert code(world.send(points=99)) == (422, "idempotency_key_reused")
    forget_answers()


def test_the_database_keeps_no_key_without_an_answer_and_changes_none(world: World) -> None:
    world.send()
    with refused(RESTRICTED):
        sql("UPDATE accounts_keptanswer SET body = '{}'")
    with refused(RULE_BROKEN):
        KeptAnswer.objects.create(
            api_key=world.program.key, key="k-2", fingerprint=b"x" * 32, created_at=timezone.now()
        )


# -- bodies --------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        '{"creator": "K001", "points": 5, "points": 5000, "reason": "x"}',
        '{"creator": "K001", "points": NaN, "reason": "x"}',
        '{"creator": "K001", "points": 5, "reason": "a\\u0000b"}',
        '{"creator": "K001", "points": 5, "reason": "\\ud800"}',
        b'{"creator": "K001", "points": 5, "reason": "\xff"}',
        "[" * 10_000 + "]" * 10_000,
        '{"creator": ',
        "",
    ],
)
def test_a_body_that_means_nothing_or_two_things_is_refused(world: World, body) -> None:
    assert code(world.program.post("point-grants", body, "k-1")) == (400, "validation")
    assert not PointGrant.objects.exists() and not KeptAnswer.objects.exists()


@pytest.mark.parametrize(
    ("changes", "pointer", "why"),
    [
        ({"points": "120"}, "/points", "invalid"),
        ({"points": 1.0}, "/points", "invalid"),
        ({"points": True}, "/points", "invalid"),
        ({"points": 10**7}, "/points", "invalid"),
        ({"months": 0}, "/months", "invalid"),
        ({"reason": "  "}, "/reason", "invalid"),
        ({"reason": "x" * 201}, "/reason", "invalid"),
        ({"creator": 1}, "/creator", "invalid"),
        ({"approved": True}, "/approved", "unknown"),
        ({"maker": 7}, "/maker", "unknown"),
    ],
)
def test_a_member_that_is_wrong_is_named(world: World, changes, pointer, why) -> None:
    answer = world.send(**changes)
    assert code(answer) == (400, "validation")
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == (pointer, why)


# -- two at once ---------------------------------------------------------------


def racing(world: World, race: Race) -> list[int]:
    ends = race.run(*[lambda: world.send().status_code] * 2)
    assert [end.error for end in ends] == [None, None]
    return sorted(end.value for end in ends)


@pytest.mark.django_db(transaction=True)
def test_of_two_with_one_key_at_once_one_gives_and_the_other_is_told_the_same(monkeypatch) -> None:
    with own_database("keys"):
        world, race = World(), Race()
        monkeypatch.setattr(idempotency, "_claim", race.before(idempotency._claim))
        assert racing(world, race) == [201, 201]
        assert (world.given(), KeptAnswer.objects.count()) == (120, 1)


@pytest.mark.django_db(transaction=True)
def test_without_the_unique_key_both_would_give(monkeypatch) -> None:
    """The control: the guards of the answers and of the gifts taken away."""
    with own_database("nokeys"):
        world, race = World(), Race()
        monkeypatch.setattr(idempotency, "_claim", race.before(idempotency._claim))
        monkeypatch.setattr("incentives.points_api.uuid.uuid5", lambda *_names: uuid.uuid4())
        sql("DROP INDEX kept_answer_once")
        assert racing(world, race) == [201, 201]
        assert world.given() == 240


@pytest.mark.django_db(transaction=True)
def test_while_the_first_one_runs_the_repetition_is_told_to_wait(monkeypatch) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE", "50ms")
    with own_database("busy"):
        world = World()
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute(
                    idempotency._INSERT, [world.program.key.pk, "k-1", b"x" * 32, timezone.now()]
                )
            assert code(world.send()) == (409, "idempotency_key_in_use")
            other.rollback()
        finally:
            other.close()
        # The first one came to nothing, so the repetition is the first.
        assert world.send().status_code == 201
        assert world.given() == 120


# -- killed, and gone ----------------------------------------------------------


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args) -> None:
        pass


@contextmanager
def web_process(*, die: str = "") -> Iterator[int]:
    """A web process of its own that answers one request: its port.

    ``die`` is when it kills itself: ``committed``, right after the commit; ``before``, just before.
    """
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            if die:
                _die_at(die)
            server.handle_request()
        finally:
            connections.close_all()
            os._exit(0)
    port = server.server_address[1]
    server.socket.close()
    try:
        yield port
    finally:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status == (-signal.SIGKILL if die else 0)


def _die_at(moment: str) -> None:
    commit = BaseDatabaseWrapper._commit

    def last(wrapper) -> None:
        if KeptAnswer.objects.exists():
            if moment == "committed":
                commit(wrapper)
            os.kill(os.getpid(), signal.SIGKILL)
        commit(wrapper)

    BaseDatabaseWrapper._commit = last


def ask(world: World, port: int, body: bytes, *, announced: int | None = None) -> bytes:
    """What comes back over the wire; empty where the server died."""
    head = (
        f"POST {ROOT}point-grants HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n"
        f"Authorization: Bearer {world.program.secret}\r\nIdempotency-Key: k-1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {announced or len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(head.encode() + body)
        if announced:
            # The client leaves in the middle of its body.
            line.shutdown(socket.SHUT_WR)
        try:
            return b"".join(iter(lambda: line.recv(65536), b""))
        except ConnectionResetError:
            return b""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("die", "after"), [("committed", 120), ("before", 0)])
def test_a_web_process_killed_around_the_commit_is_asked_again_with_the_same_key(
    die: str, after: int
) -> None:
    """W13: killed with -9 after the commit, the retry gets the stored answer; before, it does it."""
    with own_database("killed"):
        world = World()
        body = json.dumps(GIFT).encode()
        with web_process(die=die) as port:
            assert ask(world, port, body) == b""
        assert (world.given(), KeptAnswer.objects.count()) == (after, 1 if after else 0)
        with web_process() as port:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            headers = world.program.headers(**{"Idempotency-Key": "k-1"})
            line.request(
                "POST",
                f"{ROOT}point-grants",
                body,
                {**headers, "Content-Type": "application/json", "Host": "testserver"},
            )
            answer = line.getresponse()
            told = json.loads(answer.read())
        assert answer.status == 201
        assert answer.headers["Idempotency-Replayed"] == ("true" if after else None)
        grant = PointGrant.objects.get()
        assert (told["id"], world.given()) == (f"pgr_{grant.pk}", 120)
        issued = LedgerAccount.objects.get(kind=LedgerKind.POINTS_ISSUED)
        assert issued.postings.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_client_that_leaves_in_the_middle_has_all_or_nothing() -> None:
    """W14: with half a body nothing happens; having sent all, all does, and the key tells which."""
    with own_database("gone"):
        world = World()
        body = json.dumps(GIFT).encode()
        with web_process() as port:
            assert b" 400 " in ask(world, port, body[:30], announced=len(body)).splitlines()[0]
        assert not PointGrant.objects.exists() and not KeptAnswer.objects.exists()
        # A whole object, but shorter than announced, is not the whole body either.
        with web_process() as port:
            ask(world, port, body, announced=len(body) + 7)
        assert not PointGrant.objects.exists()
        with web_process() as port, socket.create_connection(("127.0.0.1", port)) as line:
            _send_and_leave(world, line, body)
        again = world.send()
        assert again["Idempotency-Replayed"] == "true"
        assert world.given() == 120


def _send_and_leave(world: World, line: socket.socket, body: bytes) -> None:
    head = (
        f"POST {ROOT}point-grants HTTP/1.1\r\nHost: testserver\r\n"
        f"Authorization: Bearer {world.program.secret}\r\nIdempotency-Key: k-1\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line.sendall(head.encode() + body)
    line.close()


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_step_a_request_is_whole_or_nothing() -> None:
    """W13 along the whole request, not only around the commit."""
    with own_database("steps"):
        world = World()
        keep()
        connections.close_all()
        names = in_a_child(world.send)
        assert names.count("COMMITTED") >= 1
        for step in range(2, len(names) + 1, max(1, len(names) // 6)):
            put_back()
            connections.close_all()
            in_a_child(world.send, kill_at=step)
            assert world.send().status_code == 201
            assert (world.given(), PointGrant.objects.count()) == (120, 1)
