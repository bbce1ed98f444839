"""What a benchmark needs: a database of its own, a clock, and a place for its figures.

A benchmark is a function in a module of this package:

    @benchmark("tiers")
    def tiers(scale: float) -> Result: ...

It fills the database it finds itself in, and measures the product and a reference (the bare SQL
that does the same work without the product) by turns in one run, so that the ratio holds on any
machine. ``scale`` shrinks the full size for a quick look; only full size is kept.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management import call_command
from django.db import connection

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Result:
    """Seconds of the product and of the reference for ``size`` things (orders, posts ...)."""

    name: str
    size: int
    seconds: float
    reference_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.reference_seconds

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "size": self.size,
            "seconds": round(self.seconds, 3),
            "reference_seconds": round(self.reference_seconds, 3),
            "ratio": round(self.ratio, 3),
        }


# One benchmark may give several figures that belong together.
Benchmark = Callable[[float], "Result | list[Result]"]
_benchmarks: dict[str, Benchmark] = {}


def benchmark(name: str) -> Callable[[Benchmark], Benchmark]:
    """Register a function as the benchmark called ``name``."""

    def register(run: Benchmark) -> Benchmark:
        _benchmarks[name] = run
        return run

    return register


def all_benchmarks() -> dict[str, Benchmark]:
    """Every benchmark of this package by name."""
    import bench

    for module in pkgutil.iter_modules(bench.__path__):
        if module.name not in ("__main__", "harness"):
            importlib.import_module(f"bench.{module.name}")
    return dict(sorted(_benchmarks.items()))


# -- databases -----------------------------------------------------------------


@contextmanager
def fresh_database(name: str) -> Iterator[None]:
    """An empty migrated database of its own, dropped afterwards. Django works in it meanwhile."""
    database = f"kosops_bench_{name}_{os.getpid()}"
    with _created(database, "template0"), inside(database):
        call_command("migrate", verbosity=0)
        yield


@contextmanager
def copy_of_database() -> Iterator[None]:
    """A copy of the present database to change and throw away, so that a run can be repeated."""
    with copy_beside() as copy, inside(copy):
        yield


@contextmanager
def copy_beside() -> Iterator[str]:
    """A copy of the present database that stands beside it, by name: `inside` goes there."""
    source = connection.settings_dict["NAME"]
    copy = f"{source}_copy"
    connection.close()
    with _created(copy, source):
        yield copy


def settle(table: str = "") -> None:
    """Bring statistics and visibility up to date, as autovacuum would after a while."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("CHECKPOINT")


@contextmanager
def _created(name: str, template: str) -> Iterator[None]:
    _on_server(f"DROP DATABASE IF EXISTS {name}")
    _on_server(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield
    finally:
        connection.close()
        _on_server(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Work in another database of the server."""
    connection.close()
    outside = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = outside


def _on_server(statement: str) -> None:
    settings = connection.settings_dict
    server = psycopg2.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname="postgres",
    )
    server.autocommit = True
    try:
        with server.cursor() as cursor:
            cursor.execute(statement)
    finally:
        server.close()


# -- measuring -----------------------------------------------------------------


def seconds_of(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def by_turns(
    run: Callable[[], Any], reference: Callable[[], Any], *, times: int = 3
) -> tuple[float, float]:
    """The medians of ``times`` runs of each, one after the other; the first pair only warms up."""
    pairs = [(seconds_of(reference), seconds_of(run)) for _ in range(times + 1)][1:]
    return (
        statistics.median(pair[1] for pair in pairs),
        statistics.median(pair[0] for pair in pairs),
    )


# -- figures -------------------------------------------------------------------


def table_of(results: list[Result]) -> str:
    head = f"{'name':<20} {'size':>12} {'seconds':>10} {'reference':>10} {'ratio':>7}"
    rows = [
        f"{r.name:<20} {r.size:>12,} {r.seconds:>10.3f} {r.reference_seconds:>10.3f}"
        f" {r.ratio:>7.2f}"
        for r in results
    ]
    return "\n".join([head, *rows])


def keep(results: list[Result]) -> None:
    """Write the figures into results.json; those of other benchmarks stay."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    rows = {row["name"]: row for row in kept} | {r.name: r.as_json() for r in results}
    lines = ",\n".join(f"  {json.dumps(rows[name])}" for name in sorted(rows))
    RESULTS.write_text(f"[\n{lines}\n]\n")
