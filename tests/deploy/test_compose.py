"""docker-compose.yml by its rules: no Docker engine runs here, so the file is read, not started."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands

from deploy import make_secrets

BASE = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((BASE / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"migrate", "grants"}
OURS = {"web", "worker", "beat", "migrate", "grants"}

# The part of the compose specification that this file uses, by key.
TOP_LEVEL = {"name", "services", "networks", "volumes", "secrets"}
SERVICE = {
    "image": str,
    "build": dict,
    "command": list,
    "restart": str,
    "user": str,
    "read_only": bool,
    "tmpfs": list,
    "cap_drop": list,
    "security_opt": list,
    "networks": list,
    "volumes": list,
    "secrets": list,
    "environment": dict,
    "ports": list,
    "depends_on": dict,
    "healthcheck": dict,
    "stop_grace_period": str,
    "stop_signal": str,
    "shm_size": str,
}
HEALTH = {"test": list, "interval": str, "timeout": str, "retries": int, "start_period": str}
CONDITIONS = {"service_healthy", "service_completed_successfully"}
DURATION = re.compile(r"(\d+h)?(\d+m)?(\d+s)?")


@pytest.fixture(params=sorted(SERVICES))
def service(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, SERVICES[request.param]


def test_only_known_keys_with_the_right_types() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == TOP_LEVEL
    for name, parts in SERVICES.items():
        for key, value in parts.items():
            assert isinstance(value, SERVICE[key]), f"{name}.{key}"
        for key, value in parts.get("healthcheck", {}).items():
            assert isinstance(value, HEALTH[key]), f"{name}.healthcheck.{key}"
        for key in ("stop_grace_period",):
            assert DURATION.fullmatch(parts.get(key, "1s")), f"{name}.{key}"
        for value in parts.get("environment", {}).values():
            assert isinstance(value, str), f"{name}: YAML would turn {value!r} into no text"


def test_everything_named_is_declared(service: tuple[str, dict[str, Any]]) -> None:
    _, parts = service
    assert set(parts.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(parts["networks"]) <= set(COMPOSE["networks"])
    for volume in parts.get("volumes", []):
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (BASE / source).exists(), source
    for other, how in parts.get("depends_on", {}).items():
        assert other in SERVICES
        assert how["condition"] in CONDITIONS
        if how["condition"] == "service_completed_successfully":
            assert SERVICES[other]["restart"] == "no"
        else:
            assert "healthcheck" in SERVICES[other]


def test_nothing_runs_as_root(service: tuple[str, dict[str, Any]]) -> None:
    name, parts = service
    assert parts["user"].split(":")[0] not in {"", "0", "root"}, name
    assert parts["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in parts["security_opt"]


def test_what_stays_up_has_a_health_check(service: tuple[str, dict[str, Any]]) -> None:
    name, parts = service
    assert ("healthcheck" in parts) == (name not in ONE_SHOT)
    assert parts["restart"] == ("no" if name in ONE_SHOT else "unless-stopped")


def test_only_the_proxy_is_published_and_the_databases_reach_nothing() -> None:
    assert [name for name, parts in SERVICES.items() if "ports" in parts] == ["proxy"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert SERVICES[name]["networks"] == ["inside"]
    assert SERVICES["proxy"]["networks"] == ["outside"]


def test_secrets_come_from_files_and_never_from_the_environment() -> None:
    for secret in COMPOSE["secrets"].values():
        assert set(secret) == {"file"}
    for name, parts in SERVICES.items():
        for key, value in parts.get("environment", {}).items():
            if value.startswith("/run/secrets/"):
                assert key.endswith("_FILE"), f"{name}.{key}"
                assert value.removeprefix("/run/secrets/") in parts["secrets"], f"{name}.{key}"
            else:
                assert not re.search(r"KEY|PASSWORD|SECRET|_URL$", key) or key == "EMAIL_URL"


def test_the_secrets_are_those_that_are_generated(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    written = make_secrets.write(folder)

    assert set(written) == set(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"./deploy/secrets/{name}"
    assert folder.stat().st_mode & 0o777 == 0o700

    before = (folder / "data_keys").read_text()
    assert make_secrets.write(folder) == [], "a secret is never replaced"
    assert (folder / "data_keys").read_text() == before


def test_a_lost_address_is_written_again_with_the_same_password(tmp_path: Path) -> None:
    make_secrets.write(tmp_path)
    password = (tmp_path / "app_password").read_text().strip()
    (tmp_path / "database_url").unlink()

    assert make_secrets.write(tmp_path) == ["database_url"]

    assert f":{password}@" in (tmp_path / "database_url").read_text()


def test_generated_secrets_satisfy_the_production_settings(tmp_path: Path) -> None:
    make_secrets.write(tmp_path)
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "kosops.settings.base",
        "ALLOWED_HOSTS": "kosops.example",
        **{
            f"{name}_FILE": str(tmp_path / name.lower())
            for name in ("SECRET_KEY", "DATA_KEYS", "DATABASE_URL", "REDIS_URL")
        },
    }
    program = (
        "from django.conf import settings;"
        "print(settings.DATABASES['default']['HOST'], settings.DATABASES['default']['USER'],"
        " settings.REDIS_URL.endswith('@redis:6379/0'))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE, env=environment, capture_output=True, text=True
    )
    assert result.stdout.split() == ["postgres", "kosops_app", "True"], result.stderr


def test_web_waits_for_the_migrated_database() -> None:
    for name in ("web", "worker", "beat"):
        waits = SERVICES[name]["depends_on"]
        assert waits["grants"]["condition"] == "service_completed_successfully"
    assert SERVICES["grants"]["depends_on"]["migrate"]["condition"] == (
        "service_completed_successfully"
    )
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_only_the_migration_signs_in_as_the_owner_of_the_tables() -> None:
    for name in OURS:
        address = SERVICES[name]["environment"]["DATABASE_URL_FILE"]
        expected = "owner_database_url" if name in ONE_SHOT else "database_url"
        assert address == f"/run/secrets/{expected}"
        assert ("owner_database_url" in SERVICES[name]["secrets"]) == (name in ONE_SHOT)


def test_redis_keeps_the_queue_and_asks_for_a_password() -> None:
    lines = [line.split() for line in (BASE / "deploy/redis.conf").read_text().splitlines()]
    conf = {line[0]: line[1:] for line in lines if line and not line[0].startswith("#")}
    assert conf["appendonly"] == ["yes"]
    assert conf["appendfsync"] == ["everysec"]
    assert conf["maxmemory-policy"] == ["noeviction"]
    command = SERVICES["redis"]["command"][-1]
    assert "requirepass" in command
    assert "/run/secrets/redis_password" in command
    assert "./deploy/redis.conf:/etc/kosops-redis.conf:ro" in SERVICES["redis"]["volumes"]


def test_statements_of_the_web_are_shorter_than_those_of_the_worker() -> None:
    assert "DB_STATEMENT_TIMEOUT" not in SERVICES["web"]["environment"]
    assert SERVICES["worker"]["environment"]["DB_STATEMENT_TIMEOUT"] == "10min"


def test_the_client_address_is_taken_from_the_one_proxy() -> None:
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "1"


def test_environment_names_are_settings_that_exist() -> None:
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (BASE / "kosops/settings/base.py").read_text()))
    known = read | {"WEB_WORKERS", "WEB_THREADS", "BEAT_SCHEDULE"}
    for name in OURS:
        names = {key.removesuffix("_FILE") for key in SERVICES[name]["environment"]}
        assert names <= known, f"{name}: {names - known}"


# -- the commands exist ----------------------------------------------------------------


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command of our own images: of services, health checks and the Dockerfile."""
    for name in sorted(OURS):
        yield name, SERVICES[name]["command"]
        if "healthcheck" in SERVICES[name]:
            yield f"{name} health", SERVICES[name]["healthcheck"]["test"][1:]
    dockerfile = (BASE / "deploy/Dockerfile").read_text().replace("\\\n", " ")
    for line in dockerfile.splitlines():
        if line.startswith("RUN") and "python" in line:
            for number, part in enumerate(line.removeprefix("RUN").split("&&")):
                words = [word for word in shlex.split(part) if not re.match(r"[A-Z_]+=", word)]
                if words[0] == "python":
                    yield f"Dockerfile {number} {words[2]}", words
        if line.startswith("CMD"):
            yield "Dockerfile CMD", yaml.safe_load(line.removeprefix("CMD"))


