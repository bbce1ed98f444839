"""The statements of a settlement, for all people at once.

Amounts follow from the books, so that whatever touches what is owed to a person has its part. Only
earned and clawed back come from the lines of runs, which the books hold as one sum. A reversal
counts with what it reverses. `people` NULL means everybody.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from incentives.models import Settlement
from kosops.lib import sql

# What the month's runs moved, from their lines and from what months added or took.
_LINES = """
    INSERT INTO statement_month
    SELECT creator_id, sum(earned), sum(clawed_back)
      FROM (SELECT c.creator_id,
                   COALESCE(sum(c.amount) FILTER (WHERE c.amount > 0), 0) AS earned,
                   COALESCE(-sum(c.amount) FILTER (WHERE c.amount < 0), 0) AS clawed_back
              FROM incentives_commissionrun r
              JOIN incentives_commissionline c ON c.run_id = r.id
             WHERE r.brand_id = %(brand)s AND r.as_of BETWEEN %(first)s AND %(last)s
               AND (%(people)s::bigint[] IS NULL OR c.creator_id = ANY(%(people)s))
             GROUP BY c.creator_id
            UNION ALL
            SELECT m.creator_id, COALESCE(sum(m.amount) FILTER (WHERE m.amount > 0), 0),
                   COALESCE(-sum(m.amount) FILTER (WHERE m.amount < 0), 0)
              FROM incentives_commissionrun r
              JOIN incentives_monthline m ON m.run_id = r.id
             WHERE r.brand_id = %(brand)s AND r.as_of BETWEEN %(first)s AND %(last)s
               AND r.kind = 'accrual'
               AND (%(people)s::bigint[] IS NULL OR m.creator_id = ANY(%(people)s))
             GROUP BY m.creator_id) AS moved
     GROUP BY creator_id
"""

# What a journal is about: a reversal is about what it reverses. Commission that neither a run posted
# nor a month brought was booked by hand.
MEANS = """CASE WHEN COALESCE(r.kind, j.kind) = 'accrual' AND COALESCE(r.run_id, j.run_id) IS NULL
                     AND NOT starts_with(COALESCE(r.source, j.source), 'month:')
                THEN 'adjustment' ELSE COALESCE(r.kind, j.kind) END"""

# What the books say at both ends and in between. What is owed to people is negative there.
_BOOK = f"""
    INSERT INTO statement_book
    SELECT creator_id,
           -COALESCE(sum(amount) FILTER (WHERE kind = 'accrued' AND day < %(first)s), 0),
           -COALESCE(sum(amount) FILTER (WHERE kind = 'accrued'), 0),
           -COALESCE(sum(amount) FILTER (WHERE kind = 'payable' AND day < %(first)s), 0),
           -COALESCE(sum(amount) FILTER (WHERE kind = 'payable' AND day >= %(first)s
                     AND means NOT IN ('payout_approved', 'payout_failed')), 0),
           COALESCE(sum(amount) FILTER (WHERE kind = 'payable' AND day >= %(first)s
                     AND means IN ('payout_approved', 'payout_failed')), 0),
           -COALESCE(sum(amount) FILTER (WHERE kind = 'payable'), 0),
           -COALESCE(sum(amount) FILTER (WHERE day >= %(first)s AND means = 'reward'), 0),
           -COALESCE(sum(amount) FILTER (WHERE day >= %(first)s AND means = 'prize'), 0),
           -COALESCE(sum(amount) FILTER (WHERE day >= %(first)s AND means = 'adjustment'), 0),
           -COALESCE(sum(amount) FILTER (WHERE day >= %(first)s AND means = 'write_off'), 0)
      FROM (SELECT a.creator_id, a.kind, p.amount, j.business_date AS day, {MEANS} AS means
              FROM incentives_ledgeraccount a
              JOIN incentives_posting p ON p.account_id = a.id
              JOIN incentives_journal j ON j.id = p.journal_id AND j.business_date <= %(last)s
              LEFT JOIN incentives_journal r ON r.id = j.reverses_id
             WHERE a.brand_id = %(brand)s AND a.currency = %(currency)s
               AND a.kind IN ('accrued', 'payable')
               AND (%(people)s::bigint[] IS NULL OR a.creator_id = ANY(%(people)s))) AS moved
     GROUP BY creator_id
