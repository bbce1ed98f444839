"""The books: accounts, journals, balances. PostgreSQL holds the rules (migration 0003)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives.choices import JournalKind
from incentives.models import Journal, LedgerAccount, Posting
from kosops.lib.errors import DomainError
from kosops.lib.money import check_amount
from kosops.lib.sql import execute
from matrix.models import Creator


def account(
    *, brand: Unit, kind: str, currency: str, creator: Creator | None = None
) -> LedgerAccount:
    """The ledger account of this kind and owner, opened on first use."""
    found, _created = LedgerAccount.objects.get_or_create(
        brand=brand, kind=kind, creator=creator, currency=currency
    )
    return found


def open_accounts(
    *, brand: Unit, kinds: Sequence[str], currency: str, creators_sql: str, params: dict[str, Any]
) -> None:
    """Open accounts of ``kinds`` for every creator that the query ``creators_sql`` yields."""
    execute(
        f"""
        INSERT INTO incentives_ledgeraccount (brand_id, kind, creator_id, currency)
        SELECT %(brand)s, kind, creator_id, %(currency)s
          FROM ({creators_sql}) AS owners (creator_id)
         CROSS JOIN unnest(%(kinds)s::text[]) AS kind
         ORDER BY creator_id, kind
            ON CONFLICT DO NOTHING
        """,
        {**params, "brand": brand.pk, "currency": currency, "kinds": list(kinds)},
    )


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

    Refuses `empty_journal`, `unbalanced_journal`, `mixed_currency`; PostgreSQL refuses them too.
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
    if sum(amount for _account, amount in postings):
        raise DomainError("unbalanced_journal", _("The lines of a journal must add up to zero."))
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


@transaction.atomic
def reverse(*, by: Person, journal: Journal, business_date: dt.date, reason: str) -> Journal:
    """Post the exact mirror of ``journal``.

    Refuses `already_reversed`, `reason_needed`, and `run_journal`: what a run posted follows from
    its lines, so a mistake there is corrected in the facts and the next run posts the difference.
    """
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why the journal is reversed."), status=400)
    if journal.run_id is not None:
        raise DomainError(
            "run_journal",
            _("A run posted this journal. Correct the order; the next run posts the difference."),
        )
    mirror = [
        (posting.account, -posting.amount)
        for posting in journal.postings.select_related("account").order_by("line")
    ]
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
