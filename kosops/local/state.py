"""The state folder of a local installation: generated secrets, addresses, data.

``make run`` and ``make test`` need no configuration. What the environment does not say is
generated once and kept in ``.kosops/`` (ignored by git), and so stays the same at the next start:

    secrets/     one file per secret, readable by the owner only
    postgres/    the embedded PostgreSQL, unless root has to keep it elsewhere (see servers.py)
    redis/       the embedded Redis
    data/        uploaded and generated files
    logs/        one log per process
    run/         lock, what is running, stamps of what was built

Only settings for local use and tests read this; production gets everything from its environment.
"""

import base64
import fcntl
import hashlib
import os
import re
import secrets
import socket
import tempfile
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO
from urllib.parse import quote

BASE_DIR = Path(__file__).resolve().parents[2]
DATABASE = "kosops"
OWNER = "kosops"
FOLDERS = ("secrets", "data", "data/files", "logs", "redis", "run")
# Words that are easy to read aloud and to type on a phone: no two start with the same three letters.
PASSPHRASE_WORDS = (
    "amber apple autumn basil bamboo berry birch bridge camel candle canyon cedar cherry clover "
    "cobalt comet copper coral cotton crane daisy dragon ember falcon fern fjord forest garnet "
    "ginger glacier harbor hazel heron honey indigo iris island ivory jade jasmine juniper kettle "
    "lagoon lantern laurel lemon lotus magnet maple marble meadow mint nectar nutmeg oasis olive "
    "onyx orchid otter paddle pearl pepper pigeon plum poppy prairie quartz quill rabbit raven "
    "ribbon river saffron sailor silver sparrow spruce sunrise teapot thistle tiger topaz tulip "
    "umber valley velvet violet walnut willow winter yarrow zephyr"
).split()
# A socket path may have 107 bytes; the longest name that PostgreSQL adds is ".s.PGSQL.5432.lock".
LONGEST_SOCKET_FOLDER = 85


@dataclass(frozen=True)
class State:
    """The state folder, created on first use."""

    folder: Path

    @classmethod
    def open(cls, environ: MutableMapping[str, str] | None = None) -> "State":
        """Return the state folder named by ``KOSOPS_STATE``, by default ``.kosops`` in the project."""
        named = (os.environ if environ is None else environ).get("KOSOPS_STATE", "")
        state = cls(Path(named).expanduser().resolve() if named else BASE_DIR / ".kosops")
        state.create()
        return state

    def create(self) -> None:
        # Root runs PostgreSQL under another account, which has to walk through this folder;
        # what is secret in it has its own mode.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        self.folder.mkdir(mode=mode, parents=True, exist_ok=True)
        for name in FOLDERS:
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)

    @property
    def digest(self) -> str:
        """A short name for this folder, for things that have to live outside it."""
        return hashlib.sha256(str(self.folder).encode()).hexdigest()[:12]

    def path(self, *parts: str) -> Path:
        return self.folder.joinpath(*parts)

    # -- one at a time -------------------------------------------------------------

    def lock(self, name: str) -> IO[str] | None:
        """Take a lock, or return nothing while another process has it.

        The kernel gives it back when the process ends, also after ``kill -9``: it is never stale.
        """
        file = self.path("run", f"{name}.lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def locked(self, name: str) -> bool:
        """Whether another process has the lock, alone or shared with others."""
        if (file := self.lock(name)) is None:
            return True
        file.close()
        return False

    # -- secrets ------------------------------------------------------------------

    def secret(self, name: str, make: Callable[[], str]) -> str:
        """Return a kept secret; the first caller makes it, also when several start at once."""
        path = self.path("secrets", name)
        if not path.exists():
            write_once(path, make())
        return path.read_text().strip()

    @cached_property
    def passphrase(self) -> str:
        """The passphrase of all demo people, random for each installation."""
        return self.secret("demo-passphrase", new_passphrase)

    # -- addresses ----------------------------------------------------------------

    @property
    def redis_port(self) -> int:
        """The port kept for the embedded Redis."""
        path = self.path("run", "redis-port")
        if not path.exists():
            write_once(path, str(free_port()))
        return int(path.read_text())

    def move_redis(self) -> int:
        """Choose another port, because something else took the kept one."""
        self.path("run", "redis-port").unlink(missing_ok=True)
        return self.redis_port

    def redis_url(self, database: int = 0) -> str:
        password = self.secret("redis-password", lambda: secrets.token_urlsafe(24))
        return f"redis://:{password}@127.0.0.1:{self.redis_port}/{database}"

    def socket_folder(self, home: Path) -> Path:
        """Where the sockets of PostgreSQL are: in its home, if the path can be a socket's address."""
        folder = home / "run"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER and re.fullmatch(
            r"[\w./-]+", str(folder), re.ASCII
        ):
            return folder
        return Path(tempfile.gettempdir()) / f"kosops-{self.digest}"

    def database_url(self, *, testing: bool = False, user: str = OWNER) -> str:
        """The address of the embedded PostgreSQL, in a form that Django and libpq both read."""
        folder = self.socket_folder(self.postgres_home)
        port = 5433 if testing else 5432
        return f"postgres://{user}@{quote(str(folder), safe='')}:{port}/{DATABASE}"

    @property
    def postgres_home(self) -> Path:
        """The folder of the embedded PostgreSQL; servers.py writes the file when it must move out."""
        moved = self.path("run", "postgres-home")
        return Path(moved.read_text().strip()) if moved.exists() else self.path("postgres")


def load_environment(environ: MutableMapping[str, str], *, testing: bool = False) -> None:
    """Fill in what the environment does not say from the state folder; never replace a value."""
    state = State.open(environ)
    values: dict[str, Callable[[], str]] = {
        "SECRET_KEY": lambda: state.secret("secret-key", lambda: secrets.token_urlsafe(50)),
        "DATA_KEYS": lambda: state.secret("data-keys", new_data_key),
        "DATA_DIR": lambda: str(state.path("data")),
        "DATABASE_URL": lambda: state.database_url(testing=testing),
        "REDIS_URL": lambda: state.redis_url(1 if testing else 0),
        "DEMO_PASSPHRASE": lambda: state.passphrase,
    }
    for name, value in values.items():
        if not environ.get(name) and not environ.get(f"{name}_FILE"):
            environ[name] = value()


def new_data_key() -> str:
    """A key for stored secrets: 32 random bytes as Fernet writes them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def new_passphrase() -> str:
    """Five words, a little over 32 bits: enough where eight wrong tries lock the sign-in."""
    return "-".join(secrets.choice(PASSPHRASE_WORDS) for _ in range(5))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def write_once(path: Path, text: str) -> None:
    """Write a private file unless it exists; nobody ever sees it half written."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
