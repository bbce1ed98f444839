"""The state folder: generated once, private, and second to whatever the environment says."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from kosops.local.state import (
    BASE_DIR,
    LONGEST_SOCKET_FOLDER,
    PASSPHRASE_WORDS,
    State,
    load_environment,
)


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


def test_what_is_missing_is_generated_and_stays_the_same(tmp_path: Path) -> None:
    first = {"KOSOPS_STATE": str(tmp_path / "state")}
    second = dict(first)
    load_environment(first)
    load_environment(second)
    assert first == second
    assert {"SECRET_KEY", "DATA_KEYS", "DATABASE_URL", "REDIS_URL", "DATA_DIR"} <= set(first)
    assert len(first["SECRET_KEY"]) >= 50
    assert len(base64.urlsafe_b64decode(first["DATA_KEYS"])) == 32


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATA_KEYS", "DATABASE_URL", "REDIS_URL"])
def test_what_the_environment_says_is_never_replaced(tmp_path: Path, name: str) -> None:
    environ = {"KOSOPS_STATE": str(tmp_path / "state"), name: "given"}
    load_environment(environ)
    assert environ[name] == "given"


def test_a_value_given_by_file_is_not_generated(tmp_path: Path) -> None:
    environ = {"KOSOPS_STATE": str(tmp_path / "state"), "SECRET_KEY_FILE": "/run/secrets/key"}
    load_environment(environ)
    assert "SECRET_KEY" not in environ


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    one, other = ({"KOSOPS_STATE": str(tmp_path / name)} for name in ("one", "other"))
    load_environment(one)
    load_environment(other)
    for name in ("SECRET_KEY", "DATA_KEYS", "REDIS_URL", "DEMO_PASSPHRASE"):
        assert one[name] != other[name]


def test_tests_use_a_cluster_and_a_queue_of_their_own(tmp_path: Path) -> None:
    run, tests = ({"KOSOPS_STATE": str(tmp_path / "state")} for _ in range(2))
    load_environment(run)
    load_environment(tests, testing=True)
    assert run["DATABASE_URL"] != tests["DATABASE_URL"]
    assert run["REDIS_URL"] != tests["REDIS_URL"]
    assert run["SECRET_KEY"] == tests["SECRET_KEY"]


def test_secrets_are_readable_to_their_owner_only(state: State) -> None:
    state.secret("one", lambda: "value")
    path = state.path("secrets", "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_state_folder_itself_is_closed_to_others() -> None:
    """Root's is passable but not readable: PostgreSQL runs under another account then."""
    mode = stat.S_IMODE(State.open().folder.stat().st_mode)
    assert mode == (0o711 if os.geteuid() == 0 else 0o700)


def test_several_processes_at_once_agree_on_a_secret(tmp_path: Path) -> None:
    program = (
        "import os; from kosops.local.state import load_environment;"
        "load_environment(os.environ); print(os.environ['SECRET_KEY'])"
    )
    environment = {"PATH": os.environ["PATH"], "KOSOPS_STATE": str(tmp_path / "state")}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in processes}) == 1
    assert all(process.returncode == 0 for process in processes)


def test_a_passphrase_is_five_known_words(state: State) -> None:
    words = state.passphrase.split("-")
    assert len(words) == 5
    assert set(words) <= set(PASSPHRASE_WORDS)
    assert len(set(PASSPHRASE_WORDS)) == len(PASSPHRASE_WORDS) >= 90


def test_a_long_or_odd_path_gets_its_sockets_elsewhere(tmp_path: Path) -> None:
    near, far, odd = (State(path) for path in (Path("/srv/k"), tmp_path / ("x" * 90), Path("/a b")))
    assert near.socket_folder(near.postgres_home) == Path("/srv/k/postgres/run")
    folders = [state.socket_folder(state.postgres_home) for state in (far, odd)]
    for folder in folders:
        assert len(str(folder)) <= LONGEST_SOCKET_FOLDER
        assert " " not in str(folder)
    assert len(set(folders)) == 2, "two installations never share sockets"


def test_the_redis_port_is_kept_until_it_is_given_up(state: State) -> None:
    port = state.redis_port
    assert state.redis_port == port
    assert f":{port}/" in state.redis_url()
    state.move_redis()
    assert state.path("run", "redis-port").exists()


def test_a_lock_is_given_to_one_at_a_time(state: State) -> None:
    lock = state.lock("run")
    assert lock is not None
    assert state.lock("run") is None
    assert state.locked("run")
    lock.close()
    assert not state.locked("run")
