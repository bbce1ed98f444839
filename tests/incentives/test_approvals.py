"""Four eyes: nobody approves what is their own, and what was approved is what is sent."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Activity, Person
from incentives import payouts
from incentives.choices import BatchState, PayoutState
from incentives.models import Approval, PayoutBatch, Settlement
from tests import cast as c
from tests.incentives.money import OCTOBER, Office, code_of, differences, refusal_of, settle
from tests.refusals import NO_PARENT, RESTRICTED, RULE_BROKEN, TWICE, refused, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def settled(office: Office) -> Settlement:
    """Zhou Min is owed 999 and May 399 for September."""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    return settle(office.brand)


@pytest.fixture
def own(office: Office, settled: Settlement) -> PayoutBatch:
    """A batch of Chen's that waits for somebody else."""
    return office.submitted(settled)


def fresh(batch: PayoutBatch) -> PayoutBatch:
    return PayoutBatch.objects.get(pk=batch.pk)


# -- M28: four eyes ------------------------------------------------------------


def nothing_decided(batch: PayoutBatch) -> bool:
    return fresh(batch).state == BatchState.SUBMITTED and not Approval.objects.exists()


def test_the_maker_does_not_decide(office: Office, own: PayoutBatch) -> None:
    """M28: in whatever further role."""
    chen = office.chen
    Person.objects.filter(pk=chen.pk).update(is_superuser=True)
    chen.refresh_from_db()
    for decide in (
        lambda: payouts.approve(by=chen, batch=own),
        lambda: payouts.reject(by=chen, batch=own, reason="mine"),
    ):
        refusal = refusal_of(decide)
        assert (refusal.code, refusal.status) == ("own_batch", 403)
    assert nothing_decided(own)
    payouts.approve(by=office.zhao, batch=own)
    assert fresh(own).state == BatchState.APPROVED


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_the_page_refuses_the_maker_and_notes_it(
    client: Client, office: Office, own: PayoutBatch, decision: str
) -> None:
    """M28: 403 and a row of the activity log, which the maker cannot take back."""
    address = reverse("incentives:payout_batch_decide", args=[own.pk])
    client.force_login(office.chen)
    answer = client.post(address, {"decision": decision, "reason": "mine"})
    assert answer.status_code == 403
    assert "You made this batch" in answer.content.decode()
    assert nothing_decided(own)
    row = Activity.objects.get(verb="person.refused")
    assert (row.actor, row.unit, row.after) == (
        office.chen,
        office.brand,
        {"path": address, "method": "POST"},
    )


def test_who_may_not_approve_cannot_by_the_page(
    client: Client, office: Office, own: PayoutBatch
) -> None:
    """A3"""
    client.force_login(c.person("lin", (Role.OPERATOR, office.brand)))
    address = reverse("incentives:payout_batch_decide", args=[own.pk])
    assert client.post(address, {"decision": "approve"}).status_code in (403, 404)
    assert nothing_decided(own)


def test_the_admin_changes_no_batch_for_anybody(
    client: Client, office: Office, own: PayoutBatch
) -> None:
    """M28: also for a superuser."""
    client.force_login(c.person("admin", is_staff=True, is_superuser=True))
    for name, pk in (
        ("payoutbatch", own.pk),
        ("payout", own.payouts.first().pk),
    ):
        address = reverse(f"admin:incentives_{name}_change", args=[pk])
        assert client.get(address).status_code == 200
        assert client.post(address, {"state": "approved"}).status_code == 403
    added = reverse("admin:incentives_approval_add")
    assert client.post(added, {"batch": own.pk, "decision": "approved"}).status_code == 403
    assert Activity.objects.filter(verb="person.refused").count() == 3
    assert nothing_decided(own)


def insert_approval(batch: PayoutBatch, maker: Person, checker: Person) -> None:
    sql(
        "INSERT INTO incentives_approval (batch_id, content_hash, maker_id, checker_id, decision,"
        " reason, at) VALUES (%s, %s, %s, %s, 'approved', '', now())",
        *(batch.pk, batch.content_hash, maker.pk, checker.pk),
    )


