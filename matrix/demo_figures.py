"""The demo brand's figures by month, counted once everything has happened."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.utils import timezone

from accounts.demo import DemoPart, demo_part
from kosops.lib.periods import Month
from matrix import growth, holdings
from matrix.models import AssetFigures, UnitFigures


@demo_part(order=90)
class FiguresOfUnits(DemoPart):
    """What the nights would have counted."""

    name = "figures"
    fills: ClassVar = (UnitFigures, AssetFigures)

    def play(self, until: dt.datetime) -> None:
        day = timezone.localdate(until)
        if until == self.demo.moments()[-1]:
            growth.nightly(until)
        elif day == Month.of(day).last_day and day > self.demo.day - dt.timedelta(days=62):
            holdings.count_all(until)

    def figures(self) -> dict[str, int]:
        return {"figures": UnitFigures.objects.count()}
