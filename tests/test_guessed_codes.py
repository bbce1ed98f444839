"""Codes that open something without a sign-in, or credit somebody, cannot be guessed (A16)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from incentives import badges
from kosops import guesses
from matrix.models import Creator
from tests import cast as c
from tests.test_doors import PUBLIC, ROUTES

pytestmark = pytest.mark.django_db

# Doors that a code opens, and the code's place in the address.
DOORS = {name: given for name, given in ROUTES if name in PUBLIC and given}


@pytest.fixture(autouse=True)
def nobody_has_tried() -> Any:
    cache.clear()
    yield
    cache.clear()


def ask(name: str, code: str, address: str = "203.0.113.7") -> int:
    (argument,) = DOORS[name]
    return Client(REMOTE_ADDR=address).get(reverse(name, kwargs={argument: code})).status_code


@pytest.mark.parametrize("name", DOORS)
def test_whoever_guesses_has_to_wait(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST", 3)
    assert [ask(name, f"GUESS{number}") for number in range(5)] == [404, 404, 404, 429, 429]
    # Others are not held up, nor are other doors.
    assert ask(name, "GUESS9", address="203.0.113.8") == 404


def test_a_right_code_is_neither_counted_nor_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MOST", 3)
    people = c.cast()
    Creator.objects.filter(pk=people.may.pk).update(tier="senior", tier_since=c.LONG_AGO)
    people.may.refresh_from_db()
    number = badges.issue(by=None, creator=people.may).number
    assert [ask("incentives:certificate", number) for _time in range(6)] == [200] * 6
    assert [ask("incentives:certificate", "ACDEFGHJKMNP") for _time in range(3)] == [404] * 3
    assert ask("incentives:certificate", number) == 429


def test_without_the_guard_guessing_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(guesses, "MOST", 10**9)
    assert {ask("incentives:certificate", f"GUESS{number}") for number in range(40)} == {404}


def test_an_answer_says_how_long_to_wait_and_nothing_about_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guesses, "MOST", 0)
    answer = Client().get(reverse("incentives:certificate", kwargs={"number": "ACDEFGHJKMNP"}))
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert "no-store" in answer["Cache-Control"]
    assert "ACDE" not in answer.text.partition("<body")[2].replace(answer.request["PATH_INFO"], "")


def test_a_share_code_opens_no_public_door() -> None:
    """Nobody can find out which share codes exist: to every door they are as good as nonsense."""
    people = c.cast()
    Creator.objects.filter(pk=people.may.pk).update(share_code="MAY01")
    for name in DOORS:
        assert ask(name, "MAY01") == ask(name, "NOBODY") == 404, name
