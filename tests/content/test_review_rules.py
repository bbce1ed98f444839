"""Which posts are reviewed, and what is looked at."""

import datetime as dt

import pytest

from content.review_rules import ALWAYS, OF_TRADE, Item, checklist, is_asked, may_review
from content.review_words import WORDS, words_of
from matrix.choices import REGULATED, Trade

DAY = dt.datetime(2026, 9, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("published_at", "regulated_from", "recruiting", "asked"),
    [
        (DAY, None, False, False),
        (DAY, None, True, True),
        (DAY, DAY, False, True),
        (DAY - dt.timedelta(seconds=1), DAY, False, False),
        (DAY - dt.timedelta(seconds=1), DAY, True, True),
    ],
)
def test_a_review_is_asked_for_from_the_switch_on_and_of_recruiting_always(
    published_at: dt.datetime, regulated_from: dt.datetime | None, recruiting: bool, asked: bool
) -> None:
    given = {"regulated_from": regulated_from, "recruiting": recruiting}
    assert is_asked(published_at, **given) is asked


def test_every_regulated_trade_has_a_list_of_its_own_and_no_other() -> None:
    assert set(OF_TRADE) == {trade.value for trade in REGULATED}
    assert checklist(Trade.GENERAL, recruiting=False) == ALWAYS


def test_health_looks_at_contact_beside_knowledge_effect_result_and_number() -> None:
    assert {
        Item.KNOWLEDGE,
        Item.EFFICACY,
        Item.RESULT,
        Item.BEFORE_AFTER,
        Item.NUMBER,
        Item.CONTACT,
    } <= set(checklist(Trade.HEALTH, recruiting=False))


def test_recruiting_adds_its_own_lines_once() -> None:
    asked = checklist(Trade.FINANCE, recruiting=True)

    assert {Item.FEE, Item.HEADS, Item.RISK} <= set(asked)
    assert len(asked) == len(set(asked))


def test_a_second_person_is_neither_author_nor_holder() -> None:
    assert may_review(7, {1, 2, None})
    assert not may_review(2, {1, 2, None})


def test_every_line_has_words_and_a_code_of_yesterday_does_no_harm() -> None:
    assert set(WORDS) == set(Item)
    assert [code for code, _words in words_of(["fee", "gone", "risk"])] == ["fee", "risk"]
