"""Whatever touches what is owed to a person has its own part in the statement."""

import datetime as dt
from typing import Any

import pytest

from incentives import booking, ledger
from incentives.choices import OWNED_KINDS, JournalKind, LedgerKind
from incentives.models import Journal, Statement
from tests.incentives.money import OCTOBER, Office, code_of, differences, settle
from tests.refusals import RULE_BROKEN, refused, sql

PARTS = (
    *("held_opening", "earned", "clawed_back", "rewards", "prizes", "adjustments", "written_off"),
    *("released", "held", "opening", "paid_out", "tax_withheld", "payable"),
)


@pytest.fixture
def office(db: None) -> Office:
    return Office()


def book(office: Office, kind: str, key: str, *lines: tuple[str, int], day: str) -> Journal:
    """A journal of Zhou's; accounts by their kinds."""
    return ledger.post(
        by=office.chen,
        brand=office.brand,
        kind=kind,
        source="test",
        key=f"{kind}:{key}",
        business_date=dt.date.fromisoformat(day),
        postings=[
            (
                ledger.account(
                    brand=office.brand,
                    kind=account,
                    currency="CNY",
                    creator=office.zhou if account in OWNED_KINDS else None,
                ),
                amount,
            )
            for account, amount in lines
        ],
    )


def parts(statement: Statement) -> dict[str, int]:
    """The parts of a statement that are not nothing."""
    return {name: getattr(statement, name) for name in PARTS if getattr(statement, name)}


def of_zhou(period: str) -> dict[str, int]:
    return parts(Statement.objects.get(creator__number="K001", settlement__period=period))


def test_each_kind_of_journal_is_a_part_of_its_own(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    book(office, "reward", "r", ("rewards", 300), ("accrued", -300), day="2026-09-06")
    book(office, "prize", "p", ("prizes", 200), ("payable", -200), day="2026-09-07")
    book(office, "adjustment", "a", ("expense", -50), ("payable", 50), day="2026-09-08")
    book(office, "write_off", "w", ("write_off", 20), ("payable", -20), day="2026-09-09")
    month = settle(office.brand)
    assert of_zhou("2026-09") == {
        "earned": 500,
        "rewards": 300,
        "prizes": 200,
        "adjustments": -50,
        "written_off": 20,
        "held": 300,
        "released": 670,
        "payable": 670,
    }
    totals = {name: month.totals[name] for name in ("rewards", "prizes", "adjustments")}
    assert totals == {"rewards": 300, "prizes": 200, "adjustments": -50}
    assert differences() == {}


def test_a_held_reward_becomes_payable_without_being_earned_twice(office: Office) -> None:
    book(office, "reward", "r", ("rewards", 300), ("accrued", -300), day="2026-09-06")
    settle(office.brand)
    book(office, "release", "r", ("accrued", 300), ("payable", -300), day="2026-10-06")
    settle(office.brand, OCTOBER)
    assert of_zhou("2026-10") == {"held_opening": 300, "released": 300, "payable": 300}
    assert differences() == {}


def test_a_reward_taken_back_counts_as_reward_and_leaves_a_debt(office: Office) -> None:
    paid = book(office, "reward", "r", ("rewards", 300), ("payable", -300), day="2026-09-06")
    settle(office.brand)
    book(office, "payout_approved", "x", ("payable", 300), ("inflight", -300), day="2026-10-02")
    ledger.reverse(
        by=office.chen, journal=paid, business_date=dt.date(2026, 10, 5), reason="note removed"
    )
    settle(office.brand, OCTOBER)
    assert of_zhou("2026-10") == {
        "opening": 300,
        "rewards": -300,
        "released": -300,
        "paid_out": 300,
        "payable": -300,
    }
    assert differences() == {}


def test_tax_stands_within_what_was_paid_out(office: Office) -> None:
    book(office, "prize", "p", ("prizes", 1_000), ("payable", -1_000), day="2026-09-02")
    for day, key, amount, tax in (("03", "x", 900, 40), ("05", "y", 60, 5)):
        kind, on = "payout_approved", f"2026-09-{day}"
        book(office, kind, key, ("payable", amount), ("inflight", -amount), day=on)
        book(office, kind, f"{key} tax", ("payable", tax), ("tax", -tax), day=on)
    book(office, "payout_paid", "x", ("inflight", 900), ("cash_clearing", -900), day="2026-09-04")
    # What the bank sends back takes its tax with it.
    book(office, "payout_failed", "y", ("inflight", 60), ("payable", -60), day="2026-09-06")
    book(office, "payout_failed", "y tax", ("tax", 5), ("payable", -5), day="2026-09-06")
    settle(office.brand)
    assert of_zhou("2026-09") == {
        "prizes": 1_000,
        "released": 1_000,
        "paid_out": 940,
        "tax_withheld": 40,
        "payable": 60,
    }
    assert differences() == {}


def test_a_statement_that_does_not_add_up_is_not_stored(office: Office) -> None:
    month = settle(office.brand)
    with refused(RULE_BROKEN):
        sql(
            "INSERT INTO incentives_statement (settlement_id, creator_id, store_id, held_opening,"
            " earned, clawed_back, rewards, released, held, opening, paid_out, payable)"
            " VALUES (%s, %s, %s, 0, 0, 0, 5, 4, 0, 0, 0, 4)",
            *(month.pk, office.zhou.pk, office.zhou.store_id),
        )


# -- which accounts ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("reward", (("expense", 5), ("payable", -5))),
        ("reward", (("payable", -5), ("rewards", 5))),
        ("prize", (("prizes", 5), ("inflight", -5))),
        ("write_off", (("write_off", 5), ("accrued", -5))),
        ("payout_paid", (("inflight", 5), ("tax", -3), ("payable", -2))),
        ("reversal", (("expense", 5), ("payable", -5))),
        ("unknown", (("expense", 5), ("payable", -5))),
    ],
)
def test_a_journal_touches_only_the_accounts_of_its_kind(
    office: Office, kind: str, lines: Any
) -> None:
    assert code_of(lambda: book(office, kind, "1", *lines, day="2026-09-02")) == "wrong_account"
    assert not Journal.objects.exists()


def test_a_set_keeps_to_the_accounts_of_its_kind_too(office: Office) -> None:
    def post() -> None:
        ledger.post_set(
            by=None,
            brand=office.brand,
            currency="CNY",
            kind=JournalKind.PRIZE,
            source="race:1",
            debit=LedgerKind.REWARDS,
            credit=LedgerKind.PAYABLE,
            business_date=dt.date(2026, 9, 2),
            entries="SELECT '1', %(creator)s::bigint, 5::bigint",
            params={"creator": office.zhou.pk},
        )

    assert code_of(post) == "wrong_account"


def test_every_kind_but_a_reversal_has_its_accounts() -> None:
    assert set(booking.BOOKINGS) == set(JournalKind) - {JournalKind.REVERSAL}
    assert {account for _kind, _place, account in booking.rows()} == set(LedgerKind)
