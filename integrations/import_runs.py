"""What the jobs of an import do: one pass over the file in chunks, each chunk one transaction.

The cursor and the counts are saved in the transaction of their chunk, so a pass that was killed
goes on behind its last complete chunk, and nothing is counted or written twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import activity
from accounts.jobs import Cancelled, Progress, job_kind, name_counts
from accounts.models import Job
from integrations import uploads
from integrations.choices import WAITING, WRITTEN, ImportState, Outcome
from integrations.formats import ImportFormat, ImportRun, Record
from integrations.importing import APPLY_JOB, CHECK_JOB, kind_of
from integrations.models import ImportBatch, ImportIssue
from integrations.rows import Plan, chunks, hold_groups_together, issues_as_json
from integrations.sheets.faults import SheetError
from integrations.sheets.headers import data_rows
from integrations.sheets.values import shown
from integrations.wording import say_file_error
from kosops.lib.errors import DomainError

# A file with more faulty rows than this is another kind of file, or needs its maker, not a page.
MAX_WAITING_ROWS = 20_000
SAMPLE_ROWS = 3
# What a person chooses to leave a row out.
SKIP = "skip"

name_counts({"rows": gettext_lazy("Rows"), **dict(Outcome.choices)})


@dataclass
class Tally:
    """Counts of one pass, kept on the batch between chunks."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    # A few rows of each kind, so that a person sees what would change.
    samples: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> Tally:
        return cls(
            Counter({name: counts.get(name, 0) for name in Outcome.values}),
            Counter(counts.get("reasons", {})),
            Counter(counts.get("notes", {})),
            counts.get("rows", 0),
            counts.get("samples", {}),
        )

    def add(self, records: list[Record]) -> None:
        self.rows += len(records)
        for record in records:
            self.outcomes[record.outcome] += 1
            if record.outcome in WRITTEN:
                self._sample(record)
            if record.reason:
                self.reasons[record.reason] += 1

    def _sample(self, record: Record) -> None:
        kept = self.samples.setdefault(record.outcome, [])
        if len(kept) < SAMPLE_ROWS:
            cells = [shown(cell) if cell is not None else "" for cell in record.cells]
            kept.append({"line": record.line, "cells": cells})

    def as_counts(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            **{name: self.outcomes[name] for name in Outcome.values},
            "reasons": dict(self.reasons),
            "notes": dict(self.notes),
            "samples": self.samples,
        }


@job_kind(CHECK_JOB, permission="imports.run")
def check_file(job: Job, progress: Progress) -> dict[str, Any]:
    """Find out what each row would do; keep the rows that need a person."""
    batch = _batch_of(job, ImportState.CHECKING, ImportState.CHECKED)
    if batch.state == ImportState.CHECKED:
        return _figures(batch)
    with _failures_on(batch):
        _pass_over(batch, progress, check=True)
        return _end(batch, ImportState.CHECKING, ImportState.CHECKED, {})


@job_kind(APPLY_JOB, permission="imports.run")
def apply_file(job: Job, progress: Progress) -> dict[str, Any]:
    """Let the good rows in. Each chunk is resolved again, as the data may have moved on."""
    batch = _batch_of(job, ImportState.APPLYING, ImportState.DONE)
    if batch.state == ImportState.DONE:
        return _figures(batch)
    with _failures_on(batch):
        kind = _pass_over(batch, progress, check=False)
        with transaction.atomic():
            figures = dict(kind.finish())
        return _end(batch, ImportState.APPLYING, ImportState.DONE, figures)


def run_of(batch: ImportBatch, *, check: bool) -> ImportRun:
    return ImportRun(
        batch_id=batch.pk,
        brand=batch.brand,
        by=batch.created_by if check else batch.confirmed_by or batch.created_by,
        source=batch.source,
        options=batch.options,
        at=batch.created_at,
        check=check,
    )


def plan_of(batch: ImportBatch) -> Plan:
    return Plan(kind_of(batch), uploads.header_of(batch), batch.mapping, batch.options)


def resolve(kind: ImportFormat, records: list[Record]) -> None:
    """Let the format judge the records that could be read; give each an outcome."""
    readable = [record for record in records if not record.outcome]
    if kind.group:
        hold_groups_together(records, kind.group)
        readable = [record for record in readable if not record.outcome]
    if readable:
        kind.resolve(readable)
    if kind.group:
        hold_groups_together(records, kind.group)
    if any(not record.outcome for record in records):
        raise LookupError(f"{kind.code} gave a row no outcome")


def issue_of(batch: ImportBatch, plan: Plan, record: Record) -> ImportIssue:
    group = record.values.get(plan.kind.group) if plan.kind.group else None
    return ImportIssue(
        batch=batch,
        line=record.line,
        outcome=record.outcome,
        faults=issues_as_json(record.issues),
        candidates=[{"value": one.value, "label": str(one.label)} for one in record.candidates],
        raw=record.raw(),
        group=str(group)[:120] if group is not None else "",
        choice=record.choice,
    )


def _batch_of(job: Job, *states: str) -> ImportBatch:
    """The job's batch, also when a worker was killed that had ended it and not yet the job."""
    batch = ImportBatch.objects.select_related("brand", "created_by", "confirmed_by").get(
        pk=job.params["batch"]
    )
    if batch.state not in states or batch.job_id != job.pk:
        raise Cancelled
    return batch


