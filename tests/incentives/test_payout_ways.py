"""Ways of paying and what can go wrong on them: files, limits, silence, other amounts, leavers."""

import datetime as dt
import io
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from accounts.choices import Role
from accounts.models import Activity, Grant
from incentives import payees, payout_checks, payout_files, payout_policies, payouts
from incentives.choices import BatchState, PayoutState
from incentives.models import Payout, PayoutBatch, Settlement
from incentives.payout_choices import Channel, Encoding
from incentives.payouts import Result
from matrix.choices import CreatorState
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import OCTOBER, Office, code_of, differences, in_flight, owed, settle
from tests.refusals import RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db
OPENID = "oMYE42l80oelYMDE34nYD456Xoy"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def settled(office: Office) -> Settlement:
    """Zhou Min is owed 999 and May 399 for September."""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    return settle(office.brand)


def policy(office: Office, **facts: Any) -> None:
    payout_policies.save_payout_policy(
        by=office.chen, brand=office.brand, valid_from=timezone.localdate(), **facts
    )


def use_wechat(creator: Creator) -> None:
    payees.set_destination(
        by=None, creator=creator, holder=creator.name, account=OPENID, kind="wechat"
    )
    sql("UPDATE incentives_payoutdestination SET frozen_until = NULL")


def cells(batch: PayoutBatch) -> list[tuple[Any, ...]]:
    with batch.file.open("rb") as file:
        return list(load_workbook(io.BytesIO(file.read())).active.iter_rows(values_only=True))


def fresh(batch: PayoutBatch) -> PayoutBatch:
    return PayoutBatch.objects.get(pk=batch.pk)


def through(office: Office, batch: PayoutBatch) -> PayoutBatch:
    payouts.submit(by=office.chen, batch=batch)
    payouts.approve(by=office.zhao, batch=batch)
    return payouts.export(by=office.chen, batch=batch)


# -- ways ----------------------------------------------------------------------


def test_each_way_has_a_batch_of_its_own(office: Office, settled: Settlement) -> None:
    use_wechat(office.may)
    policy(office, staff_by_payroll=True)
    made = payouts.make_batches(by=office.chen, settlement=settled)
    assert [(b.channel, b.count, b.total, b.left_out) for b in made] == [
        (Channel.WECHAT, 1, 399, {"other_way": 1}),
        (Channel.PAYROLL, 1, 999, {}),
    ], "May has a live payout by then and is not asked for again"
    assert code_of(lambda: payouts.make_batches(by=office.chen, settlement=settled)) == (
        "nothing_to_pay"
    )


def test_wechat_reads_its_own_layout(office: Office, settled: Settlement) -> None:
    use_wechat(office.may)
    batch = payouts.make_batch(by=office.chen, settlement=settled, channel=Channel.WECHAT)
    number = batch.payouts.get().out_no
    assert number.isalnum() and number.isascii() and len(number) <= payout_files.WECHAT_NUMBER
    head, row = cells(through(office, batch))
    assert head == payout_files.WECHAT_COLUMNS
    assert row == (number[:-5], number, OPENID, "May", "3.99", "Chengye Beauty 2026-09")
    assert fresh(batch).file.name.endswith(".xlsx")


def test_one_transfer_of_wechat_holds_a_thousand(
    office: Office, settled: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payout_files, "WECHAT_DETAILS", 1)
    use_wechat(office.may)
    use_wechat(office.zhou)
    made = payouts.make_batches(by=office.chen, settlement=settled)
    assert [batch.count for batch in made] == [1, 1]
    assert len({p.out_no for b in made for p in b.payouts.all()}) == 2


def test_payroll_gets_a_line_per_person_and_month(office: Office, settled: Settlement) -> None:
    policy(office, staff_by_payroll=True)
    batch = payouts.make_batch(by=office.chen, settlement=settled, channel=Channel.PAYROLL)
    _head, row = cells(through(office, batch))
    assert row[1:] == ("K001", "Zhou Min", "Jing'an Kerry Centre", "2026-09", "9.99", "CNY")
    assert office.answer(fresh(batch)) == ["settled"]
    assert owed(office.zhou) == 0
    assert differences() == {}


def test_staff_need_no_account_for_payroll(office: Office, settled: Settlement) -> None:
    sql("DELETE FROM incentives_payoutdestination")
    policy(office, staff_by_payroll=True)
    batch = payouts.make_batch(by=office.chen, settlement=settled, channel=Channel.PAYROLL)
    assert batch.count == 1
    assert through(office, batch).state == BatchState.EXPORTED


