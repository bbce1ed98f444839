"""Payouts: one person makes a batch, another approves it, a file goes to the bank and comes back.

States: batch draft -> submitted -> approved -> exported -> closed (or rejected); payout draft ->
approved -> sending -> succeeded | failed | expired, by way of unknown or wait_payee; what must not
go out with its batch is held. Money moves in the books at approval (payable -> in flight, and the
tax -> tax withheld), on success (in flight -> cash clearing) and on failure (all back to payable).
A payout without an answer stays in flight and cannot be paid again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import Role
from accounts.models import Grant, Person
from incentives import (
    ledger,
    payee_rules,
    payees,
    payout_files,
    payout_policies,
    payout_tax,
    proof_runs,
    tax,
)
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
    PayoutPolicy,
    Settlement,
)
from incentives.models.payouts import GONE
from incentives.payout_choices import Channel
from kosops.lib import sql
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.repeating import whole
from matrix.choices import CreatorKind

# The source of the journals of tax; their keys are those of the payouts.
TAX_SOURCE = "payout_tax"
FINAL = (PayoutState.SUCCEEDED, *GONE)
ANSWERED = (PayoutState.SUCCEEDED, PayoutState.FAILED, PayoutState.EXPIRED)
# On its way, with no last word yet.
UNDER_WAY = (PayoutState.SENDING, PayoutState.WAIT_PAYEE, PayoutState.UNKNOWN)


# -- making and approving ------------------------------------------------------


def make_batches(*, by: Person, settlement: Settlement) -> list[PayoutBatch]:
    """A batch for each way of paying, several where one file cannot hold all.

    Refuses as `make_batch` does, `nothing_to_pay` only when there is nothing on any way.
    """
    made = []
    refusal: DomainError | None = None
    for channel in Channel.values:
        while True:
            try:
                made.append(make_batch(by=by, settlement=settlement, channel=channel))
            except DomainError as error:
                if error.code != "nothing_to_pay":
                    raise
                refusal = refusal or error
                break
            if payout_files.most_of(channel) is None:
                break
    if not made and refusal is not None:
        raise refusal
    return made


@whole
def make_batch(
    *,
    by: Person,
    settlement: Settlement,
    minimum: int | None = None,
    channel: str = Channel.BANK,
) -> PayoutBatch:
    """Gather what a settlement owes and can be paid by a channel; says who was left out and why.

    Refuses `not_settled`, `batch_paused` and `nothing_to_pay`. The gross is the statement's
    payable, at most what the books owe the person today (a later clawback lowers it); a KOC gets it
    less tax. ``minimum`` stands in for that of the brand's rules.
    """
    settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if settlement.state not in (SettlementState.SETTLED, SettlementState.ISSUED):
        raise DomainError("not_settled", _("The month is not settled yet."))
    if settlement.batches.filter(paused_at__isnull=False).exists():
        raise batch_paused()
    now = timezone.now()
    today = timezone.localdate(now)
    policy = payout_policies.payout_policy_on(settlement.brand, today)
    chosen, left_out = _choose(settlement, channel, policy, minimum, now)
    chosen = chosen[: payout_files.most_of(channel)]
    _work_out_tax(settlement, chosen, today)
    # Tax of a month may take the whole of a small last payment.
    chosen = [row for row in chosen if row["fields"]["amount"] > 0]
    if not chosen:
        raise DomainError("nothing_to_pay", _("There is nothing to pay from this settlement."))
    serial = settlement.batches.count() + 1
    number = f"{settlement.brand.code}-{settlement.number_part}-{serial:02d}"
    batch = PayoutBatch.objects.create(
        brand=settlement.brand,
        settlement=settlement,
        number=number,
        channel=channel,
        currency=settlement.currency,
        count=len(chosen),
        total=sum(row["fields"]["amount"] for row in chosen),
        left_out=left_out,
        maker=by,
    )
    Payout.objects.bulk_create(
        (
            Payout(
                batch=batch,
                statement_id=row["statement"],
                creator_id=row["creator"],
                out_no=payout_files.number_of(number, settlement.pk, serial, place, channel),
                currency=batch.currency,
                holder=row["holder"] or b"",
                account=row["account"] or b"",
                masked=row["masked"] or "",
                identity_verified=row["identified"] or row["kind"] == CreatorKind.KOS,
                **row["fields"],
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


OTHER_WAY = "other_way"


def _choose(
    settlement: Settlement,
    channel: str,
    policy: PayoutPolicy,
    minimum: int | None,
    now: dt.datetime,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Rows of those who are paid by the channel, and how many are not for which reason."""
    least = policy.minimum if minimum is None else minimum
    if channel == Channel.WECHAT:
        least = max(least, payout_files.WECHAT_LEAST)
    today = timezone.localdate(now)
    left_out: Counter[str] = Counter()
    chosen = []
    params = {
        "settlement": settlement.pk,
        "today": today,
        "questions_hold": settings.DISPUTES_HOLD_PAYOUTS,
    }
    for row in sql.fetch_all(_CANDIDATES, params):
        if row["amount"] <= 0:
            left_out["owed_back"] += 1
        elif row["amount"] < least:
            left_out["below_minimum"] += 1
        elif _channel_of(row, policy) != channel:
            left_out[OTHER_WAY] += 1
        elif code := _block_of(row, channel, now, today):
            left_out[code] += 1
        else:
            chosen.append(row)
    return chosen, dict(left_out)


