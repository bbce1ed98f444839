"""Borrowing servers: left as they were found, and not taken from under others."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kosops.local import clean
from kosops.local.borrow import borrowed, wanted
from kosops.local.servers import Redis
from kosops.local.state import BASE_DIR, State
from tests.local.parent import new_state, remove

pytestmark = pytest.mark.xdist_group("make run")


@pytest.fixture
def state() -> Iterator[State]:
    state = new_state()
    yield state
    remove(state)


def test_what_was_started_is_stopped(state: State) -> None:
    redis = Redis(state)
    with borrowed(state, [redis]):
        assert redis.answers()
    assert redis.pid() is None


def test_it_is_stopped_also_after_an_error(state: State) -> None:
    redis = Redis(state)
    with pytest.raises(ZeroDivisionError), borrowed(state, [redis]):
        raise ZeroDivisionError
    assert redis.pid() is None


def test_what_another_still_uses_is_left_to_the_last(state: State) -> None:
    redis = Redis(state)
    with borrowed(state, [redis]):
        with borrowed(state, [redis]):
            pass
        assert redis.answers()
    assert redis.pid() is None


def test_what_was_started_to_stay_stays(state: State) -> None:
    redis = Redis(state)
    redis.start(keep=True)
    with borrowed(state, [redis]):
        pass
    assert redis.answers()


def test_a_run_keeps_what_it_rests_on(state: State) -> None:
    redis = Redis(state)
    lock = state.lock("run")
    assert lock is not None
    with borrowed(state, [redis]):
        pass
    assert redis.answers()
    lock.close()


def test_servers_that_the_environment_names_are_not_borrowed(state: State) -> None:
    assert [server.key for server in wanted(state, {})] == ["postgres", "redis"]
    assert [server.key for server in wanted(state, {"DATABASE_URL": "x"})] == ["redis"]
    assert [server.key for server in wanted(state, {"REDIS_URL_FILE": "x"})] == ["postgres"]


def test_a_command_sees_the_servers_and_its_exit_code_counts(state: State) -> None:
    program = (
        "import os, redis, sys;"
        "sys.exit(7 if redis.Redis.from_url(os.environ['REDIS_URL']).ping() else 1)"
    )
    result = subprocess.run(
        [sys.executable, "-m", "kosops.local.borrow", sys.executable, "-c", program],
        cwd=BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "KOSOPS_STATE": str(state.folder),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        },
    )
    assert result.returncode == 7
    assert Redis(state).pid() is None


def test_being_ended_leaves_no_server_behind(state: State) -> None:
    borrower = subprocess.Popen(
        [sys.executable, "-m", "kosops.local.borrow", "sh", "-c", "echo here; sleep 60"],
        cwd=BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "KOSOPS_STATE": str(state.folder),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert borrower.stdout
    assert borrower.stdout.readline() == "here\n"
    borrower.terminate()
    assert borrower.wait(30) == 128 + signal.SIGTERM
    assert Redis(state).pid() is None


def test_clean_keeps_the_data_unless_confirmed(
    state: State, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KOSOPS_STATE", str(state.folder))
    monkeypatch.delenv("CONFIRM", raising=False)
    secret = state.path("secrets", "secret-key")
    secret.write_text("kept")
    assert clean.main() == 0
    assert secret.read_text() == "kept"
    assert "CONFIRM=yes" in capsys.readouterr().out

    monkeypatch.setenv("CONFIRM", "yes")
    assert clean.main() == 0
    assert not state.folder.exists()


@pytest.mark.parametrize("busy", ["run", "borrowed-redis"])
def test_clean_refuses_while_something_uses_the_state(
    state: State, monkeypatch: pytest.MonkeyPatch, busy: str
) -> None:
    monkeypatch.setenv("KOSOPS_STATE", str(state.folder))
    monkeypatch.setenv("CONFIRM", "yes")
    lock = state.lock(busy)
    assert lock is not None
    assert clean.main() == 1
    assert Path(state.folder).exists()
    lock.close()
