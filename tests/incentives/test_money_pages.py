"""The money pages at HQ: who may see what, and that a decision is one click from its facts."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Person
from incentives import commission_runs, payouts, settlement
from incentives.choices import BatchState
from incentives.models import PayoutBatch, PlanVersion, Settlement, Statement
from kosops.lib.periods import Month
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> c.Cast:
    people = c.cast()
    c.plan(people.brand)
    c.pay_to_bank(people.zhou)
    c.order(people, "E1", 12_990, 7_000, sharer=people.may)
    return people


@pytest.fixture
def settled(people: c.Cast) -> Settlement:
    return settlement.settle(by=None, brand=people.brand, month=Month(2026, 9))


def sign_in(client: Client, someone: Person) -> Client:
    """As by the form, so that the sign-in counts as recent."""
    client.logout()
    client.post(reverse("account_login"), {"login": someone.username, "password": c.PASSWORD})
    assert client.session.get("_auth_user_id") == str(someone.pk)
    return client


def text_of(response) -> str:
    return response.content.decode()


def test_statement_shows_the_sum_and_each_line_leads_to_its_calculation(
    client: Client, people: c.Cast, settled: Settlement
) -> None:
    client.force_login(c.finance(people, "chen"))
    statement = Statement.objects.get(settlement=settled, creator=people.zhou)

    listed = text_of(client.get(reverse("incentives:statements")))
    shown = text_of(client.get(reverse("incentives:statement", args=[statement.pk])))
    line = people.zhou.commission_lines.get(base=12_990)
    explain = reverse("incentives:explain", args=[line.order_line_id, people.zhou.pk, "seller"])
    explained = text_of(client.get(explain))

    assert "Zhou Min" in listed
    assert "¥9.99" in listed
    assert explain in shown
    assert "¥129.90 × 5%" in shown
    assert "¥129.90 × 5%, rounded down to the cent" in explained
    assert "¥6.49" in explained


def test_statement_file_holds_the_lines_and_is_noted(
    client: Client, people: c.Cast, settled: Settlement
) -> None:
    client.force_login(c.finance(people, "chen"))
    statement = Statement.objects.get(settlement=settled, creator=people.zhou)

    response = client.get(reverse("incentives:statement_file", args=[statement.pk]))

    rows = b"".join(response).decode("utf-8-sig").splitlines()
    assert len(rows) == 3
    assert rows[1].startswith("E1,")
    assert ",129.90,5,6.49," in rows[1]


def test_a_missing_line_says_why(client: Client, people: c.Cast) -> None:
    client.force_login(c.finance(people, "chen"))
    order = c.order(people, "E2", 5_000, day="2019-12-31")
    commission_runs.accrue(by=None, brand=people.brand, as_of=dt.date(2026, 9, 30))

    shown = text_of(client.get(reverse("incentives:order_commission", args=[order.pk])))

    assert "No commission plan was in force on the day of payment." in shown


def test_a_regional_manager_sees_the_statements_of_the_own_region_only(
    client: Client, people: c.Cast, settled: Settlement
) -> None:
    client.force_login(c.person("xu", (Role.REGION_MANAGER, people.south)))
    statement = Statement.objects.get(settlement=settled, creator=people.zhou)

    assert "Zhou Min" not in text_of(client.get(reverse("incentives:statements")))
    assert client.get(reverse("incentives:statement", args=[statement.pk])).status_code == 404
    assert client.get(reverse("incentives:settlement", args=[settled.pk])).status_code == 404
    assert client.get(reverse("incentives:payouts")).status_code == 403
    assert client.get(reverse("incentives:books")).status_code == 403


def test_settling_asks_for_the_right_and_for_the_right_month(
    client: Client, people: c.Cast
) -> None:
    start = reverse("incentives:settlement_start")
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    assert client.post(start, {"month": "2026-09"}).status_code == 403

    client.force_login(c.finance(people, "chen"))
    page = client.post(start, {"month": "2026-10"}, follow=True)
    assert "Settle 2026-09 first." in text_of(page)
    page = client.post(start, {"month": "soon"}, follow=True)
    assert "is not a month" in text_of(page)
    assert not Settlement.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_month_is_settled_by_a_button(client: Client, people: c.Cast) -> None:
    client.force_login(c.finance(people, "chen"))

    client.post(reverse("incentives:settlement_start"), {"month": "2026-09"})

    month = Settlement.objects.get()
    shown = text_of(client.get(reverse("incentives:settlement", args=[month.pk])))
    assert "Make the payout batch" in shown
    assert "¥13.98" in shown


def test_one_person_makes_a_batch_and_another_approves_it(
    client: Client, people: c.Cast, settled: Settlement
) -> None:
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    sign_in(client, chen)
    client.post(reverse("incentives:payout_batch_make", args=[settled.pk]))
    batch = PayoutBatch.objects.get()
    decide = reverse("incentives:payout_batch_decide", args=[batch.pk])
    client.post(reverse("incentives:payout_batch_submit", args=[batch.pk]))

    own = client.post(decide, {"decision": "approve"})
    assert own.status_code == 403
    assert "You made this batch" in text_of(own)

    sign_in(client, zhao)
    page = text_of(client.get(reverse("incentives:payout_batch", args=[batch.pk])))
    assert "Approve 1 payout" in page
    assert "1 person has named no account yet." in page
    client.post(decide, {"decision": "approve"})
    batch.refresh_from_db()
    assert batch.state == BatchState.APPROVED

    client.post(reverse("incentives:payout_batch_export", args=[batch.pk]))
    response = client.get(reverse("incentives:payout_batch_file", args=[batch.pk]))
    file = b"".join(response).decode("utf-8-sig")
    assert f"622202100112{people.zhou.pk:08d},9.99,CNY" in file


def test_approval_asks_for_a_recent_sign_in(
    client: Client, people: c.Cast, settled: Settlement
) -> None:
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    batch = payouts.submit(by=chen, batch=payouts.make_batch(by=chen, settlement=settled))
    client.force_login(zhao)

    asked = client.post(
        reverse("incentives:payout_batch_decide", args=[batch.pk]), {"decision": "approve"}
    )

    assert asked.status_code == 302
    assert "reauthenticate" in asked["Location"]
    batch.refresh_from_db()
    assert batch.state == BatchState.SUBMITTED


def test_rejecting_needs_a_reason_and_keeps_what_was_typed(
    client: Client, people: c.Cast, settled: Settlement
) -> None:
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    batch = payouts.submit(by=chen, batch=payouts.make_batch(by=chen, settlement=settled))
    sign_in(client, zhao)
    decide = reverse("incentives:payout_batch_decide", args=[batch.pk])

    refused = client.post(decide, {"decision": "reject", "reason": " "})
    assert refused.status_code == 422
    assert "Say why you reject the batch." in text_of(refused)

    client.post(decide, {"decision": "reject", "reason": "Wrong month"})
    batch.refresh_from_db()
    assert batch.state == BatchState.REJECTED


def test_a_large_payout_is_pointed_out_and_needs_a_reason(client: Client, people: c.Cast) -> None:
    c.order(people, "E3", 9_000_000)
    for number in range(3):
        helper = c.creator(people.jingan, f"K10{number}", f"Li {number}")
        c.pay_to_bank(helper)
        c.order(people, f"F{number}", 10_000, seller=helper)
    settled = settlement.settle(by=None, brand=people.brand, month=Month(2026, 9))
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    batch = payouts.submit(by=chen, batch=payouts.make_batch(by=chen, settlement=settled))
    sign_in(client, zhao)
    decide = reverse("incentives:payout_batch_decide", args=[batch.pk])

    page = text_of(client.get(reverse("incentives:payout_batch", args=[batch.pk])))
    assert "Zhou Min is paid for the first time" in page
    assert client.post(decide, {"decision": "approve"}).status_code == 422
    client.post(decide, {"decision": "approve", "reason": "Checked with the store"})
    batch.refresh_from_db()
    assert batch.state == BatchState.APPROVED


def test_a_new_plan_is_saved_and_a_wrong_one_is_explained(client: Client, people: c.Cast) -> None:
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    form = {
        "name": "Winter",
        "valid_from": "2026-12-01",
        "hold_days": "10",
        "cap_percent": "20",
        "rates-TOTAL_FORMS": "2",
        "rates-INITIAL_FORMS": "0",
        "rates-0-role": "seller",
        "rates-0-percent": "25",
        "rates-1-role": "sharer",
        "rates-1-percent": "",
    }

    wrong = client.post(reverse("incentives:plan_new"), form)
    assert wrong.status_code == 422
    assert "A rate must lie between 0 and the plan&#x27;s cap of 20 %." in text_of(wrong)

    client.post(reverse("incentives:plan_new"), form | {"rates-0-percent": "6.5"})
    plan = PlanVersion.objects.get(name="Winter")
    assert [rate.rate_bp for rate in plan.rates.all()] == [650]
    assert plan.state == "draft"
    assert PlanVersion.objects.exclude(pk=plan.pk).get().valid.upper is None, "nothing goes by it"


def test_an_analyst_may_read_plans_but_not_make_one(client: Client, people: c.Cast) -> None:
    client.force_login(c.person("wei", (Role.ANALYST, people.brand)))

    assert client.get(reverse("incentives:plans")).status_code == 200
    assert client.post(reverse("incentives:plan_new"), {"name": "Mine"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_books_show_balances_and_can_be_proved(client: Client, people: c.Cast) -> None:
    settlement.settle(by=None, brand=people.brand, month=Month(2026, 9))
    client.force_login(c.person("wu", (Role.AUDITOR, people.brand)))

    client.post(reverse("incentives:books_prove"))
    page = text_of(client.get(reverse("incentives:books")))

    assert "-¥13.98" in page.replace("−", "-")
    assert page.count("holds") >= 10
    assert "difference" not in page.split("Journals")[0].split("Last proof")[1]


# -- the phone -----------------------------------------------------------------


@pytest.fixture
def zhou(people: c.Cast) -> Person:
    person = c.person("zhou", (Role.KOS, people.jingan))
    people.zhou.person = person
    people.zhou.save(update_fields=["person"])
    return person


def test_my_money_shows_what_is_mine_and_how_it_came_about(
    client: Client, people: c.Cast, zhou: Person, settled: Settlement
) -> None:
    client.force_login(zhou)
    line = people.zhou.commission_lines.get(base=12_990)

    page = text_of(client.get(reverse("mobile:money"), {"month": "2026-09"}))
    told = text_of(client.get(reverse("mobile:money_line", args=[line.order_line_id, "seller"])))

    assert "¥9.99" in page
    assert "September 2026" in page
    assert "¥129.90 × 5% = ¥6.49. Payable" in told


def test_nobody_sees_the_money_of_another(
    client: Client, people: c.Cast, zhou: Person, settled: Settlement
) -> None:
    client.force_login(zhou)
    may_line = people.may.commission_lines.get(base=12_990)

    shown = client.get(reverse("mobile:money_line", args=[may_line.order_line_id, "sharer"]))

    assert shown.status_code == 404
    assert client.get(reverse("incentives:statements")).status_code == 403


def test_the_phone_pages_are_for_creators(client: Client, people: c.Cast) -> None:
    client.force_login(c.finance(people, "chen"))

    for name in ("today", "money", "tier"):
        assert client.get(reverse(f"mobile:{name}")).status_code == 403


def test_today_shows_the_month_and_the_way_to_the_money(
    client: Client, people: c.Cast, zhou: Person
) -> None:
    client.force_login(zhou)

    page = text_of(client.get(reverse("mobile:today")))

    assert "Commission this month" in page
    assert reverse("mobile:money") in page
