"""Payouts: one person makes a batch, another approves it, a file goes to the bank and comes back.

States: batch draft -> submitted -> approved -> exported -> closed (or rejected); payout draft ->
approved -> sending -> succeeded | failed | unknown. Money moves in the books at approval
(payable -> in flight), on success (in flight -> cash clearing) and on failure (back to payable).
A payout without an answer stays in flight and cannot be paid again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import ledger
from incentives.choices import (
    BatchState,
    Decision,
    JournalKind,
    LedgerKind,
    PayoutState,
    SettlementState,
)
from incentives.models import (
    Approval,
    LedgerAccount,
    Payout,
    PayoutBatch,
    PayoutDestination,
    Settlement,
)
from integrations.sheets.writing import csv_lines
from kosops.lib import sql
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.money import plain_amount
from kosops.lib.secrets import decrypt, encrypt
from matrix.models import Creator

MIN_PAYOUT = 100


# -- destinations --------------------------------------------------------------


@transaction.atomic
def set_destination(
    *, by: Person | None, creator: Creator, holder: str, account: str
) -> PayoutDestination:
    """Store where a creator is paid, encrypted. Refuses `invalid_account`."""
    digits = account.replace(" ", "")
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 30):
        raise DomainError("invalid_account", _("An account number has 8 to 30 digits."), status=400)
    if not holder.strip():
        raise DomainError("invalid_holder", _("Name the holder of the account."), status=400)
    destination, _created = PayoutDestination.objects.update_or_create(
        creator=creator,
        defaults={
            "holder": encrypt(holder.strip()),
            "account": encrypt(digits),
            "masked": f"···· {digits[-4:]}",
        },
    )
    activity.record(
        by=by,
        verb="payout_destination.changed",
        object=creator,
        unit=creator.store,
        after={"masked": destination.masked},
    )
    return destination


# -- making and approving ------------------------------------------------------


@transaction.atomic
def make_batch(*, by: Person, settlement: Settlement, minimum: int = MIN_PAYOUT) -> PayoutBatch:
    """Gather what a settlement owes and can be paid; says who was left out and why.

    Refuses `not_settled` and `nothing_to_pay`. The amount is the statement's payable, at most
    what the books owe the person today (a later clawback lowers it).
    """
    settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if settlement.state != SettlementState.SETTLED:
        raise DomainError("not_settled", _("The month is not settled yet."))
    rows = sql.fetch_all(_CANDIDATES, {"settlement": settlement.pk})
    left_out = {"no_destination": 0, "below_minimum": 0, "owed_back": 0}
    chosen = []
    for row in rows:
        if row["amount"] <= 0:
            left_out["owed_back"] += 1
        elif row["amount"] < minimum:
            left_out["below_minimum"] += 1
        elif row["account"] is None:
            left_out["no_destination"] += 1
        else:
            chosen.append(row)
    if not chosen:
        raise DomainError("nothing_to_pay", _("There is nothing to pay from this settlement."))
    serial = settlement.batches.count() + 1
    number = f"{settlement.brand.code}-{settlement.period.replace('-', '')}-{serial:02d}"
    batch = PayoutBatch.objects.create(
        brand=settlement.brand,
        settlement=settlement,
        number=number,
        currency=settlement.currency,
        count=len(chosen),
        total=sum(row["amount"] for row in chosen),
        left_out=left_out,
        maker=by,
    )
    Payout.objects.bulk_create(
        (
            Payout(
                batch=batch,
                statement_id=row["statement"],
                creator_id=row["creator"],
                out_no=f"{number}-{place:05d}",
                amount=row["amount"],
                currency=batch.currency,
                holder=row["holder"],
                account=row["account"],
                masked=row["masked"],
            )
            for place, row in enumerate(chosen, start=1)
        ),
        batch_size=1000,
    )
    activity.record(
        by=by,
        verb="payout_batch.made",
        object=batch,
        unit=batch.brand,
        after={"count": batch.count, "total": batch.total, "left_out": left_out},
    )
    return batch


# A statement's payable is what the books owed on the month's last day; today's balance counts
# if it is lower, since refunds may have come in between or an earlier batch may pay it.
_CANDIDATES = """
    SELECT s.id AS statement, s.creator_id AS creator, d.holder, d.account, d.masked,
           LEAST(s.payable, -COALESCE(b.balance, 0) - COALESCE(open.amount, 0))::bigint AS amount
      FROM incentives_statement s
      JOIN incentives_settlement t ON t.id = s.settlement_id
      LEFT JOIN incentives_payoutdestination d ON d.creator_id = s.creator_id
      LEFT JOIN LATERAL (
        SELECT sum(p.amount) AS balance
          FROM incentives_ledgeraccount a JOIN incentives_posting p ON p.account_id = a.id
         WHERE a.creator_id = s.creator_id AND a.kind = 'payable' AND a.currency = t.currency
           AND a.brand_id = t.brand_id) AS b ON true
      LEFT JOIN LATERAL (
        SELECT sum(p.amount) AS amount FROM incentives_payout p
         WHERE p.creator_id = s.creator_id AND p.state = 'draft') AS open ON true
     WHERE s.settlement_id = %(settlement)s AND s.payable <> 0
       AND NOT EXISTS (SELECT 1 FROM incentives_payout p WHERE p.statement_id = s.id
                          AND p.state NOT IN ('failed', 'cancelled'))
     ORDER BY s.creator_id