def _channel_of(row: dict[str, Any], policy: PayoutPolicy) -> str:
    """Who has named no account counts as one to be paid by the bank."""
    if policy.staff_by_payroll and row["kind"] == CreatorKind.KOS:
        return Channel.PAYROLL
    return Channel.WECHAT if row["destination_kind"] == "wechat" else Channel.BANK


def _block_of(row: dict[str, Any], channel: str, now: dt.datetime, today: dt.date) -> str:
    if channel == Channel.PAYROLL:
        return payee_rules.HELD if row["held"] else ""
    facts = payees.facts_of(
        row["kind"],
        born=row["born"],
        identified=row["identified"],
        destination=row["account"] is not None,
        consented=row["consent_at"] is not None,
        frozen_until=row["frozen_until"],
        held=row["held"],
    )
    found = payee_rules.blocks(facts, now, today)
    return found[0] if found else ""


def _work_out_tax(settlement: Settlement, rows: list[dict[str, Any]], today: dt.date) -> None:
    """Give each row the ``fields`` of its calculation: a KOC's is taxed, a KOS's are wages."""
    policy = payout_policies.tax_policy_on(settlement.brand, today)
    period = payout_tax.period_of(today)
    before = payout_tax.earlier_payments(
        brand=settlement.brand,
        creators=[row["creator"] for row in rows if row["kind"] == CreatorKind.KOC],
        policy=policy,
        period=period,
        currency=settlement.currency,
    )
    for row in rows:
        if row["kind"] == CreatorKind.KOC:
            earlier = before.get(row["creator"], payout_tax.Earlier())
            worked = payout_tax.withhold(row["amount"], earlier, policy, period)
        else:
            worked = tax.nothing(row["amount"])
        row["fields"] = payout_tax.as_fields(worked, policy if worked.version else None, period)


# A statement's payable is what the books owed on the month's last day; today's balance counts
# if it is lower, since refunds may have come in between or an earlier batch may pay it.
_CANDIDATES = """
    SELECT s.id AS statement, s.creator_id AS creator, c.kind, d.kind AS destination_kind,
           d.holder, d.account, d.masked, d.consent_at, d.frozen_until, y.born,
           y.identified_at IS NOT NULL AS identified,
           EXISTS (SELECT 1 FROM incentives_payouthold h
                    WHERE h.creator_id = s.creator_id AND h.lifted_at IS NULL
                      AND (h.until IS NULL OR h.until >= %(today)s))
               OR %(questions_hold)s AND EXISTS (SELECT 1 FROM incentives_dispute q
                    WHERE q.creator_id = s.creator_id AND q.state = 'open') AS held,
           LEAST(s.payable, -COALESCE(b.balance, 0) - COALESCE(open.amount, 0))::bigint AS amount
      FROM incentives_statement s
      JOIN incentives_settlement t ON t.id = s.settlement_id
      JOIN matrix_creator c ON c.id = s.creator_id
      LEFT JOIN incentives_payoutdestination d ON d.creator_id = s.creator_id
      LEFT JOIN incentives_payee y ON y.creator_id = s.creator_id
      LEFT JOIN LATERAL (
        SELECT sum(p.amount) AS balance
          FROM incentives_ledgeraccount a JOIN incentives_posting p ON p.account_id = a.id
         WHERE a.creator_id = s.creator_id AND a.kind = 'payable' AND a.currency = t.currency
           AND a.brand_id = t.brand_id) AS b ON true
      LEFT JOIN LATERAL (
        SELECT sum(p.gross) AS amount FROM incentives_payout p
         WHERE p.creator_id = s.creator_id AND p.state = 'draft') AS open ON true
     WHERE s.settlement_id = %(settlement)s AND s.payable <> 0
       AND NOT EXISTS (SELECT 1 FROM incentives_payout p WHERE p.statement_id = s.id
                          AND p.state NOT IN ('failed', 'expired', 'cancelled'))
     ORDER BY s.creator_id
"""


