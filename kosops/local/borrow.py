"""Run one command on the embedded servers, and leave things as they were.

    python -m kosops.local.borrow [--migrate] command ...

Servers that run already are used. Those started here are stopped at the end, unless another
command borrowed them meanwhile. The tests do the same through `borrowed`.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from kosops.local.servers import Postgres, Redis
from kosops.local.state import BASE_DIR, State, load_environment
from kosops.local.wheels import LocalError


def lock_name(server: Postgres | Redis) -> str:
    """Who uses a server shares this lock; who has it alone may stop the server."""
    return f"borrowed-{server.key}"


@contextmanager
def borrowed(state: State, servers: list[Postgres | Redis]) -> Iterator[None]:
    """Start what does not run; stop it afterwards unless somebody else uses it by then."""
    with ExitStack() as stack:
        for server in servers:
            lock = stack.enter_context(state.path("run", f"{lock_name(server)}.lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_SH)
            stack.callback(give_back, state, server, lock)
            server.start()
        yield


def give_back(state: State, server: Postgres | Redis, lock: IO[str]) -> None:
    """Stop a server unless it was started to stay, or a run or another borrower uses it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    in_run = state.locked("run") and server.key != "postgres-test"
    if not server.kept.exists() and not in_run:
        server.stop()


def wanted(state: State, environ: dict[str, str]) -> list[Postgres | Redis]:
    """The servers that the environment does not replace by others."""
    servers: list[Postgres | Redis] = []
    if not environ.get("DATABASE_URL") and not environ.get("DATABASE_URL_FILE"):
        servers.append(Postgres(state))
    if not environ.get("REDIS_URL") and not environ.get("REDIS_URL_FILE"):
        servers.append(Redis(state))
    return servers


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kosops.local.borrow")
    parser.add_argument(
        "--migrate", action="store_true", help="bring the database up to date first"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    chosen = parser.parse_args(arguments)
    # Being ended must not leave servers behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    environ = dict(os.environ)
    state = State.open(environ)
    with borrowed(state, wanted(state, environ)):
        environ.setdefault("DJANGO_SETTINGS_MODULE", "kosops.settings.local")
        load_environment(environ)
        # What one calls by hand may take its time.
        environ.setdefault("DB_STATEMENT_TIMEOUT", "0")
        commands = [chosen.command]
        if chosen.migrate:
            commands.insert(0, [sys.executable, "manage.py", "migrate", "--noinput", "-v0"])
        for command in commands:
            code = subprocess.run(command, cwd=BASE_DIR, env=environ, check=False).returncode
            if code:
                return code
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(f"kosops: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
