"""The score, the route and what may not be asked for: rules on plain data."""

import pytest

from matrix import screening
from matrix.phones import normalised
from matrix.recruiting_choices import Route
from matrix.screening import Facts, route_of, score


def test_every_known_part_counts_by_its_weight() -> None:
    found = score(
        Facts(followers=10_000, quality=5, recency=10, frequency=12, amount=500_000, activity=12)
    )
    assert found.value == 100
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("facts", "weights", "value"),
    [
        ({"quality": 3.0}, {}, 50),
        ({"quality": 3.0, "followers": 10_000}, {}, 70),  # (50 x 30 + 100 x 20) / 50
        ({"quality": 1.0, "followers": 10_000}, {"quality": 100, "followers": 0}, 0),
        ({"followers": 100}, {}, 50),
        ({"activity": 6, "recency": 365}, {}, 33),  # (50 x 20 + 0 x 10) / 30
        ({"recency": 400}, {}, 0),
        ({"followers": 0}, {}, 0),
    ],
)
def test_what_is_unknown_costs_nothing(facts: dict, weights: dict, value: int) -> None:
    assert score(Facts(**facts), {**screening.WEIGHTS, **weights}).value == value


def test_unknown_is_not_nought() -> None:
    assert score(Facts()).value is None
    assert score(Facts(followers=0)).value == 0
    unknown = score(Facts(followers=0)).unknown
    assert [part.code for part in unknown] == [
        code for code in screening.PARTS if code != "followers"
    ]


def test_no_part_goes_beyond_its_ends() -> None:
    found = score(Facts(followers=10**8, recency=0, frequency=500, amount=-5, activity=900))
    assert [part.reached for part in found.parts] == [100, None, 100, 100, 0, 100]


@pytest.mark.parametrize(
    ("weights", "code"),
    [
        (dict(screening.WEIGHTS), ""),
        ({**screening.WEIGHTS, "charm": 5}, "unknown_weight"),
        ({**screening.WEIGHTS, "quality": 101}, "weight_out_of_range"),
        ({**screening.WEIGHTS, "quality": -1}, "weight_out_of_range"),
        (dict.fromkeys(screening.PARTS, 0), "no_weight"),
    ],
)
def test_weights_that_cannot_be_used(weights: dict, code: str) -> None:
    assert screening.wrong_weights(weights) == code


@pytest.mark.parametrize(
    ("willingness", "content", "network", "route"),
    [
        (0, 0, 0, Route.SHARER),
        (2, 0, 0, Route.SHARER),
        (2, 0, 1, Route.SHARER),
        (1, 1, 0, Route.SHARER),
        (2, 1, 0, Route.SEEDING),
        (0, 2, 0, Route.SEEDING),
        (2, 2, 2, Route.SEEDING),
        (1, 0, 2, Route.DISTRIBUTOR),
        (1, 1, 2, Route.DISTRIBUTOR),
        (0, 1, 2, Route.SHARER),
    ],
)
def test_the_three_routes(willingness: int, content: int, network: int, route: Route) -> None:
    found = route_of(willingness=willingness, content=content, network=network)
    assert found.route == route
    assert found.because


@pytest.mark.parametrize(
    "text", ["笔记里要求好评", "必须夸产品", "五星好评返现", "Reviews must be positive"]
)
def test_asking_for_praise_is_seen(text: str) -> None:
    assert screening.asks_for_praise(text)


@pytest.mark.parametrize("text", ["不要求好评，好坏都可以写", "Write what you think", "好评榜产品"])
def test_an_honest_question_passes(text: str) -> None:
    assert screening.asks_for_praise(text.replace("不要求好评", "好坏都行")) == ""


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("13800138000", "13800138000"),
        (" +86 138-0013-8000", "13800138000"),
        ("0086 13800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("12800138000", None),
        ("1380013800", None),
        ("138001380000", None),
        ("", None),
        ("８6１３８００１３８０００", "13800138000"),
    ],
)
def test_phones_as_people_write_them(text: str, digits: str | None) -> None:
    assert normalised(text) == (digits or "")