def test_a_bank_that_reads_gbk_gets_gbk(office: Office, settled: Settlement) -> None:
    policy(office, encoding=Encoding.GBK)
    payees.set_destination(by=None, creator=office.may, holder="梅", account="62220288887777")
    sql("UPDATE incentives_payoutdestination SET frozen_until = NULL")
    batch = office.exported(settled)
    with batch.file.open("rb") as file:
        content = file.read()
    assert "梅".encode("gbk") in content and not content.startswith(b"\xef\xbb\xbf")


# -- who is left out -----------------------------------------------------------


def test_who_may_not_be_paid_is_left_out_with_the_first_reason(office: Office) -> None:
    names = ("Ada", "Bo", "Cai", "Di", "Eve")
    people = {
        name: c.creator(office.people.jingan, f"C1{place}", name, kind="koc")
        for place, name in enumerate(names)
    }
    for name, creator in people.items():
        c.pay_to_bank(creator)
        office.order(f"E{name}", 100_000, seller=None, sharer=creator)
    child = timezone.localdate().replace(day=1) - dt.timedelta(days=365 * 17)
    payees.verify_identity(by=None, creator=people["Ada"], born=child, source="id_card")
    payees.hold(by=office.chen, creator=people["Bo"], reason="x")
    payees.set_destination(by=None, creator=people["Cai"], holder="Cai", account="62220277776666")
    sql(
        "UPDATE incentives_payee SET identity = '', identified_at = NULL, identified_by_id = NULL"
        " WHERE creator_id = %s",
        people["Di"].pk,
    )
    batch = payouts.make_batch(by=office.chen, settlement=settle(office.brand))
    assert batch.left_out == {"under_age": 1, "held": 1, "frozen": 1, "no_identity": 1}
    assert [p.creator.name for p in batch.payouts.all()] == ["Eve"]


# -- limits --------------------------------------------------------------------


def test_above_the_limit_two_people_approve(office: Office, settled: Settlement) -> None:
    policy(office, second_over=1_000)
    batch = office.submitted(settled)
    assert fresh(batch).checkers_needed == 2
    qian = c.finance(office.people, "qian")
    payouts.approve(by=office.zhao, batch=batch)
    assert fresh(batch).state == BatchState.SUBMITTED
    assert in_flight(office.zhou) == 0, "nothing moves yet"
    assert code_of(lambda: payouts.approve(by=office.zhao, batch=batch)) == "decided_already"
    with refused(RULE_BROKEN):
        sql("UPDATE incentives_payout SET state = 'approved'")
    payouts.approve(by=qian, batch=batch)
    assert fresh(batch).state == BatchState.APPROVED
    assert in_flight(office.zhou) == 999
    assert differences() == {}


def test_at_the_limit_one_person_is_enough(office: Office, settled: Settlement) -> None:
    policy(office, second_over=1_398, finance_over=1_398)
    batch = office.submitted(settled)
    assert (fresh(batch).checkers_needed, fresh(batch).finance_needed) == (1, False)


def test_above_the_upper_limit_somebody_of_finance_approves(
    office: Office, settled: Settlement
) -> None:
    policy(office, finance_over=1_000)
    batch = office.submitted(settled)
    admin = c.person("admin", is_superuser=True)
    assert code_of(lambda: payouts.approve(by=admin, batch=batch)) == "finance_needed"
    Grant.objects.create(person=admin, role=Role.FINANCE, unit=office.people.east, since=c.LONG_AGO)
    assert code_of(lambda: payouts.approve(by=admin, batch=batch)) == "finance_needed"
    assert payouts.approve(by=office.zhao, batch=batch).state == BatchState.APPROVED


# -- M30 -----------------------------------------------------------------------


