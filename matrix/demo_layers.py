"""The demo brand's layers, worked out from its own figures."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, demo_part
from matrix import layering


@demo_part(order=95)
class Layers(DemoPart):
    """Sorts everybody once posts are there, as every night does."""

    name = "layers"

    def prepare(self) -> None:
        self.moved = 0

    def play(self, until: dt.datetime) -> None:
        counts = layering.work_out(by=None, brand=self.demo.brand, now=until, on=until.date())
        self.moved += counts["moved"]

    def figures(self) -> dict[str, int]:
        return {"moved": self.moved}