"""


def content_hash(batch: PayoutBatch) -> str:
    """A digest over what is approved: numbers, people, amounts and destinations."""
    lines = (
        f"{p.out_no}|{p.creator_id}|{p.amount}|{p.currency}|"
        f"{hashlib.sha256(bytes(p.holder) + b'|' + bytes(p.account)).hexdigest()}"
        for p in batch.payouts.order_by("out_no").iterator()
    )
    return hashlib.sha256("\n".join([batch.number, *lines]).encode()).hexdigest()


@transaction.atomic
def submit(*, by: Person, batch: PayoutBatch) -> PayoutBatch:
    """Hand the batch to a second person. Only its maker may; refuses `wrong_state`."""
    batch = _locked(batch, BatchState.DRAFT)
    if batch.maker_id != by.pk:
        raise NotAllowed("not_the_maker", _("Only the person who made the batch may submit it."))
    batch.state = BatchState.SUBMITTED
    batch.content_hash = content_hash(batch)
    batch.submitted_at = timezone.now()
    batch.save(update_fields=["state", "content_hash", "submitted_at"])
    activity.record(by=by, verb="payout_batch.submitted", object=batch, unit=batch.brand)
    return batch


def check_may_decide(*, by: Person, batch: PayoutBatch) -> None:
    """Refuse `own_batch` to the maker and `pays_you` to somebody whom the batch pays (M28)."""
    if batch.maker_id == by.pk:
        raise NotAllowed("own_batch", _("You made this batch. Another person has to decide."))
    if batch.payouts.filter(creator__person=by).exists():
        raise NotAllowed("pays_you", _("This batch pays you. Another person has to decide."))


@transaction.atomic
def approve(*, by: Person, batch: PayoutBatch, reason: str = "") -> PayoutBatch:
    """Approve exactly what was submitted and move the money in flight.

    Refuses `own_batch`, `pays_you`, `wrong_state`, `content_changed` (M29) and
    `insufficient_balance`, naming the people whose books owe them less now (M4).
    """
    batch = _locked(batch, BatchState.SUBMITTED)
    check_may_decide(by=by, batch=batch)
    _check_unchanged(batch)
    _check_balances(batch)
    _decide(by, batch, Decision.APPROVED, reason)
    batch.state = BatchState.APPROVED
    batch.save(update_fields=["state"])
    batch.payouts.filter(state=PayoutState.DRAFT).update(state=PayoutState.APPROVED)
    _book(
        by,
        batch,
        [payout.pk for payout in batch.payouts.all()],
        JournalKind.PAYOUT_APPROVED,
        LedgerKind.PAYABLE,
        LedgerKind.INFLIGHT,
    )
    return batch


@transaction.atomic
def reject(*, by: Person, batch: PayoutBatch, reason: str) -> PayoutBatch:
    """Send the batch back; its payouts are cancelled and may be made again."""
    batch = _locked(batch, BatchState.SUBMITTED)
    check_may_decide(by=by, batch=batch)
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why you reject the batch."), status=400)
    _decide(by, batch, Decision.REJECTED, reason)
    batch.state = BatchState.REJECTED
    batch.save(update_fields=["state"])
    batch.payouts.update(state=PayoutState.CANCELLED)
    return batch


def _locked(batch: PayoutBatch, state: str) -> PayoutBatch:
    # Only the batch: with its brand locked as well, no order of the brand could come in meanwhile.
    locked = PayoutBatch.objects.select_for_update(of=("self",)).select_related("brand")
    batch = locked.get(pk=batch.pk)
    if batch.state != state:
        raise DomainError(
            "wrong_state",
            _("The batch is “%(state)s” by now. Load the page again."),
            state=batch.get_state_display(),
        )
    return batch


def _check_unchanged(batch: PayoutBatch) -> None:
    if content_hash(batch) != batch.content_hash:
        raise _content_changed()


def _check_approved(batch: PayoutBatch) -> None:
    """What is sent is what was approved. The approval cannot be edited, the batch's row can."""
    approved = Approval.objects.filter(batch=batch, decision=Decision.APPROVED)
    if approved.values_list("content_hash", flat=True).first() != content_hash(batch):
        raise _content_changed()


