"""Rules that hold over all apps, read from the code itself."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models
from django.db.migrations.loader import MigrationLoader

from accounts import jobs
from accounts.access import PERMISSIONS, SCOPES
from accounts.activity import DONE
from accounts.models import ScopedQuerySet, Unit
from kosops.ui import navigation

ROOT = Path(__file__).parent.parent
# Lowest first: an app imports and points only at what stands before it.
ORDER = (
    "accounts",
    "integrations",
    "matrix",
    "training",
    "content",
    "customers",
    "incentives",
    "insights",
)
OUR_MODELS = [model for label in ORDER for model in apps.get_app_config(label).get_models()]
SOURCES = [
    path
    for folder in (*ORDER, "kosops")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
Trees = dict[Path, ast.AST]
# Models that nobody asks for by person, and why.
WITHOUT_SCOPE = {
    "accounts.SavedView": "a person's own; saved_views.visible adds what the brand shares",
    "customers.ChangedOrder": "a queue of the commission run; pages never read it",
    "matrix.DoorCount": "counts of the public form, by digest; pages never read it",
    "incentives.PendingRelease": "a queue of the release run; pages never read it",
}


# Reading all of the source takes seconds, so one process does it, when it comes to these tests.
reads_the_source = pytest.mark.xdist_group("source")


@pytest.fixture(scope="module")
def sources() -> Trees:
    return {path: ast.parse(path.read_text()) for path in SOURCES}


@pytest.fixture
def doors(sources: Trees) -> Trees:
    pages = re.compile(r"(.*_)?(pages|mobile|api)\.py")
    return {path: tree for path, tree in sources.items() if pages.fullmatch(path.name)}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def label_of(model: type[models.Model]) -> str:
    return model._meta.label


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """``for_user`` of ``Unit.objects.for_user(...)``, ``require`` of ``require(...)``."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


# -- scoping -------------------------------------------------------------------


def managers_used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, what is asked of it) for each ``.objects`` in a file."""
    inner = {
        id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager"}:
            yield node.lineno, inner.get(id(node), "the manager itself")


@reads_the_source
def test_there_are_doors_to_look_at(doors: Trees) -> None:
    assert len(doors) >= 6


@reads_the_source
def test_doors_fetch_through_for_user_only(doors: Trees) -> None:
    """An object in a view's hand means that permission was given."""
    wrong = [
        f"{name_of(path)}:{line} asks .objects.{asked}"
        for path, tree in doors.items()
        for line, asked in managers_used(tree)
        if asked != "for_user"
    ]
    assert wrong == []


def test_the_rule_about_doors_can_fail() -> None:
    tree = ast.parse(
        "Order.objects.filter(pk=1)\nOrder.objects.for_user(p, 'orders.view')\nOrder.objects"
    )
    assert sorted(managers_used(tree)) == [
        (1, "filter"),
        (2, "for_user"),
        (3, "the manager itself"),
    ]


@pytest.mark.parametrize("model", OUR_MODELS, ids=label_of)
def test_every_model_says_how_its_rows_belong_to_a_unit(model: type[models.Model]) -> None:
    queryset = model._default_manager.get_queryset()
    if label_of(model) in WITHOUT_SCOPE:
        assert not isinstance(queryset, ScopedQuerySet), "take it off the list of exceptions"
        return
    assert isinstance(queryset, ScopedQuerySet), "declare objects = scoped_by(...).as_manager()"
    if type(queryset).in_reach is not ScopedQuerySet.in_reach:
        return  # a way of its own, as people have, with tests of its own
    target: type[models.Model] = model
    for step in filter(None, (queryset.scope_path or "").split("__")):
        target = target._meta.get_field(step).related_model
    assert target is Unit, f"{queryset.scope_path!r} does not lead to a unit"


def test_the_exceptions_exist() -> None:
    assert set(WITHOUT_SCOPE) <= {label_of(model) for model in OUR_MODELS}


# -- the map -------------------------------------------------------------------