def content_hash(batch: PayoutBatch) -> str:
    """A digest over what is approved: numbers, people, amounts, destinations and tax."""
    lines = (
        f"{p.out_no}|{p.creator_id}|{p.amount}|{p.currency}|"
        f"{hashlib.sha256(bytes(p.holder) + b'|' + bytes(p.account)).hexdigest()}"
        f"{f'|{p.tax}' if p.tax else ''}"
        for p in batch.payouts.order_by("out_no").iterator()
    )
    return hashlib.sha256("\n".join([batch.number, *lines]).encode()).hexdigest()


@whole
def submit(*, by: Person, batch: PayoutBatch) -> PayoutBatch:
    """Hand the batch to a second person, and to a third one above the limit of the brand's rules.

    Only its maker may; refuses `wrong_state` and `books_differ` (so do approving and exporting).
    """
    batch = _locked(batch, BatchState.DRAFT)
    if batch.maker_id != by.pk:
        raise NotAllowed("not_the_maker", _("Only the person who made the batch may submit it."))
    proof_runs.check_proved(batch.brand)
    batch.state = BatchState.SUBMITTED
    batch.content_hash = content_hash(batch)
    batch.submitted_at = timezone.now()
    policy = payout_policies.payout_policy_on(batch.brand, timezone.localdate())
    gross = gross_of(batch)
    batch.checkers_needed = 2 if _is_above(gross, policy.second_over) else 1
    batch.finance_needed = _is_above(gross, policy.finance_over)
    batch.save(
        update_fields=[
            "state",
            "content_hash",
            "submitted_at",
            "checkers_needed",
            "finance_needed",
        ]
    )
    activity.record(by=by, verb="payout_batch.submitted", object=batch, unit=batch.brand)
    return batch


def gross_of(batch: PayoutBatch) -> int:
    """What leaves the books with the batch, tax included."""
    return batch.payouts.aggregate(sum=Sum("gross"))["sum"] or 0


def _is_above(amount: int, limit: int | None) -> bool:
    return limit is not None and amount > limit


def check_may_decide(*, by: Person, batch: PayoutBatch) -> None:
    """Refuse `own_batch` to the maker, `pays_you` to somebody whom the batch pays and `decided_already`
    to who approved it already (M28).
    """
    if batch.maker_id == by.pk:
        raise NotAllowed("own_batch", _("You made this batch. Another person has to decide."))
    if batch.payouts.filter(creator__person=by).exists():
        raise NotAllowed("pays_you", _("This batch pays you. Another person has to decide."))
    if batch.approvals.filter(checker=by).exists():
        raise NotAllowed(
            "decided_already", _("You approved this batch. Another person has to look as well.")
        )


@whole
def approve(*, by: Person, batch: PayoutBatch, reason: str = "") -> PayoutBatch:
    """Approve exactly what was submitted; the last approval that it needs moves the money in flight.

    Refuses `own_batch`, `pays_you`, `decided_already`, `wrong_state`, `content_changed` (M29),
    `finance_needed`, `tax_changed` and `insufficient_balance`, naming the people whose books owe
    them less now (M4).
    """
    batch = _locked(batch, BatchState.SUBMITTED)
    check_may_decide(by=by, batch=batch)
    proof_runs.check_proved(batch.brand)
    _check_unchanged(batch)
    is_last = batch.approvals.count() + 1 >= batch.checkers_needed
    if is_last:
        _check_finance(by, batch)
    _check_balances(batch)
    payout_tax.check_batch(batch)
    _decide(by, batch, Decision.APPROVED, reason)
    if not is_last:
        return batch
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


def _check_finance(by: Person, batch: PayoutBatch) -> None:
    """Above the upper limit somebody of finance is among the checkers."""
    if not batch.finance_needed:
        return
    checkers = [by.pk, *batch.approvals.values_list("checker_id", flat=True)]
    finance = Grant.objects.current(timezone.localdate()).filter(
        person__in=checkers, role=Role.FINANCE, unit=batch.brand
    )
    if not finance.exists():
        raise NotAllowed(
            "finance_needed",
            _("Above the limit of the brand, somebody with the role Finance has to approve."),
        )


