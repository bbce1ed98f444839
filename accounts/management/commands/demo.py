"""Load the demo brand (`accounts.demo`)."""

from __future__ import annotations

import datetime as dt
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

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
        autodiscover_modules(
            "demo", "demo_brand", "demo_layers", "demo_links", "demo_personas", "demo_reports"
        )
        autodiscover_modules("demo", "demo_brand", "demo_figures", "demo_links")
        autodiscover_modules("demo", "demo_brand", "demo_figures", "demo_links", "demo_numbers")
        autodiscover_modules("demo", "demo_brand", "demo_links", "demo_platforms", "demo_reports")
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
