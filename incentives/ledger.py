"""The books: accounts, journals, balances. PostgreSQL holds the rules (migration 0002)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import booking
from incentives.choices import OWNED_KINDS, POINTS, JournalKind
from incentives.models import Journal, LedgerAccount, Posting
from kosops.lib.errors import DomainError
from kosops.lib.money import check_amount
from kosops.lib.repeating import whole
from kosops.lib.sql import execute, fetch_one, lock_key
from matrix.models import Creator

# The source of the journals of payouts; their keys are "<out_no>:<kind>".
PAYOUT_SOURCE = "payout"


def account(
    *, brand: Unit, kind: str, currency: str, creator: Creator | None = None
) -> LedgerAccount:
    """The ledger account of this kind and owner, opened on first use."""
    found, _created = LedgerAccount.objects.get_or_create(
        brand=brand, kind=kind, creator=creator, currency=currency
    )
    return found


def post_set(
    *,
    by: Person | None,
    brand: Unit,
    currency: str,
    kind: str,
    source: str,
    debit: str,
    credit: str,
    business_date: dt.date,
    entries: str,
    params: dict[str, Any],
    run: int | None = None,
    reason: str = "",
) -> int:
    """Post one journal of two lines for each row (key, creator_id, amount) of the query ``entries``.

    ``debit`` and ``credit`` are kinds of account; those that people own are opened on first use.
    ``reason`` stands on each journal, and on the phone of whom it concerns.
    A key that ``source`` has posted before posts nothing. Returns the number of journals. Runs in
    the caller's transaction. Refuses `wrong_account`.
    """
    _check_accounts(kind, [debit, credit])
    execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS ledger_entry (
            key text, creator_id bigint, amount bigint) ON COMMIT DROP;
        TRUNCATE ledger_entry
        """
    )
    execute(f"INSERT INTO ledger_entry (key, creator_id, amount) {entries}", params)
    # Without it the joins below are planned for a handful of rows and take minutes.
    execute("ANALYZE ledger_entry")
    for side in (debit, credit):
        if side in OWNED_KINDS:
            _open_accounts(brand, side, currency)
        else:
            account(brand=brand, kind=side, currency=currency)
    postings = execute(
        f"""
        WITH entry AS (
            INSERT INTO incentives_journal (brand_id, currency, kind, source, key, run_id,
                business_date, created_at, created_by_id, reason)
            SELECT %(brand)s, %(currency)s, %(kind)s, %(source)s, key, %(run)s, %(day)s, %(now)s,
                   %(by)s, %(reason)s
              FROM ledger_entry ORDER BY creator_id, key
                ON CONFLICT (source, key) DO NOTHING
            RETURNING id, key
        )
        INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)
        SELECT entry.id, side.line, side.account_id, %(currency)s, side.amount
          FROM entry
          JOIN ledger_entry e ON e.key = entry.key
          JOIN incentives_ledgeraccount d ON {_account_of("d", debit)} AND d.kind = %(debit)s
               AND d.brand_id = %(brand)s AND d.currency = %(currency)s
          JOIN incentives_ledgeraccount c ON {_account_of("c", credit)} AND c.kind = %(credit)s
               AND c.brand_id = %(brand)s AND c.currency = %(currency)s
         CROSS JOIN LATERAL (VALUES (1, d.id, e.amount), (2, c.id, -e.amount))
               AS side (line, account_id, amount)
        """,
        {
            "brand": brand.pk,
            "currency": currency,
            "kind": kind,
            "source": source,
            "run": run,
            "day": business_date,
            "now": timezone.now(),
            "by": by.pk if by else None,
            "reason": reason[:200],
            "debit": debit,
            "credit": credit,
        },
    )
    return postings // 2


def _account_of(alias: str, kind: str) -> str:
    return f"{alias}.creator_id " + ("= e.creator_id" if kind in OWNED_KINDS else "IS NULL")


def _open_accounts(brand: Unit, kind: str, currency: str) -> None:
    """Open the accounts of a kind that the entries' creators do not have yet."""
    execute(
        """
        INSERT INTO incentives_ledgeraccount (brand_id, kind, creator_id, currency)
        SELECT %(brand)s, %(kind)s, creator_id, %(currency)s
          FROM (SELECT DISTINCT creator_id FROM ledger_entry) AS owner
         WHERE NOT EXISTS (
            SELECT 1 FROM incentives_ledgeraccount a
             WHERE a.brand_id = %(brand)s AND a.kind = %(kind)s AND a.currency = %(currency)s
               AND a.creator_id = owner.creator_id)
         ORDER BY creator_id
            ON CONFLICT DO NOTHING
        """,
        {"brand": brand.pk, "kind": kind, "currency": currency},
    )


def owns_the_books() -> bool:
    """Whether the role that this process signs in with could switch the guards of the books off."""
    row = fetch_one(
        """
        SELECT pg_has_role(current_user, c.relowner, 'USAGE')
               OR has_table_privilege('incentives_posting', 'UPDATE, DELETE, TRUNCATE') AS owns
          FROM pg_class c WHERE c.oid = 'incentives_posting'::regclass
        """
    )
    return bool(row["owns"])


