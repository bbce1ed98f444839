"""Make the virtual environment and install the pinned packages: called by the Makefile.

    python3 kosops/local/install.py base local dev

installs requirements/base.txt and so on into ``.venv`` (or the folder in ``VENV``), unless they
are installed already. This file runs before anything is installed, so it uses the standard library
only. Packages are installed by uv, itself pinned and installed by pip, because it takes seconds
where pip takes half a minute; where uv cannot be had or fails, pip does the work.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
REQUIREMENTS = BASE_DIR / "requirements"
VENV = Path(os.environ.get("VENV") or BASE_DIR / ".venv").absolute()
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "kosops-installed.json"
# base and local together unpack to about 450 MB.
NEEDED_BYTES = 700 * 1024 * 1024


class InstallError(Exception):
    """Something a person has to put right."""


def digests(sets: list[str]) -> dict[str, str]:
    """What would be installed: a digest for each requirements file."""
    return {
        name: hashlib.sha256((REQUIREMENTS / f"{name}.txt").read_bytes()).hexdigest()
        for name in sets
    }


def installed() -> dict[str, str]:
    """What is installed, or nothing if the environment is missing or its Python was replaced."""
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if stamp.get("python") == python_version() else {}


def python_version() -> str:
    """The version of the environment's Python: the system may have put another one in its place."""
    command = [str(PYTHON), "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return str(result.stdout).strip()


def installed_stamp() -> str:
    """A short text that changes when other packages are installed."""
    return json.dumps(installed())


def say(text: str) -> None:
    print(f"kosops: {text}", flush=True)


def main(sets: list[str]) -> int:
    # Two makes at once must not install into each other: the second waits, and has nothing to do.
    project = os.open(BASE_DIR, os.O_RDONLY)
    try:
        fcntl.flock(project, fcntl.LOCK_EX)
        install(sets)
    finally:
        os.close(project)
    return 0


def install(sets: list[str]) -> None:
    """Bring the environment up to what the requirements files say."""
    wanted, present = digests(sets), installed()
    if all(present.get(name) == digest for name, digest in wanted.items()):
        return
    check_space()
    if not present and not usable():
        make_environment()
    say(f"installing packages ({', '.join(sets)})")
    files = [part for name in sets for part in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
    if not install_with_uv(files):
        install_with_pip(files)
    STAMP.write_text(json.dumps({**present, **wanted, "python": python_version()}))


def check_space() -> None:
    free = shutil.disk_usage(VENV.parent).free
    if free < NEEDED_BYTES:
        raise InstallError(
            f"only {free // 2**20} MB are free in {VENV.parent}; the packages need"
            f" {NEEDED_BYTES // 2**20} MB. Free some space and try again."
        )


def usable() -> bool:
    """Whether an environment stands that pip works in; one left half made does not count."""
    try:
        result = subprocess.run(
            [str(PYTHON), "-m", "pip", "--version"], capture_output=True, check=False
        )
    except OSError:
        return False
    return result.returncode == 0


def make_environment() -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    say(f"making {VENV.name} with Python {version}")
    shutil.rmtree(VENV, ignore_errors=True)
    result = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if result.returncode == 0 and usable():
        return
    shutil.rmtree(VENV, ignore_errors=True)
    said = (result.stdout + result.stderr).strip()
    if "ensurepip" in said or "venv" in said:
        raise InstallError(
            f"this Python {version} cannot make a virtual environment. On Debian and Ubuntu that"
            f" part is a package of its own: apt install python{version}-venv"
        )
    raise InstallError(f"the virtual environment could not be made:\n{said}")


def install_with_uv(files: list[str]) -> bool:
    """Install with uv. False if it is not to be had or fails: then pip may still succeed."""
    if os.environ.get("KOSOPS_INSTALLER") == "pip":
        return False
    uv = VENV / "bin" / "uv"
    pinned = ["-r", str(REQUIREMENTS / "installer.txt")]
    result = subprocess.run([*pip(), *pinned], capture_output=True, check=False)
    if result.returncode or not uv.exists():
        return False
    command = [str(uv), "pip", "install", "--quiet", "--no-config", "--require-hashes"]
    result = subprocess.run(
        [*command, "--python", str(PYTHON), *files],
        env={**os.environ, **index_settings()},
        capture_output=True,
        check=False,
    )
    return result.returncode == 0


def pip() -> list[str]:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-input"]
    return [str(PYTHON), "-m", "pip", "install", *quiet, "--require-hashes"]


def index_settings() -> dict[str, str]:
    """Tell uv of the package index that this machine's pip is set up with."""
    names = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
    found = {}
    result = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    for line in result.stdout.splitlines():
        key, _, value = line.partition("=")
        name = names.get(key.rpartition(".")[2])
        if name and name not in os.environ:
            found[name] = value.strip("'\"")
    return found


def install_with_pip(files: list[str]) -> None:
    say("installing with pip, which takes longer")
    result = subprocess.run([*pip(), *files], check=False)
    if result.returncode:
        raise InstallError(
            "the packages could not be installed; see above. A package index has to be reachable:"
            " pip's own settings (pip config list) say which one is asked."
        )


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except InstallError as error:
        sys.exit(f"kosops: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