def _content_changed() -> DomainError:
    return DomainError(
        "content_changed",
        _("The batch was changed after it was submitted. It has to be made anew."),
    )


def _check_balances(batch: PayoutBatch) -> None:
    """Lock the people's accounts in id order, then compare; spending needs this order."""
    creators = list(batch.payouts.values_list("creator_id", flat=True))
    list(
        LedgerAccount.objects.select_for_update()
        .filter(
            brand=batch.brand,
            kind=LedgerKind.PAYABLE,
            currency=batch.currency,
            creator__in=creators,
        )
        .order_by("pk")
        .values_list("pk")
    )
    short = sql.fetch_all(
        """
        SELECT c.name, p.amount, -COALESCE(sum(g.amount), 0)::bigint AS available
          FROM incentives_payout p JOIN matrix_creator c ON c.id = p.creator_id
          LEFT JOIN incentives_ledgeraccount a ON a.creator_id = p.creator_id
               AND a.kind = 'payable' AND a.brand_id = %(brand)s AND a.currency = p.currency
          LEFT JOIN incentives_posting g ON g.account_id = a.id
         WHERE p.batch_id = %(batch)s
         GROUP BY c.name, p.id, p.amount HAVING -COALESCE(sum(g.amount), 0) < p.amount
         ORDER BY p.id
        """,
        {"batch": batch.pk, "brand": batch.brand_id},
    )
    if short:
        raise DomainError(
            "insufficient_balance",
            _("The books owe less than the batch pays to: %(names)s. Make the batch anew."),
            names=", ".join(row["name"] for row in short[:5]),
            available={row["name"]: row["available"] for row in short},
        )


def _decide(by: Person, batch: PayoutBatch, decision: str, reason: str) -> None:
    Approval.objects.create(
        batch=batch,
        content_hash=batch.content_hash,
        maker_id=batch.maker_id,
        checker=by,
        decision=decision,
        reason=reason.strip()[:300],
        at=timezone.now(),
    )
    activity.record(
        by=by,
        verb=f"payout_batch.{decision}",
        object=batch,
        unit=batch.brand,
        after={"total": batch.total, "content_hash": batch.content_hash, "reason": reason},
    )


def _book(
    by: Person | None, batch: PayoutBatch, payouts: list[int], kind: str, debit: str, credit: str
) -> None:
    """One journal per payout, in one statement; the key makes each happen once."""
    ledger.post_set(
        by=by,
        brand=batch.brand,
        currency=batch.currency,
        kind=kind,
        source=ledger.PAYOUT_SOURCE,
        debit=debit,
        credit=credit,
        business_date=timezone.localdate(),
        entries="""
            SELECT out_no || ':' || %(journal_kind)s, creator_id, amount
              FROM incentives_payout WHERE id = ANY(%(payouts)s)
        """,
        params={"payouts": payouts, "journal_kind": kind},
    )


# -- the file to the bank and its answer ---------------------------------------

FILE_COLUMNS = ("out_no", "holder", "account", "amount", "currency", "purpose")


@transaction.atomic
def export(*, by: Person, batch: PayoutBatch) -> PayoutBatch:
    """Write the payment file once. The payouts are "sent" from then on, whatever the bank does.

    A second call returns the same file. Refuses `wrong_state` and `content_changed`.
    """
    current = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
    if current.state in (BatchState.EXPORTED, BatchState.CLOSED):
        return current
    batch = _locked(batch, BatchState.APPROVED)
    _check_approved(batch)
    content = _payment_file(batch)
    batch.file_hash = hashlib.sha256(content).hexdigest()
    batch.file.save(f"payouts/{batch.number}.csv", ContentFile(content), save=False)
    batch.state = BatchState.EXPORTED
    batch.exported_at = timezone.now()
    batch.exported_by = by
    batch.save(update_fields=["file", "file_hash", "state", "exported_at", "exported_by"])
    batch.payouts.filter(state=PayoutState.APPROVED).update(state=PayoutState.SENDING)
    activity.record(
        by=by,
        verb="payout_batch.exported",
        object=batch,
        unit=batch.brand,
        after={"file_hash": batch.file_hash, "count": batch.count, "total": batch.total},
    )
    return batch


def _payment_file(batch: PayoutBatch) -> bytes:
    """CSV with one line per payout; amounts with two decimals, cells guarded against formulas."""
    purpose = f"{batch.brand.name} {batch.settlement.period}"
    rows = (
        (
            payout.out_no,
            decrypt(payout.holder),
            decrypt(payout.account),
            plain_amount(payout.amount),
            payout.currency,
            purpose,
        )
        for payout in batch.payouts.order_by("out_no").iterator()
    )
    return b"".join(csv_lines([FILE_COLUMNS, *rows]))