@whole
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
        SELECT c.name, -COALESCE(sum(g.amount), 0)::bigint AS available
          FROM incentives_payout p JOIN matrix_creator c ON c.id = p.creator_id
          LEFT JOIN incentives_ledgeraccount a ON a.creator_id = p.creator_id
               AND a.kind = 'payable' AND a.brand_id = %(brand)s AND a.currency = p.currency
          LEFT JOIN incentives_posting g ON g.account_id = a.id
         WHERE p.batch_id = %(batch)s
         GROUP BY c.name, p.id, p.gross HAVING -COALESCE(sum(g.amount), 0) < p.gross
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
    """One journal per payout, in one statement, and one for its tax; the key makes each happen once.

    The tax leaves payable with the approval and comes back with a failure.
    """
    day = timezone.localdate()
    params = {"payouts": payouts, "journal_kind": kind}
    ledger.post_set(
        by=by,
        brand=batch.brand,
        currency=batch.currency,
        kind=kind,
        source=ledger.PAYOUT_SOURCE,
        debit=debit,
        credit=credit,
        business_date=day,
        entries="""
            SELECT out_no || ':' || %(journal_kind)s, creator_id, amount
              FROM incentives_payout WHERE id = ANY(%(payouts)s)
        """,
        params=params,
    )
    if (
        kind == JournalKind.PAYOUT_PAID
        or not batch.payouts.filter(pk__in=payouts, tax__gt=0).exists()
    ):
        return
    withheld = kind == JournalKind.PAYOUT_APPROVED
    ledger.post_set(
        by=by,
        brand=batch.brand,
        currency=batch.currency,
        kind=kind,
        source=TAX_SOURCE,
        debit=LedgerKind.PAYABLE if withheld else LedgerKind.TAX,
        credit=LedgerKind.TAX if withheld else LedgerKind.PAYABLE,
        business_date=day,
        entries="""
            SELECT out_no || ':' || %(journal_kind)s, creator_id, tax
              FROM incentives_payout WHERE id = ANY(%(payouts)s) AND tax > 0
        """,
        params=params,
    )


# -- the file to the bank and its answer ---------------------------------------


@whole
def export(*, by: Person, batch: PayoutBatch) -> PayoutBatch:
    """Write the payment file once. The payouts are "sent" from then on, whatever the bank does.

    Who left, changed the account or is held since the approval stays behind, held with the reason
    (M30). A second call returns the same file. Refuses `wrong_state`, `batch_paused` and
    `content_changed`.
    """
    current = PayoutBatch.objects.select_for_update().get(pk=batch.pk)
    if current.state in (BatchState.EXPORTED, BatchState.CLOSED):
        return current
    batch = _locked(batch, BatchState.APPROVED)
    if batch.paused_at:
        raise batch_paused()
    proof_runs.check_proved(batch.brand)
    _check_approved(batch)
    held = _hold_back(batch)
    going = batch.payouts.filter(state=PayoutState.APPROVED)
    if not going.exists():
        return batch
    policy = payout_policies.payout_policy_on(batch.brand, timezone.localdate())
    content = payout_files.payment_file(batch, policy.encoding)
    batch.file_hash = hashlib.sha256(content).hexdigest()
    name = f"payouts/{batch.number}.{payout_files.EXTENSION[Channel(batch.channel)]}"
    batch.file.save(name, ContentFile(content), save=False)
    batch.state = BatchState.EXPORTED
    batch.exported_at = timezone.now()
    batch.exported_by = by
    batch.save(update_fields=["file", "file_hash", "state", "exported_at", "exported_by"])
    going.update(state=PayoutState.SENDING)
    after = {"file_hash": batch.file_hash, "count": batch.count - held, "total": batch.total}
    if held:
        after["held_back"] = held
    activity.record(
        by=by, verb="payout_batch.exported", object=batch, unit=batch.brand, after=after
    )
    return batch


