"""The roles of the database: what the application may do, and what it never can."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from kosops.grants import append_only_tables, grant
from kosops.local.servers import Postgres
from kosops.local.state import State
from tests.local.parent import new_state, remove

BASE = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Postgres, State]]:
    """A cluster of its own: roles belong to a whole cluster, not to one database."""
    state = new_state()
    postgres = Postgres(state, testing=True)
    postgres.start()
    yield postgres, state
    remove(state)


def test_the_first_start_of_the_container_creates_both_roles(
    cluster: tuple[Postgres, State], tmp_path: Path
) -> None:
    """10-roles.sh itself runs, with the paths of the container replaced by those of the test."""
    postgres, _ = cluster
    outside = postgres.connect()
    outside.autocommit = True
    outside.cursor().execute("DROP DATABASE kosops")
    outside.close()
    for name in ("owner_password", "app_password"):
        (tmp_path / name).write_text("a'b\"c$d\n")
    script = (BASE / "deploy/postgres/10-roles.sh").read_text()
    script = script.replace("/run/secrets", str(tmp_path))
    script = script.replace("/docker-entrypoint-initdb.d", str(BASE / "deploy/postgres"))
    result = subprocess.run(
        ["sh", "-c", script],
        env={
            "PATH": f"{postgres.wheel / 'bin'}:{os.environ['PATH']}",
            "POSTGRES_USER": "kosops",
            "PGHOST": str(postgres.sockets),
            "PGPORT": str(postgres.port),
        },
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr

    database = postgres.connect("kosops")
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'kosops\\_%' ORDER BY 1"
        )
        assert cursor.fetchall() == [
            ("kosops_app", False, False, False),
            ("kosops_owner", False, False, False),
        ]
        cursor.execute(
            "SELECT pg_get_userbyid(datdba), datlocprovider FROM pg_database"
            " WHERE datname = 'kosops'"
        )
        assert cursor.fetchone() == ("kosops_owner", "b")
        cursor.execute(
            "SELECT has_schema_privilege('kosops_app', 'public', 'CREATE'),"
            " has_schema_privilege('kosops_owner', 'public', 'CREATE')"
        )
        assert cursor.fetchone() == (False, True)
    database.close()


@pytest.mark.django_db
def test_every_append_only_table_is_found() -> None:
    with connection.cursor() as cursor:
        tables = append_only_tables(cursor)
    assert "accounts_activity" in tables
    assert "incentives_journal" in tables
    assert "incentives_posting" in tables


@pytest.mark.django_db
def test_the_application_may_add_to_history_but_not_change_it() -> None:
    with connection.cursor() as cursor:
        tables = grant(cursor, "kosops_app_tried")
        for table in tables:
            cursor.execute(
                "SELECT array_agg(word ORDER BY word) FROM unnest(ARRAY['SELECT', 'INSERT',"
                " 'UPDATE', 'DELETE', 'TRUNCATE']) AS word"
                " WHERE has_table_privilege('kosops_app_tried', %s, word)",
                [table],
            )
            assert cursor.fetchone() == (["INSERT", "SELECT"],), table
        cursor.execute("SET LOCAL ROLE kosops_app_tried")
        for statement in (
            "UPDATE incentives_posting SET amount = 0",
            "DELETE FROM incentives_journal",
            "TRUNCATE accounts_activity",
            "ALTER TABLE incentives_posting DISABLE TRIGGER ALL",
            "DROP TABLE incentives_posting",
            "SET session_replication_role = replica",
            "DELETE FROM django_migrations",
        ):
            cursor.execute("SAVEPOINT before")
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                raw(cursor, statement)
            cursor.execute("ROLLBACK TO SAVEPOINT before")
        cursor.execute("SELECT count(*) FROM incentives_posting")
        cursor.execute("UPDATE accounts_job SET state = state")


@pytest.mark.django_db
def test_what_is_final_from_some_state_on_may_be_worked_on_until_then() -> None:
    """The rates of a draft are written anew, and a dry run gets its figures when it ends."""
    with connection.cursor() as cursor:
        grant(cursor, "kosops_app_tried")
        cursor.execute("SET LOCAL ROLE kosops_app_tried")
        cursor.execute("DELETE FROM incentives_planrate")
        cursor.execute("UPDATE incentives_dryrun SET finished_at = now()")


def raw(cursor: object, statement: str) -> None:
    """Past Django's wrapping of errors, so that PostgreSQL's own class is seen."""
    cursor.cursor.execute(statement)  # type: ignore[attr-defined]
