"""Which ways to reward people law and platforms allow: facts of a scheme in, findings out.

Each rule names its source. Where our own list of rules has a source as read at second hand or not
at all, the docstring says so: counsel looks at it before it is relied on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# The day on which the rules below changed last: a check remembers by which it was made.
VERSION = "2026-11-22"

# What a reward may follow from. Not among them: a tap on share, people brought in.
ALLOWED = frozenset({"posts", "orders", "leads", "work", "points", "tier"})

# 50,000 yuan in fen.
MOST_PRIZE = 5_000_000

WECHAT = frozenset(
    {"channels", "wecom", "wechat", "official_account", "mini_programme", "group", "moments"}
)


class Severity(StrEnum):
    """A stop holds a scheme back, a warning has to be accepted, a note is said."""

    STOP = "stop"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    severity: Severity
    code: str


@dataclass(frozen=True)
class Facts:
    """What the scheme itself says.

    ``basis``: what a reward follows from. ``pays``: money, points, coupons, goods or price.
    ``prize``: its largest prize, minor units. ``texts``: its name and words as people read them.
    """

    basis: tuple[str, ...]
    pays: str
    prize: int = 0
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stated:
    """What a person says about it, since no scheme knows what is done around it.

    ``asks``: words of `Asked`. ``platforms``: where it is made known; empty is everywhere.
    ``by_chance``: who wins is drawn; then ``top_prize`` in minor units, and whether kinds, number,
    chances and terms are published. ``cashable``: what is won can be turned into money.
    """

    asks: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()
    by_chance: bool = False
    top_prize: int | None = None
    published: bool = False
    cashable: bool = False
    youngest: str = "adult"


def findings(facts: Facts, stated: Stated) -> tuple[Finding, ...]:
    """What is found, stops first."""
    found = [finding for rule in RULES for finding in rule(facts, stated)]
    order = list(Severity)
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))


def stops(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found if finding.severity is Severity.STOP]


def warnings(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found if finding.severity is Severity.WARN]


# -- the rules -----------------------------------------------------------------


def basis_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Only work, published posts and orders are rewarded.

    WeChat's rules on sharing (forced or bribed sharing is stopped, up to closing the account) and
    art. 2 of the Regulation on the Prohibition of Pyramid Selling.
    """
    if set(facts.basis) - ALLOWED:
        yield Finding(Severity.STOP, "basis")


def share_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Nothing for the tap on share, and no “share or you get nothing”.

    WeChat's rules on sharing in mini-programmes: a message, three days to correct it, then sharing
    is barred, up to closing. Read at second hand. The same shape is avoided everywhere.
    """
    if "share" in stated.asks:
        yield Finding(Severity.STOP, "share")
    if "gate" in stated.asks:
        yield Finding(Severity.STOP, "gate")


def people_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Joining has no price, people brought in are no base, and there are no levels.

    Regulation on the Prohibition of Pyramid Selling (State Council order 444) art. 2; WeChat's
    notices of 2015 and 2016: no pay by down-line sales, no rolling recruitment, no joining fee.
    """
    for code in ("recruit", "levels", "fee"):
        if code in stated.asks:
            yield Finding(Severity.STOP, code)


def likes_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Collecting likes from friends is bribed sharing on WeChat; elsewhere figures are bought so.

    WeChat's rules on sharing, as above. That likes are named there is not verified.
    """
    if "likes" in stated.asks:
        on_wechat = not stated.platforms or bool(stated.platforms & WECHAT)
        yield Finding(Severity.STOP if on_wechat else Severity.WARN, "likes")


def praise_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """A reward never depends on the opinion being good.

    Anti-Unfair Competition Law of 2025, arts. 9 and 13: organised and induced untrue reviews.
    """
    if "praise" in stated.asks:
        yield Finding(Severity.STOP, "praise")
    elif _says(facts, _PRAISE):
        yield Finding(Severity.STOP, "praise_words")


def marking_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Who gets something for a post says so in it.

    Internet Advertising Measures art. 9 (in force since 2023-05-01); staff say whose they are.
    """
    if "unmarked" in stated.asks:
        yield Finding(Severity.STOP, "unmarked")
    elif "posts" in facts.basis:
        yield Finding(Severity.NOTE, "mark")


def chance_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """What is drawn is worth at most 50,000 yuan, and its kinds, chances and terms are published.

    Anti-Unfair Competition Law on prize sales; the ceiling is in our list as not verified. Prizes
    to outsiders are incidental income, taxed at 20 % (notice 2019 no. 74, not verified).
    """
    if not stated.by_chance:
        return
    prize = max(facts.prize, stated.top_prize or 0)
    if not prize:
        yield Finding(Severity.STOP, "prize_unknown")
    elif prize > MOST_PRIZE:
        yield Finding(Severity.STOP, "prize")
    if not stated.published:
        yield Finding(Severity.STOP, "terms")
    yield Finding(Severity.WARN, "chance_tax")


def cash_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Points and coupons that can be turned into money count as money: tax and identity follow.

    Individual Income Tax (notice 2018 no. 61); cash needs a checked identity.
    """
    if stated.cashable and facts.pays != "money":
        yield Finding(Severity.WARN, "cashable")


def age_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Nobody under 14 is enrolled, nobody under 18 is paid.

    Personal Information Protection Law art. 28 for data of children; the limit of 18 is our own.
    """
    if stated.youngest == "child":
        yield Finding(Severity.STOP, "child")
    elif stated.youngest == "teen" and (stated.cashable or facts.pays == "money"):
        yield Finding(Severity.STOP, "minor")


def words_rule(facts: Facts, stated: Stated) -> Iterator[Finding]:
    """Words that sound like what is not allowed, where nobody said that it is asked for."""
    for code, (words, answered) in _SOUNDS.items():
        if not answered(stated) and _says(facts, words):
            yield Finding(Severity.WARN, code)


RULES: tuple[Callable[[Facts, Stated], Iterator[Finding]], ...] = (
    basis_rule,
    share_rule,
    people_rule,
    likes_rule,
    praise_rule,
    marking_rule,
    chance_rule,
    cash_rule,
    age_rule,
    words_rule,
)


# -- words ---------------------------------------------------------------------

_PRAISE = re.compile(r"好评|五星(?!级)|必须夸|must praise|five[- ]star (?:review|rating)")
_SHARE = re.compile(
    r"(?:转发|分享)(?:到|至)?(?:朋友圈|有奖|就送|即可|领)|repost|share to (?:moments|win)"
)
_LIKES = re.compile(r"集赞|求赞|collect likes")
_CHANCE = re.compile(r"抽奖|抽取|幸运(?:奖|用户|粉丝)|盲盒|lucky draw|raffle|lottery")
_PEOPLE = re.compile(r"拉人|拉新|下线|裂变|邀请(?:好友|新人)|bring (?:in )?friends|invite friends")

_SOUNDS: dict[str, tuple[re.Pattern[str], Callable[[Stated], bool]]] = {
    "share_words": (_SHARE, lambda stated: bool({"share", "gate"} & stated.asks)),
    "likes_words": (_LIKES, lambda stated: "likes" in stated.asks),
    "chance_words": (_CHANCE, lambda stated: stated.by_chance),
    "people_words": (_PEOPLE, lambda stated: bool({"recruit", "levels"} & stated.asks)),
}


def _says(facts: Facts, words: re.Pattern[str]) -> bool:
    return any(words.search(unicodedata.normalize("NFKC", text).casefold()) for text in facts.texts)
