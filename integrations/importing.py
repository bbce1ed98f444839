"""Importing a file: upload, map the columns, check, confirm. Each step is a command.

Nothing is written to other apps before `confirm_import`; what the job then does stands in
`integrations.import_runs`, and what a person does with single rows in `integrations.settling`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import activity, jobs, waiting
from accounts.choices import JobState
from accounts.models import Job, Person, Unit
from integrations import uploads
from integrations.choices import BEFORE_APPLYING, ImportState, Outcome
from integrations.formats import ImportFormat, Option, format_of, questions
from integrations.models import ImportBatch, ImportIssue, ImportMapping
from integrations.sheets.faults import SheetError, ValueFault
from integrations.sheets.headers import guess_mapping
from integrations.sheets.reading import open_sheet
from integrations.sheets.values import moment
from integrations.wording import say_file_error
from kosops.lib.errors import DomainError

CHECK_JOB = "imports.check"
APPLY_JOB = "imports.apply"

_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")


# -- queries ---------------------------------------------------------------------


def known_format(code: str) -> type[ImportFormat]:
    """The format with this code; refuses ``unknown_format``."""
    kind = format_of(code)
    if kind is None:
        raise DomainError(
            "unknown_format",
            _("There is no import format called %(name)s."),
            status=400,
            name=code[:40],
        )
    return kind


def kind_of(batch: ImportBatch) -> type[ImportFormat]:
    """The batch's format; refuses when the installation no longer has it."""
    return known_format(batch.format)


def questions_of(batch: ImportBatch) -> tuple[Option, ...]:
    return questions(kind_of(batch), workbook=batch.preview.get("kind") == "xlsx")


def sources_of(brands: Iterable[Unit]) -> list[str]:
    """Sources that files came from before, for suggestions."""
    kept = ImportMapping.objects.filter(brand__in=list(brands)).order_by("source")
    return list(kept.values_list("source", flat=True).distinct())


@waiting.question("open_imports")
def _open_imports(person: Person) -> QuerySet[Any, Any]:
    open_states = (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)
    found = ImportBatch.objects.for_user(person, "imports.run").filter(state__in=open_states)
    return waiting.figure(ImportBatch.objects.filter(pk__in=found.values("pk")[:100]))


def waiting_for(person: Person) -> int:
    """Imports that a person began and nobody has brought to an end; counted up to 100."""
    return waiting.facts_of(person)["open_imports"]


def is_stopped(batch: ImportBatch) -> bool:
    """Whether work on the batch has ended without finishing, so that a person must act."""
    if batch.state == ImportState.FAILED:
        return True
    ended = batch.job is not None and batch.job.state in (JobState.FAILED, JobState.CANCELLED)
    return batch.is_running and ended


# -- commands ----------------------------------------------------------------------


def start_import(
    *, by: Person, brand: Unit, format_code: str, source: str, uploaded_file: File[Any]
) -> ImportBatch:
    """Keep an uploaded file and guess its columns.

    Refuses ``unknown_format``, ``bad_source``, ``unreadable_file`` (with the fault in words) and
    ``already_imported`` (with ``batch``, the import that has the same file).
    """
    kind = known_format(format_code)
    source = source.strip().lower()
    if not _SOURCE.fullmatch(source):
        raise DomainError(
            "bad_source",
            _("Name the source with letters, digits, dots and dashes, as in “youzan-main”."),
            status=400,
        )
    digest, preview = _examine(uploaded_file, kind)
    _refuse_known_file(brand, kind, digest)
    name = uploads.keep(uploaded_file)
    try:
        with transaction.atomic():
            batch = ImportBatch.objects.create(
                brand=brand,
                format=kind.code,
                source=source,
                file=name,
                original_name=uploads.shown_name(uploaded_file.name or ""),
                sha256=digest,
                size=uploaded_file.size,
                preview=preview,
                created_by=by,
            )
            _guess(batch, kind)
            activity.record(
                by=by,
                verb="import.uploaded",
                object=batch,
                unit=brand,
                after={"format": kind.code, "source": source, "sha256": digest},
            )
    except IntegrityError:
        # The same file came in twice at once; the other upload has won.
        default_storage.delete(name)
        _refuse_known_file(brand, kind, digest)
        raise
    return batch


@transaction.atomic
def choose_sheet(*, by: Person, batch: ImportBatch, sheet: str) -> ImportBatch:
    """Take another worksheet of the file; guesses the columns anew."""
    batch = _locked(batch, ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)
    kind = kind_of(batch)
    try:
        with uploads.opened(batch, sheet) as table:
            batch.preview = uploads.look_into(table, kind)
    except SheetError as error:
        raise _unreadable(error) from error
    batch.state = ImportState.UPLOADED
    batch.save(update_fields=["preview", "state"])
    batch.issues.all().delete()
    _guess(batch, kind)
    activity.record(
        by=by, verb="import.sheet_chosen", object=batch, unit=batch.brand, after={"sheet": sheet}
    )
    return batch


