"""Script in every text that people or files bring, on every page that shows it (A11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from tests import cast as c
from tests import test_doors as doors

pytestmark = pytest.mark.django_db

SCRIPT = '"><script>kos(1)</script>'
APPS = ("accounts", "content", "customers", "incentives", "integrations", "matrix")
# Keys, words of a fixed list, digests and what the server computes: nobody types them.
FIXED = {"path", "password", "username", "code_used", "sha256", "digest", "previous", "prefix",
         "token", "period", "month", "format", "kind", "source", "event", "verb", "object_type",
         "page", "query", "role", "currency", "content_hash", "file_hash", "key", "masked",
         "number", "league", "reference", "tier", "language", "scheme", "channel"}  # fmt: skip


def texts() -> Iterator[tuple[type[models.Model], str]]:
    """Every field of the models that holds a text of somebody's."""
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                kind = field.get_internal_type()
                fixed = field.choices or field.unique or field.name in FIXED
                too_short = field.max_length is not None and field.max_length < len(SCRIPT)
                if kind in ("CharField", "TextField") and not fixed and not too_short:
                    yield model, field.column


def poison() -> set[str]:
    """Put script into each text of each row, past the rules; what the database refuses is left."""
    done = set()
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for model, column in texts():
            try:
                with transaction.atomic():
                    cursor.execute(
                        f'UPDATE "{model._meta.db_table}" SET "{column}" = %s'
                        f" WHERE \"{column}\" <> ''",
                        [SCRIPT],
                    )
            except DatabaseError:  # a check or a key stands in the way
                continue
            if cursor.rowcount:
                done.add(f"{model.__name__}.{column}")
        cursor.execute("RESET session_replication_role")
    return done


RAW = ("<script>kos", '"><script')


def pages(browser: Client, world: doors.World) -> Iterator[tuple[str, int, str]]:
    for name, _arguments in doors.OWN:
        address = reverse(name, kwargs=doors.arguments_of(name, world))
        for more in ({}, {"HX-Request": "true", "Kos-Peek": "1"}):
            answer = browser.get(address, headers=more)
            if not answer.streaming and "html" in answer.get("Content-Type", ""):
                yield name, answer.status_code, answer.content.decode()
    for words in ("kos", SCRIPT):
        answer = browser.get(reverse("accounts:find"), {"q": words})
        yield "accounts:find", answer.status_code, answer.content.decode()


def test_no_text_becomes_markup_on_any_page(settings: Any, tmp_path: Any) -> None:
    world = doors.a_world(settings, tmp_path)
    admin = c.person("admin", is_superuser=True, is_staff=True)
    browser = doors.browser_of(admin)
    browser.raise_request_exception = False
    done = poison()
    assert len(done) > 20, sorted(done)
    shown, wrong = set(), []
    for name, status, text in pages(browser, world):
        if "&lt;script&gt;kos" in text:
            shown.add(name)
        wrong += [f"{name} ({status}): {raw}" for raw in RAW if raw in text]
        if status >= 500:
            wrong.append(f"{name}: {status}")
    assert wrong == []
    # The control: they do show it, as text.
    assert len(shown) > 40, sorted(shown)
