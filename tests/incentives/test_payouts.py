"""Payouts: who may make, approve and send them, what the bank's answer does, what SQL cannot do."""

import csv
import datetime as dt
from itertools import permutations
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Activity
from incentives import payees, payout_checks, payouts
from incentives.choices import BatchState, Decision, JournalKind, PayoutState
from incentives.models import (
    Approval,
    Journal,
    Payout,
    PayoutBatch,
    PayoutDestination,
    Settlement,
    Statement,
)
from incentives.payouts import Result
from kosops.lib.secrets import decrypt
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import (
    OCTOBER,
    SEPTEMBER,
    Office,
    code_of,
    differences,
    in_flight,
    owed,
    refusal_of,
    settle,
)
from tests.refusals import (
    RESTRICTED,
    RULE_BROKEN,
    TWICE,
    as_owner_without_guards,
    one,
    refused,
    sql,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def settled(office: Office) -> Settlement:
    """Zhou Min is owed 999 and May 399 for September."""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    return settle(office.brand)


def make(office: Office, settled: Settlement, **more: Any) -> PayoutBatch:
    return payouts.make_batch(by=office.chen, settlement=settled, **more)


def amounts(batch: PayoutBatch) -> dict[str, int]:
    return dict(batch.payouts.values_list("creator__name", "amount"))


def states(batch: PayoutBatch) -> set[str]:
    return set(batch.payouts.values_list("state", flat=True))


def fresh(batch: PayoutBatch) -> PayoutBatch:
    return PayoutBatch.objects.get(pk=batch.pk)


def paid_in(office: Office) -> int:
    """What has left in cash."""
    return -one(
        "SELECT COALESCE(sum(p.amount), 0) FROM incentives_posting p"
        " JOIN incentives_ledgeraccount a ON a.id = p.account_id WHERE a.kind = 'cash_clearing'"
    )


# -- where people are paid -----------------------------------------------------


@pytest.mark.parametrize(
    "account",
    ["", "1234567", "1" * 31, "6222-0210", "６２２２０２１００１１２", "12345678x", "²²²²²²²²"],
)
def test_an_account_number_has_eight_to_thirty_digits(office: Office, account: str) -> None:
    before = PayoutDestination.objects.get(creator=office.zhou).masked
    refusal = refusal_of(
        lambda: payees.set_destination(
            by=office.chen, creator=office.zhou, holder="Zhou Min", account=account
        )
    )
    assert (refusal.code, refusal.status) == ("invalid_account", 400)
    assert PayoutDestination.objects.get(creator=office.zhou).masked == before


def test_an_account_needs_a_holder(office: Office) -> None:
    refusal = refusal_of(
        lambda: payees.set_destination(
            by=office.chen, creator=office.zhou, holder="  ", account="62220210"
        )
    )
    assert (refusal.code, refusal.status) == ("invalid_holder", 400)


def test_an_account_is_kept_encrypted_and_logged_masked(office: Office) -> None:
    payees.set_destination(
        by=office.chen, creator=office.zhou, holder=" 周敏 ", account="6222 0210 0112 0001"
    )
    kept = PayoutDestination.objects.get(creator=office.zhou)
    assert (decrypt(kept.holder), decrypt(kept.account)) == ("周敏", "6222021001120001")
    assert b"6222" not in bytes(kept.account)
    assert kept.masked == "···· 0001"
    row = Activity.objects.filter(verb="payout_destination.changed").latest("pk")
    assert (row.actor, row.after) == (office.chen, {"masked": "···· 0001"})


# -- making a batch ------------------------------------------------------------


def test_a_batch_holds_what_a_month_owes(office: Office, settled: Settlement) -> None:
    batch = make(office, settled)
    assert (batch.number, batch.state, batch.maker) == (
        "CY-202609-01",
        BatchState.DRAFT,
        office.chen,
    )
    assert (batch.count, batch.total) == (2, 1_398)
    assert amounts(batch) == {"Zhou Min": 999, "May": 399}
    assert list(batch.payouts.order_by("pk").values_list("out_no", "state")) == [
        ("CY-202609-01-00001", PayoutState.DRAFT),
        ("CY-202609-01-00002", PayoutState.DRAFT),
    ]
    assert owed(office.zhou) == 999, "nothing moves before somebody approves"


def test_who_cannot_be_paid_is_left_out_and_counted(office: Office) -> None:
    store = office.people.jingan
    nowhere, little, just = (
        c.creator(store, f"K10{number}", name)
        for number, name in enumerate(["Nowhere", "Little", "Just enough"])
    )
    for someone in (little, just):
        c.pay_to_bank(someone)
    office.order("E1", 20_000)
    office.order("E2", 20_000, seller=nowhere)
    office.order("E3", 1_980, seller=little)
    office.order("E4", 2_000, seller=just)
    office.order("E5", 10_000, seller=office.may)
    settled = settle(office.brand)
    office.refund("E5", "R5", 10_000, day="2026-10-02")
    office.run("2026-10-05")
    batch = make(office, settled)
    assert amounts(batch) == {"Zhou Min": 1_000, "Just enough": 100}
    assert batch.left_out == {"no_destination": 1, "below_minimum": 1, "owed_back": 1}
    # They are not forgotten: with an account, and a lower minimum, the next batch pays them.
    c.pay_to_bank(nowhere)
    assert amounts(make(office, settled, minimum=99)) == {"Nowhere": 1_000, "Little": 99}


def test_a_later_refund_lowers_what_is_paid(office: Office, settled: Settlement) -> None:
    office.refund("E1", "R1", 6_990, day="2026-10-02")
    office.run("2026-10-05")
    assert amounts(make(office, settled)) == {
        "Zhou Min": owed(office.zhou),
        "May": owed(office.may),
    }
    assert owed(office.zhou) < 999


def test_later_earnings_do_not_raise_what_a_month_pays(office: Office, settled: Settlement) -> None:
    office.order("E2", 80_000, day="2026-10-02")
    office.run("2026-10-20")
    assert owed(office.zhou) == 4_999
    assert amounts(make(office, settled))["Zhou Min"] == 999


def test_what_waits_in_another_batch_is_not_offered_again(
    office: Office, settled: Settlement
) -> None:
    make(office, settled)
    office.order("E2", 80_000, day="2026-10-02")
    october = settle(office.brand, OCTOBER)
    assert Statement.objects.get(settlement=october, creator=office.zhou).payable == 4_999
    assert amounts(make(office, october)) == {"Zhou Min": 4_000}


def test_a_month_that_is_not_settled_pays_nobody(office: Office) -> None:
    open_month = Settlement.objects.create(
        brand=office.brand, period=str(SEPTEMBER), currency="CNY"
    )
    assert code_of(lambda: make(office, open_month)) == "not_settled"
    assert not PayoutBatch.objects.exists()


def test_made_a_second_time_there_is_nothing_to_pay(office: Office, settled: Settlement) -> None:
    """M5"""
    make(office, settled)
    assert code_of(lambda: make(office, settled)) == "nothing_to_pay"
    assert PayoutBatch.objects.count() == 1


def test_nothing_to_pay_leaves_nothing_behind(office: Office, settled: Settlement) -> None:
    assert code_of(lambda: make(office, settled, minimum=1_000)) == "nothing_to_pay"
    assert not PayoutBatch.objects.exists() and not Payout.objects.exists()


# -- submitting and deciding ---------------------------------------------------


def test_only_the_maker_submits_and_only_once(office: Office, settled: Settlement) -> None:
    """M5"""
    batch = make(office, settled)
    refusal = refusal_of(lambda: payouts.submit(by=office.zhao, batch=batch))
    assert (refusal.code, refusal.status) == ("not_the_maker", 403)
    submitted = payouts.submit(by=office.chen, batch=batch)
    assert submitted.content_hash == payouts.content_hash(batch)
    refusal = refusal_of(lambda: payouts.submit(by=office.chen, batch=batch))
    assert (refusal.code, refusal.status) == ("wrong_state", 409)
    assert Activity.objects.filter(verb="payout_batch.submitted").count() == 1


def test_an_approval_moves_the_money_in_flight(office: Office, settled: Settlement) -> None:
    batch = payouts.approve(
        by=office.zhao, batch=office.submitted(settled), reason=" checked the list "
    )
    assert (batch.state, states(batch)) == (BatchState.APPROVED, {PayoutState.APPROVED})
    assert (owed(office.zhou), in_flight(office.zhou)) == (0, 999)
    assert (owed(office.may), in_flight(office.may)) == (0, 399)
    approval = Approval.objects.get()
    assert (approval.maker, approval.checker, approval.decision, approval.reason) == (
        office.chen,
        office.zhao,
        Decision.APPROVED,
        "checked the list",
    )
    assert approval.content_hash == payouts.content_hash(batch)
    keys = Journal.objects.filter(kind=JournalKind.PAYOUT_APPROVED).values_list("key", flat=True)
    assert sorted(keys) == [f"CY-202609-01-0000{no}:payout_approved" for no in (1, 2)]
    row = Activity.objects.get(verb="payout_batch.approved")
    assert (row.actor, row.after["total"]) == (office.zhao, 1_398)
    assert differences() == {}


def test_a_rejected_batch_is_cancelled_and_can_be_made_anew(
    office: Office, settled: Settlement
) -> None:
    batch = office.submitted(settled)
    refusal = refusal_of(lambda: payouts.reject(by=office.zhao, batch=batch, reason=" "))
    assert (refusal.code, refusal.status) == ("reason_needed", 400)
    payouts.reject(by=office.zhao, batch=batch, reason="wrong account of May")
    assert (fresh(batch).state, states(batch)) == (BatchState.REJECTED, {PayoutState.CANCELLED})
    assert owed(office.zhou) == 999
    assert code_of(lambda: payouts.approve(by=office.zhao, batch=batch)) == "wrong_state"
    again = make(office, settled)
    assert (again.number, amounts(again)) == ("CY-202609-02", {"Zhou Min": 999, "May": 399})
    assert differences() == {}


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_needs_a_submitted_batch(
    office: Office, settled: Settlement, decision: str
) -> None:
    def decide() -> Any:
        if decision == "approve":
            return payouts.approve(by=office.zhao, batch=batch)
        return payouts.reject(by=office.zhao, batch=batch, reason="no")

    batch = make(office, settled)
    assert code_of(decide) == "wrong_state"
    payouts.submit(by=office.chen, batch=batch)
    decide()
    assert code_of(decide) == "wrong_state", "twice (M5)"
    assert Approval.objects.count() == 1


def test_who_is_paid_by_a_batch_does_not_decide_on_it(office: Office, settled: Settlement) -> None:
    Creator.objects.filter(pk=office.zhou.pk).update(person=office.zhao)
    batch = office.submitted(settled)
    for decide in (
        lambda: payouts.approve(by=office.zhao, batch=batch),
        lambda: payouts.reject(by=office.zhao, batch=batch, reason="mine"),
    ):
        refusal = refusal_of(decide)
        assert (refusal.code, refusal.status) == ("pays_you", 403)
    assert fresh(batch).state == BatchState.SUBMITTED


def test_a_batch_is_not_approved_when_the_books_owe_less_by_now(
    office: Office, settled: Settlement
) -> None:
    """M4: who is short and what is available is told; nobody is paid."""
    batch = office.submitted(settled)
    office.refund("E1", "R1", 6_990, day="2026-10-02")
    office.run("2026-10-05")
    refusal = refusal_of(lambda: payouts.approve(by=office.zhao, batch=batch))
    assert refusal.code == "insufficient_balance"
    assert refusal.params["available"] == {
        "Zhou Min": owed(office.zhou),
        "May": owed(office.may),
    }
    assert (in_flight(office.zhou), Approval.objects.count()) == (0, 0)
    assert states(batch) == {PayoutState.DRAFT}


# -- the file ------------------------------------------------------------------


def rows_of(batch: PayoutBatch) -> list[dict[str, str]]:
    with batch.file.open("rb") as file:
        text = file.read().decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def test_the_file_says_who_gets_what_and_where(office: Office, settled: Settlement) -> None:
    batch = office.exported(settled)
    assert rows_of(batch) == [
        {
            "out_no": f"CY-202609-01-0000{number}",
            "holder": someone.name,
            "account": f"622202100112{someone.pk:08d}",
            "amount": amount,
            "currency": "CNY",
            "purpose": "Chengye Beauty 2026-09",
        }
        for number, someone, amount in ((1, office.zhou, "9.99"), (2, office.may, "3.99"))
    ]
    assert (batch.state, states(batch)) == (BatchState.EXPORTED, {PayoutState.SENDING})
    assert batch.exported_by == office.chen
    row = Activity.objects.get(verb="payout_batch.exported")
    assert row.after == {"file_hash": batch.file_hash, "count": 2, "total": 1_398}


@pytest.mark.parametrize(
    ("paid", "shown"), [(2_000, "1.00"), (2_100, "1.05"), (24_691_200, "12345.60")]
)
def test_amounts_have_two_decimals_and_no_marks(office: Office, paid: int, shown: str) -> None:
    office.order("E1", paid)
    assert [row["amount"] for row in rows_of(office.exported(settle(office.brand)))] == [shown]


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+86", "-1", "@SUM(1)", " =1", "＝1+1", "'=1"])
def test_no_cell_of_the_file_is_a_formula(office: Office, name: str) -> None:
    """F6: names of people and of the brand come from outside."""
    destination = PayoutDestination.objects.get(creator=office.zhou)
    destination.holder = payees.encrypt(name)
    destination.save()
    office.brand.name = name
    office.brand.save()
    office.order("E1", 10_000)
    (row,) = rows_of(office.exported(settle(office.brand)))
    assert (row["holder"], row["purpose"]) == (f"'{name}", f"'{name} 2026-09")


def test_a_second_export_gives_the_same_file(office: Office, settled: Settlement) -> None:
    """M5: also after the bank has answered, and whatever was done to the rows since."""
    batch = office.exported(settled)
    first = batch.file.name, batch.file_hash, batch.exported_at, rows_of(batch)
    sql("UPDATE incentives_payout SET amount = amount + 1")
    for _again in range(2):
        again = payouts.export(by=office.zhao, batch=batch)
        assert (again.file.name, again.file_hash, again.exported_at, rows_of(again)) == first
    assert Activity.objects.filter(verb="payout_batch.exported").count() == 1


def test_only_an_approved_batch_is_exported(office: Office, settled: Settlement) -> None:
    batch = make(office, settled)

    def export() -> PayoutBatch:
        return payouts.export(by=office.chen, batch=batch)

    assert code_of(export) == "wrong_state"
    payouts.submit(by=office.chen, batch=batch)
    assert code_of(export) == "wrong_state"
    payouts.reject(by=office.zhao, batch=batch, reason="no")
    assert code_of(export) == "wrong_state"
    assert not fresh(batch).file


# -- the bank's answer ---------------------------------------------------------


def answer(payout: Payout, **changes: Any) -> Result:
    facts = {
        "out_no": payout.out_no,
        "succeeded": True,
        "amount": payout.amount,
        "provider_no": f"B{payout.pk}",
    }
    return Result(**{**facts, **changes})


def take(office: Office, *rows: Result) -> list[str]:
    outcomes = payouts.take_results(by=office.chen, rows=rows)
    assert [outcome.out_no for outcome in outcomes] == [row.out_no for row in rows]
    return [outcome.code or outcome.result for outcome in outcomes]


@pytest.fixture
def sent(office: Office, settled: Settlement) -> list[Payout]:
    """Two payouts at the bank: Zhou Min's and May's."""
    return list(office.exported(settled).payouts.order_by("out_no"))


def test_a_paid_payout_leaves_in_cash(office: Office, sent: list[Payout]) -> None:
    zhou, may = sent
    assert take(office, answer(zhou)) == ["settled"]
    zhou.refresh_from_db()
    assert (zhou.state, zhou.provider_no) == (PayoutState.SUCCEEDED, f"B{zhou.pk}")
    assert zhou.settled_at is not None
    assert (in_flight(office.zhou), owed(office.zhou), paid_in(office)) == (0, 0, 999)
    assert zhou.batch.state == BatchState.EXPORTED, "May's has no answer yet"
    assert take(office, answer(may)) == ["settled"]
    batch = fresh(zhou.batch)
    assert (batch.state, batch.closed_at is not None) == (BatchState.CLOSED, True)
    assert [
        row.after
        for row in Activity.objects.filter(verb="payout_batch.results_taken").order_by("pk")
    ] == [{"paid": 1, "failed": 0}] * 2
    assert differences() == {}


def test_a_failed_payout_is_owed_again_and_paid_under_a_new_number(
    office: Office, settled: Settlement, sent: list[Payout]
) -> None:
    zhou, may = sent
    assert take(office, answer(zhou, succeeded=False, failure="account closed"), answer(may)) == [
        "settled",
        "settled",
    ]
    zhou.refresh_from_db()
    assert (zhou.state, zhou.failure) == (PayoutState.FAILED, "account closed")
    assert (owed(office.zhou), in_flight(office.zhou), paid_in(office)) == (999, 0, 399)
    assert fresh(zhou.batch).state == BatchState.CLOSED
    assert differences() == {}
    again = office.exported(settled)
    assert amounts(again) == {"Zhou Min": 999}
    (second,) = again.payouts.all()
    assert (second.out_no, zhou.out_no) == ("CY-202609-02-00001", "CY-202609-01-00001")
    assert take(office, answer(second)) == ["settled"]
    assert (owed(office.zhou), paid_in(office)) == (0, 1_398)
    assert code_of(lambda: make(office, settled)) == "nothing_to_pay"
    # The bank thinks again about the first: too late, it was paid under the second number.
    assert take(office, answer(zhou)) == ["contradicts"]
    assert paid_in(office) == 1_398
    assert differences() == {}


def test_an_answer_again_changes_nothing(office: Office, sent: list[Payout]) -> None:
    zhou, may = sent
    rows = [answer(zhou), answer(may, succeeded=False)]
    assert take(office, *rows) == ["settled", "settled"]
    before = list(Payout.objects.order_by("pk").values()), Journal.objects.count()
    assert take(office, *rows) == ["unchanged", "unchanged"]
    assert (list(Payout.objects.order_by("pk").values()), Journal.objects.count()) == before


def test_an_answer_twice_in_one_file_counts_once(office: Office, sent: list[Payout]) -> None:
    zhou, may = sent
    assert take(office, answer(zhou), answer(zhou)) == ["settled", "unchanged"]
    assert take(office, answer(may), answer(may, succeeded=False)) == ["settled", "contradicts"]
    assert paid_in(office) == 1_398
    assert differences() == {}


@pytest.mark.parametrize("amount", [998, 1_000, 0, -999])
@pytest.mark.parametrize("succeeded", [True, False])
def test_an_answer_with_another_amount_is_not_applied(
    office: Office, sent: list[Payout], amount: int, succeeded: bool
) -> None:
    """M9"""
    zhou, _may = sent
    wrong = answer(zhou, amount=amount, succeeded=succeeded)
    (outcome,) = payouts.take_results(by=office.chen, rows=[wrong])
    assert (outcome.result, outcome.code) == ("refused", "amount_mismatch")
    assert outcome.params == {"ours": 999, "bank": amount}
    zhou.refresh_from_db()
    assert (zhou.state, zhou.provider_no) == (PayoutState.SENDING, None)
    assert (in_flight(office.zhou), paid_in(office)) == (999, 0)


def test_an_answer_for_a_number_that_is_not_ours_is_refused(
    office: Office, sent: list[Payout]
) -> None:
    """F9; the others of the file are taken."""
    zhou, _may = sent
    stray = answer(zhou, out_no="CY-209901-01-00001")
    assert take(office, stray, answer(zhou)) == ["unknown_payout", "settled"]
    assert paid_in(office) == 999


def test_an_answer_for_what_was_never_sent_is_refused(office: Office, settled: Settlement) -> None:
    batch = make(office, settled)
    zhou, may = batch.payouts.order_by("out_no")
    assert take(office, answer(zhou)) == ["not_sent"]
    payouts.submit(by=office.chen, batch=batch)
    payouts.approve(by=office.zhao, batch=batch)
    assert take(office, answer(zhou), answer(may, succeeded=False)) == ["not_sent", "not_sent"]
    assert paid_in(office) == 0
    assert states(batch) == {PayoutState.APPROVED}


def test_an_answer_for_a_cancelled_payout_is_refused(office: Office, settled: Settlement) -> None:
    batch = office.submitted(settled)
    payouts.reject(by=office.zhao, batch=batch, reason="no")
    assert take(office, answer(batch.payouts.first())) == ["not_sent"]


def test_a_number_of_the_bank_belongs_to_one_payout(office: Office, sent: list[Payout]) -> None:
    zhou, may = sent
    assert take(office, answer(zhou), answer(may, provider_no=f"B{zhou.pk}")) == [
        "settled",
        "provider_no_taken",
    ]
    assert take(office, answer(may, provider_no=f"B{zhou.pk}")) == ["provider_no_taken"]
    assert paid_in(office) == 999
    assert take(office, answer(may)) == ["settled"]
    assert differences() == {}


def test_an_answer_that_contradicts_the_first_is_refused(
    office: Office, sent: list[Payout]
) -> None:
    zhou, may = sent
    take(office, answer(zhou), answer(may, succeeded=False))
    assert take(office, answer(zhou, succeeded=False), answer(may)) == ["contradicts"] * 2
    assert take(office, answer(zhou, amount=1)) == ["contradicts"]
    assert paid_in(office) == 999
    assert differences() == {}


def test_a_payout_without_an_answer_stays_in_flight_and_is_not_paid_again(
    office: Office, settled: Settlement, sent: list[Payout]
) -> None:
    zhou, _may = sent
    sql("UPDATE incentives_payout SET state = 'unknown' WHERE id = %s", zhou.pk)
    assert in_flight(office.zhou) == 999
    assert code_of(lambda: make(office, settled)) == "nothing_to_pay"
    assert take(office, answer(zhou)) == ["settled"]
    assert paid_in(office) == 999


# -- what SQL cannot do --------------------------------------------------------

PATHS = {
    (PayoutState.DRAFT, PayoutState.APPROVED),
    (PayoutState.DRAFT, PayoutState.CANCELLED),
    (PayoutState.APPROVED, PayoutState.SENDING),
    (PayoutState.APPROVED, PayoutState.CANCELLED),
    (PayoutState.APPROVED, PayoutState.HELD),
    (PayoutState.HELD, PayoutState.FAILED),
    (PayoutState.SENDING, PayoutState.SUCCEEDED),
    (PayoutState.SENDING, PayoutState.FAILED),
    (PayoutState.SENDING, PayoutState.EXPIRED),
    (PayoutState.SENDING, PayoutState.UNKNOWN),
    (PayoutState.SENDING, PayoutState.WAIT_PAYEE),
    (PayoutState.UNKNOWN, PayoutState.SUCCEEDED),
    (PayoutState.UNKNOWN, PayoutState.FAILED),
    (PayoutState.UNKNOWN, PayoutState.EXPIRED),
    (PayoutState.UNKNOWN, PayoutState.WAIT_PAYEE),
    (PayoutState.WAIT_PAYEE, PayoutState.SUCCEEDED),
    (PayoutState.WAIT_PAYEE, PayoutState.FAILED),
    (PayoutState.WAIT_PAYEE, PayoutState.EXPIRED),
    (PayoutState.WAIT_PAYEE, PayoutState.UNKNOWN),
}


def test_a_payout_goes_its_own_way_only(office: Office, settled: Settlement) -> None:
    """Every pair of states, as somebody with a database client would try it."""
    payout = office.approved(settled).payouts.first()
    go = "UPDATE incentives_payout SET state = %s WHERE id = %s"
    sql("UPDATE incentives_payout SET held_reason = 'hold' WHERE id = %s", payout.pk)
    for before, after in permutations(PayoutState.values, 2):
        with as_owner_without_guards():
            sql(go, before, payout.pk)
        if (before, after) in PATHS:
            assert sql(go, after, payout.pk) == 1
        else:
            with refused(RULE_BROKEN):
                sql(go, after, payout.pk)


def test_sql_cannot_undo_a_payout(office: Office, sent: list[Payout]) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE incentives_payout SET out_no = out_no || 'x'",
        "DELETE FROM incentives_payout",
        "TRUNCATE incentives_payout",
        "DELETE FROM incentives_payoutbatch",
        "TRUNCATE incentives_payoutbatch CASCADE",
    ):
        with refused(RESTRICTED):
            sql(statement)
    assert Payout.objects.count() == 2


