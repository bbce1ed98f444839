"""Which ways to reward people are allowed: each rule, at its limits, with what answers it."""

from __future__ import annotations

import pytest

from incentives import scheme_rules
from incentives.scheme_choices import Asked, Youngest
from incentives.scheme_rules import Facts, Finding, Severity, Stated

NOTES = Facts(("posts",), "points", texts=("Rose month", "Tell about your rose"))
ORDERS = Facts(("orders",), "money", texts=("Ten orders a month",))
YUAN = 100


def found(facts: Facts = ORDERS, **said: object) -> list[tuple[str, str]]:
    asks = frozenset(said.pop("asks", ()))  # type: ignore[call-overload]
    places = frozenset(said.pop("platforms", ()))  # type: ignore[call-overload]
    stated = Stated(asks=asks, platforms=places, **said)  # type: ignore[arg-type]
    return [(each.severity.value, each.code) for each in scheme_rules.findings(facts, stated)]


def test_rewards_for_orders_and_work_pass_and_for_posts_with_a_note() -> None:
    assert found(ORDERS) == []
    assert found(NOTES) == [("note", "mark")]
    for basis in scheme_rules.ALLOWED - {"posts"}:
        assert found(Facts((basis,), "goods")) == []


@pytest.mark.parametrize("basis", ["share", "tap", "people", "views", ""])
def test_nothing_else_is_rewarded(basis: str) -> None:
    assert found(Facts((basis,), "points")) == [("stop", "basis")]
    assert found(Facts(("orders", basis), "money")) == [("stop", "basis")]


@pytest.mark.parametrize("asked", ["share", "gate", "recruit", "levels", "fee", "praise"])
@pytest.mark.parametrize("platforms", [(), ("xiaohongshu",), ("moments",)])
def test_what_must_not_be_asked_for_is_stopped_on_every_platform(
    asked: str, platforms: tuple[str, ...]
) -> None:
    assert found(asks=[asked], platforms=platforms) == [("stop", asked)]


@pytest.mark.parametrize(
    ("platforms", "severity"),
    [
        ((), "stop"),
        (("moments",), "stop"),
        (("mini_programme", "douyin"), "stop"),
        (("xiaohongshu",), "warn"),
        (("douyin", "weibo"), "warn"),
    ],
)
def test_likes_are_not_collected_on_wechat_and_with_a_warning_elsewhere(
    platforms: tuple[str, ...], severity: str
) -> None:
    assert found(asks=["likes"], platforms=platforms) == [(severity, "likes")]


def test_everything_of_wechat_is_wechat() -> None:
    for place in ("channels", "wecom", "wechat", "official_account", "group"):
        assert found(asks=["likes"], platforms=[place]) == [("stop", "likes")]


def test_posts_that_hide_the_reward_are_stopped_and_the_note_is_gone() -> None:
    assert found(NOTES, asks=["unmarked"]) == [("stop", "unmarked")]


@pytest.mark.parametrize(
    ("prize", "codes"),
    [
        (50_000 * YUAN, ["chance_tax"]),
        (50_000 * YUAN + 1, ["prize", "chance_tax"]),
        (1, ["chance_tax"]),
        (0, ["prize_unknown", "chance_tax"]),
        (None, ["prize_unknown", "chance_tax"]),
    ],
)
def test_what_is_drawn_is_worth_50_000_yuan_at_most(prize: int | None, codes: list[str]) -> None:
    drawn = found(by_chance=True, top_prize=prize, published=True)
    assert [code for _severity, code in drawn] == codes
    assert drawn[-1] == ("warn", "chance_tax")


def test_the_prize_of_the_scheme_counts_where_it_is_larger() -> None:
    race = Facts(("orders",), "money", prize=50_000 * YUAN + 1)
    assert found(race) == []
    assert ("stop", "prize") in found(race, by_chance=True, top_prize=1, published=True)
    small = Facts(("orders",), "money", prize=300)
    assert found(small, by_chance=True, published=True) == [("warn", "chance_tax")]


