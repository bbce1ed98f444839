"""Every door that takes an amount refuses what only looks like one, and stores nothing (M32).

Orders from files stand in tests/customers/test_import_orders.py, the reading of cells in
tests/integrations/test_sheet_values.py, plain amounts in tests/lib/test_money.py.
"""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from customers import import_orders
from customers.models import Order, Refund, WaitingRefund
from incentives.choices import PayoutState
from incentives.models import Journal, PlanVersion
from tests import cast as c
from tests.incentives.money import Office, differences, settle
from tests.integrations.passing import check, faults
from tests.integrations.trying import csv_file

pytestmark = pytest.mark.django_db

NOT_PLAIN = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "1e1",
    "0.001",
    "１０",
    "١٢",
    "1_0",
    "+5",
    "5-",
]


@pytest.fixture
def office() -> Office:
    import_orders.register_formats()
    return Office()


@pytest.mark.parametrize(
    ("amount", "column", "code"),
    [
        *((amount, "amount", "not_an_amount") for amount in NOT_PLAIN),
        ('"1,00.00"', "amount", "not_an_amount"),
        ("-0.01", "amount", "amount_out_of_range"),
        ("1000000000.01", "amount", "amount_out_of_range"),
        ("0", "", "amount_not_positive"),
        # Thousands are read as what they are, which is more than was paid.
        ('"1,000.00"', "", "refund_exceeds_paid"),
    ],
)
def test_a_refund_in_a_file(office: Office, amount: str, column: str, code: str) -> None:
    office.order("E1", 50_000)
    lin = c.person("lin", (Role.OPERATOR, office.brand))
    file = csv_file(f"订单号,退款单号,退款金额,退款时间\nE1,R1,{amount},2026-09-10 10:00\n")
    assert faults(check(lin, office.brand, "refunds", file, source="shop")) == [(2, column, code)]
    assert not Refund.objects.exists() and not WaitingRefund.objects.exists()
    assert Order.objects.get().refunded_amount == 0


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        *((amount, "not_an_amount") for amount in NOT_PLAIN),
        ("-5.00", "amount_out_of_range"),
        ("1000000000.01", "amount_out_of_range"),
        ("0", "amount_mismatch"),
        ('"5,000.00"', "amount_mismatch"),
        ("5.01", "amount_mismatch"),
    ],
)
def test_an_answer_of_the_bank(office: Office, amount: str, code: str) -> None:
    office.order("E1", 10_000)
    batch = office.exported(settle(office.brand))
    payout = batch.payouts.get()
    booked = Journal.objects.count()
    file = csv_file(f"商户单号,状态,金额,流水号\n{payout.out_no},成功,{amount},B1\n")
    batch_of_answers = check(office.chen, office.brand, "payout_results", file)
    assert faults(batch_of_answers) == [(2, "amount", code)]
    payout.refresh_from_db()
    assert (payout.state, payout.amount) == (PayoutState.SENDING, 500)
    assert Journal.objects.count() == booked
    assert differences() == {}


def save_plan(client: Client, **fields: str) -> Any:
    form = {
        "name": "Winter",
        "valid_from": "2026-12-01",
        "hold_days": "10",
        "cap_percent": "20",
        "rates-TOTAL_FORMS": "1",
        "rates-INITIAL_FORMS": "0",
        "rates-0-role": "seller",
        "rates-0-percent": "5",
    }
    return client.post(reverse("incentives:plan_new"), form | fields)


@pytest.mark.parametrize(
    ("field", "number"),
    [
        *(("rates-0-percent", n) for n in [*NOT_PLAIN, "-1", "1,000.00", "101", "9" * 500]),
        *(("cap_percent", n) for n in ["NaN", "１０", "-1", "100.01"]),
        *(("hold_days", n) for n in ["NaN", "１０", "-1", "366", "1.5"]),
    ],
)
def test_a_rate_a_cap_or_a_hold_of_a_plan(client: Client, field: str, number: str) -> None:
    people = c.cast()
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    answer = save_plan(client, **{field: number})
    assert answer.status_code == 422
    name = field.removeprefix("rates-0-")
    forms = [answer.context["form"], *answer.context["rates"]]
    assert [list(form.errors) for form in forms if form.errors] == [[name]]
    assert not PlanVersion.objects.exists()


@pytest.mark.parametrize(
    ("percent", "points"), [("0", 0), ("6.5", 650), (" 7 ", 700), ("0.01", 1), ("20.00", 2_000)]
)
def test_a_plain_rate_is_taken(client: Client, percent: str, points: int) -> None:
    people = c.cast()
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    save_plan(client, **{"rates-0-percent": percent})
    assert PlanVersion.objects.get().rates.get().rate_bp == points
