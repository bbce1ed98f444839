"""The demo brand in a database of its own. It is loaded once for all workers of a run.

Loading takes a quarter of a minute of one core, copying the database a second.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections

from tests.conftest import BUILDING, COPY, server
from tests.incentives.races import own_database

LOADED, LOADING, LOOKED_AT = "demo", "loading", "looked"


def load(owner: int, files: Path) -> str:
    """Return the name of the run's database with the demo brand; whoever comes first loads it.

    ``owner`` is the process that the workers have in common: when it has gone, the next run drops
    the database. ``files`` gets what the demo wrote beside it.
    """
    template = f"{COPY}{owner}_{LOADED}"
    with server() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
        if cursor.fetchone():
            return template
        with own_database(LOADING) as draft:
            call_command("demo", scale=0.05, password="correct horse battery", verbosity=0)
            shutil.copytree(default_storage.location, files)
            connections.close_all()
            cursor.execute(f"CREATE DATABASE {template} TEMPLATE {draft}")
    return template


@contextmanager
def demo_database(owner: int, files: Path) -> Iterator[None]:
    """Work on a copy of it, with its files."""
    template = load(owner, files)
    shutil.copytree(files, default_storage.location, dirs_exist_ok=True)
    with own_database(LOOKED_AT, template):
        # What was remembered of the database before may have the same keys.
        cache.clear()
        yield
    cache.clear()
