"""docs/api.md names every address, and its examples are what the product answers."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.access import SCOPES
from incentives import explaining
from incentives.explaining_words import CHANGES, GATES
from incentives.words import MISSING
from kosops.lib.periods import Month
from tests.api import ROOT, Program
from tests.test_api_doors import DOORS, OF_THE_KEY, world
from tests.test_doors import World

__all__ = ["world"]

TEXT = (Path(__file__).parents[1] / "docs" / "api.md").read_text()
REST = "…"
# The day on which the examples were written stands for the present one.
WRITTEN_ON = "2026-11-22"

EXAMPLE = re.compile(r"```http\n(.*?)```\n```json\n(.*?)```", re.DOTALL)


def examples() -> Iterator[Any]:
    for request, answer in EXAMPLE.findall(TEXT):
        yield pytest.param(request, json.loads(answer), id=request.splitlines()[0])


def without_the_day(value: Any) -> Any:
    """Moments, numbers of requests and digests are others each time."""
    if isinstance(value, dict):
        return {name: without_the_day(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_the_day(inner) for inner in value]
    if not isinstance(value, str):
        return value
    for pattern, shown in (
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "a moment"),
        (r"req_\w{26}", "a request"),
        (r"pgr_\d+", "a grant"),
        (r"[0-9a-f]{64}", "a digest"),
        (r"···· \d{4}", "an account"),
    ):
        if re.fullmatch(pattern, value):
            return shown
    return value


def compare(shown: Any, real: Any, place: str = "") -> None:
    """What is shown is what came; `REST` stands for what is left out."""
    if isinstance(shown, dict):
        names = set(shown) - {REST}
        assert names <= set(real), f"{place}: {names - set(real)}"
        assert REST in shown or names == set(real), f"{place} lacks {set(real) - names}"
        for name in names:
            compare(shown[name], real[name], f"{place}/{name}")
    elif isinstance(shown, list):
        cut = shown and shown[-1] == REST
        items = shown[:-1] if cut else shown
        assert len(real) > len(items) if cut else len(real) == len(items), place
        for number, item in enumerate(items):
            compare(item, real[number], f"{place}/{number}")
    else:
        assert shown == real, place


def as_written(answer: str) -> str:
    """An answer of today as it would have been on the day of the examples."""
    today, then = timezone.localdate(), dt.date.fromisoformat(WRITTEN_ON)
    now, was = Month.of(today), Month.of(then)
    for said, shown in (
        (today, then),
        (now.first_day, was.first_day),
        (now.last_day, was.last_day),
        (f'"month": "{now}"', f'"month": "{was}"'),
    ):
        answer = answer.replace(str(said), str(shown))
    return answer


@pytest.mark.django_db
@pytest.mark.parametrize(("request_", "shown"), list(examples()))
def test_an_example_is_what_the_product_answers(
    request_: str,
    shown: Any,
    world: World,
) -> None:
    scopes = {door.scope for door in DOORS.values()}
    program = Program(world.lin, world.chengye.brand, *scopes)
    head, _gap, body = request_.partition("\n\n")
    method, address = head.splitlines()[0].split(" ", 1)
    if method == "POST":
        key = re.search(r"Idempotency-Key: (\S+)", head)
        assert key is not None
        answer = program.post(address.removeprefix(ROOT), body.strip(), key[1])
    else:
        answer = program.follow(address)
    real = json.loads(as_written(json.dumps(answer.json())))
    compare(without_the_day(shown), without_the_day(real))


def test_every_address_scope_and_code_is_described() -> None:
    for name in set(DOORS) - OF_THE_KEY:
        given = {
            "api:statement": {"period": "{period}", "creator": "{creator}"},
            "api:payout_batch": {"number": "{number}"},
            "api:point_grant": {"grant_id": "{id}"},
        }.get(name, {})
        address = reverse(name, kwargs=given).replace("%7B", "{").replace("%7D", "}")
        assert f" /{address.removeprefix(ROOT)}" in TEXT.replace("`GET /", " /").replace(
            "`POST /", " /"
        ), name
    for scope in {door.scope for door in DOORS.values()}:
        assert scope in SCOPES and f"| `{scope}` |" in TEXT
    for code in (*MISSING, *GATES, *CHANGES, *explaining.VACANT.values()):
        assert f"`{code}`" in TEXT or f'"{code}"' in TEXT, code


def test_an_answer_that_differs_is_noticed() -> None:
    for shown, real in (
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ([1], [1, 2]),
        ([1, REST], [1]),
    ):
        with pytest.raises(AssertionError):
            compare(shown, real)
    compare({"a": [1, REST], REST: REST}, {"a": [1, 2], "b": 3})
