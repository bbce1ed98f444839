"""Doors of payees, rules, reconciliation and stopped batches: who may, what they see, what is kept."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person
from incentives import payees, payouts, reconciliation
from incentives.choices import PayoutState
from incentives.models import (
    Payee,
    PayeeNotice,
    Payout,
    PayoutDestination,
    PayoutHold,
    PayoutPolicy,
    ProviderEntry,
    Settlement,
    TaxPolicy,
)
from kosops.lib.secrets import decrypt
from tests import cast as c
from tests.incentives.money import Office, differences, settle
from tests.refusals import sql

pytestmark = pytest.mark.django_db
NUMBER = "62220288887777"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def settled(office: Office) -> Settlement:
    """May is owed 3,000 yuan and Zhou Min 999 fen."""
    office.order("E1", 12_990, 7_000)
    office.order("E2", 3_000_00 * 50, seller=None, sharer=office.may)
    return settle(office.brand)


def signed_in(client: Client, person: Person) -> Client:
    """With a fresh proof of who is there."""
    client.logout()
    client.post(reverse("account_login"), {"login": person.username, "password": c.PASSWORD})
    return client


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def of(office: Office, name: str) -> str:
    return reverse(f"incentives:{name}", args=[office.may.pk])


# -- who may -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "sees", "edits"),
    [
        (Role.FINANCE, 200, 302),
        (Role.OPERATOR, 200, 403),
        (Role.AUDITOR, 200, 403),
        (Role.ANALYST, 403, 403),
        (Role.REGION_MANAGER, 403, 403),
        (Role.STORE_MANAGER, 403, 403),
        (Role.KOC, 403, 403),
    ],
)
def test_finance_keeps_payees_and_others_look_or_do_not(
    client: Client, office: Office, role: str, sees: int, edits: int
) -> None:
    signed_in(client, c.person("someone", (role, office.brand)))
    for address in ("payees", "payout_rules", "reconciliation"):
        assert client.get(reverse(f"incentives:{address}")).status_code == sees
    assert client.get(of(office, "payee")).status_code == sees
    today = timezone.localdate().isoformat()
    for name, facts in (
        ("payee_hold", {"reason": "x"}),
        ("payee_identity", {"born": "1990-01-01", "source": "contract"}),
        (
            "payee_account",
            {"kind": "bank", "holder": "May", "account": NUMBER, "consent": "on"},
        ),
    ):
        assert client.post(of(office, name), facts).status_code == edits, name
    for name, facts in (
        (
            "payout_rules_save",
            {"pay-valid_from": today, "pay-minimum": "5", "pay-encoding": "gb18030"},
        ),
        (
            "tax_rules_save",
            {"tax-valid_from": today, "tax-method": "labour", "tax-span": "payment"},
        ),
    ):
        assert client.post(reverse(f"incentives:{name}"), facts).status_code == edits, name
    done = edits == 302
    assert PayoutHold.objects.exists() == done
    assert PayoutPolicy.objects.filter(minimum=500, encoding="gb18030").exists() == done
    assert TaxPolicy.objects.filter(span="payment").exists() == done
    kept = PayoutDestination.objects.get(creator=office.may)
    assert (decrypt(kept.account) == NUMBER) == done


def test_no_page_shows_an_account_or_a_day_of_birth(
    client: Client, office: Office, settled: Settlement
) -> None:
    """A4: masked everywhere, also in the peek."""
    batch = office.submitted(settled)
    signed_in(client, office.zhao)
    full = decrypt(PayoutDestination.objects.get(creator=office.may).account)
    payout = Payout.objects.get(creator=office.may)
    for address in (
        reverse("incentives:payees"),
        of(office, "payee"),
        reverse("incentives:payout", args=[payout.pk]),
        reverse("incentives:payout_batch", args=[batch.pk]),
    ):
        page = text(client.get(address))
        assert full not in page and "1995" not in page
        assert full[-4:] in page


# -- the list and the person ---------------------------------------------------


def test_the_list_says_who_can_be_paid_and_filters_what_is_missing(
    client: Client, office: Office
) -> None:
    c.creator(office.people.jingan, "C9", "Lee", kind="koc")
    payees.hold(by=office.chen, creator=office.may, reason="x")
    signed_in(client, office.zhao)
    address = reverse("incentives:payees")

    def names(query: str) -> set[str]:
        page = text(client.get(address + query))
        return {name for name in ("Zhou Min", "May", "Lee") if f">{name}</a>" in page}

    assert names("") == {"Zhou Min", "May", "Lee"}
    assert names("?lacks=account") == {"Lee"}
    assert names("?lacks=identity") == {"Lee"}
    assert names("?lacks=held") == {"May"}
    assert names("?lacks=frozen") == set()
    assert names("?way=bank") == {"Zhou Min", "May"}
    assert names("?q=zho") == {"Zhou Min"}
    assert names("?kind=kos") == {"Zhou Min"}


def test_a_payee_s_page_says_what_is_so_and_what_to_do(client: Client, office: Office) -> None:
    lee = c.creator(office.people.jingan, "C9", "Lee", kind="koc")
    signed_in(client, office.zhao)
    page = text(client.get(reverse("incentives:payee", args=[lee.pk])))
    assert "Not paid for now" in page
    assert "No account is named." in page and "Check the identity." in page
    assert "The next payout goes to" in text(client.get(of(office, "payee")))


def test_a_refused_form_keeps_what_was_typed_and_says_where(client: Client, office: Office) -> None:
    signed_in(client, office.zhao)
    answer = client.post(
        of(office, "payee_account"),
        {"kind": "bank", "holder": "Meimei", "account": "12", "consent": "on"},
    )
    assert answer.status_code == 422
    assert "An account number has 8 to 30 digits." in text(answer) and "Meimei" in text(answer)
    assert client.post(of(office, "payee_hold"), {"reason": ""}).status_code == 422


def test_a_hold_is_lifted_on_the_page(client: Client, office: Office) -> None:
    made = payees.hold(by=office.chen, creator=office.may, reason="x")
    signed_in(client, office.zhao)
    address = reverse("incentives:payee_lift", args=[made.pk])
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "fits"}).status_code == 302
    assert PayoutHold.objects.get().lifted_by == office.zhao


def test_money_acts_ask_who_is_there_when_the_proof_is_old(client: Client, office: Office) -> None:
    """7.5.1: the account and the rules of paying."""
    client.force_login(office.zhao)  # without a proof
    answer = client.post(
        of(office, "payee_account"),
        {"kind": "bank", "holder": "May", "account": NUMBER, "consent": "on"},
    )
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
    assert decrypt(PayoutDestination.objects.get(creator=office.may).account) != NUMBER


# -- the phone -----------------------------------------------------------------


@pytest.fixture
def lee(office: Office) -> Any:
    made = c.creator(office.people.jingan, "C9", "Lee", kind="koc")
    made.person = c.person("lee", (Role.KOC, office.people.jingan))
    made.save()
    return made


def test_a_koc_names_the_account_with_consent_and_day_of_birth(client: Client, lee: Any) -> None:
    signed_in(client, lee.person)
    address = reverse("mobile:payee")
    assert "We do not know yet where to pay you." in text(client.get(address))
    facts = {"kind": "bank", "holder": "Lee", "account": NUMBER, "born": "2000-02-03"}
    assert client.post(address, facts).status_code == 422, "without consent"
    assert not PayoutDestination.objects.filter(creator=lee).exists()
    assert client.post(address, facts | {"consent": "on"}).status_code == 302
    kept = PayoutDestination.objects.get(creator=lee)
    assert (decrypt(kept.account), kept.consent_way) == (NUMBER, "phone")
    assert decrypt(Payee.objects.get(creator=lee).born) == "2000-02-03"
    page = text(client.get(address))
    assert "Your identity has not been checked yet." in page
    assert NUMBER not in page and NUMBER[-4:] in page
    assert "2000" not in page, "the day of birth is not asked for nor shown again"


def test_a_child_is_told_why_there_is_no_cash(client: Client, lee: Any) -> None:
    signed_in(client, lee.person)
    born = timezone.localdate() - dt.timedelta(days=365 * 16)
    client.post(
        reverse("mobile:payee"),
        {"kind": "bank", "holder": "L", "account": NUMBER, "born": born, "consent": "on"},
    )
    assert "Cash is paid from the age of 18 on." in text(client.get(reverse("mobile:payee")))


def test_a_change_is_told_on_the_phone_until_it_was_read(client: Client, lee: Any) -> None:
    for account in (NUMBER, "62220299996666"):
        payees.set_destination(by=None, creator=lee, holder="Lee", account=account)
    signed_in(client, lee.person)
    address = reverse("mobile:payee")
    assert "Your account was changed from ···· 7777 to ···· 6666." in text(client.get(address))
    client.post(reverse("mobile:payee_read"))
    assert PayeeNotice.objects.get().read_at is not None
    assert "Your account was changed" not in text(client.get(address))


def test_only_creators_have_an_account_page(client: Client, office: Office) -> None:
    signed_in(client, office.zhao)
    assert client.get(reverse("mobile:payee")).status_code == 403
    assert client.post(reverse("mobile:payee_read")).status_code == 403


# -- batches and payouts -------------------------------------------------------


def test_the_batch_shows_tax_limits_and_what_happens_next(
    client: Client, office: Office, settled: Settlement
) -> None:
    batch = office.submitted(settled)
    signed_in(client, office.zhao)
    page = text(client.get(reverse("incentives:payout_batch", args=[batch.pk])))
    assert "¥440.00" in page and "¥3,000.00" in page
    assert "usually within one working day" in page
    payout = Payout.objects.get(creator=office.may)
    page = text(client.get(reverse("incentives:payout", args=[payout.pk])))
    assert "800 yuan up to an income of 4,000 yuan" in page
    assert "¥2,200.00 × 20% − ¥0.00" in page and "¥2,560.00" in page


def test_two_people_with_one_account_need_a_reason(
    client: Client, office: Office, settled: Settlement
) -> None:
    for creator in (office.may, office.zhou):
        payees.set_destination(by=None, creator=creator, holder="X", account=NUMBER)
    sql("UPDATE incentives_payoutdestination SET frozen_until = NULL")
    batch = office.submitted(settled)
    signed_in(client, office.zhao)
    page = text(client.get(reverse("incentives:payout_batch", args=[batch.pk])))
    assert "May and Zhou Min are paid to the same account" in page
    decide = reverse("incentives:payout_batch_decide", args=[batch.pk])
    assert client.post(decide, {"decision": "approve"}).status_code == 422
    assert client.post(decide, {"decision": "approve", "reason": "a couple"}).status_code == 302


def test_a_held_payout_is_given_back_by_a_checker(
    client: Client, office: Office, settled: Settlement
) -> None:
    batch = office.approved(settled)
    payees.hold(by=office.zhao, creator=office.may, reason="x")
    payouts.export(by=office.chen, batch=batch)
    payout = Payout.objects.get(creator=office.may)
    signed_in(client, office.zhao)
    page = text(client.get(reverse("incentives:payout_batch", args=[batch.pk])))
    assert "Held back: May, ¥2,560.00" in page
    give_back = reverse("incentives:payout_give_back", args=[payout.pk])
    client.post(give_back, {"reason": "cleared later"})
    payout.refresh_from_db()
    assert (payout.state, payout.failure) == (PayoutState.FAILED, "cleared later")
    assert differences() == {}


def test_a_stopped_batch_gives_no_file_and_goes_on_by_a_checker(
    client: Client, office: Office, settled: Settlement
) -> None:
    """M9"""
    batch = office.exported(settled)
    number = Payout.objects.get(creator=office.may).out_no
    payouts.take_results(by=None, rows=[payouts.Result(number, succeeded=True, amount=1)])
    file = reverse("incentives:payout_batch_file", args=[batch.pk])
    resume = reverse("incentives:payout_batch_resume", args=[batch.pk])
    signed_in(client, office.chen)
    assert client.get(file).status_code == 404
    client.post(resume, {"reason": "mine"})
    batch.refresh_from_db()
    assert batch.paused_at is not None, "the maker does not clear it"
    signed_in(client, office.zhao)
    page = text(client.get(reverse("incentives:payout_batch", args=[batch.pk])))
    assert "we sent ¥2,560.00, the bank says ¥0.01" in page
    assert "is stopped" in text(client.get(reverse("insights:approvals")))
    client.post(resume, {"reason": "asked the bank"})
    batch.refresh_from_db()
    assert batch.paused_at is None
    assert client.get(file).status_code == 200


def test_silence_is_noted_on_the_page(client: Client, office: Office, settled: Settlement) -> None:
    batch = office.exported(settled)
    signed_in(client, office.chen)
    client.post(reverse("incentives:payout_batch_silence", args=[batch.pk]))
    assert set(batch.payouts.values_list("state", flat=True)) == {PayoutState.UNKNOWN}


# -- reconciliation ------------------------------------------------------------


def entry(office: Office, out_no: str, amount: int, **more: Any) -> ProviderEntry:
    facts = {
        "brand": office.brand,
        "channel": "bank",
        "provider_no": f"B{out_no}",
        "out_no": out_no,
        "amount": amount,
        "state": "succeeded",
        "day": timezone.localdate(),
    }
    return ProviderEntry(**{**facts, **more})


def found(office: Office) -> list[tuple[str, str]]:
    return sorted((each.code, each.out_no) for each in reconciliation.differences(office.brand))


def test_statement_and_payouts_are_compared_both_ways(
    client: Client, office: Office, settled: Settlement
) -> None:
    batch = office.paid(settled)
    may, zhou = (batch.payouts.get(creator=who) for who in (office.may, office.zhou))
    assert found(office) == [], "without a statement nothing is missing on it"

    def take(*entries: ProviderEntry) -> int:
        return reconciliation.take_statement(
            by=office.chen, brand=office.brand, entries=list(entries)
        )

    assert take(entry(office, may.out_no, may.amount)) == 1
    assert take(entry(office, may.out_no, may.amount)) == 0, "known already"
    assert found(office) == [("not_there", zhou.out_no)]
    (day,) = reconciliation.days(office.brand)
    assert (day.books, day.statement, day.difference) == (
        may.amount + zhou.amount,
        may.amount,
        zhou.amount,
    )
    take(entry(office, zhou.out_no, zhou.amount - 1), entry(office, "STRANGE", 500))
    assert found(office) == [("not_ours", "STRANGE"), ("other_amount", zhou.out_no)]
    signed_in(client, office.zhao)
    page = text(client.get(reverse("incentives:reconciliation")))
    assert "Not our payout" in page and "Another amount" in page


def test_a_transfer_that_the_bank_took_back_is_found(office: Office, settled: Settlement) -> None:
    batch = office.paid(settled)
    rows = [entry(office, p.out_no, p.amount) for p in batch.payouts.all()]
    reconciliation.take_statement(by=None, brand=office.brand, entries=rows)
    assert found(office) == []
    number, amount = rows[0].out_no, rows[0].amount
    back = entry(office, number, amount, state="failed")
    reconciliation.take_statement(by=None, brand=office.brand, entries=[back])
    assert found(office) == [("other_state", number)]


def test_what_is_long_on_the_way_is_a_difference(office: Office, settled: Settlement) -> None:
    batch = office.exported(settled)
    assert found(office) == []
    sql("UPDATE incentives_payoutbatch SET exported_at = exported_at - interval '25 hours'")
    assert {code for code, _number in found(office)} == {"slow"}
    office.answer(batch)
    assert found(office) == []


def test_another_brand_s_statement_is_not_ours(office: Office, settled: Settlement) -> None:
    batch = office.paid(settled)
    other = c.cast_of_another_brand()
    rows = [entry(office, p.out_no, p.amount, brand=other) for p in batch.payouts.all()]
    reconciliation.take_statement(by=None, brand=other, entries=rows)
    assert found(office) == []
    assert {each.code for each in reconciliation.differences(other)} == {"not_ours"}
