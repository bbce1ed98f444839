"""A database that stands half-way through migrations which have been put together since.

Django leaves a migration out when only some of those that it ``replaces`` were applied and their
files are gone. Tables would be missing, without a word or with a misleading one.
"""

from django.core.management import CommandError
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def refuse(database: str) -> None:
    """Stop ``migrate`` before it begins, if an app's former migrations were not all applied."""
    applied = set(MigrationRecorder(connections[database]).applied_migrations())
    known = MigrationLoader(None).disk_migrations
    for app in sorted({label for label, _name in known}):
        together = {key: one for key, one in known.items() if key[0] == app and one.replaces}
        gone = {former for one in together.values() for former in one.replaces} - set(known)
        # A database that was begun with the new ones may stop between them and go on later.
        if applied.isdisjoint(together) and applied & gone and gone - applied:
            raise CommandError(
                f"The migrations of {app} were put together after this database was last migrated. "
                "docs/operations.md, Upgrade, says which version to go through first."
            )
