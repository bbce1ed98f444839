"""The map of the code holds for what import-linter cannot see: packages, apps and foreign keys."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings

BASE = Path(settings.BASE_DIR)
LINTER: dict[str, Any] = tomllib.loads((BASE / "pyproject.toml").read_text())["tool"][
    "importlinter"
]
CONTRACTS = {contract["name"]: contract for contract in LINTER["contracts"]}
ORDER = CONTRACTS["An app imports only what stands below it"]["layers"]
APPS = [name for name in ORDER if name.isidentifier()]


def test_every_package_is_on_the_map() -> None:
    packages = {path.parent.name for path in BASE.glob("*/__init__.py")}
    assert packages - {"bench", "tests"} == set(LINTER["root_packages"])
    assert set(APPS) == packages - {"bench", "tests", "kosops"}


def test_every_app_is_installed() -> None:
    assert set(APPS) <= set(settings.INSTALLED_APPS)


@pytest.mark.parametrize("app", APPS)
def test_every_file_of_an_app_has_its_place(app: str) -> None:
    contract = CONTRACTS[f"Inside {app}"]
    assert contract["containers"] == [app]
    assert contract["exhaustive"] is True


def height(label: str) -> int:
    return len(APPS) - APPS.index(label)


@pytest.mark.parametrize(
    "model", [model for model in apps.get_models() if model._meta.app_label in APPS]
)
def test_foreign_keys_point_down(model: Any) -> None:
    label = model._meta.app_label
    for field in model._meta.get_fields():
        if field.is_relation and not field.auto_created and field.related_model:
            target = field.related_model._meta.app_label
            if target in APPS:
                assert height(target) <= height(label), f"{model.__name__}.{field.name}"