# Compared with what was approved: the same account, entered again, is not a change.
_HELD_BACK = """
    UPDATE incentives_payout p SET state = 'held', held_reason = found.reason
      FROM (
        SELECT p.id, CASE
                WHEN EXISTS (SELECT 1 FROM incentives_payouthold h
                              WHERE h.creator_id = p.creator_id AND h.lifted_at IS NULL
                                AND (h.until IS NULL OR h.until >= %(today)s)) THEN 'hold'
                WHEN c.state = 'left' AND (c.left_on IS NULL OR c.left_on >= %(approved)s)
                    THEN 'left'
                WHEN %(channel)s <> 'payroll'
                     AND (d.account IS DISTINCT FROM p.account OR d.holder IS DISTINCT FROM p.holder)
                    THEN 'changed' END AS reason
          FROM incentives_payout p
          JOIN matrix_creator c ON c.id = p.creator_id
          LEFT JOIN incentives_payoutdestination d ON d.creator_id = p.creator_id
         WHERE p.batch_id = %(batch)s AND p.state = 'approved') AS found
     WHERE found.id = p.id AND found.reason IS NOT NULL
"""


def _hold_back(batch: PayoutBatch) -> int:
    approved = batch.approvals.filter(decision=Decision.APPROVED).order_by("-at").first()
    return sql.execute(
        _HELD_BACK,
        {
            "batch": batch.pk,
            "channel": batch.channel,
            "today": timezone.localdate(),
            "approved": timezone.localdate(approved.at) if approved else timezone.localdate(),
        },
    )


@whole
def give_back(*, by: Person, payout: Payout, reason: str) -> Payout:
    """Make what was held back payable again, tax included; a later batch pays it anew.

    Refuses `not_held`, `batch_paused`, `reason_needed` and `pays_you`.
    """
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why it is given back."), status=400)
    batch = PayoutBatch.objects.select_for_update(of=("self",)).get(pk=payout.batch_id)
    if batch.paused_at:
        raise batch_paused()
    payout = Payout.objects.select_for_update(of=("self",)).get(pk=payout.pk)
    if payout.state != PayoutState.HELD:
        raise DomainError("not_held", _("This payout is not held back any more."))
    if payout.creator.person_id == by.pk:
        raise NotAllowed("pays_you", _("This payout is yours. Another person has to decide."))
    payout.state = PayoutState.FAILED
    payout.failure = reason.strip()[:200]
    payout.settled_at = timezone.now()
    _book_results(by, [payout], verb="payout_batch.given_back", reason=payout.failure)
    return payout


def batch_paused() -> DomainError:
    return DomainError(
        "batch_paused",
        _("The bank named another amount than we sent. Somebody has to clear that first."),
    )


@whole
def resume(*, by: Person, batch: PayoutBatch, reason: str) -> PayoutBatch:
    """Let a batch go on that stopped because the bank named another amount.

    The payouts in question keep their state. Refuses `own_batch`, `pays_you`, `not_paused` and
    `reason_needed`.
    """
    batch = (
        PayoutBatch.objects.select_for_update(of=("self",)).select_related("brand").get(pk=batch.pk)
    )
    if not batch.paused_at:
        raise DomainError("not_paused", _("The batch goes on already."))
    if batch.maker_id == by.pk:
        raise NotAllowed("own_batch", _("You made this batch. Another person has to decide."))
    if batch.payouts.filter(creator__person=by).exists():
        raise NotAllowed("pays_you", _("This batch pays you. Another person has to decide."))
    if not reason.strip():
        raise DomainError("reason_needed", _("Say what was cleared with the bank."), status=400)
    batch.paused_at = None
    batch.save(update_fields=["paused_at"])
    batch.payouts.filter(bank_amount__isnull=False).update(bank_amount=None)
    activity.record(
        by=by,
        verb="payout_batch.resumed",
        object=batch,
        unit=batch.brand,
        after={"reason": reason.strip()[:300]},
    )
    return batch


@whole
def pause(*, by: Person | None, found: Mapping[str, int]) -> int:
    """Stop the batches of payouts for which the bank named another amount (M9).

    ``found`` says which, by our number. Returns how many batches were stopped.
    """
    if not found:
        return 0
    payouts = list(Payout.objects.select_for_update().filter(out_no__in=found).order_by("pk"))
    for payout in payouts:
        payout.bank_amount = found[payout.out_no]
    sql.update_rows(payouts, ["bank_amount"])
    batches = (
        PayoutBatch.objects.select_for_update(of=("self",))
        .select_related("brand")
        .filter(pk__in={payout.batch_id for payout in payouts}, paused_at=None)
    )
    stopped = 0
    for batch in batches.order_by("pk"):
        batch.paused_at = timezone.now()
        batch.save(update_fields=["paused_at"])
        activity.record(
            by=by,
            verb="payout_batch.paused",
            object=batch,
            unit=batch.brand,
            after={"out_nos": sorted(p.out_no for p in payouts if p.batch_id == batch.pk)},
        )
        stopped += 1
    return stopped


