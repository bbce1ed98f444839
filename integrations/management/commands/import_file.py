"""Take a file through the import from the command line: the same steps as the wizard."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import access, jobs
from accounts.choices import UnitKind
from accounts.models import Person, Unit
from integrations import importing, showing
from integrations.choices import ImportState, Outcome
from integrations.formats import all_formats
from integrations.models import ImportBatch
from kosops.lib.errors import DomainError


class Command(BaseCommand):
    help = "Check a file and, with --confirm, import it. Without --confirm nothing is changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("format", choices=[kind.code for kind in all_formats()])
        parser.add_argument("file", type=Path)
        parser.add_argument("--brand", required=True, help="code of the brand")
        parser.add_argument("--by", required=True, help="sign-in name of who imports")
        parser.add_argument("--source", required=True, help="short name of where it comes from")
        parser.add_argument(
            "--option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="answer to a question of the format; a search text for stores and accounts",
        )
        parser.add_argument("--confirm", action="store_true", help="let the good rows in")

    def handle(self, **options: Any) -> None:
        brand = Unit.objects.filter(kind=UnitKind.BRAND, code=options["brand"]).first()
        person = Person.objects.filter(username=options["by"]).first()
        if brand is None or person is None:
            raise CommandError("There is no such brand or person.")
        kind = importing.known_format(options["format"])
        if not access.reach(person, kind.permission).covers(brand):
            raise CommandError(f"{person} may not import this into {brand}.")
        try:
            self._import(person, brand, options)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal

    def _import(self, person: Person, brand: Unit, options: dict[str, Any]) -> None:
        with options["file"].open("rb") as file:
            batch = importing.start_import(
                by=person,
                brand=brand,
                format_code=options["format"],
                source=options["source"],
                uploaded_file=File(file, name=options["file"].name),
            )
        answers = self._answers(batch, person, options["option"])
        importing.map_columns(by=person, batch=batch, mapping=batch.mapping, options=answers)
        self._work(batch, importing.check_import(by=person, batch=batch).pk)
        if batch.state != ImportState.CHECKED:
            raise CommandError(showing.stop_reason(batch))
        self._say(batch, "checked")
        if options["confirm"]:
            self._work(batch, importing.confirm_import(by=person, batch=batch).pk)
            if batch.state != ImportState.DONE:
                raise CommandError(showing.stop_reason(batch))
            self._say(batch, "imported")

    def _answers(self, batch: ImportBatch, person: Person, given: list[str]) -> dict[str, str]:
        answers = dict(one.split("=", 1) for one in given if "=" in one)
        for option in importing.questions_of(batch):
            if option.kind == "lookup" and option.find and answers.get(option.name):
                found = option.find(batch.brand, person, answers[option.name])
                if len(found) != 1:
                    names = "; ".join(str(one.label) for one in found) or "nothing"
                    raise CommandError(f"--option {option.name}: found {names}.")
                answers[option.name] = found[0].value
        return answers

    def _work(self, batch: ImportBatch, job_id: int) -> None:
        """Do the job in this process, unless a worker has taken it already."""
        started = time.monotonic()
        jobs.run(job_id)
        batch.refresh_from_db()
        while batch.is_running and not importing.is_stopped(batch):
            time.sleep(1)
            batch.refresh_from_db()
        seconds = time.monotonic() - started
        rows = batch.counts.get("rows", 0)
        self.stdout.write(f"{rows:,} rows in {seconds:.1f} s ({rows / max(seconds, 0.001):,.0f}/s)")

    def _say(self, batch: ImportBatch, done: str) -> None:
        self.stdout.write(f"Import {batch.pk} {done}:")
        for name in Outcome.values:
            self.stdout.write(f"  {name:<12}{batch.counts.get(name, 0):>12,}")
        for words, number in showing.reasons(batch):
            self.stdout.write(f"  {words}: {number:,}")
