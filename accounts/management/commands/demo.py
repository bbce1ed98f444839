"""Load the demo brand (`accounts.demo`)."""

from __future__ import annotations

import datetime as dt
import importlib
import pkgutil
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import demo
from accounts.models import Unit
from kosops.lib.errors import DomainError


class Command(BaseCommand):
    help = "Load the demo brand Chengye Beauty with six months of history."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="other figures, the same picture")
        parser.add_argument(
            "--day", type=dt.date.fromisoformat, help="the day taken as today, as 2026-11-21"
        )
        parser.add_argument(
            "--scale", type=float, default=1.0, help="0.05 loads a twentieth (for tests)"
        )
        parser.add_argument(
            "--password", default="", help="passphrase of the demo people (DEMO_PASSPHRASE)"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing if there is any unit already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and Unit.objects.exists():
            return
        passphrase = options["password"] or settings.DEMO_PASSPHRASE
        if not passphrase:
            raise CommandError(
                "Say which passphrase the demo people get: --password or DEMO_PASSPHRASE."
            )
        if not 0 < options["scale"] <= 10:
            raise CommandError("--scale lies between 0 and 10.")
        if options["day"] and options["day"] > timezone.localdate():
            raise CommandError("--day lies in the future.")
        _find_parts()
        began = time.perf_counter()
        try:
            demo.load(
                seed=options["seed"],
                day=options["day"] or timezone.localdate(),
                scale=options["scale"],
                passphrase=passphrase,
                tell=self.tell if options["verbosity"] > 1 else lambda name, seconds: None,
            )
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        if options["verbosity"]:
            seconds = time.perf_counter() - began
            self.stdout.write(f"The demo brand is loaded ({seconds:.1f} s).")

    def tell(self, name: str, seconds: float) -> None:
        self.stdout.write(f"  {name:<12} {seconds:6.1f} s")


def _find_parts() -> None:
    """Import the modules of our apps whose names begin with ``demo``; each registers its part."""
    for app in apps.get_app_configs():
        if Path(app.path).parent != settings.BASE_DIR:
            continue
        for module in pkgutil.iter_modules([app.path]):
            if module.name.startswith("demo"):
                importlib.import_module(f"{app.name}.{module.name}")
