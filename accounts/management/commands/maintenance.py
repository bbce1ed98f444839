"""``manage.py maintenance``: close the installation for a while, and open it again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from kosops.lib import maintenance


class Command(BaseCommand):
    help = "Show everybody a page that says until when kosops is being worked on."
    # It has to work while the database is away.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        on = acts.add_parser("on", help="close it, or change the time and the reason")
        on.add_argument(
            "--until",
            required=True,
            help=f"03:30 or '2026-11-22 03:30', in {settings.TIME_ZONE}; people plan by it",
        )
        on.add_argument("--reason", default="", help="shown to everybody as it stands")
        acts.add_parser("off", help="open it")
        acts.add_parser("status", help="say whether it is on")

    def handle(self, *args: Any, act: str, **options: Any) -> None:
        try:
            if act == "on":
                self.begin(options["until"], options["reason"].strip())
            elif act == "off":
                self.stdout.write("Off." if maintenance.end() else "It was off already.")
        except OSError as error:
            raise CommandError(f"{settings.MAINTENANCE_FILE}: {error.strerror}.") from error
        if act == "status":
            self.say(maintenance.current())

    def begin(self, until: str, reason: str) -> None:
        if len(reason) > maintenance.LONGEST_REASON:
            raise CommandError(
                f"--reason has {len(reason)} characters; {maintenance.LONGEST_REASON} fit the page."
            )
        now = timezone.now()
        try:
            end = maintenance.read_until(until, now)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.say(maintenance.begin(until=end, reason=reason, now=now))

    def say(self, found: maintenance.Maintenance | None) -> None:
        if found is None:
            self.stdout.write("Off.")
            return
        words = "On"
        if found.until:
            words += (
                f" until {timezone.localtime(found.until):%Y-%m-%d %H:%M} ({settings.TIME_ZONE})"
            )
        if found.since:
            words += f", since {timezone.localtime(found.since):%Y-%m-%d %H:%M}"
        self.stdout.write(f"{words}. {found.reason}".rstrip())
        if found.until is None:
            self.stdout.write(
                f"{settings.MAINTENANCE_FILE} cannot be read; `maintenance off` removes it."
            )
        elif found.is_late(timezone.now()):
            self.stdout.write("That time is past: say a new one, or `maintenance off`.")
