"""Generate the secrets that docker-compose.yml reads: ``python3 deploy/make_secrets.py``.

Writes one file each into ``deploy/secrets/`` (ignored by git) and never replaces one. The folder is
for its owner only; the files in it are readable to all, because the containers read them under
accounts of their own.
"""

import base64
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "secrets"


def values(folder: Path) -> dict[str, str]:
    """All secrets; the addresses use the passwords that exist already."""

    def password(name: str) -> str:
        path = folder / name
        return path.read_text().strip() if path.exists() else secrets.token_urlsafe(32)

    owner, app, redis = (password(f"{name}_password") for name in ("owner", "app", "redis"))
    return {
        "secret_key": secrets.token_urlsafe(50),
        "data_keys": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "postgres_password": secrets.token_urlsafe(32),
        "owner_password": owner,
        "app_password": app,
        "redis_password": redis,
        "owner_database_url": f"postgres://kosops_owner:{owner}@postgres:5432/kosops",
        "database_url": f"postgres://kosops_app:{app}@postgres:5432/kosops",
        "redis_url": f"redis://:{redis}@redis:6379/0",
    }


def write(folder: Path) -> list[str]:
    """Write what is missing. Return the names written."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    missing = {
        name: value for name, value in values(folder).items() if not (folder / name).exists()
    }
    for name, value in missing.items():
        path = folder / name
        path.write_text(value + "\n")
        path.chmod(0o444)
    return list(missing)


if __name__ == "__main__":
    written = write(FOLDER)
    print(f"Written to {FOLDER}: {', '.join(written) or 'nothing, all were there'}.")  # noqa: T201
    sys.exit(0)
