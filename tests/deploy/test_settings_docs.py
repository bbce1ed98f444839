"""Each setting has a line in the docs, with the default that it really has."""

import re
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
DOCS = (BASE / "docs/settings.md").read_text()
READ = re.findall(
    r'env\.(\w+)\(\s*"(\w+)"(?:,\s*([^)]+?))?\)', (BASE / "kosops/settings/base.py").read_text()
)
GUNICORN = re.findall(r'environ\.get\(\s*[\'"](\w+)', (BASE / "deploy/gunicorn.py").read_text())


def line(name: str) -> str:
    """The table's line for a setting."""
    found = re.search(rf"^\|[^|]*`{name}`.*$", DOCS, re.MULTILINE)
    assert found, f"{name} has no line in docs/settings.md"
    return found[0]


def test_settings_are_found_at_all() -> None:
    assert len(READ) > 15
    assert len(GUNICORN) >= 5


@pytest.mark.parametrize(("kind", "name", "default"), READ, ids=[name for _, name, _ in READ])
def test_a_setting_is_described_with_its_type_and_default(
    kind: str, name: str, default: str
) -> None:
    words = line(name).split("|")[2]
    if not default and kind != "dj_db_url":
        assert "required" in words
    elif kind == "bool":
        assert f"yes/no, `{'yes' if default == 'True' else 'no'}`" in words
    elif kind == "int":
        assert f"number, `{eval(default)}`" in words
    elif kind == "list":
        assert "list, none" in words
    elif default.startswith('"') and default != '""':
        assert f"`{default.strip(chr(34))}`" in words


@pytest.mark.parametrize("name", sorted(set(GUNICORN)))
def test_a_setting_of_the_web_server_is_described(name: str) -> None:
    assert line(name)


def test_the_docs_name_no_setting_that_does_not_exist() -> None:
    text = "\n".join(
        path.read_text()
        for pattern in ("kosops/**/*.py", "deploy/*", "Makefile", "docker-compose.yml")
        for path in BASE.glob(pattern)
        if path.is_file()
    )
    for name in re.findall(r"`([A-Z][A-Z_]{3,})`", DOCS):
        assert name in text, name