def balance(account: LedgerAccount) -> int:
    """Sum of postings, debit-positive. Derived each time, never stored."""
    return Posting.objects.filter(account=account).aggregate(sum=Sum("amount"))["sum"] or 0


@transaction.atomic
def post(
    *,
    by: Person | None,
    brand: Unit,
    kind: str,
    source: str,
    key: str,
    business_date: dt.date,
    postings: Sequence[tuple[LedgerAccount, int]],
    reason: str = "",
    reverses: Journal | None = None,
) -> Journal:
    """Post one journal; the same ``(source, key)`` gives the journal that is already there.

    Refuses `empty_journal`, `unbalanced_journal`, `mixed_currency`, `other_brand`, `wrong_account`;
    PostgreSQL refuses the first three, too.
    """
    for _account, amount in postings:
        check_amount(amount, allow_negative=True)
    currencies = {account.currency for account, _amount in postings}
    if len(postings) < 2 or any(amount == 0 for _account, amount in postings):
        raise DomainError(
            "empty_journal", _("A journal needs at least two lines, none of them zero.")
        )
    if len(currencies) > 1:
        raise DomainError("mixed_currency", _("A journal holds one currency only."))
    if any(account.brand_id != brand.pk for account, _amount in postings):
        raise DomainError("other_brand", _("An account belongs to another brand."))
    if sum(amount for _account, amount in postings):
        raise DomainError("unbalanced_journal", _("The lines of a journal must add up to zero."))
    if reverses is None:
        _check_accounts(kind, [account.kind for account, _amount in postings])
    (currency,) = currencies
    journal, created = Journal.objects.get_or_create(
        source=source,
        key=key,
        defaults={
            "brand": brand,
            "currency": currency,
            "kind": kind,
            "business_date": business_date,
            "created_by": by,
            "reason": reason,
            "reverses": reverses,
        },
    )
    if created:
        Posting.objects.bulk_create(
            Posting(journal=journal, line=line, account=account, currency=currency, amount=amount)
            for line, (account, amount) in enumerate(postings, start=1)
        )
    return journal


def _check_accounts(kind: str, accounts: Sequence[str]) -> None:
    if not booking.fits(kind, accounts):
        raise DomainError(
            "wrong_account",
            _("A journal of the kind “%(kind)s” does not touch these accounts."),
            kind=str(dict(JournalKind.choices).get(kind, kind)),
        )


def check_reversible(journal: Journal) -> None:
    """Refuse journals that follow from something else, see `reverse`; and `already_reversed`."""
    if journal.run_id is not None:
        raise DomainError(
            "run_journal",
            _("A run posted this journal. Correct the order; the next run posts the difference."),
        )
    if journal.source == PAYOUT_SOURCE:
        raise DomainError(
            "payout_journal",
            _("A payout posted this journal. Take in the bank's answer to that payout instead."),
        )
    if journal.reverses_id is not None:
        raise DomainError(
            "reversal_journal", _("A reversal is not reversed again. Book an adjustment instead.")
        )
    if Journal.objects.filter(reverses=journal).exists():
        raise _already_reversed()


@whole
def reverse(*, by: Person, journal: Journal, business_date: dt.date, reason: str) -> Journal:
    """Post the exact mirror of ``journal``.

    Refuses `already_reversed`, `reason_needed`, and journals that follow from something else:
    `run_journal`, since the next run posts the difference once the facts are right, and
    `payout_journal`, since money that is under way or paid cannot be paid a second time, and
    `reversal_journal`.
    """
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why the journal is reversed."), status=400)
    check_reversible(journal)
    if journal.currency == POINTS:
        raise DomainError(
            "points_journal",
            _("Points follow from what was done. Give or take them by hand instead."),
        )
    mirror = [
        (posting.account, -posting.amount)
        for posting in journal.postings.select_related("account").order_by("line")
    ]
    # Two people at once: the second waits here and then finds the first one's reversal. Journals
    # cannot be locked themselves, since the application may not change them.
    execute(
        "SELECT pg_advisory_xact_lock(%(key)s)", {"key": lock_key(f"journal.reverse:{journal.pk}")}
    )
    if Journal.objects.filter(reverses=journal).exists():
        raise _already_reversed()
    try:
        with transaction.atomic():
            reversal = post(
                by=by,
                brand=journal.brand,
                kind=JournalKind.REVERSAL,
                source="reversal",
                key=str(journal.pk),
                business_date=business_date,
                postings=mirror,
                reason=reason,
                reverses=journal,
            )
    except IntegrityError as error:
        raise _already_reversed() from error
    activity.record(
        by=by,
        verb="journal.reversed",
        object=journal,
        unit=journal.brand,
        after={"reversal": reversal.pk, "reason": reason},
    )
    return reversal


def _already_reversed() -> DomainError:
    return DomainError("already_reversed", _("This journal has been reversed already."))
