"""Which posts a second person reviews, and what is looked at (K21): plain rules, no Django.

A post is reviewed in a brand of a regulated trade, from the moment on in which the brand entered it,
and on any account that is there for recruiting people. Sources, section of the rules of the
programme in brackets:

    contact, absolute, disclosure   [5.3] [5.1] [5.2], in every review
    knowledge, efficacy             [5.1] health knowledge is no advertising and stands beside no
                                    contact, address or link; words of effect need proof on file
    fee, heads                      [5.6] joining has no price, and nobody is paid for recruiting
    result, before_after, endorsed, Advertising Law articles 16 and 24 to 26, from general knowledge:
    number, risk                    the operator's counsel checks them before they are relied on
    pay, employer, equal            [5.7] and general knowledge of employment law, likewise
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from enum import StrEnum


class Item(StrEnum):
    """A line of the checklist."""

    CONTACT = "contact"
    ABSOLUTE = "absolute"
    DISCLOSURE = "disclosure"
    KNOWLEDGE = "knowledge"
    EFFICACY = "efficacy"
    RESULT = "result"
    BEFORE_AFTER = "before_after"
    ENDORSED = "endorsed"
    NUMBER = "number"
    RISK = "risk"
    FEE = "fee"
    HEADS = "heads"
    PAY = "pay"
    EMPLOYER = "employer"
    EQUAL = "equal"


OF_TRADE: dict[str, tuple[Item, ...]] = {
    "health": (
        Item.KNOWLEDGE,
        Item.EFFICACY,
        Item.RESULT,
        Item.BEFORE_AFTER,
        Item.ENDORSED,
        Item.NUMBER,
    ),
    "finance": (Item.RESULT, Item.RISK, Item.ENDORSED, Item.NUMBER),
    "education": (Item.RESULT, Item.ENDORSED, Item.NUMBER),
    "property": (Item.RESULT, Item.NUMBER),
}
OF_RECRUITING = (Item.FEE, Item.HEADS, Item.PAY, Item.EMPLOYER, Item.EQUAL)
ALWAYS = (Item.CONTACT, Item.ABSOLUTE, Item.DISCLOSURE)


def is_asked(
    published_at: dt.datetime, *, regulated_from: dt.datetime | None, recruiting: bool
) -> bool:
    """Whether a post that comes in is reviewed. The trigger on posts says the same."""
    return recruiting or (regulated_from is not None and published_at >= regulated_from)


def checklist(trade: str, *, recruiting: bool) -> tuple[Item, ...]:
    """What is looked at, first what the trade or the purpose of the account asks for."""
    return (*OF_TRADE.get(trade, ()), *(OF_RECRUITING if recruiting else ()), *ALWAYS)


def may_review(reviewer: int, involved: Collection[int | None]) -> bool:
    """Whether somebody is a second person: neither author nor holder of the account."""
    return reviewer not in involved