@whole
def note_silence(*, by: Person | None, batch: PayoutBatch) -> int:
    """Mark what was sent and has no answer as unknown: neither paid nor failed (M6).

    The number stays, the money stays in flight, nothing is sent again. Returns how many.
    """
    batch = _locked(batch, BatchState.EXPORTED)
    marked = batch.payouts.filter(state=PayoutState.SENDING).update(state=PayoutState.UNKNOWN)
    if marked:
        activity.record(
            by=by,
            verb="payout_batch.silence_noted",
            object=batch,
            unit=batch.brand,
            after={"count": marked},
        )
    return marked


@dataclass(frozen=True)
class Result:
    """One line of the bank's answer; ``amount`` in minor units.

    ``state`` is one of `PayoutState` where the answer is neither a yes nor a no.
    """

    out_no: str
    succeeded: bool
    amount: int
    provider_no: str = ""
    failure: str = ""
    state: str = ""

    @property
    def wanted(self) -> str:
        return self.state or (PayoutState.SUCCEEDED if self.succeeded else PayoutState.FAILED)


@dataclass(frozen=True)
class ResultOutcome:
    """`settled`, `unchanged`, or `refused` with a code: `unknown_payout`, `amount_mismatch`,
    `not_sent`, `contradicts` (the bank said the opposite before), `provider_no_taken` (the bank's
    number belongs to another payout)."""

    out_no: str
    result: str
    code: str = ""
    params: dict[str, Any] | None = None


@whole
def take_results(*, by: Person | None, rows: Sequence[Result]) -> list[ResultOutcome]:
    """Take the bank's answers. Repeating a file changes nothing; a wrong amount is not applied and
    stops its batch.
    """
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
    pause(by=by, found=mismatches(outcomes))
    return outcomes


def mismatches(outcomes: Iterable[ResultOutcome]) -> dict[str, int]:
    """The amounts that the bank named and that are not ours, by our number."""
    return {
        outcome.out_no: outcome.params["bank"]
        for outcome in outcomes
        if outcome.code == "amount_mismatch" and outcome.params
    }


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
    if payout.state == row.wanted and payout.amount == row.amount:
        return ResultOutcome(row.out_no, "unchanged")
    if payout.state in ANSWERED:
        # News from the way that come after the end say nothing against it.
        if row.wanted in UNDER_WAY and payout.amount == row.amount:
            return ResultOutcome(row.out_no, "unchanged")
        return ResultOutcome(
            row.out_no, "refused", "contradicts", {"state": payout.get_state_display()}
        )
    if payout.state not in UNDER_WAY:
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
        payout.state = row.wanted
        payout.provider_no = row.provider_no or payout.provider_no
        payout.failure = row.failure[:200]
        payout.settled_at = timezone.now() if row.wanted in FINAL else None
    return outcome


def _book_results(
    by: Person | None,
    payouts: list[Payout],
    *,
    verb: str = "payout_batch.results_taken",
    **more: str,
) -> None:
    sql.update_rows(payouts, ["state", "provider_no", "failure", "settled_at"])
    batches = PayoutBatch.objects.select_for_update().filter(
        pk__in={payout.batch_id for payout in payouts}
    )
    for batch in batches.order_by("pk"):
        own = [payout for payout in payouts if payout.batch_id == batch.pk]
        paid = [p.pk for p in own if p.state == PayoutState.SUCCEEDED]
        failed = [p.pk for p in own if p.state in GONE]
        _book(
            by, batch, paid, JournalKind.PAYOUT_PAID, LedgerKind.INFLIGHT, LedgerKind.CASH_CLEARING
        )
        _book(by, batch, failed, JournalKind.PAYOUT_FAILED, LedgerKind.INFLIGHT, LedgerKind.PAYABLE)
        if not batch.payouts.exclude(state__in=FINAL).exists():
            batch.state = BatchState.CLOSED
            batch.closed_at = timezone.now()
            batch.save(update_fields=["state", "closed_at"])
        activity.record(
            by=by,
            verb=verb,
            object=batch,
            unit=batch.brand,
            after={"paid": len(paid), "failed": len(failed)} | more,
        )