def test_who_leaves_or_changes_account_after_the_approval_is_held_and_others_go(
    office: Office,
) -> None:
    """M30"""
    people = [c.creator(office.people.jingan, f"K2{n}", f"P{n}") for n in range(3)]
    for place, creator in enumerate(people):
        c.pay_to_bank(creator)
        office.order(f"E{place}", 20_000, seller=creator)
    office.order("E9", 20_000)
    batch = office.approved(settle(office.brand))
    Creator.objects.filter(pk=people[0].pk).update(
        state=CreatorState.LEFT, left_on=timezone.localdate()
    )
    payees.set_destination(by=None, creator=people[1], holder="P1", account="62220277776666")
    payees.hold(by=office.chen, creator=people[2], reason="x")
    payouts.export(by=office.chen, batch=batch)
    assert dict(batch.payouts.values_list("creator__name", "held_reason")) == {
        "P0": "left",
        "P1": "changed",
        "P2": "hold",
        "Zhou Min": "",
    }
    with batch.file.open("rb") if batch.file else fresh(batch).file.open("rb") as file:
        assert file.read().decode("utf-8-sig").count("\r\n") == 2, "heading and one person"
    assert in_flight(people[0]) == 1_000, "neither paid nor payable again by itself"
    assert differences() == {}
    held = Payout.objects.get(creator=people[1])
    assert code_of(lambda: payouts.give_back(by=office.zhao, payout=held, reason="")) == (
        "reason_needed"
    )
    payouts.give_back(by=office.zhao, payout=held, reason="new account is right")
    assert (owed(people[1]), in_flight(people[1])) == (1_000, 0)
    assert code_of(lambda: payouts.give_back(by=office.zhao, payout=held, reason="x")) == "not_held"
    assert differences() == {}


def test_the_same_account_entered_again_holds_nobody(office: Office, settled: Settlement) -> None:
    batch = office.approved(settled)
    c.pay_to_bank(office.zhou)
    payouts.export(by=office.chen, batch=batch)
    assert set(batch.payouts.values_list("state", flat=True)) == {PayoutState.SENDING}


def test_who_left_before_the_approval_is_paid_what_is_owed(
    office: Office, settled: Settlement
) -> None:
    Creator.objects.filter(pk=office.zhou.pk).update(
        state=CreatorState.LEFT, left_on=timezone.localdate() - dt.timedelta(days=3)
    )
    batch = office.exported(settled)
    assert batch.payouts.get(creator=office.zhou).state == PayoutState.SENDING


def test_a_batch_of_which_all_is_held_sends_nothing(office: Office, settled: Settlement) -> None:
    batch = office.approved(settled)
    for creator in (office.zhou, office.may):
        payees.hold(by=office.chen, creator=creator, reason="x")
    payouts.export(by=office.chen, batch=batch)
    assert (fresh(batch).state, bool(fresh(batch).file)) == (BatchState.APPROVED, False)
    for payout in batch.payouts.all():
        payouts.give_back(by=office.zhao, payout=payout, reason="later")
    assert fresh(batch).state == BatchState.CLOSED
    assert differences() == {}


# -- a provider that fails -----------------------------------------------------


class Provider:
    """A bank: it pays each number once, answers when it likes, and forgets nothing."""

    def __init__(self) -> None:
        self.paid: dict[str, int] = {}

    def upload(self, batch: PayoutBatch) -> None:
        with fresh(batch).file.open("rb") as file:
            lines = file.read().decode("utf-8-sig").splitlines()[1:]
        for line in lines:
            number, _holder, _account, amount, *_rest = line.split(",")
            self.paid.setdefault(number, int(amount.replace(".", "")))

    def answer(self, **more: Any) -> list[Result]:
        return [
            Result(number, succeeded=True, amount=amount, provider_no=f"P{number}", **more)
            for number, amount in sorted(self.paid.items())
        ]


def test_silence_is_neither_paid_nor_failed_and_nothing_is_sent_twice(
    office: Office, settled: Settlement
) -> None:
    """M6: it paid, and its answer got lost; whatever is tried, it pays once."""
    provider, batch = Provider(), office.exported(settled)
    provider.upload(batch)
    assert payouts.note_silence(by=office.chen, batch=batch) == 2
    assert payouts.note_silence(by=office.chen, batch=batch) == 0
    assert set(batch.payouts.values_list("state", flat=True)) == {PayoutState.UNKNOWN}
    for _again in range(1_000):
        provider.upload(batch)
    payouts.export(by=office.zhao, batch=batch)
    assert code_of(lambda: payouts.make_batch(by=office.chen, settlement=settled)) == (
        "nothing_to_pay"
    )
    assert provider.paid == {"CY-202609-01-00001": 999, "CY-202609-01-00002": 399}
    assert in_flight(office.zhou) == 999
    assert [o.result for o in payouts.take_results(by=office.chen, rows=provider.answer())] == [
        "settled",
        "settled",
    ]
    assert (in_flight(office.zhou), owed(office.zhou)) == (0, 0)
    assert differences() == {}


def test_what_was_not_paid_is_paid_under_a_new_number_by_a_person_only(
    office: Office, settled: Settlement
) -> None:
    """M7"""
    batch = office.exported(settled)
    payouts.note_silence(by=office.chen, batch=batch)
    office.answer(batch, succeeded=False)
    assert Payout.objects.count() == 2, "nothing is made anew by itself"
    again = payouts.make_batch(by=office.chen, settlement=settled)
    numbers = set(Payout.objects.values_list("out_no", flat=True))
    assert len(numbers) == 4 and again.count == 2


