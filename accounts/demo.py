"""The demo brand: parts that the apps bring, played through six months as they would have happened.

Each app registers what it adds (`demo_part`) in a module called ``demo``. `load` lets every part
prepare what stands from the first day, then goes from moment to moment up to yesterday and lets
each part do what happened since the last one. The parts call the same commands as the pages do.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar
from unittest import mock
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month

CODE = "CY"
MONTHS = 6
# Days of each month at which the play halts, besides its last.
HALTS = (3, 16)

# Nobody else tells the planner about rows of a transaction that is not over: without this it
# takes every table for an empty one. Early, when it matters most, and once more when all has grown.
ANALYZED_AFTER = (1, 5)

Tell = Callable[[str, float], None]


@dataclass
class Demo:
    """What the parts are told. Figures follow from ``seed`` and ``day`` (today) alone."""

    seed: int
    day: dt.date
    scale: float
    passphrase: str
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo(settings.TIME_ZONE))

    @property
    def brand(self) -> Unit:
        """The brand; the first part adds it."""
        return Unit.objects.get(kind=UnitKind.BRAND, code=CODE)

    @cached_property
    def first_day(self) -> dt.date:
        return Month.of(self.day).shifted(-MONTHS).first_day

    @cached_property
    def last_day(self) -> dt.date:
        """Yesterday: nothing of today has happened yet."""
        return self.day - dt.timedelta(days=1)

    @cached_property
    def days(self) -> list[dt.date]:
        count = (self.last_day - self.first_day).days + 1
        return [self.first_day + dt.timedelta(days=number) for number in range(count)]

    def rng(self, part: str) -> random.Random:
        """Chance of a part's own, so that a change in one part moves no figure of another."""
        return random.Random(f"{self.seed}:{part}")  # noqa: S311 - made-up data

    def size(self, full: int, least: int = 1) -> int:
        """``full`` on the scale of this load."""
        return max(least, round(full * self.scale))

    def at(self, day: dt.date, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
        """A moment of a day in the brand's time zone."""
        return dt.datetime.combine(day, dt.time(hour, minute, second), tzinfo=self.zone)

    def moments(self) -> list[dt.datetime]:
        """Where the play halts, the last one just after midnight of today."""
        ends = {day for day in self.days if day.day in HALTS or day == Month.of(day).last_day}
        halts = [self.at(day, 22) for day in sorted(ends - {self.last_day})]
        return [*halts, self.at(self.day, 0, 5)]


class DemoPart:
    """What one app adds. ``name`` stands in the activity log; parts play in the order of ``order``.

    ``fills`` names the models that get many rows.
    """

    name: ClassVar[str]
    fills: ClassVar[tuple[type[Model], ...]] = ()
    order: ClassVar[int]

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        self.rng = demo.rng(self.name)

    def prepare(self) -> None:
        """Add what stands from the first day."""

    def play(self, until: dt.datetime) -> None:
        """Do what happened since the last call up to ``until``, where the clock stands now."""

    def figures(self) -> dict[str, int]:
        """What was added, for the activity row of this part."""
        return {}


_parts: dict[str, type[DemoPart]] = {}


def demo_part(*, order: int) -> Callable[[type[DemoPart]], type[DemoPart]]:
    """Register a part; lower apps have lower orders."""

    def register(part: type[DemoPart]) -> type[DemoPart]:
        part.order = order
        _parts[part.name] = part
        return part

    return register


@contextmanager
def clock(moment: dt.datetime) -> Iterator[None]:
    """Let every command read ``moment`` as the present.

    So a row of last spring carries the day, the month and the order in the log that it would
    have. Only the demo turns the clock, in a process of its own.
    """

    def now() -> dt.datetime:
        return moment

    with mock.patch.object(timezone, "now", now):
        yield


def load(*, seed: int, day: dt.date, scale: float, passphrase: str, tell: Tell) -> Demo:
    """Add the demo brand, wholly or not at all. Refuses ``demo_exists``.

    ``tell`` hears what each part added and how many seconds it took.
    """
    if Unit.objects.filter(kind=UnitKind.BRAND, code=CODE).exists():
        raise DomainError(
            "demo_exists",
            _("The demo brand (code %(code)s) is already here; nothing was changed."),
            code=CODE,
        )
    demo = Demo(seed=seed, day=day, scale=scale, passphrase=passphrase)
    seconds: dict[str, float] = {}
    with transaction.atomic():
        sql.execute("SET LOCAL statement_timeout = 0")
        parts = _prepared(demo, seconds)
        for halt, moment in enumerate(demo.moments()):
            _play(parts, moment, seconds)
            if halt in ANALYZED_AFTER:
                _analyze(parts)
        _record(demo, parts)
    for part in parts:
        tell(part.name, seconds[part.name])
    _analyze(parts)
    return demo


def _prepared(demo: Demo, seconds: dict[str, float]) -> list[DemoPart]:
    parts = []
    with clock(demo.at(demo.first_day, 0, 1)):
        for kind in sorted(_parts.values(), key=lambda kind: kind.order):
            began = time.perf_counter()
            part = kind(demo)
            part.prepare()
            parts.append(part)
            seconds[part.name] = time.perf_counter() - began
    return parts


def _play(parts: list[DemoPart], moment: dt.datetime, seconds: dict[str, float]) -> None:
    with clock(moment):
        for part in parts:
            began = time.perf_counter()
            part.play(moment)
            seconds[part.name] += time.perf_counter() - began


def _record(demo: Demo, parts: list[DemoPart]) -> None:
    brand = demo.brand
    with clock(demo.moments()[-1]):
        for part in parts:
            activity.record(
                by=None,
                verb="demo_brand.added",
                object=brand,
                unit=brand,
                after={"part": part.name, **part.figures()},
            )


def _analyze(parts: list[DemoPart]) -> None:
    tables = [model._meta.db_table for part in parts for model in part.fills]
    sql.execute(f"ANALYZE {', '.join(tables)}")
