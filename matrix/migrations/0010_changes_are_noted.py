"""Changes of people, accounts and pairings note the units whose figures they move.

The notes are written by triggers, so that commands, imports, set-based runs and repairs all leave
one. A row is added each time; none is shared, so that nobody waits for another's transaction.
"""

from django.db import migrations

# Of each table: which units a set of rows belongs to, and which columns the figures hang on.
TABLES = {
    "matrix_creator": (
        "SELECT store_id AS unit_id FROM {rows} r",
        ("store_id", "kind", "state"),
        # Whether an account is held by someone who left hangs on its creator.
        " UNION SELECT s.unit_id FROM matrix_socialaccount s JOIN moved m ON s.creator_id = m.id",
    ),
    "matrix_socialaccount": (
        "SELECT unit_id FROM {rows} r",
        ("unit_id", "creator_id", "platform", "domain", "state", "opened_on", "followers",
         "ownership"),
        "",
    ),
    "matrix_pairing": (
        "SELECT s.unit_id FROM {rows} r JOIN matrix_socialaccount s ON s.id = r.public_account_id",
        ("public_account_id", "until"),
        "",
    ),
}


def sql_of(table, units, columns, more):
    was = ", ".join(f"b.{name}" for name in columns)
    now = ", ".join(f"a.{name}" for name in columns)
    note = "INSERT INTO matrix_changedunit (unit_id)"
    return f"""
CREATE FUNCTION {table}_noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {note} SELECT DISTINCT unit_id FROM ({units.format(rows="changed")}) AS units;
    RETURN NULL;
END $$;
CREATE FUNCTION {table}_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH moved AS (
        SELECT b.id FROM before b JOIN after a USING (id) WHERE ({was}) IS DISTINCT FROM ({now})
    )
    {note} SELECT DISTINCT unit_id FROM (
        {units.format(rows="before")} JOIN moved m ON m.id = r.id
        UNION {units.format(rows="after")} JOIN moved m ON m.id = r.id
        {more}
    ) AS units;
    RETURN NULL;
END $$;
CREATE TRIGGER kosops_noted_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_noted();
CREATE TRIGGER kosops_noted_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_noted();
CREATE TRIGGER kosops_noted_moved AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_moved();
"""


def undo(table):
    return f"""
DROP TRIGGER kosops_noted_added ON {table};
DROP TRIGGER kosops_noted_removed ON {table};
DROP TRIGGER kosops_noted_moved ON {table};
DROP FUNCTION {table}_noted();
DROP FUNCTION {table}_moved();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('matrix', '0009_unit_figures'),
    ]

    operations = [
        migrations.RunSQL(sql_of(table, *parts), undo(table)) for table, parts in TABLES.items()
    ]