"""

# Tax is the brand's account; the person is the one of the journal's other lines.
_TAX = """
    INSERT INTO statement_tax
    SELECT o.creator_id, -sum(t.amount)
      FROM incentives_ledgeraccount tax
      JOIN incentives_posting t ON t.account_id = tax.id
      JOIN incentives_journal j ON j.id = t.journal_id
           AND j.business_date BETWEEN %(first)s AND %(last)s
     CROSS JOIN LATERAL (
        SELECT min(a.creator_id) AS creator_id FROM incentives_posting p
          JOIN incentives_ledgeraccount a ON a.id = p.account_id WHERE p.journal_id = j.id) AS o
     WHERE o.creator_id IS NOT NULL AND tax.brand_id = %(brand)s AND tax.kind = 'tax' AND tax.currency = %(currency)s
       AND (%(people)s::bigint[] IS NULL OR o.creator_id = ANY(%(people)s))
     GROUP BY o.creator_id
"""

_STATEMENTS = """
    INSERT INTO incentives_statement (settlement_id, creator_id, store_id, held_opening, earned,
        clawed_back, rewards, prizes, adjustments, written_off, released, held, opening, paid_out,
        tax_withheld, payable)
    SELECT %(settlement)s, c.id, c.store_id, b.held_opening, COALESCE(m.earned, 0),
           COALESCE(m.clawed_back, 0), b.rewards, b.prizes, b.adjustments, b.written_off,
           b.released, b.held, b.opening, b.paid_out, COALESCE(x.tax, 0), b.payable
      FROM statement_book b JOIN matrix_creator c ON c.id = b.creator_id
      LEFT JOIN statement_month m ON m.creator_id = b.creator_id
      LEFT JOIN statement_tax x ON x.creator_id = b.creator_id
     WHERE m.creator_id IS NOT NULL OR x.creator_id IS NOT NULL OR b.released <> 0
        OR (b.held_opening, b.opening, b.paid_out, b.payable, b.rewards, b.prizes, b.adjustments,
            b.written_off) <> (0, 0, 0, 0, 0, 0, 0, 0)
     ORDER BY c.id
"""

# One statement in the digest. Parts that came later stand in it only where there are any, so that
# the digest of a month from before them is still its own.
DIGESTED = """concat_ws(':', {s}creator_id, {s}held_opening, {s}earned, {s}clawed_back, {s}released,
    {s}held, {s}opening, {s}paid_out, {s}payable, NULLIF(concat_ws(':', {s}rewards, {s}prizes,
    {s}adjustments, {s}written_off, {s}tax_withheld), '0:0:0:0:0'))"""

_TOTALS = f"""
    SELECT count(*) AS creators, COALESCE(sum(earned), 0)::bigint AS earned,
           COALESCE(sum(clawed_back), 0)::bigint AS clawed_back,
           COALESCE(sum(rewards), 0)::bigint AS rewards,
           COALESCE(sum(prizes), 0)::bigint AS prizes,
           COALESCE(sum(adjustments), 0)::bigint AS adjustments,
           COALESCE(sum(written_off), 0)::bigint AS written_off,
           COALESCE(sum(released), 0)::bigint AS released, COALESCE(sum(held), 0)::bigint AS held,
           COALESCE(sum(payable), 0)::bigint AS payable,
           COALESCE(sum(payable) FILTER (WHERE payable > 0), 0)::bigint AS to_pay,
           COALESCE(-sum(payable) FILTER (WHERE payable < 0), 0)::bigint AS owed_back,
           encode(sha256(COALESCE(string_agg({DIGESTED.format(s="")}, '|'
               ORDER BY creator_id), '')::bytea), 'hex') AS digest
      FROM incentives_statement WHERE settlement_id = %(settlement)s
"""


def write_statements(
    settlement: Settlement, first: dt.date, last: dt.date, people: list[int] | None = None
) -> None:
    """One statement per person whom the days from ``first`` to ``last`` concern."""
    sql.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS statement_month (
            creator_id bigint, earned bigint, clawed_back bigint) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS statement_book (
            creator_id bigint, held_opening bigint, held bigint, opening bigint, released bigint,
            paid_out bigint, payable bigint, rewards bigint, prizes bigint, adjustments bigint,
            written_off bigint) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS statement_tax (
            creator_id bigint, tax bigint) ON COMMIT DROP;
        TRUNCATE statement_month, statement_book, statement_tax
        """
    )
    params = {
        "settlement": settlement.pk,
        "brand": settlement.brand_id,
        "currency": settlement.currency,
        "first": first,
        "last": last,
        "people": people,
    }
    for statement in (_LINES, _BOOK, _TAX):
        sql.execute(statement, params)
    # Right after a large run there are no statistics, and the join would be planned for one row.
    sql.execute("ANALYZE statement_month, statement_book, statement_tax")
    sql.execute(_STATEMENTS, params)


def totals_of(settlement: Settlement) -> dict[str, Any]:
    """Sums over the statements of a settlement, and their ``digest``."""
    return sql.fetch_one(_TOTALS, {"settlement": settlement.pk})
