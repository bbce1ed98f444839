"""Take a file through all steps of an import, as a person and a worker would."""

from typing import Any

from accounts import jobs
from accounts.models import Person, Unit
from integrations import importing
from integrations.models import ImportBatch


def check(
    person: Person,
    brand: Unit,
    format_code: str,
    file: Any,
    *,
    source: str = "hr",
    options: dict[str, str] | None = None,
) -> ImportBatch:
    """Upload, map by guess and check."""
    batch = importing.start_import(
        by=person, brand=brand, format_code=format_code, source=source, uploaded_file=file
    )
    importing.map_columns(by=person, batch=batch, mapping=batch.mapping, options=options or {})
    jobs.run(importing.check_import(by=person, batch=batch).pk)
    batch.refresh_from_db()
    return batch


def confirm(person: Person, batch: ImportBatch) -> ImportBatch:
    jobs.run(importing.confirm_import(by=person, batch=batch).pk)
    batch.refresh_from_db()
    return batch


def bring_in(person: Person, brand: Unit, format_code: str, file: Any, **more: Any) -> ImportBatch:
    """All the way."""
    return confirm(person, check(person, brand, format_code, file, **more))


def faults(batch: ImportBatch) -> list[tuple[int, str, str]]:
    """(line, column, code) of each fault."""
    return [
        (issue.line, fault["column"], fault["code"])
        for issue in batch.issues.filter(outcome="faulty").order_by("line")
        for fault in issue.faults
    ]


def figures(batch: ImportBatch) -> dict[str, int]:
    """Rows by outcome, without zeros."""
    counts = batch.counts if batch.ended_at else batch.checked_counts
    return {
        name: counts[name]
        for name in ("new", "changed", "unchanged", "skipped", "faulty", "ambiguous")
        if counts.get(name)
    }
