"""Databases migrated before the migrations were put together."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from kosops.lib import half_way

pytestmark = pytest.mark.django_db


def put_together(app: str) -> list:
    disk = MigrationExecutor(connection).loader.disk_migrations
    return [one for key, one in disk.items() if key[0] == app and one.replaces]


@pytest.fixture
def former():
    """A database that knows only the former migrations."""
    rows = MigrationRecorder(connection).migration_qs
    for app in ("accounts", "matrix", "content", "customers", "incentives"):
        rows.filter(app=app, name__in=[one.name for one in put_together(app)]).delete()
    return rows


def plan() -> list:
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def test_a_database_with_all_former_migrations_has_nothing_to_do(former) -> None:
    half_way.refuse("default")
    assert plan() == []


def test_a_database_with_some_of_them_is_refused(former) -> None:
    former.filter(app="incentives", name="0070_dry_runs").delete()

    with pytest.raises(CommandError, match="migrations of incentives"):
        half_way.refuse("default")


def test_a_database_that_stopped_between_the_new_ones_goes_on(former) -> None:
    first, *later = put_together("matrix")
    MigrationRecorder(connection).record_applied("matrix", first.name)
    for one in later:
        former.filter(app="matrix", name__in=[name for _app, name in one.replaces]).delete()

    half_way.refuse("default")


def test_migrate_asks_before_it_begins(former) -> None:
    former.filter(app="incentives", name="0001_initial").delete()

    with pytest.raises(CommandError, match="which version to go through first"):
        call_command("migrate", verbosity=0)
