"""The demo brand's figures by month, counted once everything has happened."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from accounts.demo import DemoPart, demo_part
from matrix import growth
from matrix.models import UnitFigures


@demo_part(order=90)
class FiguresOfUnits(DemoPart):
    """What the nights would have counted."""

    name = "figures"
    fills: ClassVar = (UnitFigures,)

    def play(self, until: dt.datetime) -> None:
        if until == self.demo.moments()[-1]:
            growth.nightly(until)

    def figures(self) -> dict[str, int]:
        return {"figures": UnitFigures.objects.count()}
