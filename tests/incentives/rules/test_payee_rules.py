"""Who is paid in cash, and what stands against it."""

import datetime as dt

import pytest

from incentives.payee_rules import Payee, age_on, blocks

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
TODAY = dt.date(2026, 11, 22)


def someone(**other: object) -> Payee:
    facts = {
        "employee": False,
        "held": False,
        "born": dt.date(2000, 1, 1),
        "identified": True,
        "has_destination": True,
        "consented": True,
        "frozen_until": None,
    }
    return Payee(**{**facts, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, []),
        ({"held": True}, ["held"]),
        ({"born": dt.date(2008, 11, 22)}, []),
        ({"born": dt.date(2008, 11, 23)}, ["under_age"]),
        ({"born": None}, ["no_birth_date"]),
        ({"identified": False}, ["no_identity"]),
        ({"has_destination": False, "consented": False}, ["no_destination"]),
        ({"consented": False}, ["no_consent"]),
        ({"frozen_until": NOW}, []),
        ({"frozen_until": NOW + dt.timedelta(seconds=1)}, ["frozen"]),
        ({"employee": True, "born": None, "identified": False, "consented": False}, []),
        ({"employee": True, "has_destination": False}, ["no_destination"]),
        ({"held": True, "identified": False}, ["held", "no_identity"]),
    ],
)
def test_cash_needs_an_adult_who_is_known_and_agreed(
    facts: dict[str, object], expected: list[str]
) -> None:
    assert blocks(someone(**facts), NOW, TODAY) == expected


def test_who_was_born_on_a_leap_day_is_of_age_on_the_first_of_march() -> None:
    born = dt.date(2008, 2, 29)
    assert age_on(born, dt.date(2026, 2, 28)) == 17
    assert age_on(born, dt.date(2026, 3, 1)) == 18


def test_what_a_person_can_mend_first_is_told_first() -> None:
    nothing_known = {"has_destination": False, "born": None, "identified": False}
    assert blocks(someone(**nothing_known), NOW, TODAY) == [
        *("no_destination", "no_birth_date", "no_identity")
    ]
    child = {"born": dt.date(2015, 1, 1), "held": True, "frozen_until": NOW + dt.timedelta(1)}
    assert blocks(someone(**child), NOW, TODAY) == ["held", "under_age", "frozen"]
