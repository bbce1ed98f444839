"""Single rows of an import that a person corrects, decides or leaves out.

Before the import is confirmed this changes what will happen; afterwards the row goes in at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from integrations.choices import WAITING, WRITTEN, ImportState
from integrations.formats import Record
from integrations.import_runs import SKIP, decided_record, plan_of, resolve, run_of
from integrations.models import ImportBatch, ImportIssue
from integrations.rows import issues_as_json
from kosops.lib.errors import DomainError

# A correction typed into a page is a cell, not a document.
MAX_TYPED = 500


@transaction.atomic
def correct_row(*, by: Person, issue: ImportIssue, cells: Mapping[str, str]) -> ImportIssue:
    """Put other text into cells of a row, by the file's column names, and judge it again.

    Refuses ``unknown_column``, ``not_waiting`` and ``wrong_state``.
    """
    batch, issue = _locked(issue)
    for name, text in cells.items():
        if name not in issue.raw or len(text) > MAX_TYPED:
            raise DomainError(
                "unknown_column",
                _("The file has no column “%(value)s”."),
                status=400,
                value=name[:60],
            )
    changed = {name: text for name, text in cells.items() if text != _as_typed(issue.raw.get(name))}
    issue.correction = changed
    issue.choice = ""
    issue.save(update_fields=["correction", "choice"])
    return _settle(by, batch, issue, "import.row_corrected", {"columns": sorted(changed)})


@transaction.atomic
def choose_candidate(*, by: Person, issue: ImportIssue, choice: str) -> ImportIssue:
    """Say which candidate a row means. Refuses ``not_a_candidate`` and ``not_waiting``."""
    batch, issue = _locked(issue)
    if choice not in {one["value"] for one in issue.candidates}:
        raise DomainError(
            "not_a_candidate", _("Choose one of the candidates of this row."), status=400
        )
    issue.choice = choice
    issue.save(update_fields=["choice"])
    return _settle(by, batch, issue, "import.row_decided", {"choice": choice})


@transaction.atomic
def leave_out(*, by: Person, issue: ImportIssue) -> ImportIssue:
    """Do not import this row. Refuses ``not_waiting`` and ``wrong_state``."""
    batch, issue = _locked(issue)
    issue.choice = SKIP
    issue.save(update_fields=["choice"])
    return _settle(by, batch, issue, "import.row_left_out", {})


def _locked(issue: ImportIssue) -> tuple[ImportBatch, ImportIssue]:
    batch = (
        ImportBatch.objects.select_for_update(of=("self",))
        .select_related("brand", "created_by", "confirmed_by")
        .get(pk=issue.batch_id)
    )
    if batch.state not in (ImportState.CHECKED, ImportState.DONE):
        raise DomainError(
            "wrong_state",
            _("This import is in the state “%(state)s”; the step is not possible now."),
            state=batch.get_state_display(),
        )
    issue = ImportIssue.objects.get(pk=issue.pk)
    if issue.outcome not in WAITING:
        raise DomainError("not_waiting", _("This row is settled already."))
    return batch, issue


def _settle(
    by: Person, batch: ImportBatch, issue: ImportIssue, verb: str, after: Mapping[str, object]
) -> ImportIssue:
    """Judge the row again, with the rows of its group, and write it if the import is done."""
    together = {one.line: one for one in _group_of(issue)}
    plan = plan_of(batch)
    kind = plan.kind(run_of(batch, check=batch.state == ImportState.CHECKED))
    records = [decided_record(plan, one) for one in together.values()]
    resolve(kind, records)
    if not kind.run.check:
        kind.write([record for record in records if record.outcome in WRITTEN])
        kind.finish()
    for record in records:
        _take_over(batch, together[record.line], record)
    issue = together[issue.line]
    issue.resolved_by, issue.resolved_at = by, timezone.now()
    ImportIssue.objects.bulk_update(
        together.values(), ["outcome", "faults", "candidates", "resolved_by", "resolved_at"]
    )
    batch.save(update_fields=["counts", "checked_counts"])
    activity.record(
        by=by,
        verb=verb,
        object=batch,
        unit=batch.brand,
        after={"line": issue.line, "outcome": str(issue.outcome), **after},
    )
    return issue


def _group_of(issue: ImportIssue) -> list[ImportIssue]:
    if not issue.group:
        return [issue]
    return list(
        ImportIssue.objects.filter(
            batch=issue.batch_id, group=issue.group, outcome__in=WAITING
        ).order_by("line")
    )


def _take_over(batch: ImportBatch, issue: ImportIssue, record: Record) -> None:
    before, issue.outcome = issue.outcome, record.outcome
    issue.faults = issues_as_json(record.issues)
    issue.candidates = [{"value": one.value, "label": str(one.label)} for one in record.candidates]
    counts = batch.checked_counts if batch.state == ImportState.CHECKED else batch.counts
    counts[before] = counts.get(before, 0) - 1
    counts[record.outcome] = counts.get(record.outcome, 0) + 1


def _as_typed(value: object) -> str:
    return "" if value is None else str(value)