def test_a_late_word_from_the_way_changes_nothing(office: Office, settled: Settlement) -> None:
    """M8: an answer twice, out of order, and one on the way after the end."""
    batch = office.exported(settled)
    zhou = batch.payouts.get(creator=office.zhou)

    def say(state: str = "", amount: int = 999) -> str:
        row = Result(zhou.out_no, succeeded=True, amount=amount, provider_no="P1", state=state)
        (outcome,) = payouts.take_results(by=office.chen, rows=[row])
        return outcome.code or outcome.result

    assert [say("wait_payee"), say("wait_payee"), say("unknown"), say("wait_payee")] == [
        "settled",
        "unchanged",
        "settled",
        "settled",
    ]
    assert in_flight(office.zhou) == 999, "the payee has not confirmed"
    assert [say(), say(), say("wait_payee"), say("expired")] == [
        "settled",
        "unchanged",
        "unchanged",
        "contradicts",
    ]
    assert in_flight(office.zhou) == 0
    assert Activity.objects.filter(verb="payout_batch.results_taken").count() == 4
    assert differences() == {}


def test_what_the_payee_did_not_confirm_expires_and_is_owed_again(
    office: Office, settled: Settlement
) -> None:
    batch = office.exported(settled)
    rows = [
        Result(p.out_no, succeeded=False, amount=p.amount, state="expired")
        for p in batch.payouts.all()
    ]
    payouts.take_results(by=office.chen, rows=rows)
    assert (owed(office.zhou), fresh(batch).state) == (999, BatchState.CLOSED)
    assert differences() == {}
    assert payouts.make_batch(by=office.chen, settlement=settled).total == 1_398


def test_another_amount_stops_the_batch_until_somebody_else_clears_it(
    office: Office, settled: Settlement
) -> None:
    """M9"""
    batch = office.exported(settled)
    zhou = batch.payouts.get(creator=office.zhou)
    payouts.take_results(by=office.chen, rows=[Result(zhou.out_no, True, 998)])
    zhou.refresh_from_db()
    assert (zhou.state, zhou.bank_amount, in_flight(office.zhou)) == (
        PayoutState.SENDING,
        998,
        999,
    )
    assert fresh(batch).paused_at is not None
    assert Activity.objects.get(verb="payout_batch.paused").after == {"out_nos": [zhou.out_no]}
    assert code_of(lambda: payouts.make_batch(by=office.chen, settlement=settled)) == "batch_paused"
    assert code_of(lambda: payouts.resume(by=office.chen, batch=batch, reason="x")) == "own_batch"
    assert code_of(lambda: payouts.resume(by=office.zhao, batch=batch, reason="")) == (
        "reason_needed"
    )
    payouts.resume(by=office.zhao, batch=batch, reason="a typing error of the bank")
    assert (fresh(batch).paused_at, batch.payouts.get(pk=zhou.pk).bank_amount) == (None, None)
    assert code_of(lambda: payouts.resume(by=office.zhao, batch=batch, reason="x")) == "not_paused"
    assert office.answer(batch) == ["settled", "settled"]
    assert differences() == {}


def test_a_stopped_batch_does_not_stop_another_month(office: Office, settled: Settlement) -> None:
    batch = office.exported(settled)
    payouts.take_results(
        by=None, rows=[Result(batch.payouts.all()[0].out_no, succeeded=True, amount=1)]
    )
    office.order("E2", 30_000, day="2026-10-05")
    assert payouts.make_batch(by=office.chen, settlement=settle(office.brand, OCTOBER)).count == 1


def test_a_batch_is_compared_with_the_last_one_of_its_own_way(
    office: Office, settled: Settlement
) -> None:
    use_wechat(office.may)
    bank, wechat = payouts.make_batches(by=office.chen, settlement=settled)
    for batch in (bank, wechat):
        through(office, batch)
        office.answer(batch)
    office.order("E2", 30_000, day="2026-10-05", sharer=office.may)
    next_bank, next_wechat = payouts.make_batches(
        by=office.chen, settlement=settle(office.brand, OCTOBER)
    )
    for later, before in ((next_bank, bank), (next_wechat, wechat)):
        found = payout_checks.changes(later)
        assert found is not None and (found.before, found.joined, found.gone) == (before, 0, 0)
