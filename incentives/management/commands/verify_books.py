"""``manage.py verify_books``: prove the books and print the differences."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from incentives import proof


class Command(BaseCommand):
    help = "Prove the books: every check prints the number of differences it found."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = proof.verify()
        for finding in findings:
            self.stdout.write(f"{finding.differences:>8}  {finding.title}")
            for example in finding.examples:
                self.stdout.write(f"          {example}")
        total = proof.differences(findings)
        self.stdout.write(f"{total:>8}  differences in all")
        if total:
            raise CommandError("The books do not prove. Payouts stop until this is explained.")