@pytest.mark.parametrize("model", OUR_MODELS, ids=label_of)
def test_foreign_keys_follow_the_order_of_the_apps(model: type[models.Model]) -> None:
    own = ORDER.index(model._meta.app_label)
    for field in model._meta.get_fields(include_hidden=True):
        target = getattr(field, "related_model", None)
        if target is None or field.auto_created or target._meta.app_label not in ORDER:
            continue
        assert ORDER.index(target._meta.app_label) <= own, f"{field.name} points upwards"


def test_every_app_of_ours_is_in_the_order() -> None:
    ours = {
        config.label
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in Path(config.path).parts
    }
    assert ours - {"ui"} == set(ORDER)


def test_files_are_named_for_what_is_in_them() -> None:
    empty = {"util", "utils", "service", "services", "helper", "helpers", "managers"}
    assert [name_of(path) for path in SOURCES if empty & set(path.stem.split("_"))] == []


# -- migrations ----------------------------------------------------------------

MIGRATIONS = sorted(
    (
        migration
        for (label, _name), migration in MigrationLoader(None).disk_migrations.items()
        if label in ORDER
    ),
    key=lambda migration: (migration.app_label, migration.name),
)


@pytest.mark.parametrize("migration", MIGRATIONS, ids=str)
def test_every_migration_can_be_taken_back_or_says_why_not(migration: object) -> None:
    import sys

    one_way = [op for op in migration.operations if not op.reversible]
    words = sys.modules[type(migration).__module__].__doc__ or ""
    assert not one_way or "Not reversible:" in words, one_way


# -- words that must exist -----------------------------------------------------

KNOWN_PERMISSIONS = frozenset().union(*PERMISSIONS.values())
# Functions that take a permission, and at which place.
TAKES_PERMISSION = {
    "for_user": 1,
    "reach": 1,
    "require": 1,
    "brands_of": 1,
    "has_perm_code": 0,
}


def permissions_asked(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for call in calls(tree):
        place = TAKES_PERMISSION.get(called(call))
        given = [call.args[place]] if place is not None and len(call.args) > place else []
        given += [word.value for word in call.keywords if word.arg == "permission"]
        for node in given:
            if (word := text(node)) is not None:
                yield node.lineno, word


@reads_the_source
def test_every_permission_asked_for_is_held_by_a_role(sources: Trees) -> None:
    """A typing error would show nothing to anybody, which looks like an empty list."""
    wrong = [
        f"{name_of(path)}:{line} {word}"
        for path, tree in sources.items()
        for line, word in permissions_asked(tree)
        if word and word not in KNOWN_PERMISSIONS
    ]
    assert wrong == []


def test_permissions_of_navigation_jobs_and_scopes_exist() -> None:
    asked = {item.permission for item in navigation.registered()} - {""}
    asked |= set(jobs._permissions.values())
    asked |= set().union(*SCOPES.values())
    assert asked <= KNOWN_PERMISSIONS


def verbs_written(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for call in calls(tree):
        for word in call.keywords:
            if word.arg == "verb" and (verb := text(word.value)) is not None:
                yield word.value.lineno, verb


@reads_the_source
def test_every_verb_of_the_activity_log_has_words(sources: Trees) -> None:
    wrong = [
        f"{name_of(path)}:{line} {verb}"
        for path, tree in sources.items()
        for line, verb in verbs_written(tree)
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+", verb) or verb.split(".")[1] not in DONE
    ]
    assert wrong == [], "add the word to accounts.activity.DONE"


# -- unsafe ways ---------------------------------------------------------------


@reads_the_source
def test_no_query_is_glued_together_from_input(sources: Trees) -> None:
    """A12: set-based SQL takes its values as parameters; the ORM's raw doors stay shut."""
    wrong = [
        f"{name_of(path)}:{call.lineno} .{called(call)}(...)"
        for path, tree in sources.items()
        for call in calls(tree)
        if isinstance(call.func, ast.Attribute) and called(call) in {"raw", "extra"} and call.args
    ]
    assert wrong == []
