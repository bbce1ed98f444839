"""Processes under one parent, and one readable log of what they all say."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import psutil

from kosops.local.wheels import LocalError

MARK = "KOSOPS_RUN"
WIDTH = 8
COLOURS = {"web": 36, "worker": 35, "beat": 33, "kosops": 32}
KEPT_LOG_BYTES = 5_000_000


class Log:
    """Prints lines of several processes with the time and the name, and keeps each in a file."""

    def __init__(self, folder: Path, out: IO[str] | None = None) -> None:
        self.folder = folder
        self.out = out or sys.stdout
        self.coloured = self.out.isatty() and "NO_COLOR" not in os.environ
        self.lock = threading.Lock()
        self.files: dict[str, IO[str]] = {}

    def line(self, name: str, text: str) -> None:
        now = time.strftime("%H:%M:%S")
        label = f"{name:<{WIDTH}}"
        if self.coloured:
            label = f"\033[{COLOURS.get(name, 34)}m{label}\033[0m"
        with self.lock:
            # A terminal that was closed must not keep the run from stopping in order.
            try:
                print(f"{now} {label} {text}", file=self.out, flush=True)
            except OSError:
                self.out = open(os.devnull, "w")  # noqa: PTH123, SIM115
            self.file(name).write(f"{time.strftime('%Y-%m-%d')} {now} {text}\n")
            self.file(name).flush()

    def file(self, name: str) -> IO[str]:
        if name not in self.files:
            path = self.folder / f"{name}.log"
            if path.exists() and path.stat().st_size > KEPT_LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            self.files[name] = path.open("a", errors="replace")
        return self.files[name]


class Child:
    """One process with its own session, so that Ctrl-C reaches it through the parent only."""

    def __init__(
        self, name: str, command: list[str], folder: Path, environment: dict[str, str], log: Log
    ) -> None:
        self.name, self.log = name, log
        self.lasting = True
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - Popen was asked for a pipe
        for line in self.process.stdout:
            if text := line.rstrip():
                self.log.line(self.name, text)

    @property
    def ended(self) -> str:
        """How the process ended, in words; empty while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def signal(self, number: int) -> None:
        """Send a signal to the process alone; it passes it on to its own children in order."""
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End the process and whatever it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Children:
    """The processes of a run: started by name, stopped together."""

    def __init__(self, folder: Path, environment: dict[str, str], log: Log) -> None:
        self.folder, self.environment, self.log = folder, environment, log
        self.running: list[Child] = []
        # A second Ctrl-C may come while the lock is held.
        self.lock = threading.RLock()
        self.stopping = False

    def start(
        self,
        name: str,
        command: list[str],
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Child:
        """Start a process; ``more`` is added to its environment."""
        environment = {**self.environment, **(more or {})}
        with self.lock:
            if self.stopping:
                raise LocalError("stopped before everything was started")
            child = Child(name, command, folder or self.folder, environment, self.log)
            self.running.append(child)
        return child

    def finish(
        self,
        name: str,
        command: list[str],
        more: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """Run a command to its end; a failure is a LocalError."""
        with self.lock:
            child = self.start(name, command, more, folder)
            child.lasting = False
        child.process.wait()
        child.reader.join(5)
        with self.lock:
            self.running.remove(child)
        if child.process.returncode and not self.stopping:
            raise LocalError(f"{name} {child.ended}; its lines above say why")

    def first_ended(self) -> Child | None:
        """A child that should go on and has not."""
        with self.lock:
            return next((child for child in self.running if child.lasting and child.ended), None)

    def stop(self, seconds: float) -> None:
        """Ask all to finish what they do, wait, and kill those that are not done by then."""
        with self.lock:
            self.stopping = True
            children = list(self.running)
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + seconds
        for child in children:
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.log.line("kosops", f"{child.name} does not end and is killed")
            child.kill()
            child.process.wait()

    def kill(self) -> None:
        with self.lock:
            self.stopping = True
            for child in self.running:
                child.kill()


def leftovers(mark: str) -> list[psutil.Process]:
    """Processes that an earlier, killed run of this installation left, by a mark in their
    environment; a pid file could name a process that only has the same number by now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end_leftovers(mark: str, seconds: float = 15) -> int:
    """End them, gently at first. Return how many there were."""
    processes = leftovers(mark)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        _, alive = psutil.wait_procs(processes, timeout=seconds)
        if not alive:
            break
    return len(processes)
