"""``make run``: the whole product on one machine, under one parent process.

It starts PostgreSQL and Redis (unless DATABASE_URL and REDIS_URL name others), brings database,
catalogues and assets up to date, loads the demo brand into an empty database, then runs web server,
worker and beat until Ctrl-C, and stops everything in order. A process that ends by itself ends the
run: nothing is restarted behind one's back.
"""

import http.client
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from kosops.grants import grant
from kosops.local import build
from kosops.local.borrow import lock_name, wanted
from kosops.local.children import MARK, Children, Log, end_leftovers
from kosops.local.servers import Postgres, Redis, port_taken
from kosops.local.state import BASE_DIR, DATABASE, State, load_environment
from kosops.local.wheels import LocalError

PORT = 8000
PORTS_TRIED = 20
# Data, logs and the database's own log files; below this PostgreSQL would soon stop by itself.
NEEDED_BYTES = 500 * 1024 * 1024
PAGE_SECONDS = 120
STOP_SECONDS = 25
APP_ROLE = "kosops_app"


class Run:
    """One run from its start to its end."""

    def __init__(self, state: State, environ: dict[str, str]) -> None:
        self.state = state
        self.given = environ
        self.began = time.monotonic()
        self.stop_asked = threading.Event()
        self.signals = 0
        self.log = Log(state.path("logs"))
        self.started: list[Postgres | Redis] = []
        self.watched: list[Postgres | Redis] = []
        self.children = Children(BASE_DIR, {}, self.log)
        self.host = environ.get("HOST") or "127.0.0.1"
        self.port = PORT

    def say(self, text: str) -> None:
        for line in text.splitlines():
            self.log.line("kosops", line)

    # -- from start to end ----------------------------------------------------------

    def go(self, lock: IO[str]) -> int:
        """Start, wait, stop. Return the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        code = 0
        try:
            self.prepare(lock)
            self.start_web()
            self.together(self.load_demo)
            self.start_workers()
            self.wait_for_page()
            self.tell()
            self.watch()
        except Stopped:
            pass
        except LocalError as error:
            self.say(f"{error}")
            code = 1
        finally:
            self.stop()
        return code

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1
        self.stop_asked.set()
        # A second Ctrl-C means: at once. PostgreSQL and the queue take no harm from it.
        if self.signals > 1:
            self.children.kill()

    def pause(self, seconds: float) -> None:
        """Wait a little, but leave as soon as a stop is asked for."""
        if self.stop_asked.wait(seconds):
            raise Stopped

    # -- before the first page -------------------------------------------------------

    def prepare(self, lock: IO[str]) -> None:
        check_space(self.state.folder)
        if count := end_leftovers(str(self.state.folder)):
            self.say(f"an earlier run was killed: ended {count} processes that it left")
        self.port = choose_port(self.host, self.given.get("PORT", ""))
        if not self.given.get("PORT") and self.port != PORT:
            self.say(f"port {PORT} is taken, so this run uses {self.port} (PORT chooses another)")
        note(lock, f"{os.getpid()} {self.address}")
        self.together(self.prepare_database, self.prepare_files)

    def together(self, *parts: Callable[[], None]) -> None:
        """Do things at the same time; the first failure counts."""
        with ThreadPoolExecutor(len(parts)) as pool:
            futures: list[Future[None]] = [pool.submit(part) for part in parts]
            try:
                while not all(future.done() for future in futures):
                    for future in futures:
                        if future.done():
                            future.result()
                    self.check_children()
                    self.pause(0.05)
            except BaseException:
                self.children.stop(STOP_SECONDS)
                raise
            for future in futures:
                future.result()

    def prepare_database(self) -> None:
        """Start the servers and migrate. Runs beside ``prepare_files``."""
        self.children.environment = self.environment()
        postgres = Postgres(self.state)
        for server in wanted(self.state, self.given):
            self.start_server(server)
        # The port of Redis may have been taken and another one chosen.
        self.children.environment = self.environment()
        self.check_given_servers()
        self.manage("migrate", "migrate", "--noinput", "--skip-checks", "-v0")
        if self.has_own_database:
            with closing(postgres.connect(DATABASE)) as connection, connection:
                grant(connection.cursor(), APP_ROLE)

    def check_given_servers(self) -> None:
        """Say in words if a server that the environment names does not answer."""
        if not self.has_own_database:
            try:
                self.ask("SELECT 1")
            except psycopg2.Error as error:
                raise LocalError(
                    f"the database in DATABASE_URL does not answer as wished: {error}"
                ) from error
        if not any(isinstance(server, Redis) for server in self.watched):
            try:
                with redis.Redis.from_url(
                    given(self.children.environment, "REDIS_URL"), socket_connect_timeout=5
                ) as client:
                    client.ping()
            except (redis.RedisError, ValueError) as error:
                raise LocalError(f"the server in REDIS_URL does not answer: {error}") from error

    @property
    def has_own_database(self) -> bool:
        return any(isinstance(server, Postgres) for server in self.watched)

    def start_server(self, server: Postgres | Redis) -> None:
        # Noted first: also a server that does not answer in time has to be stopped.
        self.started.append(server)
        fresh = server.start()
        self.watched.append(server)
        note = "started" if fresh else "was running already"
        self.say(f"{server.name} {note} (log: {shown(server.log)})")

    def environment(self) -> dict[str, str]:
        """What children see: what was given, filled up from the state folder."""
        environment = dict(self.given)
        environment.setdefault("DJANGO_SETTINGS_MODULE", "kosops.settings.local")
        load_environment(environment)
        environment |= {
            MARK: str(self.state.folder),
            "PYTHONUNBUFFERED": "1",
            "KOSOPS_STATE": str(self.state.folder),
            "HOST": self.host,
            "PORT": str(self.port),
            "LOG_TIMES": "no",
        }
        return environment

    def prepare_files(self) -> None:
        """Build catalogues, assets and static files. Runs beside ``prepare_database``."""
        if count := build.catalogues():
            self.say(f"compiled {count} message catalogues")
        if build.assets(self.state, self.execute):
            self.say("built the static assets")
        build.static(self.state, self.execute)

    def execute(self, name: str, command: list[str], folder: Path) -> None:
        # The children's environment is not complete yet: the servers are just being started.
        environment = self.environment()
        environment["CI"] = "true"  # no progress bars from npm
        self.children.finish(name, command, environment, folder)

    def manage(self, name: str, *arguments: str) -> None:
        """Run a management command as the owner of the tables, without a time limit."""
        command = [sys.executable, "manage.py", *arguments]
        self.children.finish(name, command, {"DB_STATEMENT_TIMEOUT": "0"})

    def load_demo(self) -> None:
        """Load the demo brand if the database has no brand and nobody said not to."""
        if self.given.get("KOSOPS_DEMO", "yes") == "no" or not self.database_is_empty():
            return
        self.say("loading the demo brand")
        self.manage("demo", "demo")
        self.demo_loaded.touch()

    @property
    def demo_loaded(self) -> Path:
        """Present when the demo people of this installation have its passphrase."""
        return self.state.path("run", "demo-loaded")

    def database_is_empty(self) -> bool:
        ((empty,),) = self.ask("SELECT NOT EXISTS (SELECT FROM accounts_unit)")
        return bool(empty)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        url = given(self.children.environment, "DATABASE_URL")
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())

    # -- serving ---------------------------------------------------------------------

    def start_web(self) -> None:
        """Start the web server. It needs some seconds, in which the demo can already be loaded."""
        more = {"WEB_GRACEFUL_SECONDS": "5", **self.application()}
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.py"]
        self.children.start("web", gunicorn, more)

    def start_workers(self) -> None:
        """Start worker and beat."""
        more = {"DB_STATEMENT_TIMEOUT": "10min", **self.application()}
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "kosops"]
        worker = ["--concurrency=2", "--loglevel=INFO", "--without-gossip", "--without-mingle"]
        schedule = f"--schedule={self.state.path('run', 'beat')}"
        self.children.start("worker", [*celery, "worker", *worker], more)
        self.children.start(
            "beat", [*celery, "beat", "--loglevel=INFO", schedule, "--pidfile="], more
        )

    def application(self) -> dict[str, str]:
        """As in production, what serves people can neither change a ledger nor migrate."""
        if self.has_own_database:
            return {"DATABASE_URL": self.state.database_url(user=APP_ROLE)}
        return {}

    def wait_for_page(self) -> None:
        deadline = time.monotonic() + PAGE_SECONDS
        while not page_answers(self.host, self.port):
            self.check_children()
            if time.monotonic() > deadline:
                raise LocalError(f"no page came within {PAGE_SECONDS} seconds; see the log above")
            self.pause(0.1)

    @property
    def address(self) -> str:
        return f"http://{shown_host(self.host)}:{self.port}"

    def tell(self) -> None:
        """Print the address and the sign-ins."""
        seconds = time.monotonic() - self.began
        blocks = [[f"kosops is ready at {self.address} (after {seconds:.0f} s)"]]
        if people := self.people():
            width = max(len(name) for name, _ in people)
            blocks.append([f"  {name:<{width}}  {sees}" for name, sees in people])
            blocks.append([f"  passphrase for all of them: {self.state.passphrase}"])
        blocks.append([f"Ctrl-C stops everything; the data stay in {shown(self.state.folder)}"])
        for block in blocks:
            for line in ["", *block]:
                self.log.line("kosops", line)
        self.log.line("kosops", "")

    def people(self) -> list[tuple[str, str]]:
        """The demo people who can sign in with the passphrase of this installation."""
        if not self.demo_loaded.exists():
            return []
        names = [name for name, _ in SIGN_INS]
        found = self.ask("SELECT username FROM accounts_person WHERE username = ANY(%s)", names)
        return [(name, sees) for name, sees in SIGN_INS if (name,) in found]

    def watch(self) -> None:
        """Wait for Ctrl-C, or for a process that ends by itself."""
        while True:
            for _ in range(5):
                self.pause(0.2)
                self.check_children()
            for server in self.watched:
                if server.pid() is None:
                    raise LocalError(
                        f"{server.name} has ended by itself, so the run stops. Its log is"
                        f" {shown(server.log)}"
                    )

    def check_children(self) -> None:
        if child := self.children.first_ended():
            child.reader.join(2)
            raise LocalError(
                f"{child.name} {child.ended}, so the run stops. Its log is"
                f" {shown(self.state.path('logs', child.name + '.log'))}"
            )

    # -- the end ---------------------------------------------------------------------

    def stop(self) -> None:
        """Stop everything, the database last; servers that others use stay."""
        self.say("stopping")
        self.children.stop(0.1 if self.signals > 1 else STOP_SECONDS)
        stays = []
        for server in sorted(self.started, key=lambda server: isinstance(server, Postgres)):
            if server.kept.exists() or self.state.locked(lock_name(server)):
                stays.append(server.name)
            else:
                server.stop()
        left = f"still running, because something else uses it: {' and '.join(stays)}"
        self.say(f"stopped; {left if stays else 'nothing is running any more'}")


class Stopped(BaseException):
    """A stop was asked for; not an error."""


# Names that the demo brand gives, and what one sees with them.
SIGN_INS = [
    ("lin", "HQ operations: everything but approving payouts"),
    ("chen", "finance: settles months, makes payout batches"),
    ("zhao", "finance: approves what another made"),
    ("wu", "auditor: reads everything, changes nothing"),
    ("xu", "regional manager: the own region"),
    ("he", "store manager: the own store"),
    ("zhou", "store assistant (KOS): the phone pages"),
    ("may", "customer who posts (KOC): the phone pages"),
    ("admin", "superuser: the technical admin at /admin/"),
]


def check_space(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise LocalError(
            f"only {free // 2**20} MB are free where {folder} lies; kosops needs"
            f" {NEEDED_BYTES // 2**20} MB for its data. Free some space, or set KOSOPS_STATE to a"
            " folder on another disk."
        )


def choose_port(host: str, asked: str) -> int:
    """The port asked for, or the first free one from 8000 on."""
    if asked:
        if not asked.isdecimal() or not 0 < int(asked) < 65536:
            raise LocalError(f"PORT={asked} is not a port: say a number from 1 to 65535.")
        if port_taken(int(asked), host):
            raise LocalError(
                f"port {asked} is taken by another program, or not allowed. Choose another one,"
                f" for example: make run PORT={int(asked) + 1 if int(asked) < 65535 else PORT}"
            )
        return int(asked)
    for port in range(PORT, PORT + PORTS_TRIED):
        if not port_taken(port, host):
            return port
    raise LocalError(
        f"the ports {PORT} to {PORT + PORTS_TRIED - 1} are all taken. Choose one yourself:"
        " make run PORT=9000"
    )


def page_answers(host: str, port: int) -> bool:
    """Whether the sign-in page comes with status 200, following redirects on this server."""
    path = "/"
    for _ in range(4):
        connection = http.client.HTTPConnection(shown_host(host), port, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
        except OSError:
            return False
        finally:
            connection.close()
        if answer.status == 200:
            return True
        if answer.status >= 500:
            raise LocalError(f"the page {path} answers {answer.status}; see the log above")
        target = urlsplit(answer.headers.get("Location") or path)
        path = urlunsplit(("", "", target.path or "/", target.query, ""))
    return False


def shown_host(host: str) -> str:
    """An address that one can open, also when the server listens on all of them."""
    return "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104


def given(environment: dict[str, str], name: str) -> str:
    """A value of the environment, or of the file that it names."""
    path = environment.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else environment[name]


def shown(path: Path) -> str:
    """A path as a person at this prompt would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def main() -> int:
    environ = dict(os.environ)
    state = State.open(environ)
    if (lock := take_lock(state)) is None:
        print(f"kosops: {already_running(state)}", file=sys.stderr)
        return 1
    note(lock, str(os.getpid()))
    return Run(state, environ).go(lock)


def take_lock(state: State) -> IO[str] | None:
    """Take the lock of the run. Whoever only looks whether it is taken holds it for a moment."""
    for _ in range(10):
        if (lock := state.lock("run")) is not None:
            return lock
        time.sleep(0.05)
    return None


def note(lock: IO[str], text: str) -> None:
    """Write into the lock who has it, for whoever finds it taken."""
    lock.seek(0)
    lock.truncate()
    lock.write(text + "\n")
    lock.flush()


def already_running(state: State) -> str:
    pid, _, address = state.path("run", "run.lock").read_text().strip().partition(" ")
    where = f"at {address}" if address else "and is just starting"
    return (
        f"already running {where} (process {pid}, state in {shown(state.folder)}). Stop it with"
        f" Ctrl-C there or with: kill {pid}"
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(f"kosops: {error}")
