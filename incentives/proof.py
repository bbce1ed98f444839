"""The proof of the books: every check counts rows that should not exist (RELIABILITY 2.9).

Nothing is repaired here. Any difference is shown with examples, logged, and stops payouts
until a person has dealt with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from kosops.lib import sql


@dataclass(frozen=True)
class Check:
    """``query`` yields one row per difference; ``code`` names it for people and tests."""

    code: str
    title: str
    query: str


@dataclass(frozen=True)
class Finding:
    code: str
    title: str
    differences: int
    examples: list[dict[str, Any]]


_SUMS = (
    Check(
        "currency_sums_to_zero",
        "All postings of a currency add up to zero",
        "SELECT currency, sum(amount) AS sum FROM incentives_posting "
        "GROUP BY currency HAVING sum(amount) <> 0",
    ),
    Check(
        "journal_balances",
        "Every journal has two or more postings that add up to zero",
        """
        SELECT j.id AS journal, count(p.*) AS postings, COALESCE(sum(p.amount), 0) AS sum
          FROM incentives_journal j LEFT JOIN incentives_posting p ON p.journal_id = j.id
         GROUP BY j.id HAVING count(p.*) < 2 OR sum(p.amount) <> 0
        """,
    ),
)

_STORED_EQUALS_DERIVED = (
    Check(
        "order_refunds",
        "The refunded sum of an order equals its refunds",
        """
        SELECT o.id AS order, o.refunded_amount AS stored, COALESCE(r.sum, 0) AS derived
          FROM customers_order o
          LEFT JOIN (SELECT order_id, sum(amount) AS sum FROM customers_refund GROUP BY order_id) r
            ON r.order_id = o.id
         WHERE o.refunded_amount <> COALESCE(r.sum, 0)
        """,
    ),
    Check(
        "order_lines",
        "Paid and refunded sums of an order equal those of its lines",
        """
        SELECT o.id AS order, o.paid_amount, o.refunded_amount, l.paid, l.refunded
          FROM customers_order o
          JOIN (SELECT order_id, sum(paid_amount) AS paid, sum(refunded_amount) AS refunded
                  FROM customers_orderline GROUP BY order_id) l ON l.order_id = o.id
         WHERE o.paid_amount <> l.paid OR o.refunded_amount <> l.refunded
        """,
    ),
    Check(
        "lines_in_books",
        "Commission lines of a posted run equal its journals",
        """
        SELECT run_id AS run, creator_id AS creator, sum(line) AS lines, sum(book) AS books
          FROM (SELECT c.run_id, c.creator_id, c.amount AS line, 0 AS book
                  FROM incentives_commissionline c
                  JOIN incentives_commissionrun r ON r.id = c.run_id AND r.state = 'posted'
                UNION ALL
                SELECT l.run_id, l.creator_id, l.amount, 0
                  FROM incentives_releaseline l
                  JOIN incentives_commissionrun r ON r.id = l.run_id AND r.state = 'posted'
                UNION ALL
                SELECT j.run_id, a.creator_id, 0, -p.amount
                  FROM incentives_journal j
                  JOIN incentives_posting p ON p.journal_id = j.id AND p.line = 2
                  JOIN incentives_ledgeraccount a ON a.id = p.account_id
                 WHERE j.run_id IS NOT NULL) AS both_sides
         GROUP BY run_id, creator_id HAVING sum(line) <> sum(book)
        """,
    ),
    Check(
        "statements",
        "Statements follow each other: this month's opening is last month's payable",
        """
        WITH ordered AS (
            SELECT t.period, s.creator_id, s.opening, s.held_opening,
                   lag(s.payable) OVER w AS payable_before, lag(s.held) OVER w AS held_before
              FROM incentives_statement s JOIN incentives_settlement t ON t.id = s.settlement_id
            WINDOW w AS (PARTITION BY t.brand_id, s.creator_id ORDER BY t.period))
        SELECT * FROM ordered
         WHERE opening <> COALESCE(payable_before, opening)
            OR held_opening <> COALESCE(held_before, held_opening)
        """,
    ),
    Check(
        "payouts_in_books",
        "Every payout is in the books in its state, and nothing else is",
        """
        SELECT p.out_no, p.state, p.amount, array_agg(j.kind ORDER BY j.id) AS journals
          FROM incentives_payout p
          LEFT JOIN incentives_journal j ON j.source = 'payout'
               AND j.key IN (p.out_no || ':payout_approved', p.out_no || ':payout_paid',
                             p.out_no || ':payout_failed')
               AND EXISTS (SELECT 1 FROM incentives_posting g
                            WHERE g.journal_id = j.id AND g.line = 1 AND g.amount = p.amount)
         GROUP BY p.out_no, p.state, p.amount
        HAVING array_remove(array_agg(j.kind::text ORDER BY j.id), NULL) <>
               CASE p.state
                    WHEN 'draft' THEN '{}'::text[]
                    WHEN 'cancelled' THEN '{}'
                    WHEN 'succeeded' THEN '{payout_approved,payout_paid}'
                    WHEN 'failed' THEN '{payout_approved,payout_failed}'
                    ELSE '{payout_approved}' END
        """,
    ),
)

# Independent of the run's statement on purpose: entitlement by entitlement, from the frozen rate
# and the facts of today. Orders that wait for the next run are left out.
_TARGET_EQUALS_POSTED = (
    Check(
        "target_equals_posted",
        "For each entitlement what the facts give is what was posted",
        """
        WITH posted AS (
            SELECT order_id, order_line_id, creator_id, role, min(rate_bp) AS rate_bp,
                   max(rate_bp) AS other_rate_bp, sum(amount) AS posted
              FROM incentives_commissionline
             GROUP BY order_id, order_line_id, creator_id, role)
        SELECT p.order_line_id AS line, p.creator_id AS creator, p.role, p.posted, t.target
          FROM posted p
          JOIN customers_order o ON o.id = p.order_id
          JOIN customers_orderline l ON l.id = p.order_line_id
          CROSS JOIN LATERAL (
            SELECT CASE
                WHEN o.status = 'closed' OR NOT l.commissionable THEN 0
                WHEN p.role = 'seller' AND o.seller_id IS DISTINCT FROM p.creator_id THEN 0
                WHEN p.role = 'sharer' AND (o.sharer_id IS DISTINCT FROM p.creator_id
                     OR o.seller_id IS NOT DISTINCT FROM p.creator_id) THEN 0
                ELSE floor((l.paid_amount - l.refunded_amount) * p.rate_bp / 10000.0) END AS target
          ) AS t
         WHERE (p.posted <> t.target OR p.rate_bp <> p.other_rate_bp OR l.order_id <> o.id)
           AND NOT EXISTS (SELECT 1 FROM customers_changedorder c WHERE c.order_id = o.id)
        """,
    ),
    Check(
        "nothing_forgotten",
        "Every credited order line was looked at by a run or waits for one",
        """
        SELECT o.id AS order, l.id AS line, c.role, c.creator
          FROM customers_order o
          JOIN incentives_planversion v
            ON v.brand_id = o.brand_id AND v.valid @> o.business_date
          JOIN customers_orderline l ON l.order_id = o.id AND l.commissionable
          CROSS JOIN LATERAL (VALUES ('seller', o.seller_id),
                ('sharer', NULLIF(o.sharer_id, o.seller_id))) AS c (role, creator)
          JOIN matrix_creator m ON m.id = c.creator
         WHERE o.status <> 'closed' AND o.currency = %(currency)s
           AND l.paid_amount - l.refunded_amount > 10000
           AND EXISTS (SELECT 1 FROM incentives_planrate r WHERE r.version_id = v.id
                          AND r.role = c.role AND r.category = '' AND r.tier = ''
                          AND r.creator_kind IN ('', m.kind) AND r.rate_bp > 0
                          AND r.rate_bp < v.cap_bp)
           AND NOT EXISTS (SELECT 1 FROM incentives_planrate r WHERE r.version_id = v.id
                          AND r.rate_bp IN (0, v.cap_bp))
           AND NOT EXISTS (SELECT 1 FROM customers_changedorder w WHERE w.order_id = o.id)
           AND NOT EXISTS (SELECT 1 FROM incentives_commissionline x
                            WHERE x.order_line_id = l.id AND x.creator_id = c.creator)
        """,
    ),
    Check(
        "released_within_earned",
        "What was released and waits no longer equals what was earned",
        """
        SELECT e.order_id AS order, e.creator_id AS creator, e.earned, r.released
          FROM (SELECT order_id, creator_id, sum(amount) AS earned
                  FROM incentives_commissionline GROUP BY order_id, creator_id) e
          JOIN (SELECT order_id, creator_id, sum(amount) AS released
                  FROM incentives_releaseline GROUP BY order_id, creator_id) r
            ON r.order_id = e.order_id AND r.creator_id = e.creator_id
         WHERE e.earned <> r.released
           AND NOT EXISTS (SELECT 1 FROM incentives_pendingrelease w WHERE w.order_id = e.order_id)
           AND NOT EXISTS (SELECT 1 FROM customers_changedorder c WHERE c.order_id = e.order_id)
           AND NOT EXISTS (SELECT 1 FROM customers_order o
                            WHERE o.id = e.order_id AND o.status = 'refunding')
        """,
    ),
)

CHECKS = (*_SUMS, *_STORED_EQUALS_DERIVED, *_TARGET_EQUALS_POSTED)
EXAMPLES = 5


def verify(*, checks: tuple[Check, ...] = CHECKS) -> list[Finding]:
    """Run every check in one snapshot of the database and return what each found."""
    findings = []
    with transaction.atomic():
        sql.execute("SET LOCAL statement_timeout = '10min'")
        for check in checks:
            rows = sql.fetch_all(
                f"SELECT *, count(*) OVER () AS all_of_them FROM ({check.query}) AS differences "
                f"LIMIT {EXAMPLES}",
                {"currency": settings.CURRENCY},
            )
            total = rows[0]["all_of_them"] if rows else 0
            for row in rows:
                del row["all_of_them"]
            findings.append(Finding(check.code, check.title, total, rows))
    return findings


def differences(findings: list[Finding]) -> int:
    return sum(finding.differences for finding in findings)
