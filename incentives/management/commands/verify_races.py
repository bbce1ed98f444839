"""``manage.py verify_races``: work fixed races out again and print what would be different."""

from typing import Any

from django.core.management.base import BaseCommand

from incentives import race_standings, race_words
from incentives.models import Race
from incentives.race_choices import RaceState


class Command(BaseCommand):
    help = (
        "Work every fixed race out again from the facts known now. The same digest proves the"
        " result; differences are facts that came or changed later, and change nothing about it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        fixed = Race.objects.filter(state=RaceState.FROZEN).select_related("brand", "formula")
        for race in fixed.order_by("pk"):
            proof = race_standings.prove(by=None, race=race)
            self.stdout.write(f"{proof.differences:>8}  {race.pk} {race.name} {proof.digest}")
            for each in proof.examples:
                what = race_words.difference_name(each["what"])
                self.stdout.write(
                    f"          {each['entry']} {what}: {each['was']} -> {each['now']}"
                )
