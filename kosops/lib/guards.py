"""Rules that PostgreSQL itself holds, as migration operations.

Plain triggers rather than a trigger library: there must be no switch by which application code
could step around them. They raise SQLSTATE 23001 (append-only) and 23514 (rule broken), which
Django reports as IntegrityError.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL

FUNCTION = """
CREATE FUNCTION kosops_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23001', HINT = 'Add a correcting row instead.';
END $$;
"""


def append_only_function() -> RunSQL:
    """Create the trigger function that `append_only` uses."""
    return RunSQL(FUNCTION, "DROP FUNCTION kosops_append_only()")


def append_only(*tables: str) -> list[RunSQL]:
    """Refuse UPDATE, DELETE and TRUNCATE on ``tables``, also through cascades and MERGE."""
    return [
        RunSQL(
            f"""
            CREATE TRIGGER kosops_no_change BEFORE UPDATE OR DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION kosops_append_only();
            CREATE TRIGGER kosops_no_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION kosops_append_only();
            """,
            f"""
            DROP TRIGGER kosops_no_change ON {table};
            DROP TRIGGER kosops_no_truncate ON {table};
            """,
        )
        for table in tables
    ]


KEPT_FUNCTION = """
CREATE FUNCTION kosops_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = '23001';
END $$;
"""


def never_deleted_function() -> RunSQL:
    """Create the trigger function that `never_deleted` uses."""
    return RunSQL(KEPT_FUNCTION, "DROP FUNCTION kosops_never_deleted()")


def never_deleted(*tables: str) -> list[RunSQL]:
    """Refuse DELETE and TRUNCATE on ``tables``; their rows may change, but not go."""
    return [
        RunSQL(
            f"""
            CREATE TRIGGER kosops_no_delete BEFORE DELETE ON {table}
                FOR EACH ROW EXECUTE FUNCTION kosops_never_deleted();
            CREATE TRIGGER kosops_no_truncate BEFORE TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION kosops_never_deleted();
            """,
            f"""
            DROP TRIGGER kosops_no_delete ON {table};
            DROP TRIGGER kosops_no_truncate ON {table};
            """,
        )
        for table in tables
    ]