@transaction.atomic
def map_columns(
    *,
    by: Person,
    batch: ImportBatch,
    mapping: Mapping[str, str],
    options: Mapping[str, str],
) -> ImportBatch:
    """Store which column means what and the answers to the questions; keep both for the source.

    Refuses ``column_missing``, ``column_twice``, ``unknown_column`` and ``bad_option``, each with
    ``field``. An earlier check is void.
    """
    batch = _locked(batch, ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)
    kind = kind_of(batch)
    batch.mapping = _checked_mapping(kind, mapping, batch.preview["names"])
    batch.options = _checked_options(batch, by, options)
    batch.state = ImportState.MAPPED
    batch.save(update_fields=["mapping", "options", "state"])
    _forget_check(batch)
    asked = {option.name for option in kind.options}
    ImportMapping.objects.update_or_create(
        brand=batch.brand,
        format=batch.format,
        source=batch.source,
        defaults={
            # Columns left out on purpose are kept as empty, so that they are not guessed again.
            "mapping": dict.fromkeys(guess_mapping(uploads.header_of(batch), _wanted(kind)), "")
            | batch.mapping,
            # Answers about one file, such as its account, are not kept for the next.
            "options": {name: value for name, value in batch.options.items() if name not in asked},
            "updated_by": by,
        },
    )
    activity.record(
        by=by,
        verb="import.mapped",
        object=batch,
        unit=batch.brand,
        after={"columns": batch.mapping},
    )
    return batch


@transaction.atomic
def check_import(*, by: Person, batch: ImportBatch) -> Job:
    """Start the check of all rows; writes nothing outside this app."""
    batch = _locked(batch, ImportState.MAPPED, ImportState.CHECKED)
    _forget_check(batch)
    return _start(by, batch, CHECK_JOB, ImportState.CHECKING, gettext("Check of %(name)s"))


@transaction.atomic
def map_and_check(
    *, by: Person, batch: ImportBatch, mapping: Mapping[str, str], options: Mapping[str, str]
) -> Job:
    """`map_columns` and `check_import` in one step, as the wizard takes it."""
    return check_import(
        by=by, batch=map_columns(by=by, batch=batch, mapping=mapping, options=options)
    )


@transaction.atomic
def confirm_import(*, by: Person, batch: ImportBatch) -> Job:
    """Let the checked rows in. Refuses ``nothing_to_import`` and ``wrong_state``.

    Rows to fix and to decide stay behind and can be settled later.
    """
    batch = _locked(batch, ImportState.CHECKED)
    counts = batch.checked_counts
    if not any(counts.get(outcome) for outcome in (Outcome.NEW, Outcome.CHANGED)):
        raise DomainError("nothing_to_import", _("No row of this file would change anything."))
    batch.confirmed_by, batch.confirmed_at = by, timezone.now()
    batch.cursor, batch.counts = 0, {}
    batch.save(update_fields=["confirmed_by", "confirmed_at", "cursor", "counts"])
    activity.record(
        by=by, verb="import.confirmed", object=batch, unit=batch.brand, after=_figures(counts)
    )
    return _start(
        by,
        batch,
        APPLY_JOB,
        ImportState.APPLYING,
        gettext("Import of %(name)s"),
        counts.get("rows"),
    )


@transaction.atomic
def retry_import(*, by: Person, batch: ImportBatch) -> Job:
    """Go on with work that stopped: the import behind its last chunk, or the check from the start."""
    batch = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if not is_stopped(batch):
        raise _wrong_state(batch)
    batch.error = None
    batch.save(update_fields=["error"])
    activity.record(by=by, verb="import.retried", object=batch, unit=batch.brand)
    if batch.confirmed_at:
        total = batch.checked_counts.get("rows")
        return _start(
            by, batch, APPLY_JOB, ImportState.APPLYING, gettext("Import of %(name)s"), total
        )
    _forget_check(batch)
    return _start(by, batch, CHECK_JOB, ImportState.CHECKING, gettext("Check of %(name)s"))


@transaction.atomic
def cancel_import(*, by: Person, batch: ImportBatch) -> ImportBatch:
    """Give the file up; the same file may then be uploaded again.

    Rows that a running import has written already stay. Refuses ``wrong_state`` when it is done.
    """
    batch = _locked(batch, *BEFORE_APPLYING, ImportState.APPLYING, ImportState.FAILED)
    if batch.job is not None and batch.job.is_open:
        jobs.cancel(by=by, job=batch.job)
    before = batch.state
    batch.state, batch.ended_at = ImportState.CANCELLED, timezone.now()
    batch.save(update_fields=["state", "ended_at"])
    activity.record(
        by=by,
        verb="import.cancelled",
        object=batch,
        unit=batch.brand,
        before={"state": before},
        after=_figures(batch.counts),
    )
    return batch


# -- helpers -------------------------------------------------------------------------


