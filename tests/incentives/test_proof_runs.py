"""Proofs that are kept: what they find stops payouts, and what is sealed cannot be changed unseen."""

import datetime as dt
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from accounts.models import Job
from customers.models import Order
from incentives import corrections, digests, ledger, payouts, proof, proof_runs
from incentives.models import DayDigest, Journal, PayoutBatch, ProofRun
from kosops.grants import grant
from tests import cast as c
from tests.incentives.money import Office, accrue, code_of, refusal_of, settle
from tests.refusals import RESTRICTED, as_owner_without_guards, refused, sql


@pytest.fixture
def office(db: None) -> Office:
    return Office()


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.DIGEST_DIR = tmp_path / "digests"


def found() -> dict[str, int]:
    return {each.code: each.differences for each in proof_runs.prove(by=None) if each.differences}


def tamper(statement: str) -> None:
    with as_owner_without_guards():
        sql(statement)


# -- payouts stop --------------------------------------------------------------


def test_any_difference_stops_payouts_until_a_clean_proof(office: Office) -> None:
    office.order("E1", 10_000)
    settled = settle(office.brand)
    draft = payouts.make_batch(by=office.chen, settlement=settled)
    assert found() == {}
    tamper("UPDATE incentives_settlement SET content_hash = repeat('0', 64)")
    assert found() == {"settlement_content": 1}
    refusal = refusal_of(lambda: payouts.submit(by=office.chen, batch=draft))
    assert refusal.code == "books_differ"
    assert refusal.params["checks"] == ["settlement_content"]
    assert "The digest of a settled month" in str(refusal)
    # Accrual goes on.
    office.order("E2", 10_000, day="2026-10-05")
    assert accrue(office.brand, "2026-10-05").counts["lines"] == 1

    tamper(
        "UPDATE incentives_settlement SET content_hash = encode(sha256((SELECT string_agg("
        "concat_ws(':', creator_id, held_opening, earned, clawed_back, released, held, opening,"
        " paid_out, payable), '|' ORDER BY creator_id) FROM incentives_statement)::bytea), 'hex')"
    )
    assert found() == {}
    payouts.submit(by=office.chen, batch=draft)


def test_a_batch_on_its_way_is_stopped_at_each_step(office: Office) -> None:
    office.order("E1", 10_000)
    batch = office.submitted(settle(office.brand))
    stop = ProofRun(
        brand=office.brand,
        started_at=timezone.now(),
        finished_at=timezone.now(),
        differences=1,
        findings=[{"code": "journal_balances", "differences": 1, "examples": []}],
    )
    stop.save()
    assert code_of(lambda: payouts.approve(by=office.zhao, batch=batch)) == "books_differ"
    assert found() == {}
    batch = payouts.approve(by=office.zhao, batch=batch)
    stop.pk = None
    stop.save()
    assert code_of(lambda: payouts.export(by=office.chen, batch=batch)) == "books_differ"
    assert PayoutBatch.objects.get().state == "approved"


def test_the_last_proof_of_a_brand_waits_for_finance(office: Office) -> None:
    tamper(
        "INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,"
        f" created_at, reason) VALUES ({office.brand.pk}, 'CNY', 'accrual', 'raw', '1',"
        " '2026-09-01', now(), '')"
    )
    assert found() == {"journal_balances": 1}

    def told(person: Any) -> bool:
        person.__dict__.pop("_waiting_facts", None)
        return any("payouts are stopped" in item.text for item in waiting.items_for(person))

    assert told(office.chen)
    assert not told(c.person("lin", (Role.OPERATOR, office.brand)))
    tamper("DELETE FROM incentives_journal WHERE source = 'raw'")
    assert found() == {}
    assert not told(office.chen)


def test_a_kept_proof_is_never_changed(office: Office) -> None:
    found()
    for statement in (
        "UPDATE incentives_proofrun SET differences = 0",
        "DELETE FROM incentives_proofrun",
    ):
        with refused(RESTRICTED):
            sql(statement)


