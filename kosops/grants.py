"""What the application's role in the database may do: ``python -m kosops.grants``.

Tables belong to the owner, under whom migrations run. Web, worker and beat sign in as another role
that may add to an append-only table but never change, delete or empty it: a trigger could be
switched off by the owner, a missing privilege cannot be helped by the one who lacks it. Run this
as the owner after each migration.
"""

import os
import sys
from typing import Any

# Those whose rows are refused to DELETE (8) and UPDATE (16) whatever they say. A table that only
# cannot be emptied, or whose rows are final from some state on, has to be worked on until then.
APPEND_ONLY = """
    SELECT DISTINCT tgrelid::regclass::text
    FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE proname = 'kosops_append_only' AND NOT tgisinternal
      AND tgtype & 24 = 24 AND tgqual IS NULL
    ORDER BY 1
"""


def append_only_tables(cursor: Any) -> list[str]:
    """The tables whose trigger refuses changes, read from the database itself."""
    cursor.execute(APPEND_ONLY)
    return [name for (name,) in cursor.fetchall()]


def grant(cursor: Any, role: str) -> list[str]:
    """Give ``role`` what the application needs. Return the tables that it may only add to."""
    quoted = '"{}"'.format(role.replace('"', '""'))
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is None:
        # On one machine for trial; in production the role exists, with a password.
        cursor.execute(f"CREATE ROLE {quoted} LOGIN")
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quoted}")
    cursor.execute(
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted}"
    )
    cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
    cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {quoted}")
    tables = append_only_tables(cursor)
    for table in tables:
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {quoted}")
    return tables


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kosops.settings.base")
    import django

    django.setup()
    from django.db import connection, transaction

    role = os.environ.get("APP_ROLE", "kosops_app")
    with transaction.atomic(), connection.cursor() as cursor:
        tables = grant(cursor, role)
    print(f"{role} may only add to: {', '.join(tables)}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