@dataclass(frozen=True)
class Result:
    """One line of the bank's answer; ``amount`` in minor units."""

    out_no: str
    succeeded: bool
    amount: int
    provider_no: str = ""
    failure: str = ""


@dataclass(frozen=True)
class ResultOutcome:
    """`settled`, `unchanged`, or `refused` with a code: `unknown_payout`, `amount_mismatch`,
    `not_sent`, `contradicts` (the bank said the opposite before), `provider_no_taken` (the bank's
    number belongs to another payout)."""

    out_no: str
    result: str
    code: str = ""
    params: dict[str, Any] | None = None


@transaction.atomic
def take_results(*, by: Person | None, rows: Sequence[Result]) -> list[ResultOutcome]:
    """Take the bank's answers. Repeating a file changes nothing; a wrong amount is not applied."""
    payouts = {
        payout.out_no: payout
        for payout in Payout.objects.select_for_update(of=("self",))
        .filter(out_no__in={row.out_no for row in rows})
        .order_by("pk")
    }
    owners = owners_of(rows)
    outcomes = [_answer(payouts.get(row.out_no), row, owners) for row in rows]
    settled = {o.out_no for o in outcomes if o.result == "settled"}
    _book_results(by, [payouts[out_no] for out_no in sorted(settled)])
    return outcomes


def owners_of(rows: Sequence[Result]) -> dict[str, str]:
    """Whose payout each of the bank's numbers is known for, as far as any is."""
    known = Payout.objects.filter(provider_no__in={row.provider_no for row in rows})
    return {str(number): out_no for number, out_no in known.values_list("provider_no", "out_no")}


def check_result(payout: Payout | None, row: Result, owners: dict[str, str]) -> ResultOutcome:
    """What `take_results` would do with a line, without doing it.

    ``owners`` comes from `owners_of` and takes this line in, for those that follow.
    """
    if payout is None:
        return ResultOutcome(row.out_no, "refused", "unknown_payout")
    if row.provider_no and owners.setdefault(row.provider_no, row.out_no) != row.out_no:
        return ResultOutcome(row.out_no, "refused", "provider_no_taken", {"value": row.provider_no})
    wanted = PayoutState.SUCCEEDED if row.succeeded else PayoutState.FAILED
    if payout.state == wanted and payout.amount == row.amount:
        return ResultOutcome(row.out_no, "unchanged")
    if payout.state in (PayoutState.SUCCEEDED, PayoutState.FAILED):
        return ResultOutcome(
            row.out_no, "refused", "contradicts", {"state": payout.get_state_display()}
        )
    if payout.state not in (PayoutState.SENDING, PayoutState.UNKNOWN):
        return ResultOutcome(
            row.out_no, "refused", "not_sent", {"state": payout.get_state_display()}
        )
    if payout.amount != row.amount:
        return ResultOutcome(
            row.out_no, "refused", "amount_mismatch", {"ours": payout.amount, "bank": row.amount}
        )
    return ResultOutcome(row.out_no, "settled")


def _answer(payout: Payout | None, row: Result, owners: dict[str, str]) -> ResultOutcome:
    outcome = check_result(payout, row, owners)
    if payout is not None and outcome.result == "settled":
        payout.state = PayoutState.SUCCEEDED if row.succeeded else PayoutState.FAILED
        payout.provider_no = row.provider_no or None
        payout.failure = row.failure[:200]
        payout.settled_at = timezone.now()
    return outcome


def _book_results(by: Person | None, payouts: list[Payout]) -> None:
    sql.update_rows(payouts, ["state", "provider_no", "failure", "settled_at"])
    batches = PayoutBatch.objects.select_for_update().filter(
        pk__in={payout.batch_id for payout in payouts}
    )
    for batch in batches.order_by("pk"):
        own = [payout for payout in payouts if payout.batch_id == batch.pk]
        paid = [p.pk for p in own if p.state == PayoutState.SUCCEEDED]
        failed = [p.pk for p in own if p.state == PayoutState.FAILED]
        _book(
            by, batch, paid, JournalKind.PAYOUT_PAID, LedgerKind.INFLIGHT, LedgerKind.CASH_CLEARING
        )
        _book(by, batch, failed, JournalKind.PAYOUT_FAILED, LedgerKind.INFLIGHT, LedgerKind.PAYABLE)
        if not batch.payouts.exclude(
            state__in=[PayoutState.SUCCEEDED, PayoutState.FAILED, PayoutState.CANCELLED]
        ).exists():
            batch.state = BatchState.CLOSED
            batch.closed_at = timezone.now()
            batch.save(update_fields=["state", "closed_at"])
        activity.record(
            by=by,
            verb="payout_batch.results_taken",
            object=batch,
            unit=batch.brand,
            after={"paid": len(paid), "failed": len(failed)},
        )
