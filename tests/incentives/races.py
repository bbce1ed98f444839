"""Two at once, and killed half-way: what the races of the money tests are made with."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from tests.conftest import TEMPLATE, migrations_digest, server
from tests.refusals import one, sql

# Far longer than anything here takes; only a test that hangs gets to know it.
PATIENCE = 20.0
LOOK_EVERY = 0.002

Act = Callable[[], Any]


@contextmanager
def own_database(label: str, template: str = "") -> Iterator[str]:
    """Work in a database of its own. What is committed or taken down goes with it.

    It is copied from ``template``, or else from the empty one. Nobody is ever connected to a
    template, as copying needs.
    """
    before = connection.settings_dict["NAME"]
    copy, template = f"{before}_{label}", template or f"{TEMPLATE}{migrations_digest()}"
    connections.close_all()
    with server() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {copy} TEMPLATE {template}")
    connection.settings_dict["NAME"] = copy
    try:
        yield copy
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before
        with server() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")


# Copying a database takes a second where copying the rows of a test takes a hundredth.
_KEEP = """
    DROP SCHEMA IF EXISTS kept CASCADE;
    CREATE SCHEMA kept;
    CREATE TABLE kept.keys AS
        SELECT conrelid::regclass AS owner, conname AS name,
               format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                      pg_get_constraintdef(oid)) AS made_by
          FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u');
    INSERT INTO kept.keys
        SELECT tablename::regclass, indexname, indexdef
          FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE 'CREATE UNIQUE%%'
           AND indexname NOT IN (SELECT name FROM kept.keys);
    DO $$
    DECLARE
        own text;
        filled boolean;
    BEGIN
        FOR own IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%%I)', own) INTO filled;
            IF filled THEN
                EXECUTE format('CREATE TABLE kept.%%I AS TABLE public.%%I', 'of_' || own, own);
            END IF;
        END LOOP;
    END $$
"""
_PUT_BACK = """
    DO $$
    DECLARE
        own text;
        key record;
    BEGIN
        -- No trigger refuses or follows.
        PERFORM set_config('session_replication_role', 'replica', true);
        FOR own IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('DELETE FROM public.%%I', own);
            IF to_regclass(format('kept.%%I', 'of_' || own)) IS NOT NULL THEN
                EXECUTE format('INSERT INTO public.%%I SELECT * FROM kept.%%I', own, 'of_' || own);
            END IF;
        END LOOP;
        FOR key IN SELECT * FROM kept.keys WHERE to_regclass(quote_ident(name)) IS NULL LOOP
            EXECUTE key.made_by;
        END LOOP;
    END $$
"""


def keep(name: str = "kept") -> None:
    """Remember every row and key of the database as it is now, for `put_back`."""
    sql(_KEEP.replace("kept", name))


def put_back(name: str = "kept") -> None:
    """Make the database what it was at `keep`, also where a key was dropped meanwhile."""
    sql(_PUT_BACK.replace("kept", name))


def wait_until(holds: Callable[[], bool], why: str) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, why
        time.sleep(LOOK_EVERY)


# -- at once -------------------------------------------------------------------


@dataclass
class End:
    """How it ended for one of those who raced."""

    value: Any = None
    error: BaseException | None = None
    seconds: float = 0.0

    @property
    def code(self) -> str:
        """The refusal's code, the error's name, empty for success."""
        if self.error is None:
            return ""
        return str(getattr(self.error, "code", type(self.error).__name__))


class Race:
    """Several acts at once, each on a connection of its own.

    Where an act calls `meet` it stops until every other one has come as far, waits for a lock that
    it holds itself, or is done. So the most harmful order of steps happens each time where nothing prevents it, and
    the same race can be run with a guard and without.
    """

    def __init__(self) -> None:
        self.place = threading.local()
        self.changed = threading.Condition()

    def run(self, *acts: Act) -> list[End]:
        self.arrived, self.pids = [0] * len(acts), [0] * len(acts)
        self.ends: list[End | None] = [None] * len(acts)
        start = threading.Barrier(len(acts))
        threads = [
            threading.Thread(target=self._act, args=(start, number, act))
            for number, act in enumerate(acts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [end for end in self.ends if end is not None]

    def _act(self, start: threading.Barrier, number: int, act: Act) -> None:
        self.place.number = number
        end = End()
        try:
            self.pids[number] = one("SELECT pg_backend_pid()")
            start.wait(PATIENCE)
            began = time.monotonic()
            try:
                end.value = act()
            finally:
                end.seconds = time.monotonic() - began
        except BaseException as error:  # noqa: BLE001 - handed to the test
            end.error = error
        finally:
            with self.changed:
                self.ends[number] = end
                self.changed.notify_all()
            connection.close()

    def meet(self, *_any: Any) -> None:
        mine = getattr(self.place, "number", None)
        if mine is None:
            return  # outside of a race nobody waits
        until = time.monotonic() + PATIENCE
        with self.changed:
            self.arrived[mine] += 1
            self.changed.notify_all()
            while not all(self._there(mine, other) for other in range(len(self.ends))):
                assert time.monotonic() < until, "the other one never came"
                self.changed.wait(LOOK_EVERY)

    def _there(self, mine: int, other: int) -> bool:
        return (
            other == mine
            or self.ends[other] is not None
            or self.arrived[other] >= self.arrived[mine]
            or one("SELECT pg_backend_pid() = ANY (pg_blocking_pids(%s))", self.pids[other])
        )

    def before(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """``act``, with everybody meeting before it."""

        def met_first(*args: Any, **more: Any) -> Any:
            self.meet()
            return act(*args, **more)

        return met_first


# -- killed --------------------------------------------------------------------


@dataclass
class Steps:
    """Counts what a process asks of the database and kills it with -9 at a given step.

    A step is a statement about to be sent, a commit about to be sent, or one just answered.
    """

    kill_at: int | None
    names: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str) -> None:
        with self.lock:
            self.names.append(" ".join(name.split())[:90])
            if len(self.names) == self.kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """For good: only a process that is about to end watches itself."""
        execute, commit = CursorWrapper._execute, BaseDatabaseWrapper._commit

        def watched_execute(cursor: Any, statement: Any, *args: Any) -> Any:
            self.take(str(statement))
            return execute(cursor, statement, *args)

        def watched_commit(wrapper: Any) -> None:
            self.take("COMMIT")
            commit(wrapper)
            self.take("COMMITTED")

        CursorWrapper._execute = watched_execute
        BaseDatabaseWrapper._commit = watched_commit


def in_a_child(act: Act, *, kill_at: int | None = None) -> list[str]:
    """Do ``act`` in a forked process; the names of its steps, or nothing when it was killed.

    A process that is to be killed and is not fails the test.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        _live_and_die(act, kill_at, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    expected = 0 if kill_at is None else -signal.SIGKILL
    assert status == expected, f"ended with {status} instead of {expected}: {said}"
    # A killed client does not stop its statement: what it had sent goes on to its end.
    wait_until(_alone, "the child's connections stay")
    return json.loads(said) if said else []


def _live_and_die(act: Act, kill_at: int | None, writer: int) -> None:
    status = 1
    # Neither used nor closed: to close it would end the parent's session.
    _parents_own, connection.connection = connection.connection, None
    try:
        steps = Steps(kill_at)
        steps.watch()
        act()
        connections.close_all()
        said, status = json.dumps(steps.names), 0
    except BaseException:  # noqa: BLE001 - told to the parent
        said = traceback.format_exc()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(said.encode())
    # Nothing of pytest's own ends happens twice.
    os._exit(status)


def _alone() -> bool:
    return not one(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