def test_a_draw_is_published() -> None:
    assert found(by_chance=True, top_prize=100) == [("stop", "terms"), ("warn", "chance_tax")]
    assert found(published=True, top_prize=9_000_000) == []


def test_what_turns_into_money_counts_as_money() -> None:
    assert found(Facts(("work",), "points"), cashable=True) == [("warn", "cashable")]
    assert found(ORDERS, cashable=True) == []


@pytest.mark.parametrize(
    ("pays", "cashable", "youngest", "code"),
    [
        ("money", False, "teen", "minor"),
        ("points", True, "teen", "minor"),
        ("points", False, "teen", ""),
        ("money", False, "adult", ""),
        ("points", False, "child", "child"),
        ("money", False, "child", "child"),
    ],
)
def test_nobody_too_young_is_enrolled_or_paid(
    pays: str, cashable: bool, youngest: str, code: str
) -> None:
    codes = [
        each
        for severity, each in found(Facts(("work",), pays), cashable=cashable, youngest=youngest)
        if severity == "stop"
    ]
    assert codes == ([code] if code else [])


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("转发朋友圈领小样", ("warn", "share_words")),
        ("分享到朋友圈", ("warn", "share_words")),
        ("Repost and win", ("warn", "share_words")),
        ("集赞 38 个", ("warn", "likes_words")),
        ("ＣＯＬＬＥＣＴ likes", ("warn", "likes_words")),
        ("年终抽奖", ("warn", "chance_words")),
        ("A Lucky Draw", ("warn", "chance_words")),
        ("邀请好友加入", ("warn", "people_words")),
        ("发好评返现", ("stop", "praise_words")),
        ("五星好物", ("stop", "praise_words")),
        ("Leave a five-star review", ("stop", "praise_words")),
    ],
)
def test_words_that_sound_like_it_are_found(text: str, finding: tuple[str, str]) -> None:
    assert found(Facts(("work",), "points", texts=("Plain", text))) == [finding]


@pytest.mark.parametrize(
    "text", ["五星级酒店住宿", "分享你的护肤故事", "幸运四叶草项链笔记", "好物推荐", ""]
)
def test_everyday_words_are_left_alone(text: str) -> None:
    assert found(Facts(("work",), "points", texts=(text,))) == []


@pytest.mark.parametrize(
    ("text", "said", "code"),
    [
        ("转发朋友圈", {"asks": ["share"]}, "share"),
        ("转发朋友圈", {"asks": ["gate"]}, "gate"),
        ("集赞", {"asks": ["likes"]}, "likes"),
        ("邀请好友", {"asks": ["recruit"]}, "recruit"),
        ("拉人", {"asks": ["levels"]}, "levels"),
        ("好评", {"asks": ["praise"]}, "praise"),
    ],
)
def test_what_was_said_takes_the_place_of_its_sound(
    text: str, said: dict[str, object], code: str
) -> None:
    assert found(Facts(("work",), "points", texts=(text,)), **said) == [("stop", code)]


def test_a_draw_that_was_said_takes_the_place_of_its_sound() -> None:
    facts = Facts(("work",), "points", texts=("年终抽奖",))
    assert found(facts, by_chance=True, top_prize=1, published=True) == [("warn", "chance_tax")]


def test_stops_stand_before_warnings_before_notes() -> None:
    mixed = found(NOTES, cashable=True, asks=["fee", "likes"], platforms=["douyin"])
    assert mixed == [
        ("stop", "fee"),
        ("warn", "likes"),
        ("warn", "cashable"),
        ("note", "mark"),
    ]


def test_stops_and_warnings_are_told_apart() -> None:
    rows = (
        Finding(Severity.STOP, "fee"),
        Finding(Severity.WARN, "cashable"),
        Finding(Severity.NOTE, "mark"),
    )
    assert scheme_rules.stops(rows) == ["fee"]
    assert scheme_rules.warnings(rows) == ["cashable"]


def test_each_thing_that_can_be_said_has_its_rule() -> None:
    for asked in Asked.values:
        assert ("stop", asked) in found(NOTES, asks=[asked])
    assert {"adult", "teen", "child"} == set(Youngest.values)