def _examine(file: File[Any], kind: type[ImportFormat]) -> tuple[str, dict[str, Any]]:
    try:
        digest = uploads.digest_of(file)
        file.seek(0)
        with open_sheet(file) as table:  # type: ignore[arg-type]
            preview = uploads.look_into(table, kind)
        file.seek(0)
    except SheetError as error:
        raise _unreadable(error) from error
    return digest, preview


def _unreadable(error: SheetError) -> DomainError:
    return DomainError(
        "unreadable_file",
        "%(words)s",
        status=422,
        words=say_file_error(error),
        fault=error.code,
        line=error.line,
    )


def _refuse_known_file(brand: Unit, kind: type[ImportFormat], digest: str) -> None:
    first = (
        ImportBatch.objects.filter(brand=brand, format=kind.code, sha256=digest)
        .exclude(state=ImportState.CANCELLED)
        .first()
    )
    if first is not None:
        raise DomainError(
            "already_imported",
            _("This file was uploaded before, as “%(name)s”. Nothing was changed."),
            name=first.original_name,
            batch=first.pk,
        )


def _guess(batch: ImportBatch, kind: type[ImportFormat]) -> None:
    kept = ImportMapping.objects.filter(
        brand=batch.brand, format=batch.format, source=batch.source
    ).first()
    header = uploads.header_of(batch)
    batch.mapping = guess_mapping(header, _wanted(kind), kept.mapping if kept else None)
    defaults = {option.name: option.default for option in questions_of(batch) if option.default}
    batch.options = defaults | (kept.options if kept else {})
    batch.save(update_fields=["mapping", "options"])


def _wanted(kind: type[ImportFormat]) -> dict[str, tuple[str, ...]]:
    """The names by which each column of a format may go in a file, best first."""
    return {
        column.name: (column.name, *column.aliases, str(column.label)) for column in kind.columns
    }


def _locked(batch: ImportBatch, *states: str) -> ImportBatch:
    locked = ImportBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if locked.state not in states:
        raise _wrong_state(locked)
    return locked


def _wrong_state(batch: ImportBatch) -> DomainError:
    return DomainError(
        "wrong_state",
        _("This import is in the state “%(state)s”; the step is not possible now."),
        state=batch.get_state_display(),
    )


def _checked_mapping(
    kind: type[ImportFormat], mapping: Mapping[str, str], names: list[str]
) -> dict[str, str]:
    chosen = {name: value for name, value in mapping.items() if value}
    columns = {column.name: column for column in kind.columns}
    for name, value in chosen.items():
        if name not in columns or value not in names:
            raise DomainError(
                "unknown_column",
                _("The file has no column “%(value)s”."),
                status=400,
                field=name,
                value=value[:60],
            )
    for column in kind.columns:
        if column.required and column.name not in chosen:
            raise DomainError(
                "column_missing",
                _("Choose the column that holds “%(label)s”."),
                status=400,
                field=column.name,
                label=str(column.label),
            )
    taken: dict[str, str] = {}
    for name, value in chosen.items():
        if value in taken:
            raise DomainError(
                "column_twice",
                _("“%(value)s” is chosen for two columns."),
                status=400,
                field=name,
                value=value,
            )
        taken[value] = name
    return chosen


def _checked_options(batch: ImportBatch, by: Person, answers: Mapping[str, str]) -> dict[str, str]:
    checked = {}
    for option in questions_of(batch):
        value = (answers.get(option.name) or option.default).strip()
        if not value and not option.required:
            continue
        if not value or not _is_answer(option, batch.brand, by, value):
            raise DomainError(
                "bad_option",
                _("Answer the question “%(label)s”."),
                status=400,
                field=option.name,
                label=str(option.label),
            )
        checked[option.name] = value
    kind_of(batch).check_options(checked)
    return checked


def _is_answer(option: Option, brand: Unit, by: Person, value: str) -> bool:
    if option.kind == "lookup":
        return option.named is not None and option.named(brand, by, value) is not None
    if option.kind == "moment":
        try:
            return moment(ZoneInfo(settings.TIME_ZONE))(value) is not None
        except ValueFault:
            return False
    if option.kind == "day":
        return _is_day(value)
    return option.choices is not None and value in {one.value for one in option.choices(brand)}


def _is_day(value: str) -> bool:
    try:
        return parse_date(value) is not None
    except ValueError:
        return False


def _forget_check(batch: ImportBatch) -> None:
    ImportIssue.objects.filter(batch=batch).delete()
    batch.cursor, batch.counts, batch.checked_counts, batch.error = 0, {}, {}, None
    batch.save(update_fields=["cursor", "counts", "checked_counts", "error"])


def _start(
    by: Person,
    batch: ImportBatch,
    job_kind: str,
    state: str,
    label: str,
    total: int | None = None,
) -> Job:
    job = jobs.start(
        by=by,
        kind=job_kind,
        unit=batch.brand,
        label=label % {"name": batch.original_name},
        params={"batch": batch.pk},
        total=total,
    )
    batch.job, batch.state = job, state
    batch.save(update_fields=["job", "state"])
    return job


def _figures(counts: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in counts.items() if isinstance(value, int)}
