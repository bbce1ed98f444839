"""Health checks of containers that have no web page: ``python -m kosops.health worker|beat|web``."""

import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

BEAT_SECONDS = 600


def web() -> bool:
    """Whether the web server of this container can serve pages, or says that it is not meant to.

    A container in maintenance is well: it shows the page, and must not be replaced for it.
    """
    address = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        return b'"maintenance": "on"' in refusal.read()
    except (urllib.error.URLError, OSError):
        return False


def worker() -> bool:
    """Whether the worker of this container answers over the queue."""
    import socket

    from kosops.celery import app

    name = f"celery@{socket.gethostname()}"
    return bool(app.control.ping(destination=[name], timeout=5))


def beat() -> bool:
    """Whether the scheduler has written its schedule lately; it does so every three minutes."""
    schedule = Path(os.environ.get("BEAT_SCHEDULE", "celerybeat-schedule"))
    # Some of Python's stores append an ending of their own.
    written = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    return bool(written) and time.time() - max(written) < BEAT_SECONDS


CHECKS = {"web": web, "worker": worker, "beat": beat}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in CHECKS:
        print(f"Say one of: {', '.join(CHECKS)}.", file=sys.stderr)  # noqa: T201
        return 2
    return 0 if CHECKS[arguments[0]]() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
