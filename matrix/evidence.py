"""Evidence: papers and pictures that prove a signature or what a platform did."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import PurePath
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from matrix.file_kinds import kind_of
from matrix.models import Evidence

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}


def keep(*, by: Person | None, unit: Unit, file: File[Any]) -> Evidence:
    """Keep an uploaded file of ``unit``; the caller's transaction and activity row stand for it.

    What it is follows from its content. Refuses ``evidence_too_large``, ``evidence_kind`` and
    ``storage_unavailable``.
    """
    limit = settings.EVIDENCE_MAX_BYTES
    content = file.read(limit + 1)
    if len(content) > limit:
        raise DomainError(
            "evidence_too_large",
            _("The file is larger than %(limit)s MB. Take a smaller picture or scan."),
            limit=limit // 1_000_000,
        )
    kind = kind_of(content)
    if not kind:
        raise DomainError(
            "evidence_kind",
            _("Only pictures (PNG, JPEG, WebP) and plain PDF files can be kept as evidence."),
        )
    try:
        name = default_storage.save(f"evidence/{uuid.uuid4().hex}", ContentFile(content))
    except OSError as error:
        raise DomainError(
            "storage_unavailable",
            _("The file could not be stored. Nothing was changed; try again in a few minutes."),
            status=503,
        ) from error
    return Evidence.objects.create(
        unit=unit,
        file=name,
        original_name=shown_name(file.name or ""),
        kind=kind,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=by,
        uploaded_at=timezone.now(),
    )


def note_download(*, by: Person, evidence: Evidence) -> None:
    """Who looked at a paper stays in the log."""
    activity.record(by=by, verb="evidence.downloaded", object=evidence, unit=evidence.unit)


def file_name(evidence: Evidence) -> str:
    """The name under which it is given out: its number and what it is, nothing of the uploader's."""
    return f"evidence-{evidence.pk}.{evidence.kind}"


def shown_name(name: str) -> str:
    """The uploader's file name as it may be shown."""
    base = PurePath(name.replace("\\", "/")).name
    return "".join(letter for letter in base if letter.isprintable())[-120:] or "file"
