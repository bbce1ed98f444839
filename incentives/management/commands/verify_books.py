"""``manage.py verify_books``: prove the books and print the differences."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incentives import proof_runs


class Command(BaseCommand):
    help = "Prove the books, print what each check found."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = proof_runs.look()
        for finding in findings:
            self.stdout.write(f"{finding.differences:>8}  {finding.title}")
            for example in finding.examples:
                self.stdout.write(f"          {example}")
        total = sum(finding.differences for finding in findings)
        self.stdout.write(f"{total:>8}  differences in all")
        if total:
            raise CommandError("The books do not prove. Payouts stop until this is explained.")
