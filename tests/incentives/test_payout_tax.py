"""Tax at payout: a KOC is paid net, the tax waits in the books, a failure brings both back."""

import datetime as dt

import pytest
from django.utils import timezone

from incentives import ledger, payout_policies, payouts
from incentives.choices import LedgerKind, PayoutState
from incentives.models import Journal, Payout, Settlement
from incentives.payout_choices import TaxMethod, TaxSpan
from tests.incentives.money import (
    OCTOBER,
    Office,
    code_of,
    differences,
    in_flight,
    owed,
    settle,
)
from tests.refusals import RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def earn(office: Office, name: str, amount: int, **more: object) -> None:
    """May sells for so much that she is owed ``amount``: the sharer's rate of the plan is 2 %."""
    office.order(name, amount * 50, seller=None, sharer=office.may, **more)


def tax_in_books(office: Office) -> int:
    account = ledger.account(brand=office.brand, kind=LedgerKind.TAX, currency="CNY")
    return -ledger.balance(account)


@pytest.fixture
def settled(office: Office) -> Settlement:
    earn(office, "E1", 3_000_00)
    return settle(office.brand)


def of_may(office: Office) -> Payout:
    return Payout.objects.filter(creator=office.may).latest("pk")


def test_a_koc_is_paid_net_and_the_calculation_is_kept(office: Office, settled: Settlement) -> None:
    batch = office.submitted(settled)
    payout = of_may(office)
    assert (payout.gross, payout.tax, payout.amount) == (3_000_00, 440_00, 2_560_00)
    assert (payout.tax_income, payout.tax_deduction, payout.tax_base) == (
        3_000_00,
        800_00,
        2_200_00,
    )
    assert (payout.tax_rate_bp, payout.tax_quick, payout.tax_before) == (2_000, 0, 0)
    assert payout.tax_version == "cn-labour-2019"
    assert payout.tax_period == timezone.localdate().strftime("%Y-%m")
    assert payout.identity_verified
    assert batch.total == 2_560_00
    payouts.approve(by=office.zhao, batch=batch)
    assert (owed(office.may), in_flight(office.may), tax_in_books(office)) == (
        0,
        2_560_00,
        440_00,
    )
    assert differences() == {}


def test_wages_of_a_kos_are_paid_whole(office: Office) -> None:
    office.order("E1", 3_000_00 * 20)
    office.approved(settle(office.brand))
    payout = Payout.objects.get(creator=office.zhou)
    assert (payout.amount, payout.tax, payout.tax_version, payout.tax_period) == (
        3_000_00,
        0,
        "",
        "",
    )
    assert tax_in_books(office) == 0


def test_a_failed_payout_brings_the_tax_back(office: Office, settled: Settlement) -> None:
    batch = office.exported(settled)
    office.answer(batch, succeeded=False)
    assert (owed(office.may), in_flight(office.may), tax_in_books(office)) == (3_000_00, 0, 0)
    assert differences() == {}
    again = office.paid(settled)
    assert again.total == 2_560_00
    assert (owed(office.may), tax_in_books(office)) == (0, 440_00)
    assert differences() == {}


def test_a_second_payment_of_the_month_bears_what_the_sum_owes_more(
    office: Office, settled: Settlement
) -> None:
    office.paid(settled)
    earn(office, "E2", 2_000_00, day="2026-10-05")
    office.paid(settle(office.brand, OCTOBER))
    payout = of_may(office)
    assert (payout.gross, payout.tax_before, payout.tax) == (2_000_00, 440_00, 360_00)
    assert payout.tax_income == 5_000_00
    assert tax_in_books(office) == 800_00


def test_by_the_payment_each_stands_for_itself(office: Office, settled: Settlement) -> None:
    policy = payout_policies.save_tax_policy(
        by=office.chen,
        brand=office.brand,
        valid_from=timezone.localdate(),
        span=TaxSpan.PAYMENT,
    )
    office.paid(settled)
    earn(office, "E2", 2_000_00, day="2026-10-05")
    office.paid(settle(office.brand, OCTOBER))
    assert (of_may(office).tax, of_may(office).tax_policy) == (240_00, policy)