# -- against the world outside -------------------------------------------------


def outside() -> dict[str, int]:
    found = proof.verify(checks=proof.every_check()[len(proof.CHECKS) :])
    return {each.code: each.differences for each in found if each.differences}


def test_a_payout_that_the_bank_does_not_answer_is_a_difference(office: Office) -> None:
    office.order("E1", 10_000)
    batch = office.exported(settle(office.brand))
    assert outside() == {}
    tamper(
        "UPDATE incentives_journal SET created_at = created_at - interval '25 hours'"
        " WHERE kind = 'payout_approved'"
    )
    assert outside() == {"in_flight_too_long": 1}
    office.answer(batch)
    assert outside() == {}


def test_work_that_nobody_takes_is_a_difference(office: Office) -> None:
    job = Job.objects.create(kind="incentives.run", label="x", unit=office.brand, state="waiting")
    assert outside() == {}
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - dt.timedelta(minutes=20))
    assert outside() == {"nothing_waits": 1}


def test_what_a_partner_counted_is_compared_with_what_came_in(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    office.refund("E1", "R1", 300, day="2026-09-08")
    source = Order.objects.get().source
    facts = {"orders": 1, "order_amount": 10_000, "refunds": 0, "refund_amount": 0}

    def state(day: str, **more: int) -> None:
        proof_runs.state_total(
            by=office.chen,
            brand=office.brand,
            source=source,
            day=dt.date.fromisoformat(day),
            **(facts | more),
        )

    state("2026-09-05")
    state("2026-09-08", orders=0, order_amount=0, refunds=1, refund_amount=300)
    assert outside() == {}
    state("2026-09-05", orders=2)
    assert outside() == {"control_totals": 1}
    state("2026-09-05")
    state("2026-09-06")  # a day of which nothing came
    assert outside() == {"control_totals": 1}
    tomorrow = timezone.localdate() + dt.timedelta(1)
    assert code_of(lambda: state(tomorrow.isoformat())) == "day_not_here"


# -- sealed days ---------------------------------------------------------------


@pytest.fixture
def sealed(office: Office) -> Office:
    """Two days with journals, both over."""
    for days in (3, 2):
        asked = corrections.ask_adjustment(
            by=office.chen, creator=office.zhou, amount=100 + days, reason="missed"
        )
        corrections.approve(by=office.zhao, correction=asked)
        tamper(
            f"UPDATE incentives_journal SET created_at = now() - interval '{days} days'"
            f" WHERE created_at > now() - interval '1 day'"
        )
    assert found() == {}
    return office


def test_days_that_are_over_are_sealed_once_in_table_and_file(sealed: Office) -> None:
    first, second = DayDigest.objects.order_by("day")
    assert (first.previous, second.previous) == ("", first.digest)
    lines = digests.path_of(sealed.brand).read_text().splitlines()
    assert lines == [f"{each.day} 1 {each.digest}" for each in (first, second)]
    assert digests.seal(sealed.brand, timezone.localdate() - dt.timedelta(1)) == 0
    assert digests.path_of(sealed.brand).read_text().splitlines() == lines


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE incentives_journal SET reason = 'other' WHERE id = (SELECT min(id) FROM incentives_journal)",
        "UPDATE incentives_posting SET amount = amount * 2",
        "UPDATE incentives_journal SET created_at = created_at - interval '1 day'",
        "UPDATE incentives_daydigest SET digest = repeat('0', 64)",
        """INSERT INTO incentives_journal (brand_id, currency, kind, source, key, business_date,
               created_at, reason)
           SELECT brand_id, currency, kind, 'raw', 'late', business_date, created_at, ''
             FROM incentives_journal LIMIT 1;
           INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)
           SELECT (SELECT max(id) FROM incentives_journal), line, account_id, currency, amount
             FROM incentives_posting WHERE journal_id = (SELECT min(id) FROM incentives_journal)""",
    ],
)
def test_a_changed_sealed_day_is_found_and_not_sealed_over(sealed: Office, statement: str) -> None:
    before = DayDigest.objects.count()
    tamper(statement)
    assert proof_runs.SEALED_DAYS in found()
    assert DayDigest.objects.count() == before


