"""The part that runs before anything is installed; pip and uv are watched, not asked."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kosops.local.state import BASE_DIR

SCRIPT = BASE_DIR / "kosops" / "local" / "install.py"
REQUIREMENTS = BASE_DIR / "requirements"
SETS = ("installer", "base", "local", "dev", "mutants", "real")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, with an environment of its own whose pip and uv only write down their calls."""
    venv = tmp_path / "venv"
    monkeypatch.setenv("VENV", str(venv))
    spec = importlib.util.spec_from_file_location("install_under_test", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    calls: list[list[str]] = []

    def run(command: list[object], **_: object) -> subprocess.CompletedProcess[str]:
        words = [str(word) for word in command]
        calls.append(words)
        if words[1:3] == ["-m", "venv"]:
            (venv / "bin").mkdir(parents=True)
            (venv / "bin" / "python").touch()
            (venv / "bin" / "uv").touch()
        if not (venv / "bin" / "python").exists():
            raise FileNotFoundError
        return subprocess.CompletedProcess(words, 0, "3 11\n", "")

    monkeypatch.setattr(module.subprocess, "run", run)
    module.calls = calls  # type: ignore[attr-defined]
    return module


def installs(module: ModuleType) -> list[list[str]]:
    return [call for call in module.calls if "install" in call]


def test_the_first_time_it_makes_the_environment_and_installs(install: ModuleType) -> None:
    assert install.main(["base", "local"]) == 0
    pip, uv = installs(install)
    assert pip[1:4] == ["-m", "pip", "install"]
    assert uv[0].endswith("bin/uv")
    assert [word for word in uv if word.endswith(".txt")] == [
        str(REQUIREMENTS / "base.txt"),
        str(REQUIREMENTS / "local.txt"),
    ]
    for call in (pip, uv):
        assert "--require-hashes" in call


def test_the_second_time_it_does_nothing(install: ModuleType) -> None:
    install.main(["base", "local"])
    install.calls.clear()
    install.main(["base", "local"])
    assert installs(install) == []
    install.main(["base", "local", "dev"])
    assert len(installs(install)) == 2


def test_changed_requirements_are_installed_again(install: ModuleType) -> None:
    install.main(["base"])
    stamp = json.loads(install.STAMP.read_text())
    install.STAMP.write_text(json.dumps({**stamp, "base": "of another time"}))
    install.calls.clear()
    install.main(["base"])
    assert len(installs(install)) == 2


def test_another_python_makes_a_new_environment(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.main(["base"])
    stamp = json.loads(install.STAMP.read_text())
    install.STAMP.write_text(json.dumps({**stamp, "python": "3 9"}))
    install.calls.clear()
    monkeypatch.setattr(install, "usable", lambda: not install.VENV.exists() or made(install))
    install.main(["base"])
    assert made(install)


def made(module: ModuleType) -> bool:
    return any(call[1:3] == ["-m", "venv"] for call in module.calls)


def test_pip_does_the_work_where_uv_fails(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "install_with_uv", lambda _: False)
    install.main(["base"])
    (pip,) = installs(install)
    assert str(REQUIREMENTS / "base.txt") in pip
    assert "--require-hashes" in pip


def test_no_space_is_said_before_anything_is_made(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("Usage", (), {"free": 5 * 2**20})()
    monkeypatch.setattr(install.shutil, "disk_usage", lambda _: full)
    with pytest.raises(install.InstallError, match="only 5 MB are free"):
        install.main(["base"])
    assert not install.VENV.exists()


def test_a_python_without_venv_names_the_package(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = (
        "The virtual environment was not created successfully because ensurepip is not available."
    )
    monkeypatch.setattr(
        install.subprocess,
        "run",
        lambda command, **_: subprocess.CompletedProcess(command, 1, said, ""),
    )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(install.InstallError, match=re.escape(f"apt install python{version}-venv")):
        install.main(["base"])


@pytest.mark.parametrize("name", SETS)
def test_requirements_are_pinned_with_hashes_and_name_no_index(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.txt").read_text()
    assert "--index" not in text
    assert "--find-links" not in text
    assert "://" not in text
    assert "/" not in re.sub(r"#.*", "", text), "no path of any machine"
    lines = text.replace("\\\n", " ").splitlines()
    entries = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.]+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("name", SETS)
def test_each_package_asked_for_is_pinned(name: str) -> None:
    asked = [
        re.split(r"[\[~=<>]", line)[0].strip().lower()
        for line in (REQUIREMENTS / f"{name}.in").read_text().splitlines()
        if line and not line.startswith(("#", "-c"))
    ]
    pinned = (REQUIREMENTS / f"{name}.txt").read_text().lower()
    for package in asked:
        assert f"\n{package}==" in f"\n{pinned}", package


def test_the_sets_agree_on_versions() -> None:
    versions: dict[str, set[str]] = {}
    for name in SETS:
        text = (REQUIREMENTS / f"{name}.txt").read_text()
        for package, version, marker in re.findall(r"^([\w.-]+)==(\S+)(.*)", text, re.MULTILINE):
            if "python_full_version" not in marker:
                versions.setdefault(package, set()).add(version)
    assert {package: found for package, found in versions.items() if len(found) > 1} == {}


def test_npm_packages_are_locked_by_content_and_name_no_registry() -> None:
    lock = json.loads((BASE_DIR / "assets" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    for name, entry in packages.items():
        assert entry["integrity"].startswith("sha512-"), name
        assert "resolved" not in entry, name


def make(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=BASE_DIR,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_a_plain_make_says_the_seven_words() -> None:
    result = make()
    assert result.returncode == 0
    words = re.findall(r"^make (\S+)", result.stdout, re.MULTILINE)
    assert words == ["run", "test", "check", "fix", "bench", "demo-real", "clean"]


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' || exit 1\n")
    old.chmod(0o755)
    result = make("run", f"PYTHON={old}")
    assert result.returncode != 0
    assert "is Python 3.9.2; Python 3.11 or newer is needed" in result.stderr


def test_no_python_at_all_is_said_with_the_way_out() -> None:
    result = make("run", "PYTHON=")
    assert result.returncode != 0
    assert "Python 3.11 or newer is needed, and none was found" in result.stderr
    assert "make run PYTHON=" in result.stderr
