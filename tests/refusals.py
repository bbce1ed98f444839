"""What PostgreSQL itself refuses, by SQLSTATE."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection, transaction

RESTRICTED = "23001"
NO_PARENT = "23503"
TWICE = "23505"
RULE_BROKEN = "23514"
OVERLAP = "23P01"
NO_PRIVILEGE = "42501"
NO_NUMBER = "22P02"
TOO_LARGE = "22003"


def sql(statement: str, *values: Any) -> int:
    """Run a statement as somebody with a database client would."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def one(statement: str, *values: Any) -> Any:
    """The only value of a query."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


@contextmanager
def refused(sqlstate: str) -> Iterator[None]:
    """The block fails with exactly this SQLSTATE, at its latest where it would commit."""
    try:
        with transaction.atomic():
            yield
            sql("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as failure:
        found, why = getattr(failure.__cause__, "pgcode", None), str(failure)
    else:
        found, why = None, "nothing was refused"
    assert found == sqlstate, f"{found}: {why}"


@contextmanager
def as_owner_without_guards() -> Iterator[None]:
    """Switch all triggers and foreign keys off, as only a superuser can: to plant a fault."""
    sql("SET session_replication_role = replica")
    try:
        yield
    finally:
        sql("RESET session_replication_role")