def test_sql_cannot_approve_for_the_maker(office: Office, own: PayoutBatch) -> None:
    """M28: neither as the maker, nor by naming another maker, nor without an approval."""
    with refused(RULE_BROKEN):
        insert_approval(own, maker=office.chen, checker=office.chen)
    with refused(NO_PARENT):
        insert_approval(own, maker=office.zhao, checker=office.chen)
    with refused(RULE_BROKEN):
        sql("UPDATE incentives_payout SET state = 'approved'")
    with refused(NO_PARENT):  # the maker's name is part of what an approval names
        insert_approval(own, maker=office.chen, checker=office.zhao)
        sql("UPDATE incentives_payoutbatch SET maker_id = %s", office.zhao.pk)
    assert nothing_decided(own)


def test_a_batch_that_sql_calls_approved_is_not_sent(office: Office, own: PayoutBatch) -> None:
    sql("UPDATE incentives_payoutbatch SET state = 'approved'")
    assert code_of(lambda: payouts.export(by=office.chen, batch=own)) == "content_changed"
    assert not fresh(own).file


def test_an_approval_is_never_changed(office: Office, own: PayoutBatch) -> None:
    payouts.approve(by=office.zhao, batch=own)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE incentives_approval SET content_hash = ''",
        "DELETE FROM incentives_approval",
        "TRUNCATE incentives_approval",
    ):
        with refused(RESTRICTED):
            sql(statement)
    with refused(TWICE):
        insert_approval(own, maker=office.chen, checker=office.zhao)


# -- M29: what was approved is what is sent ------------------------------------

ALTERED = {
    "amount": "UPDATE incentives_payout SET amount = amount + 1 WHERE out_no = 'CY-202609-01-00001'",
    "amounts swapped": """
        UPDATE incentives_payout SET amount = (
            SELECT total FROM incentives_payoutbatch b WHERE b.id = batch_id) - amount
         WHERE out_no LIKE 'CY-202609-%%'""",
    "account": "UPDATE incentives_payout SET account = account || 'x'::bytea",
    "holder": "UPDATE incentives_payout SET holder = account",
    "person": """
        UPDATE incentives_payout SET creator_id = (
            SELECT min(creator_id) FROM incentives_statement)""",
    "currency": "UPDATE incentives_payout SET currency = 'USD'",
    "one more": """
        INSERT INTO incentives_payout (batch_id, statement_id, creator_id, out_no, amount,
            currency, state, holder, account, masked, failure)
        SELECT batch_id, (SELECT max(id) FROM incentives_statement), creator_id, 'CY-X', 100,
               currency, 'draft', holder, account, masked, ''
          FROM incentives_payout WHERE out_no = 'CY-202609-01-00001'""",
    "one less": """
        UPDATE incentives_payout SET batch_id = (SELECT max(id) FROM incentives_payoutbatch)
         WHERE out_no = 'CY-202609-01-00001'""",
    "number": "UPDATE incentives_payoutbatch SET number = 'CY-X' WHERE number = 'CY-202609-01'",
}


@pytest.fixture
def two_batches(office: Office, settled: Settlement) -> list[PayoutBatch]:
    """One of September that waits for approval, one of October that is a draft, and a third
    person who has a statement and is not paid."""
    he = c.creator(office.people.jingan, "K002", "He")
    office.order("E2", 80_000, sharer=he, day="2026-10-02")
    batch = office.submitted(settled)
    return [batch, payouts.make_batch(by=office.chen, settlement=settle(office.brand, OCTOBER))]


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_before_approval_is_not_approved(
    office: Office, two_batches: list[PayoutBatch], what: str
) -> None:
    sql(ALTERED[what])
    batch, _other = two_batches
    assert code_of(lambda: payouts.approve(by=office.zhao, batch=batch)) == "content_changed"
    assert nothing_decided(batch)


@pytest.mark.parametrize("what", ALTERED)
def test_what_is_altered_after_approval_is_not_sent(
    office: Office, two_batches: list[PayoutBatch], what: str
) -> None:
    """M29: directly in SQL, and with the batch's own digest made to fit."""
    batch, _other = two_batches
    payouts.approve(by=office.zhao, batch=batch)
    sql(ALTERED[what])
    batch = fresh(batch)
    PayoutBatch.objects.filter(pk=batch.pk).update(content_hash=payouts.content_hash(batch))
    assert code_of(lambda: payouts.export(by=office.chen, batch=batch)) == "content_changed"
    assert (fresh(batch).state, bool(fresh(batch).file)) == (BatchState.APPROVED, False)
    assert not batch.payouts.filter(state=PayoutState.SENDING).exists()
    assert "payouts_as_approved" in differences()