def _pass_over(batch: ImportBatch, progress: Progress, *, check: bool) -> ImportFormat:
    uploads.check_unchanged(batch)
    plan = plan_of(batch)
    kind = plan.kind(run_of(batch, check=check))
    tally = Tally.of(batch.counts)
    plan.notes = tally.notes
    with uploads.opened(batch) as table:
        rows = data_rows(table, uploads.header_of(batch), after=batch.cursor)
        for chunk in chunks(map(plan.record, rows), kind.group):
            _do_chunk(batch, kind, plan, chunk, tally)
            progress(tally.rows, counts=_short(tally))
    return kind


def _do_chunk(
    batch: ImportBatch, kind: ImportFormat, plan: Plan, chunk: list[Record], tally: Tally
) -> None:
    with transaction.atomic():
        _claim(batch)
        records = _with_decisions(batch, plan, chunk)
        resolve(kind, records)
        if not kind.run.check:
            kind.write([record for record in records if record.outcome in WRITTEN])
        _keep_waiting(batch, plan, records)
        tally.add(records)
        batch.cursor = chunk[-1].line
        batch.counts = tally.as_counts()
        batch.save(update_fields=["cursor", "counts"])
        waiting = sum(tally.outcomes[outcome] for outcome in WAITING)
    if kind.run.check and waiting > MAX_WAITING_ROWS:
        raise SheetError("too_many_faults", limit=MAX_WAITING_ROWS)


def _claim(batch: ImportBatch) -> None:
    """Stop when a person cancelled, or when another worker has gone on with this batch."""
    current = (
        ImportBatch.objects.select_for_update(of=("self",))
        .values_list("state", "cursor", "job_id")
        .get(pk=batch.pk)
    )
    if current != (batch.state, batch.cursor, batch.job_id):
        raise Cancelled


def _with_decisions(batch: ImportBatch, plan: Plan, chunk: list[Record]) -> list[Record]:
    """The chunk with what people typed or chose for its rows after the check."""
    decided = {
        issue.line: issue
        for issue in ImportIssue.objects.filter(
            batch=batch, line__gte=chunk[0].line, line__lte=chunk[-1].line
        ).exclude(correction={}, choice="")
    }
    return [
        decided_record(plan, decided[record.line]) if record.line in decided else record
        for record in chunk
    ]


def decided_record(plan: Plan, issue: ImportIssue) -> Record:
    """A kept row as a record again, with its correction and choice."""
    record = plan.record(plan.row(issue.line, issue.raw, issue.correction))
    record.choice = issue.choice
    if issue.choice == SKIP:
        record.issues.clear()
        record.skip("by_person")
    return record


def _keep_waiting(batch: ImportBatch, plan: Plan, records: list[Record]) -> None:
    """Keep the rows that need a person, and settle those that no longer do."""
    waiting = [record for record in records if record.outcome in WAITING]
    if waiting:
        ImportIssue.objects.bulk_create(
            [issue_of(batch, plan, record) for record in waiting],
            update_conflicts=True,
            unique_fields=["batch", "line"],
            update_fields=["outcome", "faults", "candidates"],
        )
    lines = {record.line: record.outcome for record in records if record.outcome not in WAITING}
    kept = ImportIssue.objects.filter(
        batch=batch, line__gte=records[0].line, line__lte=records[-1].line
    )
    settled = [issue for issue in kept if issue.line in lines]
    for issue in settled:
        issue.outcome, issue.faults, issue.candidates = lines[issue.line], [], []
    ImportIssue.objects.bulk_update(settled, ["outcome", "faults", "candidates"])


def _end(batch: ImportBatch, before: str, after: str, figures: Mapping[str, int]) -> dict[str, Any]:
    with transaction.atomic():
        _claim(batch)
        # A file without rows has no chunk that counted.
        batch.counts = {**Tally.of(batch.counts).as_counts(), "figures": dict(figures)}
        batch.state, batch.error = after, None
        if after == ImportState.CHECKED:
            batch.checked_counts = batch.counts
        else:
            batch.ended_at = timezone.now()
        batch.save(update_fields=["counts", "checked_counts", "state", "error", "ended_at"])
        activity.record(
            by=batch.created_by if before == ImportState.CHECKING else batch.confirmed_by,
            verb=f"import.{after}",
            object=batch,
            unit=batch.brand,
            after=_figures(batch),
        )
    return _figures(batch)


def _figures(batch: ImportBatch) -> dict[str, Any]:
    counts = {name: value for name, value in batch.counts.items() if isinstance(value, int)}
    return counts | batch.counts["figures"]


class _failures_on:  # noqa: N801
    """Puts the reason on the batch when the file or the format refuses to go on."""

    def __init__(self, batch: ImportBatch) -> None:
        self._batch = batch

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SheetError):
            self._fail({"code": error.code, "params": error.params, "line": error.line})
            raise DomainError(error.code, "%(words)s", words=say_file_error(error)) from error
        if isinstance(error, DomainError):
            self._fail({"code": error.code, "words": str(error)})

    def _fail(self, error: dict[str, Any]) -> None:
        ImportBatch.objects.filter(pk=self._batch.pk, state=self._batch.state).update(
            state=ImportState.FAILED, error=error
        )


def _short(tally: Tally) -> dict[str, int]:
    return {"rows": tally.rows, **{name: tally.outcomes[name] for name in Outcome.values}}
