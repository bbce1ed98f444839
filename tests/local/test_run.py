"""``make run``'s parent, really started: each test ends with nothing left running."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from kosops.local.children import leftovers
from kosops.local.run import PORT, Run, check_space, choose_port
from kosops.local.servers import Postgres, Redis
from kosops.local.state import BASE_DIR, State
from kosops.local.wheels import LocalError
from tests.local.parent import Parent, new_state, remove

pytestmark = pytest.mark.xdist_group("make run")


@pytest.fixture(scope="module")
def state() -> Iterator[State]:
    """One state folder for all tests of this file, so that only the first has to create it."""
    state = new_state()
    yield state
    remove(state)


@pytest.fixture(scope="module")
def parents() -> list[Parent]:
    return []


@pytest.fixture
def parent(state: State, parents: list[Parent]) -> Parent:
    """A run that serves pages: the one that the test before left running, or else a new one."""
    for parent in parents:
        assert parent.awaited or parent.process.poll() is None, f"ended unseen:\n{parent.output}"
    running = [parent for parent in parents if parent.process.poll() is None]
    if not running:
        running = [Parent(state).wait_until_ready()]
        parents += running
    return running[0]


def command_lines(state: State) -> list[str]:
    return [" ".join(process.cmdline()) for process in leftovers(str(state.folder))]


def test_a_run_serves_pages_with_web_worker_and_beat(parent: Parent) -> None:
    assert parent.address == f"http://127.0.0.1:{parent.port}"
    assert parent.page_status() == 200
    for process in ("gunicorn", "worker", "beat"):
        assert any(process in line for line in command_lines(parent.state)), process


def test_the_web_signs_in_to_the_database_as_a_role_that_cannot_rewrite_history(
    state: State, parent: Parent
) -> None:
    (web,) = [line for line in leftovers(str(state.folder)) if is_master(line)]
    assert "kosops_app@" in web.environ()["DATABASE_URL"]
    connection = psycopg2.connect(state.database_url(user="kosops_app"))
    for statement in ("UPDATE accounts_activity SET id = 1", "TRUNCATE accounts_activity"):
        with connection.cursor() as cursor, pytest.raises(psycopg2.Error) as refused:
            cursor.execute(statement)
        connection.rollback()
        assert refused.value.pgcode == "42501"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_activity")
    connection.close()


def is_master(process: psutil.Process) -> bool:
    parent = process.parent()
    line = " ".join(process.cmdline())
    return (
        "gunicorn" in line and parent is not None and "gunicorn" not in " ".join(parent.cmdline())
    )


def test_a_second_run_at_once_says_who_is_running(state: State, parent: Parent) -> None:
    second = Parent(state)

    assert second.wait() == 1

    assert f"process {parent.process.pid}" in second.output
    assert parent.address in second.output
    assert parent.page_status() == 200


def test_ctrl_c_stops_everything_and_the_next_run_keeps_the_data(
    state: State, parent: Parent, parents: list[Parent]
) -> None:
    kept = state.path("secrets", "secret-key").read_text()
    with psycopg2.connect(state.database_url()) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS kept_between_runs AS SELECT 42 AS answer")
    connection.close()

    assert parent.stop(signal.SIGINT) == 0

    assert parent.still_running() == []
    assert "nothing is running any more" in parent.lines[-1]

    again = Parent(state).wait_until_ready()
    parents.append(again)

    connection = psycopg2.connect(state.database_url())
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM kept_between_runs")
        assert cursor.fetchone() == (42,)
    connection.close()
    assert state.path("secrets", "secret-key").read_text() == kept
    for work in ("npm", "assets", "static"):
        assert f" {work} " not in again.output, "nothing is built twice"


def test_after_kill_9_the_next_run_cleans_up_and_goes_on(
    state: State, parent: Parent, parents: list[Parent]
) -> None:
    parent.kill()
    orphans = leftovers(str(state.folder))
    assert orphans, "the killed run should have left its children"

    # The orphaned web server still has the port, and the next run gets it all the same.
    again = Parent(state, PORT=parent.port).wait_until_ready()
    parents.append(again)

    assert "an earlier run was killed" in again.output
    assert "was running already" in again.output
    assert not any(process.is_running() for process in orphans)
    assert again.page_status() == 200


def test_a_child_that_dies_ends_the_run_and_is_named(state: State, parent: Parent) -> None:
    workers = [process for process in leftovers(str(state.folder)) if "worker" in process.cmdline()]
    (main,) = [process for process in workers if process.ppid() == parent.process.pid]
    main.kill()

    assert parent.wait() == 1

    assert "worker was ended by SIGKILL, so the run stops" in parent.output
    assert parent.still_running() == []


def test_a_killed_database_ends_the_run_and_the_next_one_recovers(
    state: State, parent: Parent, parents: list[Parent]
) -> None:
    pid = Postgres(state).pid()
    assert pid
    os.kill(pid, signal.SIGKILL)

    assert parent.wait() == 1
    assert "PostgreSQL has ended by itself" in parent.output
    assert parent.still_running() == []

    again = Parent(state).wait_until_ready()
    parents.append(again)
    assert again.page_status() == 200


def test_servers_that_shall_stay_outlive_the_run(state: State, parent: Parent) -> None:
    postgres, redis = Postgres(state), Redis(state)
    assert not postgres.start(keep=True), "the run's server is the one that stays"

    assert parent.stop(signal.SIGTERM) == 0

    assert postgres.pid() is not None
    assert redis.pid() is None
    assert "something else uses it: PostgreSQL" in parent.lines[-1]
    assert postgres.stop()


def test_a_pid_file_that_names_another_process_is_stale(state: State) -> None:
    postgres = Postgres(state)
    postgres.start()
    postgres.stop()
    content = f"{os.getpid()}\n{postgres.data}\n1\n5432\n{postgres.sockets}\n\n\nready\n"
    pid_file = postgres.data / "postmaster.pid"
    pid_file.write_text(content)
    redis = Redis(state)
    state.path("run", "redis.pid").write_text(f"{os.getpid()}\n")

    assert postgres.pid() is None
    assert redis.pid() is None
    assert postgres.start()
    assert redis.start()

    assert postgres.stop()
    assert redis.stop()


def test_a_taken_port_is_named_with_the_way_out(state: State) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        refused = Parent(state, PORT=taken)

        assert refused.wait() == 1

    assert f"port {taken} is taken" in refused.output
    assert f"make run PORT={int(taken) + 1}" in refused.output
    assert refused.still_running() == []


def test_without_a_wish_the_next_free_port_is_taken() -> None:
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.1", PORT))
            other.listen()
        except OSError:
            pass  # something else has the port already, which serves as well
        assert choose_port("127.0.0.1", "") > PORT


@pytest.mark.parametrize("asked", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(asked: str) -> None:
    with pytest.raises(LocalError, match="is not a port"):
        choose_port("127.0.0.1", asked)


def test_a_redis_port_taken_by_another_program_is_changed(state: State) -> None:
    before = state.redis_port
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", before))
        other.listen()
        redis = Redis(state)
        assert redis.start()
    assert state.redis_port != before
    assert redis.answers()
    assert redis.stop()


def test_no_disk_space_is_said_before_anything_starts(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("Usage", (), {"free": 20 * 2**20})()
    monkeypatch.setattr("kosops.local.run.shutil.disk_usage", lambda _: full)
    with pytest.raises(LocalError, match="only 20 MB are free"):
        check_space(state.folder)


def test_there_is_enough_space_here(state: State) -> None:
    check_space(state.folder)


@pytest.mark.parametrize("moment", ["PostgreSQL", "loading the demo brand"])
def test_ctrl_c_while_starting_stops_in_order(state: State, moment: str) -> None:
    parent = Parent(state, KOSOPS_DEMO="yes")
    deadline = time.monotonic() + 120
    while moment not in parent.output and time.monotonic() < deadline:
        time.sleep(0.02)

    assert parent.stop(signal.SIGINT) == 0

    assert parent.still_running() == []
    assert "kosops is ready" not in parent.output


def test_servers_of_ones_own_replace_the_embedded_ones(state: State) -> None:
    """The servers of another installation stand for servers of one's own."""
    postgres, redis = Postgres(state), Redis(state)
    postgres.start()
    redis.start()
    other = new_state()
    try:
        parent = Parent(
            other, DATABASE_URL=state.database_url(), REDIS_URL=state.redis_url()
        ).wait_until_ready()

        assert parent.page_status() == 200
        assert parent.still_running(), "its web, worker and beat"
        assert Postgres(other).pid() is None
        assert Redis(other).pid() is None
        assert parent.stop() == 0
        assert postgres.pid() is not None, "a server that the run did not start is not stopped"
        assert redis.pid() is not None
    finally:
        remove(other)
        postgres.stop()
        redis.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
        ("REDIS_URL", "redis://127.0.0.1:1/0"),
        ("REDIS_URL", "nonsense"),
    ],
)
def test_a_given_server_that_does_not_answer_is_named(state: State, name: str, value: str) -> None:
    run = Run(state, {"KOSOPS_STATE": str(state.folder), name: value})
    run.children.environment = run.environment()
    # The other one is taken as running.
    run.watched = [Redis(state)] if name == "DATABASE_URL" else [Postgres(state)]
    with pytest.raises(LocalError, match=name):
        run.check_given_servers()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps PostgreSQL elsewhere")
def test_root_keeps_the_cluster_elsewhere_when_its_account_cannot_reach_the_folder(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)
    state = State(tmp_path / "state")
    state.create()
    postgres = Postgres(state)
    try:
        assert postgres.start()
        assert postgres.home == Path(f"/var/lib/kosops/{state.digest}")
        assert tmp_path.stat().st_mode & 0o777 == 0o700, "no folder was opened to others"
        connection = psycopg2.connect(state.database_url())
        connection.close()
    finally:
        remove(state)
    assert not postgres.home.exists()


def test_the_lock_is_free_after_the_process_that_had_it_was_killed(state: State) -> None:
    program = (
        "import time; from kosops.local.state import State;"
        "lock = State.open().lock('run'); print('taken', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=BASE_DIR,
        env={**os.environ, "KOSOPS_STATE": str(state.folder)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "taken\n"
    assert state.locked("run")
    holder.kill()
    holder.wait()
    assert not state.locked("run")
