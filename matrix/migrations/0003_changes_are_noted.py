"""Changes of people, accounts and pairings note the units whose figures they move.

The notes are written by triggers, so that commands, imports, set-based runs and repairs all leave
one. A row is added each time; none is shared, so that nobody waits for another's transaction.
"""

from django.db import migrations

# Of each table: which units a set of rows belongs to, and which columns the figures hang on.
CREATORS = (
    "SELECT store_id AS unit_id FROM {rows} r",
    ("store_id", "kind", "state"),
)
ACCOUNTS = (
    "SELECT unit_id FROM {rows} r",
    (
        "unit_id", "creator_id", "platform", "domain", "state", "opened_on", "followers",
        "ownership", "role", "purpose", "private_layer",
    ),
)
PAIRINGS = (
    "SELECT s.unit_id FROM {rows} r JOIN matrix_socialaccount s ON s.id = r.public_account_id",
    ("public_account_id", "until"),
)

# Whether an account is held by someone who left hangs on its creator.
HELD = " UNION SELECT s.unit_id FROM matrix_socialaccount s JOIN moved m ON s.creator_id = m.id"

ROWS_COME_AND_GO = """
CREATE FUNCTION {table}_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matrix_changedunit (unit_id) SELECT DISTINCT unit_id FROM ({changed}) AS units;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_noted_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_noted();
CREATE TRIGGER kosops_noted_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_noted();
"""

ROWS_CHANGE = """
CREATE FUNCTION {table}_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS (
        SELECT b.id FROM before b JOIN after a USING (id) WHERE ({was}) IS DISTINCT FROM ({now})
    )
    INSERT INTO matrix_changedunit (unit_id) SELECT DISTINCT unit_id FROM (
        {before} JOIN moved m ON m.id = r.id
        UNION {after} JOIN moved m ON m.id = r.id
        {more}
    ) AS units;
    RETURN NULL;
END $$;
"""

# Many accounts change at once; their units stand in the rows themselves, so one pass is enough.
ACCOUNTS_CHANGE = """
CREATE FUNCTION {table}_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO matrix_changedunit (unit_id) SELECT DISTINCT unit.unit_id FROM (
        SELECT b.unit_id, a.unit_id AS now_id FROM before b JOIN after a USING (id)
         WHERE ({was}) IS DISTINCT FROM ({now})
    ) AS moved, LATERAL (VALUES (moved.unit_id), (moved.now_id)) AS unit(unit_id);
    RETURN NULL;
END $$;
"""

ON_CHANGE = """
CREATE TRIGGER kosops_noted_moved AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_moved();
"""

UNDO = """
DROP TRIGGER kosops_noted_added ON {table};
DROP TRIGGER kosops_noted_removed ON {table};
DROP TRIGGER kosops_noted_moved ON {table};
DROP FUNCTION {table}_noted();
DROP FUNCTION {table}_moved();
"""


def noted(table, units_and_columns, rows_change=ROWS_CHANGE, more=""):
    units, columns = units_and_columns
    sql = (ROWS_COME_AND_GO + rows_change + ON_CHANGE).format(
        table=table,
        was=", ".join(f"b.{name}" for name in columns),
        now=", ".join(f"a.{name}" for name in columns),
        more=more,
        **{rows: units.format(rows=rows) for rows in ("changed", "before", "after")},
    )
    return migrations.RunSQL(sql, UNDO.format(table=table))


class Migration(migrations.Migration):
    replaces = [
        ("matrix", "0010_changes_are_noted"),
        ("matrix", "0021_grid_counted_ahead"),
    ]
    dependencies = [("matrix", "0002_kept")]

    operations = [
        noted("matrix_creator", CREATORS, more=HELD),
        noted("matrix_socialaccount", ACCOUNTS, rows_change=ACCOUNTS_CHANGE),
        noted("matrix_pairing", PAIRINGS),
    ]