def test_a_changed_file_or_a_chain_made_anew_is_found(sealed: Office) -> None:
    """The owner may write new digests for what they changed; the file still has the old ones."""
    tamper("UPDATE incentives_journal SET reason = 'other'")
    tamper("DELETE FROM incentives_daydigest")
    digests.seal(sealed.brand, timezone.localdate() - dt.timedelta(1))
    assert found() == {proof_runs.SEALED_DAYS: 2}


# -- the application's role ----------------------------------------------------

SEVEN = (
    "UPDATE incentives_posting SET amount = 0",
    "DELETE FROM incentives_posting",
    "TRUNCATE incentives_posting",
    "UPDATE incentives_journal SET reason = 'x'",
    "ALTER TABLE incentives_posting DISABLE TRIGGER ALL",
    "DROP TABLE incentives_posting CASCADE",
    "SET session_replication_role = replica",
)


@pytest.mark.django_db(transaction=True)
def test_who_signs_in_as_the_application_changes_no_journal_in_seven_ways() -> None:
    """M23 by a session of its own, not by a role taken on in the owner's."""
    with connection.cursor() as cursor:
        grant(cursor, "kosops_app_tried")
    address = connection.settings_dict
    session = psycopg2.connect(
        host=address["HOST"], port=address["PORT"] or None, dbname=address["NAME"],
        user="kosops_app_tried",
    )  # fmt: skip
    session.autocommit = True
    try:
        for statement in SEVEN:
            with session.cursor() as cursor, pytest.raises(psycopg2.Error) as failure:
                cursor.execute(statement)
            assert failure.value.pgcode == "42501", statement
    finally:
        session.close()


def test_the_page_of_the_books_tells_when_the_application_owns_them(office: Office) -> None:
    assert ledger.owns_the_books()
    with connection.cursor() as cursor:
        grant(cursor, "kosops_app_tried")
    sql("SET LOCAL ROLE kosops_app_tried")
    assert not ledger.owns_the_books()
    sql("RESET ROLE")


# -- pages ---------------------------------------------------------------------


def test_the_pages_show_each_proof_and_what_it_found(office: Office, client: Client) -> None:
    office.order("E1", 10_000)
    settle(office.brand)
    tamper("UPDATE incentives_settlement SET content_hash = repeat('0', 64)")
    found()
    client.force_login(office.chen)
    books = client.get(reverse("incentives:books")).content.decode()
    assert "The books do not prove" in books
    run = ProofRun.objects.get(brand=office.brand)
    assert reverse("incentives:proof", args=[run.pk]) in books
    assert "1 difference" in client.get(reverse("incentives:proofs")).content.decode()
    page = client.get(reverse("incentives:proof", args=[run.pk])).content.decode()
    assert "The digest of a settled month" in page and "2026-09" in page


def test_finance_states_a_partners_totals(office: Office, client: Client) -> None:
    page = reverse("incentives:control_totals")
    form = {
        "source": "shop",
        "day": "2026-09-05",
        "orders": "3",
        "order_amount": "120.50",
        "refunds": "0",
        "refund_amount": "0",
    }
    client.force_login(c.person("lin", (Role.OPERATOR, office.brand)))
    assert client.post(page, form).status_code == 403
    client.force_login(office.chen)
    assert client.post(page, form | {"order_amount": "1e3"}).status_code == 422
    assert client.post(page, form).status_code == 302
    assert "¥120.50" in client.get(page).content.decode()
    assert Journal.objects.count() == 0
