"""A real ``make run`` parent in a state folder of its own, driven from outside."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from kosops.local.children import leftovers
from kosops.local.servers import Postgres, Redis
from kosops.local.state import BASE_DIR, State, free_port

READY = "kosops is ready at "


def new_state() -> State:
    """A state folder that root's account for PostgreSQL can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="kosops-test-"))
    folder.chmod(0o711)
    state = State(folder / "state")
    state.create()
    return state


def remove(state: State) -> None:
    """Stop and remove everything that belongs to a state folder."""
    postgres = Postgres(state)
    for process in leftovers(str(state.folder)):
        process.kill()
    for server in (postgres, Postgres(state, testing=True), Redis(state)):
        server.stop()
    for folder in (postgres.home, postgres.sockets, state.folder.parent):
        shutil.rmtree(folder, ignore_errors=True)


class Parent:
    """One ``python -m kosops.local.run``."""

    def __init__(self, state: State, **environment: str) -> None:
        self.state = state
        self.port = environment.get("PORT") or str(free_port())
        self.lines: list[str] = []
        self.awaited = False
        given = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DATA_KEYS", "DATA_DIR"}
            and not name.startswith(("DJANGO_", "PYTEST_", "DEMO_"))
        }
        given |= {"KOSOPS_STATE": str(state.folder), "KOSOPS_DEMO": "no", "PORT": self.port}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kosops.local.run"],
            cwd=BASE_DIR,
            env={**given, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    @property
    def address(self) -> str:
        line = next(line for line in self.lines if READY in line)
        return line.split(READY)[1].split()[0]

    def wait_until_ready(self, seconds: float = 240) -> "Parent":
        deadline = time.monotonic() + seconds
        while READY not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)
        return self

    def page_status(self) -> int:
        with urllib.request.urlopen(self.address, timeout=10) as answer:
            return int(answer.status)

    def stop(self, number: int = signal.SIGINT, seconds: float = 60) -> int:
        self.process.send_signal(number)
        return self.wait(seconds)

    def kill(self) -> None:
        self.process.kill()
        self.wait()

    def wait(self, seconds: float = 60) -> int:
        """Wait for the end and return the exit code."""
        self.awaited = True
        code = self.process.wait(seconds)
        self.reader.join(5)
        return code

    def still_running(self) -> list[str]:
        """What of this installation runs, by name."""
        names = [process.name() for process in leftovers(str(self.state.folder))]
        servers = (Postgres(self.state), Redis(self.state))
        return names + [server.name for server in servers if server.pid() is not None]
