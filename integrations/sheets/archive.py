"""Checks of an XLSX container from its directory, before any of it is parsed.

A zip can claim to be small and unpack to gigabytes, climb out of its folder, carry macros or XML
that loads other files. None of that is needed for a table, so it is refused by name.
"""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from integrations.sheets.faults import Limits, SheetError

_NESTED = (".zip", ".xlsx", ".xlsm", ".xlsb", ".xls", ".docx", ".gz", ".7z", ".rar", ".jar", ".tar")
_MACRO_PART = re.compile(r"vbaproject|macrosheets|activex", re.IGNORECASE)
_XML_PART = (".xml", ".rels", ".vml")
_PROLOG_BYTES = 65_536
# Everything that may stand before the root element, except a document type declaration.
# Atomic groups, so that a hostile file cannot make the search slow.
_ROOT_ELEMENT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?(?>\s+|<\?(?>.*?\?>)|<!--(?>.*?-->))*+<[A-Za-z_]", re.DOTALL
)
_ENCRYPTED_FLAG = 0x1
_RATIO_MATTERS_FROM = 20 * 1024 * 1024


def check_workbook(file: BinaryIO, limits: Limits) -> None:
    """Refuse a container that is not a plain workbook of acceptable size; leaves ``file`` at 0."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_directory(entries, limits)
            for entry in entries:
                if entry.filename.lower().endswith(_XML_PART):
                    _check_prolog(archive, entry)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise SheetError("damaged_file") from error
    finally:
        file.seek(0)


def _check_directory(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.archive_entries:
        raise SheetError("too_many_entries", entries=len(entries), limit=limits.archive_entries)
    for entry in entries:
        _check_entry(entry)
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names):
        raise SheetError("damaged_file")
    if "xl/workbook.xml" not in names:
        raise SheetError("not_a_workbook")
    _check_sizes(entries, limits)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.flag_bits & _ENCRYPTED_FLAG:
        raise SheetError("encrypted")
    parts = name.replace("\\", "/").split("/")
    if (
        name.startswith(("/", "\\"))
        or ".." in parts
        or ":" in name
        or "\x00" in entry.orig_filename
    ):
        raise SheetError("unsafe_path", name=name[:80])
    if _MACRO_PART.search(name):
        raise SheetError("macros", name=name[:80])
    if name.lower().endswith(_NESTED):
        raise SheetError("nested_archive", name=name[:80])


def _check_sizes(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    too_dense = unpacked > _RATIO_MATTERS_FROM and unpacked // packed > limits.unpacked_ratio
    if unpacked > limits.unpacked_bytes or too_dense:
        raise SheetError(
            "unpacked_too_large",
            size_mb=unpacked // 1_000_000,
            limit_mb=limits.unpacked_bytes // 1_000_000,
        )
    for entry in entries:
        # The one part that is held in memory as a whole.
        if entry.filename.lower() == "xl/sharedstrings.xml" and (
            entry.file_size > limits.shared_strings_bytes
        ):
            raise SheetError(
                "unpacked_too_large",
                size_mb=entry.file_size // 1_000_000,
                limit_mb=limits.shared_strings_bytes // 1_000_000,
            )


def _check_prolog(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Refuse XML that declares a document type (entities), or hides it in another encoding."""
    with archive.open(entry) as part:
        start = part.read(_PROLOG_BYTES)
    if start and not _ROOT_ELEMENT.match(start):
        raise SheetError("unsafe_xml", name=entry.filename[:80])
    if b"macroEnabled" in start and entry.filename == "[Content_Types].xml":
        raise SheetError("macros", name=entry.filename)
