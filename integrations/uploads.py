"""Uploaded files: kept under a name of our own, and looked into for the first pages of the wizard."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext_lazy as _

from integrations.formats import ImportFormat
from integrations.models import ImportBatch
from integrations.sheets.csv_reading import shown_encoding
from integrations.sheets.faults import SheetError
from integrations.sheets.headers import Header, data_rows, find_header
from integrations.sheets.reading import Sheet, open_sheet
from integrations.sheets.text import clean, printable
from integrations.sheets.values import shown
from kosops.lib.errors import DomainError

PREVIEW_ROWS = 5


def digest_of(file: File[Any]) -> str:
    """SHA-256 of the content; refuses a file over the limit."""
    limit = settings.IMPORT_MAX_BYTES
    digest, size = hashlib.sha256(), 0
    for block in file.chunks():
        size += len(block)
        if size > limit:
            raise SheetError(
                "too_large", size_mb=(file.size or size) // 1_000_000, limit_mb=limit // 1_000_000
            )
        digest.update(block)
    return digest.hexdigest()


def keep(file: File[Any]) -> str:
    """Store the file and return its name, which nothing of the user's name goes into."""
    try:
        return default_storage.save(f"imports/{uuid.uuid4().hex}", file)
    except OSError as error:
        raise DomainError(
            "storage_unavailable",
            _("The file could not be stored. Nothing was imported; try again in a few minutes."),
            status=503,
        ) from error


def shown_name(name: str) -> str:
    """The user's file name as it may be shown and logged."""
    base = PurePath(name.replace("\\", "/")).name
    return clean(printable(" ".join(base.split())))[-200:] or "file"


@contextmanager
def opened(batch: ImportBatch, sheet: str | None = None) -> Iterator[Sheet]:
    """The stored file of a batch, on the worksheet that was chosen."""
    try:
        stored = default_storage.open(str(batch.file.name), "rb")
    except OSError as error:
        raise SheetError("file_missing") from error
    with stored:
        chosen = batch.preview.get("chosen", "") if sheet is None else sheet
        with open_sheet(cast("BinaryIO", stored.file), sheet=chosen) as table:
            yield table


def check_unchanged(batch: ImportBatch) -> None:
    """Refuse when the stored bytes are not those that were uploaded and previewed."""
    try:
        with default_storage.open(str(batch.file.name), "rb") as stored:
            digest = hashlib.file_digest(cast("Any", stored.file), "sha256").hexdigest()
    except OSError as error:
        raise SheetError("file_missing") from error
    if digest != batch.sha256:
        raise SheetError("file_changed")


def look_into(table: Sheet, kind: type[ImportFormat]) -> dict[str, Any]:
    """What the wizard shows of a file: kind, encoding, sheets, header and the first rows."""
    known = [name for column in kind.columns for name in (*column.aliases, column.name)]
    header = find_header(table, known)
    first = itertools.islice(data_rows(table, header), PREVIEW_ROWS)
    return {
        "kind": table.kind,
        "encoding": shown_encoding(table.encoding) if table.encoding else "",
        "delimiter": table.delimiter,
        "sheets": [{"name": one.name, "hidden": one.hidden} for one in table.sheets],
        "chosen": table.chosen,
        "header_line": header.line,
        "names": [printable(name) for name in header.names],
        "rows": [
            {
                "line": row.line,
                "cells": [shown(cell) if cell is not None else "" for cell in row.cells],
            }
            for row in first
        ],
    }


def header_of(batch: ImportBatch) -> Header:
    return Header(batch.preview["header_line"], tuple(batch.preview["names"]))