COMMANDS = list(commands())


@pytest.mark.parametrize("command", [words for _, words in COMMANDS], ids=[n for n, _ in COMMANDS])
def test_the_command_exists(command: list[str]) -> None:
    assert command[0] == "python"
    if command[1] == "manage.py":
        assert command[2] in get_commands()
        return
    assert command[1] == "-m"
    assert importlib.util.find_spec(command[2]) is not None
    for word in command[3:]:
        if word.endswith((".py", ".txt")) and not word.startswith("/tmp"):
            assert (BASE / word).exists(), word


def test_the_commands_are_all_found() -> None:
    names = {name for name, _ in COMMANDS}
    assert {"web", "web health", "worker", "worker health", "beat", "beat health"} <= names
    assert {"migrate", "grants", "Dockerfile CMD"} <= names


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_knows_the_options(name: str) -> None:
    command = SERVICES[name]["command"]
    result = subprocess.run(
        [sys.executable, *command[1:6], "--help"], cwd=BASE, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    for option in command[6:]:
        assert option.split("=")[0] in result.stdout


def test_gunicorn_accepts_its_configuration() -> None:
    command = [sys.executable, *SERVICES["web"]["command"][1:], "--check-config"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "kosops.settings.test"}
    result = subprocess.run(command, cwd=BASE, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_the_image_leaves_secrets_and_state_out() -> None:
    lines = (BASE / ".dockerignore").read_text().splitlines()
    assert "**" in lines, "everything is left out unless it is named"
    named = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert all((BASE / name).exists() for name in named)
    assert not named & {".kosops", ".git", ".env", "tests"}
    assert lines.index("deploy/secrets") > lines.index("!deploy")
    packages = {path.parent.name for path in BASE.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= named
