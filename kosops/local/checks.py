"""Checks of ``make check`` that need Django: production settings, and migrations for all models."""

import os
import secrets
import subprocess
import sys

from kosops.local.borrow import borrowed
from kosops.local.servers import Postgres
from kosops.local.state import BASE_DIR, State, load_environment
from kosops.local.wheels import LocalError


def manage(settings: str, *arguments: str, **environment: str) -> int:
    command = [sys.executable, "manage.py", *arguments, f"--settings={settings}"]
    print(*command[1:], flush=True)
    return subprocess.run(
        command, cwd=BASE_DIR, env={**os.environ, **environment}, check=False
    ).returncode


def main() -> int:
    state = State.open()
    filled = dict(os.environ)
    load_environment(filled, testing=True)
    os.environ.update(filled)
    with borrowed(state, [Postgres(state, testing=True)]):
        deploy = manage(
            "kosops.settings.base",
            *["check", "--deploy", "--fail-level=WARNING"],
            SECRET_KEY=secrets.token_urlsafe(50),
            ALLOWED_HOSTS="kosops.example",
        )
        migrations = manage("kosops.settings.test", "makemigrations", "--check", "--dry-run")
    return deploy or migrations


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(f"kosops: {error}")
