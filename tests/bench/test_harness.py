"""The plumbing of the benchmarks; the benchmarks themselves run by ``make bench``."""

import json

import pytest

from bench import harness
from bench.harness import Result


@pytest.fixture
def results(tmp_path, monkeypatch):
    path = tmp_path / "results.json"
    monkeypatch.setattr(harness, "RESULTS", path)
    return path


def test_figures_of_one_benchmark_leave_the_others(results):
    harness.keep([Result("tiers", 1_000, 3.0, 2.0), Result("settle", 10, 1.0, 4.0)])
    harness.keep([Result("tiers", 1_000, 1.0, 2.0)])
    assert json.loads(results.read_text()) == [
        {"name": "settle", "size": 10, "seconds": 1.0, "reference_seconds": 4.0, "ratio": 0.25},
        {"name": "tiers", "size": 1_000, "seconds": 1.0, "reference_seconds": 2.0, "ratio": 0.5},
    ]


def test_the_table_shows_every_figure():
    table = harness.table_of([Result("tiers", 1_000_000, 3.25, 2.0)])
    assert table.splitlines()[1].split() == ["tiers", "1,000,000", "3.250", "2.000", "1.62"]


def test_by_turns_takes_medians_and_leaves_the_first_pair_out(monkeypatch):
    seconds = iter([9, 9, 2, 1, 4, 3, 6, 50])
    monkeypatch.setattr(harness, "seconds_of", lambda run: next(seconds))
    assert harness.by_turns(run=print, reference=print, times=3) == (3, 4)


def test_benchmarks_register_by_name():
    assert "tiers" in harness.all_benchmarks()