def test_the_cumulative_method_is_another_version(office: Office, settled: Settlement) -> None:
    payout_policies.save_tax_policy(
        by=office.chen,
        brand=office.brand,
        valid_from=timezone.localdate(),
        method=TaxMethod.CUMULATIVE,
    )
    office.paid(settled)
    assert (of_may(office).tax, of_may(office).tax_version) == (0, "cn-cumulative-2025")


def test_a_batch_whose_tax_is_not_right_any_more_is_not_approved(
    office: Office, settled: Settlement
) -> None:
    """The earlier batch of the month is rejected, so the later one would withhold too much."""
    first = office.submitted(settled)
    earn(office, "E2", 2_000_00, day="2026-10-05")
    second = office.submitted(settle(office.brand, OCTOBER))
    assert of_may(office).tax == 360_00
    payouts.reject(by=office.zhao, batch=first, reason="the wrong month")
    assert code_of(lambda: payouts.approve(by=office.zhao, batch=second)) == "tax_changed"
    assert tax_in_books(office) == 0
    payouts.reject(by=office.zhao, batch=second, reason="made anew")
    assert payouts.make_batch(by=office.chen, settlement=settled).total == 2_560_00


def test_tax_altered_after_submission_is_not_approved(office: Office, settled: Settlement) -> None:
    """M29: the digest covers the tax as well."""
    batch = office.submitted(settled)
    sql("UPDATE incentives_payout SET tax = tax + 1")
    assert code_of(lambda: payouts.approve(by=office.zhao, batch=batch)) == "content_changed"


def test_what_nobody_owes_tax_for_has_none_in_the_books(office: Office) -> None:
    earn(office, "E1", 800_00)
    office.paid(settle(office.brand))
    assert (of_may(office).tax, of_may(office).amount) == (0, 800_00)
    assert not Journal.objects.filter(source=payouts.TAX_SOURCE).exists()


def test_sql_cannot_tax_without_a_rule(office: Office, settled: Settlement) -> None:
    office.submitted(settled)
    for change in ("tax_version = ''", "tax_period = ''", "tax = -1"):
        with refused(RULE_BROKEN):
            sql(f"UPDATE incentives_payout SET {change}")


# -- the rules as versions -----------------------------------------------------


def test_rules_begin_today_or_later_and_once_a_day(office: Office) -> None:
    today = timezone.localdate()

    def save(day: dt.date, **more: object) -> object:
        return payout_policies.save_payout_policy(
            by=office.chen, brand=office.brand, valid_from=day, **more
        )

    assert code_of(lambda: save(today - dt.timedelta(1))) == "in_the_past"
    save(today, minimum=500)
    assert code_of(lambda: save(today)) == "day_taken"
    save(today + dt.timedelta(1), minimum=900)
    assert payout_policies.payout_policy_on(office.brand, today).minimum == 500
    assert payout_policies.payout_policy_on(office.brand, today + dt.timedelta(9)).minimum == 900
    assert payout_policies.payout_policy_on(office.brand, today - dt.timedelta(9)).minimum == 100
    later = today + dt.timedelta(5)
    assert code_of(lambda: save(later, minimum=0)) == "invalid_minimum"
    assert code_of(lambda: save(later, second_over=5, finance_over=4)) == "limits_crossed"
    assert (
        code_of(
            lambda: payout_policies.save_tax_policy(
                by=office.chen,
                brand=office.brand,
                valid_from=later,
                method=TaxMethod.CUMULATIVE,
                span=TaxSpan.PAYMENT,
            )
        )
        == "cumulative_by_month"
    )


def test_the_minimum_of_the_brand_leaves_small_sums_for_later(office: Office) -> None:
    payout_policies.save_payout_policy(
        by=office.chen, brand=office.brand, valid_from=timezone.localdate(), minimum=400
    )
    office.order("E1", 12_990, 7_000, sharer=office.may)
    batch = payouts.make_batch(by=office.chen, settlement=settle(office.brand))
    assert batch.left_out == {"below_minimum": 1}
    assert {p.state for p in batch.payouts.all()} == {PayoutState.DRAFT}