def insert_payout(like: Payout, **changes: Any) -> None:
    names = [
        field.attname
        for field in Payout._meta.concrete_fields
        if field.attname not in ("id", "gross")
    ]
    values = {**{name: getattr(like, name) for name in names}, **changes}
    sql(
        f"INSERT INTO incentives_payout ({', '.join(values)})"
        f" VALUES ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def test_sql_cannot_add_what_is_no_payout(office: Office, sent: list[Payout]) -> None:
    zhou, may = sent
    fits = {"state": "draft", "out_no": "CY-X"}
    for state in set(PayoutState.values) - {"draft"}:
        with refused(RULE_BROKEN):  # past the approval
            insert_payout(zhou, **{**fits, "state": state})
    with refused(TWICE):  # a second one that is alive for one statement
        insert_payout(zhou, **fits)
    take(office, answer(zhou, succeeded=False))
    insert_payout(zhou, **fits)
    with refused(TWICE):  # a number is used once
        insert_payout(zhou, state="draft")
    for amount in (0, -1, 10**11 + 1):
        with refused(RULE_BROKEN):
            insert_payout(may, **fits, amount=amount)
    with refused(TWICE):  # one transfer at the bank for two payouts
        sql("UPDATE incentives_payout SET provider_no = 'B1'")


# -- what a checker should look at ---------------------------------------------


def test_a_destination_that_has_just_changed_is_pointed_out(
    office: Office, settled: Settlement
) -> None:
    """Only for who was paid before: then the money would go elsewhere than last time."""
    assert payout_checks.concerns(make(office, settled)) == []
    sql("UPDATE incentives_payout SET state = 'cancelled'")
    office.paid(settled)
    c.pay_to_bank(office.zhou)
    he = c.creator(office.people.jingan, "K002", "He")
    c.pay_to_bank(he)
    PayoutDestination.objects.filter(creator=office.may).update(
        changed_at=timezone.now() - payout_checks.WATCHED - dt.timedelta(hours=1)
    )
    office.order("E2", 30_000, day="2026-10-05", sharer=office.may)
    office.order("E3", 30_000, day="2026-10-05", seller=he)
    october = make(office, settle(office.brand, OCTOBER))
    assert [(found.code, found.creator) for found in payout_checks.concerns(october)] == [
        (payout_checks.NEW_ACCOUNT, "Zhou Min")
    ]


def test_a_batch_is_compared_with_the_last_one_that_went_to_the_bank(
    office: Office, settled: Settlement
) -> None:
    first = make(office, settled)
    assert payout_checks.changes(first) is None
    payouts.submit(by=office.chen, batch=first)
    payouts.approve(by=office.zhao, batch=first)
    payouts.export(by=office.chen, batch=first)
    he = c.creator(office.people.jingan, "K002", "He")
    c.pay_to_bank(he)
    office.order("E2", 20_000, day="2026-10-05")
    office.order("E3", 20_000, day="2026-10-05", seller=he)
    second = make(office, settle(office.brand, OCTOBER))
    changes = payout_checks.changes(second)
    assert changes is not None
    assert (changes.before, changes.count, changes.total) == (first, 0, 2_000 - 1_398)
    assert (changes.joined, changes.gone) == (1, 1)
