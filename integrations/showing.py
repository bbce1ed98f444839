"""An import as its pages show it: steps, figures, reasons, rows with their faults in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import access
from accounts.models import Person
from integrations.choices import WAITING, ImportState, Outcome
from integrations.formats import ImportFormat, all_formats, format_of
from integrations.importing import is_stopped, kind_of
from integrations.models import ImportBatch, ImportIssue
from integrations.sheets.faults import SheetError
from integrations.sheets.writing import Value
from integrations.wording import say, say_file_error
from kosops.ui.parts import Step

# What each outcome means for the person, before and after the import.
BEFORE = {
    Outcome.NEW: gettext_lazy("Will be added"),
    Outcome.CHANGED: gettext_lazy("Will be changed"),
    Outcome.UNCHANGED: gettext_lazy("Known already"),
    Outcome.SKIPPED: gettext_lazy("Left out"),
    Outcome.FAULTY: gettext_lazy("To fix"),
    Outcome.AMBIGUOUS: gettext_lazy("To decide"),
}
AFTER = BEFORE | {
    Outcome.NEW: gettext_lazy("Added"),
    Outcome.CHANGED: gettext_lazy("Changed"),
}


WRITTEN_FIRST = (Outcome.NEW, Outcome.CHANGED)


@dataclass(frozen=True)
class Figure:
    """A number of rows with a given outcome."""

    outcome: str
    label: str
    rows: int
    waits: bool


@dataclass(frozen=True)
class Trouble:
    """A row that needs a person: what is wrong with it, in sentences."""

    issue: ImportIssue
    sentences: list[str]
    cells: list[str]


def formats_for(person: Person) -> list[type[ImportFormat]]:
    """The formats that the person may import somewhere."""
    return [kind for kind in all_formats() if access.reach(person, kind.permission)]


def may_see(person: Person, batch: ImportBatch) -> bool:
    """Whether the person may import files of this batch's format at its brand."""
    kind = format_of(batch.format)
    permission = kind.permission if kind else "imports.run"
    return access.reach(person, permission).covers(batch.brand)


def steps(batch: ImportBatch | None) -> list[Step]:
    """The wizard's steps with the current one marked."""
    labels = [_("File"), _("Columns"), _("Check"), _("Import")]
    at = 0 if batch is None else _step_of(batch)
    states = ["done" if place < at else "next" for place in range(len(labels))]
    if at < len(labels):
        states[at] = "current"
    return [Step(label=label, state=state) for label, state in zip(labels, states, strict=True)]


def _step_of(batch: ImportBatch) -> int:
    if batch.state == ImportState.DONE:
        return 4
    if batch.state == ImportState.APPLYING or batch.confirmed_at:
        return 3
    return 1 if batch.state in (ImportState.UPLOADED, ImportState.MAPPED) else 2


def figures(batch: ImportBatch) -> list[Figure]:
    """Rows by outcome: as foreseen while the import is not done, as they were afterwards."""
    over = batch.state == ImportState.DONE
    counts = batch.counts if over or not batch.checked_counts else batch.checked_counts
    words = AFTER if over else BEFORE
    return [
        Figure(outcome, str(words[outcome]), counts.get(outcome, 0), outcome in WAITING)
        for outcome in Outcome
    ]


def reasons(batch: ImportBatch) -> list[tuple[str, int]]:
    """Why rows were left out, what was noted while reading, and the format's own figures."""
    counts = batch.counts if batch.state == ImportState.DONE else batch.checked_counts
    kind = format_of(batch.format)
    return [
        (say(code, {}, kind), number)
        for part in ("reasons", "notes", "figures")
        for code, number in counts.get(part, {}).items()
    ]


def stop_reason(batch: ImportBatch) -> str:
    """Why work on the batch ended without finishing, in words; empty when it did not."""
    if not is_stopped(batch):
        return ""
    error: Mapping[str, Any] = batch.error or {}
    if "words" in error:
        return str(error["words"])
    if "code" in error:
        fault = SheetError(error["code"], line=error["line"], **error["params"])
        return say_file_error(fault)
    if batch.job is not None and batch.job.error:
        return batch.job.error
    return _("The work on this file was stopped.")


def trouble(issue: ImportIssue, kind: type[ImportFormat], names: list[str]) -> Trouble:
    """A row with its faults in sentences and its cells, in the order of the file."""
    cells = {**issue.raw, **issue.correction}
    return Trouble(
        issue,
        sentences(issue, kind),
        [f"{name}: {cells[name]}" for name in names if cells.get(name)],
    )


def samples(batch: ImportBatch) -> list[tuple[str, list[dict[str, Any]]]]:
    """A few rows of the file for each thing that the import would do."""
    kept = batch.checked_counts.get("samples", {})
    return [(str(BEFORE[outcome]), kept[outcome]) for outcome in WRITTEN_FIRST if outcome in kept]


def sentences(issue: ImportIssue, kind: type[ImportFormat]) -> list[str]:
    labels = {column.name: str(column.label) for column in kind.columns}
    found = []
    for fault in issue.faults:
        words = say(fault["code"], fault["params"], kind)
        label = labels.get(fault["column"])
        found.append(
            _("%(column)s: %(words)s") % {"column": label, "words": words} if label else words
        )
    if issue.outcome == Outcome.AMBIGUOUS:
        found.append(_("The row could mean several things."))
    return found


def faults_table(batch: ImportBatch) -> Iterator[list[Value]]:
    """The rows that were not imported, as they stood in the file, with row number and reason."""
    kind = kind_of(batch)
    names = batch.preview["names"]
    yield [*names, _("Row"), _("Reason")]
    waiting = batch.issues.filter(outcome__in=WAITING).order_by("line")
    for issue in waiting.iterator(chunk_size=1000):
        cells = {**issue.raw, **issue.correction}
        yield [
            *(cells.get(name) for name in names),
            issue.line,
            " ".join(sentences(issue, kind)),
        ]
