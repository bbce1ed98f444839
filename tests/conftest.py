"""What every test shares: a database copied from a template.

Migrating takes seconds, copying a database takes a tenth of one. So the migrated database is kept
under a name made from the content of all migrations, and each test process works on a copy of its
own, named by its process id: several runs can go on at once.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import psycopg2
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import TransactionTestCase, override_settings
from django.utils import translation

from kosops.local.borrow import borrowed
from kosops.local.servers import Postgres, Redis
from kosops.local.state import State

# One profile for every day and one for the night, chosen by --hypothesis-profile=nightly. A failure
# prints how to repeat it. Two cores under load keep no deadlines.
hypothesis.settings.register_profile("default", deadline=None, print_blob=True)
hypothesis.settings.register_profile(
    "nightly", deadline=None, print_blob=True, max_examples=1_000, stateful_step_count=60
)
hypothesis.settings.load_profile("default")

TEMPLATE = "kosops_template_"
COPY = "kosops_test_"
BUILDING = 7_105_110  # any number: the advisory lock of whoever builds a template


def pytest_configure(config: pytest.Config) -> None:
    """Start the embedded servers for tests, unless the environment names others."""
    if hasattr(config, "workerinput"):
        return
    state = State.open()
    servers: list[Postgres | Redis] = []
    if os.environ["DATABASE_URL"] == state.database_url(testing=True):
        servers.append(Postgres(state, testing=True))
    if os.environ["REDIS_URL"] == state.redis_url(1):
        servers.append(Redis(state))
    stack = ExitStack()
    stack.enter_context(borrowed(state, servers))
    config.add_cleanup(stack.close)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """A request in another language leaves it behind in the thread; the next test begins anew."""
    yield
    translation.activate(settings.LANGUAGE_CODE)


@contextmanager
def server() -> Iterator[Any]:
    """A cursor on the server's maintenance database, outside any transaction."""
    settings = connection.settings_dict
    outside = psycopg2.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
    )
    outside.autocommit = True
    try:
        with outside.cursor() as cursor:
            yield cursor
    finally:
        outside.close()


def migrations_digest() -> str:
    digest = hashlib.sha256()
    for app in sorted(apps.get_app_configs(), key=lambda app: app.name):
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(f"{app.name}/{path.name}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def build_template(name: str) -> None:
    """Migrate a new database and give it the template's name once it is complete."""
    draft = f"{name}_{os.getpid()}"
    with server() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [BUILDING])
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone():
            return
        cursor.execute(f"DROP DATABASE IF EXISTS {draft}")
        cursor.execute(f"CREATE DATABASE {draft} TEMPLATE template0")
        connection.settings_dict["NAME"] = draft
        try:
            call_command("migrate", verbosity=0)
        except BaseException:
            connections.close_all()
            cursor.execute(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
            raise
        connections.close_all()
        cursor.execute(f"ALTER DATABASE {draft} RENAME TO {name}")


def drop_leftovers() -> None:
    """Drop the copies of runs that were killed, and templates of other migrations but the last few."""
    with server() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid DESC",
            [f"{TEMPLATE}%"],
        )
        complete = [name for (name,) in cursor.fetchall() if name.count("_") == 2]
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{COPY}%"])
        gone = [
            name for (name,) in cursor.fetchall() if not psutil.pid_exists(int(name.split("_")[2]))
        ]
        for name in complete[4:] + gone:
            # Another run may be doing the same, or may just have started to copy it.
            try:
                cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            except psycopg2.Error:
                continue


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    template = f"{TEMPLATE}{migrations_digest()}"
    name = f"{COPY}{os.getpid()}"
    with django_db_blocker.unblock():
        build_template(template)
        drop_leftovers()
        with server() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        connection.settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        with server() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(autouse=True, scope="session")
def throwaway_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Uploads of tests go where they are thrown away, not among the installation's own."""
    location = str(tmp_path_factory.mktemp("files"))
    backend = {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": location, "base_url": None},
    }
    with override_settings(STORAGES={**settings.STORAGES, "default": backend}):
        yield


# Content types and permissions are those of the template; Django's flush would write them anew.
EMPTY = """
    DO $$
    DECLARE
        own text;
        filled boolean;
    BEGIN
        FOR own IN
            SELECT tablename FROM pg_tables
             WHERE schemaname = 'public'
               AND tablename NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
        LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', own) INTO filled;
            IF filled THEN
                EXECUTE format('DELETE FROM %I', own);
            END IF;
        END LOOP;
    END $$
"""


@pytest.fixture(autouse=True, scope="session")
def empty_filled_tables_only() -> Iterator[None]:
    """After a transactional test, delete what it wrote, past triggers that refuse it.

    Django's flush truncates all tables, which takes longer than most tests.
    """

    def empty(case: TransactionTestCase) -> None:
        # Only a superuser may do this, which the application never is.
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(EMPTY)
            cursor.execute("RESET session_replication_role")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield
