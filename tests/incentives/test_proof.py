"""Each check of the proof finds the damage it is there for, and only that one speaks up.

The damage is done as only the owner of the database could: with triggers and foreign keys off.
"""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.models import Unit
from incentives import commission_runs, corrections, ledger, nightly, proof, proof_runs, proof_words
from incentives.choices import JournalKind, LedgerKind
from incentives.models import Journal
from tests import cast as c
from tests.incentives.money import OCTOBER, Office, accrue, differences, settle
from tests.incentives.races import own_database
from tests.refusals import as_owner_without_guards, one

# One process tells the story, all cases damage it.
pytestmark = pytest.mark.xdist_group("proof")


def by_hand(office: Office, key: str, amount: int) -> Journal:
    """A journal that hangs on nothing else, between two accounts of the brand."""
    expense = ledger.account(brand=office.brand, kind=LedgerKind.EXPENSE, currency="CNY")
    payable = ledger.account(
        brand=office.brand, kind=LedgerKind.PAYABLE, currency="CNY", creator=office.zhou
    )
    return ledger.post(
        by=office.chen,
        brand=office.brand,
        kind=JournalKind.ADJUSTMENT,
        source="by hand",
        key=key,
        business_date=dt.date(2026, 11, 2),
        postings=[(expense, amount), (payable, -amount)],
    )


def tell_the_story() -> None:
    """Two settled months with a refund, failed and paid payouts, a reversal, a second brand."""
    office = Office()
    office.order("HELD", 30_000, day="2026-10-30")
    office.order("TWO", 10_010, 10_010, sharer=office.may)
    office.order("EXTRA", 50_000, day="2026-09-07")
    accrue(office.brand, "2026-09-06")
    office.refund("TWO", "R1", 5_000)
    september = settle(office.brand)
    office.answer(office.exported(september), succeeded=False)
    office.paid(september)
    settle(office.brand, OCTOBER)
    office.order("NEW", 20_000, day="2026-11-05")
    asked = corrections.ask_adjustment(
        by=office.chen, creator=office.may, amount=300, reason="missed note"
    )
    corrections.approve(by=office.zhao, correction=asked)
    by_hand(office, "kept", 700)
    ledger.reverse(
        by=office.chen,
        journal=by_hand(office, "wrong", 500),
        business_date=dt.date(2026, 11, 3),
        reason="typing error",
    )
    ledger.account(brand=c.cast_of_another_brand(), kind=LedgerKind.EXPENSE, currency="CNY")


@pytest.fixture(scope="module", autouse=True)
def story(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), own_database("proof"):
        tell_the_story()
        yield


@pytest.fixture
def nothing_stays(story: None) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


# In SQL, so that it is plain what is wrong. Several for a check that can fail in several ways.
JOURNAL = "(SELECT id FROM incentives_journal WHERE key = '{}')"
ACCOUNT = """(SELECT a.id FROM incentives_ledgeraccount a JOIN accounts_unit u ON u.id = a.brand_id
              WHERE u.code = '{}' AND a.kind = '{}')"""
OWN = "(SELECT id FROM customers_order WHERE external_id = '{}')"
LAST = "settlement_id = (SELECT max(id) FROM incentives_settlement)"
# The digest has to fit, or another check finds the damage first.
DIGEST = """
    UPDATE incentives_settlement t SET content_hash = (
        SELECT encode(sha256(string_agg(concat_ws(':', creator_id, held_opening, earned,
               clawed_back, released, held, opening, paid_out, payable,
               NULLIF(concat_ws(':', rewards, prizes, adjustments, written_off, tax_withheld),
                      '0:0:0:0:0')), '|' ORDER BY creator_id)::bytea), 'hex')
          FROM incentives_statement WHERE settlement_id = t.id)
"""
MONTH_LINE = """INSERT INTO incentives_monthline (run_id, creator_id, month, sequence, lines_amount,
    base, target, amount)"""
OF_A_RELEASE = """((SELECT max(id) FROM incentives_commissionrun WHERE kind = 'release'),
    (SELECT min(id) FROM matrix_creator), '2026-09-01', {}, 0, 0, {}, {})"""
DAMAGE: dict[str, dict[str, str]] = {
    "currency_sums_to_zero": {
        "a posting of no journal": f"""
            INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)
            VALUES (999999, 1, {ACCOUNT.format("CY", "expense")}, 'CNY', 5)""",
    },
    "journal_balances": {
        "an empty journal": """
            INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,
                created_at, reason)
            SELECT brand_id, currency, kind, 'raw', 'empty', business_date, now(), ''
              FROM incentives_journal WHERE key = 'kept'""",
        "one too much, another too little": f"""
            UPDATE incentives_posting
               SET amount = amount + CASE journal_id WHEN {JOURNAL.format("kept")} THEN 1
                                                     ELSE -1 END
             WHERE line = 1 AND (journal_id = {JOURNAL.format("kept")} OR journal_id = (
                SELECT min(id) FROM incentives_journal WHERE kind = 'accrual'))""",
    },
    "journal_accounts": {
        "a run's journal on another kind of account": f"""
            UPDATE incentives_posting SET account_id = {ACCOUNT.format("CY", "cash_clearing")}
             WHERE line = 1 AND journal_id = (
                SELECT min(id) FROM incentives_journal WHERE kind = 'accrual')""",
        "an account of another brand": f"""
            UPDATE incentives_posting SET account_id = {ACCOUNT.format("MW", "expense")}
             WHERE line = 1 AND journal_id = {JOURNAL.format("kept")}""",
        "a run's journal that names nobody": """
            UPDATE incentives_journal SET key = 'nobody'
             WHERE id = (SELECT min(id) FROM incentives_journal WHERE kind = 'accrual')""",
        "a payout's journal on another person's account": """
            UPDATE incentives_posting p SET account_id = (
                SELECT o.id FROM incentives_ledgeraccount o
                  JOIN incentives_ledgeraccount a ON a.id = p.account_id
                 WHERE o.kind = a.kind AND o.creator_id <> a.creator_id)
             WHERE line = 1 AND journal_id = (
                SELECT min(id) FROM incentives_journal WHERE kind = 'payout_paid')""",
    },
    "reversals": {
        "a reversal of another amount": """
            UPDATE incentives_posting SET amount = amount / 5
             WHERE journal_id = (SELECT id FROM incentives_journal WHERE kind = 'reversal')""",
    },
    "order_refunds": {
        "a refund of another amount": "UPDATE customers_refund SET amount = amount + 1",
    },
    "order_lines": {
        "an order worth more than its lines": f"""
            UPDATE customers_order SET paid_amount = paid_amount + 1
             WHERE id = {OWN.format("EXTRA")}""",
    },
    "line_refunds": {
        "a cent of a refund on the wrong line": f"""
            UPDATE customers_orderline
               SET refunded_amount = refunded_amount + CASE line_no WHEN '1' THEN 1 ELSE -1 END
             WHERE order_id = {OWN.format("TWO")}""",
    },
    "lines_in_books": {
        "a line counted to another run": f"""
            UPDATE incentives_commissionline SET run_id = (
                SELECT max(id) FROM incentives_commissionrun
                 WHERE kind = 'accrual' AND as_of = '2026-09-30')
             WHERE sequence = 1 AND role = 'seller' AND id = (
                SELECT min(id) FROM incentives_commissionline
                 WHERE order_id = {OWN.format("TWO")})""",
    },
    "statements": {
        "an opening that is not the last payable": f"""
            ALTER TABLE incentives_statement DROP CONSTRAINT statement_adds_up;
            UPDATE incentives_statement SET opening = opening + 1 WHERE {LAST};{DIGEST}""",
        "held at the opening that was not held before": f"""
            ALTER TABLE incentives_statement DROP CONSTRAINT statement_adds_up;
            UPDATE incentives_statement SET held_opening = 1 WHERE {LAST};{DIGEST}""",
    },
    "statements_in_books": {
        "more released and payable than booked": f"""
            UPDATE incentives_statement SET released = released + 1, payable = payable + 1,
                   held = held - 1
             WHERE {LAST};{DIGEST}""",
        "a prize that nobody booked, instead of an adjustment": f"""
            UPDATE incentives_statement SET prizes = prizes + 1, adjustments = adjustments - 1
             WHERE {LAST};{DIGEST}""",
        "tax that nobody withheld": f"""
            UPDATE incentives_statement SET tax_withheld = 1 WHERE {LAST};{DIGEST}""",
        "a statement that is missing": f"""
            DELETE FROM incentives_statement WHERE {LAST};
            UPDATE incentives_settlement SET content_hash = encode(sha256(''), 'hex')
             WHERE id = (SELECT max(id) FROM incentives_settlement)""",
    },
    "statements_in_lines": {
        "more earned and more clawed back than the lines": f"""
            UPDATE incentives_statement SET earned = earned + 1, clawed_back = clawed_back + 1
             WHERE {LAST};{DIGEST}""",
    },
    "settlement_content": {
        "another digest": """
            UPDATE incentives_settlement SET content_hash = repeat('0', 64)
             WHERE period = '2026-09'""",
    },
    "corrections_in_books": {
        "another amount than was approved": """
            UPDATE incentives_correction SET amount = amount + 1""",
        "approved for somebody else": """
            UPDATE incentives_correction SET creator_id = (
                SELECT id FROM matrix_creator WHERE number = 'K001')""",
        "a journal that nobody approved": """
            UPDATE incentives_correction SET state = 'waiting', checker_id = NULL,
                   decided_at = NULL, journal_id = NULL""",
    },
    "payouts_in_books": {
        "a payout in another state than the books": """
            UPDATE incentives_payout SET state = 'failed' WHERE out_no LIKE '%-00001'""",
        "journals of a payout that never was": """
            WITH copied AS (
                INSERT INTO incentives_journal (brand_id, currency, kind, source, key,
                    business_date, created_at, reason)
                SELECT brand_id, currency, kind, source, 'CY-1:payout_approved', business_date,
                       now(), ''
                  FROM incentives_journal WHERE kind = 'payout_approved' LIMIT 1
                RETURNING id)
            INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)
            SELECT copied.id, line, account_id, currency, amount
              FROM copied, incentives_posting
             WHERE journal_id = (SELECT min(id) FROM incentives_journal
                                  WHERE kind = 'payout_approved')""",
        "a journal of another amount": """
            UPDATE incentives_posting SET amount = amount + CASE line WHEN 1 THEN 1 ELSE -1 END
             WHERE journal_id = (SELECT min(id) FROM incentives_journal
                                  WHERE kind = 'payout_paid')""",
    },
    "payouts_as_approved": {
        "sent to another account": "UPDATE incentives_payout SET account = account || 'x'::bytea",
        "another total": "UPDATE incentives_payoutbatch SET total = total + 1",
        "nobody approved it": "DELETE FROM incentives_approval",
        "only rejected": "UPDATE incentives_approval SET decision = 'rejected'",
        "approved by the maker": """
            ALTER TABLE incentives_approval DROP CONSTRAINT approval_by_another;
            UPDATE incentives_approval SET checker_id = maker_id""",
    },
    "target_equals_posted": {
        "an order nobody shared any more": f"""
            UPDATE customers_order SET sharer_id = NULL WHERE id = {OWN.format("TWO")}""",
        "a line that earns nothing any more": f"""
            UPDATE customers_orderline SET commissionable = false
             WHERE order_id = {OWN.format("EXTRA")}""",
    },
    "lines_follow": {
        "a number left out": f"""
            UPDATE incentives_commissionline SET sequence = 2
             WHERE order_id = {OWN.format("EXTRA")}""",
        "a base that does not give the target": f"""
            UPDATE incentives_commissionline SET base = base * 2
             WHERE order_id = {OWN.format("EXTRA")}""",
    },
    "lines_refer": {
        "a rate that is not there": f"""
            UPDATE incentives_commissionline SET rate_id = 999999
             WHERE order_id = {OWN.format("EXTRA")}""",
    },
    "nothing_forgotten": {
        "an order that no run looked at": f"""
            DELETE FROM customers_changedorder WHERE order_id = {OWN.format("NEW")}""",
    },
    "pots_split": {
        "shares above the pot": f"""
            UPDATE incentives_commissionline SET role = 'pot', rate_bp = 1
             WHERE order_id = {OWN.format("EXTRA")}""",
    },
    "override_limits": {
        "an override on an own sale": f"""
            UPDATE incentives_commissionline SET role = 'manager'
             WHERE order_id = {OWN.format("EXTRA")}""",
    },
    "order_caps": {
        "a limit that was not kept": "UPDATE incentives_planversion SET order_cap = 1",
    },
    "months_follow": {
        "a number left out": f"{MONTH_LINE} VALUES {OF_A_RELEASE.format(1, 5, 5)},"
        f" {OF_A_RELEASE.format(3, 0, -5)}",
    },
    "months_in_books": {
        "a line without a journal": f"{MONTH_LINE} VALUES {OF_A_RELEASE.format(1, 5, 5)}",
    },
    "month_caps": {
        "a limit that was not kept": "UPDATE incentives_planversion SET person_cap = 1",
    },
    "released_within_earned": {
        "held commission that waits for nothing": f"""
            DELETE FROM incentives_pendingrelease WHERE order_id = {OWN.format("HELD")}""",
    },
}


def damage(statements: str) -> None:
    with as_owner_without_guards(), connection.cursor() as cursor:
        cursor.execute(statements)


def proved() -> dict[str, int]:
    """What ``manage.py verify_books`` says of each check; it fails if there is any difference."""
    said = StringIO()
    failed = False
    try:
        call_command("verify_books", stdout=said)
    except CommandError:
        failed = True
    found = {}
    for check in proof.every_check():
        (line,) = [
            line for line in said.getvalue().splitlines() if line.endswith(f"  {check.title}")
        ]
        found[check.code] = int(line.split()[0])
    assert failed == any(found.values())
    assert f"{sum(found.values()):>8}  differences in all" in said.getvalue()
    return {code: differences for code, differences in found.items() if differences}


def test_every_check_has_a_case_here_and_words_for_the_page() -> None:
    codes = [check.code for check in proof.CHECKS]
    assert len(set(codes)) == len(codes)
    assert set(DAMAGE) == set(codes)
    assert all(DAMAGE.values())
    outside = {check.code for check in proof.every_check()} - set(codes)
    assert set(proof_words.TITLES) == {*codes, *outside, proof_runs.SEALED_DAYS}


def test_what_was_not_damaged_proves(nothing_stays: None) -> None:
    assert proved() == {}
    # The story has something for each check to look at.
    for table in ("customers_refund", "incentives_releaseline", "incentives_statement",
                  "incentives_payout", "incentives_pendingrelease"):  # fmt: skip
        assert one(f"SELECT count(*) FROM {table}") > 0, table
    assert one("SELECT count(DISTINCT state) FROM incentives_payout") == 2
    assert one("SELECT count(*) FROM incentives_journal WHERE reverses_id IS NOT NULL") == 1


# Without an approval a batch is neither what was approved nor approved by enough people.
SEEN_TWICE = {name: {"approvals_complete"} for name in ("nobody approved it", "only rejected")}


@pytest.mark.parametrize(
    ("code", "what"), [(code, what) for code, cases in DAMAGE.items() for what in cases]
)
def test_a_check_finds_its_damage_and_no_other_check_does(
    nothing_stays: None, code: str, what: str
) -> None:
    damage(DAMAGE[code][what])
    assert set(proved()) == {code} | SEEN_TWICE.get(what, set())


def test_each_difference_is_shown_with_examples_and_logged(
    nothing_stays: None, caplog: pytest.LogCaptureFixture
) -> None:
    damage("UPDATE incentives_payoutbatch SET total = total + 1")
    (found,) = [finding for finding in proof.verify() if finding.differences]
    assert (found.code, found.differences) == ("payouts_as_approved", 2)
    assert [row["number"] for row in found.examples] == ["CY-202609-01", "CY-202609-02"]
    assert nightly.verify_books() == 2
    assert f"{found.title}: 2 differences" in caplog.text


def test_many_differences_are_counted_and_only_some_shown(nothing_stays: None) -> None:
    damage(
        """
        INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,
            created_at, reason)
        SELECT brand_id, currency, kind, 'raw', number::text, business_date, now(), ''
          FROM incentives_journal, generate_series(1, 12) AS number WHERE key = 'kept'
        """
    )
    (found,) = [finding for finding in proof.verify() if finding.differences]
    assert (found.differences, len(found.examples)) == (12, proof.EXAMPLES)


def test_the_books_prove_while_a_run_is_half_way(
    nothing_stays: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Orders whose lines are written and not yet posted are no difference."""

    def cut_off(*what: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commission_runs, "_post", cut_off)
    with pytest.raises(KeyboardInterrupt):
        accrue(Unit.objects.get(code="CY"), "2026-11-10")
    assert one("SELECT count(*) FROM incentives_commissionrun WHERE state = 'posting'") == 1
    assert differences() == {}


def test_the_command_ends_with_a_status_that_a_script_can_see() -> None:
    database = connection.settings_dict
    address = (
        f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}"
        f"?host={database['HOST']}&port={database['PORT']}"
    )

    damage("UPDATE incentives_payoutbatch SET total = total + 1")
    try:
        ended = subprocess.run(
            [sys.executable, "manage.py", "verify_books"],
            env=os.environ
            | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "kosops.settings.test"},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        damage("UPDATE incentives_payoutbatch SET total = total - 1")
    assert ended.returncode == 1
    assert "2  What was sent to the bank is what a second person approved" in ended.stdout
    assert "The books do not prove." in ended.stderr
