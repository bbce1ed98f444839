"""The proof of the books: every check counts rows that should not exist (RELIABILITY 2.9).

Nothing is repaired here. Any difference is shown with examples, logged, and stops payouts
until a person has dealt with it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from incentives import booking, commission_proof, settlement_sql
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


_BOOKINGS = ", ".join(str(row) for row in booking.rows())

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
    Check(
        "journal_accounts",
        "Every journal touches the accounts that its kind names, of its own brand and person",
        f"""
        SELECT j.id AS journal, j.kind, a.kind AS account
          FROM incentives_journal j
          JOIN incentives_posting p ON p.journal_id = j.id
          JOIN incentives_ledgeraccount a ON a.id = p.account_id
          LEFT JOIN incentives_journal r ON r.id = j.reverses_id
          LEFT JOIN (VALUES {_BOOKINGS}) AS rule (kind, place, account)
            ON rule.kind = COALESCE(r.kind, j.kind) AND rule.account = a.kind
               AND rule.place = CASE p.line WHEN 1 THEN 'first' ELSE 'other' END
          LEFT JOIN incentives_payout o ON j.source = 'payout'
               AND o.out_no = split_part(j.key, ':', 1)
         WHERE a.brand_id <> j.brand_id OR rule.kind IS NULL
            OR (j.run_id IS NOT NULL OR j.source = 'payout')
               -- Compared as texts: a key that is no number is a difference and no error.
               AND a.creator_id::text <> COALESCE(o.creator_id::text,
                                                  CASE WHEN j.run_id IS NOT NULL THEN j.key END)
        """,
    ),
    Check(
        "reversals",
        "Every reversal is the exact mirror of its journal",
        """
        SELECT r.id AS reversal, r.reverses_id AS journal, p.account_id AS account,
               sum(p.amount) AS left_over
          FROM incentives_journal r
          JOIN incentives_posting p ON p.journal_id IN (r.id, r.reverses_id)
         WHERE r.reverses_id IS NOT NULL
         GROUP BY r.id, r.reverses_id, p.account_id HAVING sum(p.amount) <> 0
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
          LEFT JOIN (SELECT order_id, sum(paid_amount) AS paid, sum(refunded_amount) AS refunded
                       FROM customers_orderline GROUP BY order_id) l ON l.order_id = o.id
         WHERE o.paid_amount <> COALESCE(l.paid, 0) OR o.refunded_amount <> COALESCE(l.refunded, 0)
        """,
    ),
    Check(
        "line_refunds",
        "The refunds of an order fall on its lines as the rule says",
        # customers.refunds.spread: each line's own, and a share of the rest by largest remainder.
        """
        WITH line AS (
            SELECT l.id, l.order_id, l.refunded_amount, LEAST(COALESCE(n.sum, 0), l.paid_amount) AS own,
                   l.paid_amount - LEAST(COALESCE(n.sum, 0), l.paid_amount) AS free
              FROM customers_order o JOIN customers_orderline l ON l.order_id = o.id
              LEFT JOIN (SELECT line_id, sum(amount) AS sum FROM customers_refund
                          WHERE line_id IS NOT NULL GROUP BY line_id) n ON n.line_id = l.id
             WHERE o.refunded_amount > 0
        ), shared AS (
            SELECT l.*, o.refunded_amount - sum(l.own) OVER w AS pot, sum(l.free) OVER w AS all_free
              FROM line l JOIN customers_order o ON o.id = l.order_id
            WINDOW w AS (PARTITION BY l.order_id)
        ), cut AS (
            SELECT *, div(pot * free::numeric, GREATEST(all_free, 1)) AS whole,
                   row_number() OVER (PARTITION BY order_id ORDER BY
                        mod(pot * free::numeric, GREATEST(all_free, 1)) DESC, id) AS turn
              FROM shared
        ), spread AS (
            SELECT *, pot - sum(whole) OVER (PARTITION BY order_id) AS cents FROM cut
        )
        SELECT id AS line, refunded_amount AS stored,
               own + whole + (turn <= cents)::int AS derived
          FROM spread WHERE refunded_amount <> own + whole + (turn <= cents)::int
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
                   lag(s.payable, 1, 0::bigint) OVER w AS payable_before,
                   lag(s.held, 1, 0::bigint) OVER w AS held_before
              FROM incentives_statement s JOIN incentives_settlement t ON t.id = s.settlement_id
             WHERE t.state = 'settled'
            WINDOW w AS (PARTITION BY t.brand_id, s.creator_id ORDER BY t.period))
        SELECT * FROM ordered WHERE opening <> payable_before OR held_opening <> held_before
        """,
    ),
    Check(
        "statements_in_books",
        "Every statement says what the books say at the end of its month",
        f"""
        WITH moved AS (
            SELECT a.brand_id, a.creator_id, a.kind, to_char(j.business_date, 'YYYY-MM') AS period,
                   {settlement_sql.MEANS} AS means, -sum(p.amount) AS amount
              FROM incentives_ledgeraccount a
              JOIN incentives_posting p ON p.account_id = a.id
              JOIN incentives_journal j ON j.id = p.journal_id
              LEFT JOIN incentives_journal r ON r.id = j.reverses_id
             WHERE a.kind IN ('accrued', 'payable') AND a.currency = %(currency)s
             GROUP BY 1, 2, 3, 4, 5
        ), taxed AS (
            SELECT j.brand_id, o.creator_id, to_char(j.business_date, 'YYYY-MM') AS period,
                   -sum(t.amount) AS tax
              FROM incentives_ledgeraccount tax
              JOIN incentives_posting t ON t.account_id = tax.id
              JOIN incentives_journal j ON j.id = t.journal_id
              JOIN (SELECT p.journal_id, min(a.creator_id) AS creator_id
                      FROM incentives_posting p JOIN incentives_ledgeraccount a ON a.id = p.account_id
                     GROUP BY p.journal_id) AS o ON o.journal_id = j.id
             WHERE tax.kind = 'tax' AND tax.currency = %(currency)s
             GROUP BY 1, 2, 3
        ), book AS (
            SELECT t.id AS settlement_id, m.creator_id,
                   COALESCE(sum(m.amount) FILTER (WHERE m.kind = 'accrued'), 0) AS held,
                   COALESCE(sum(m.amount) FILTER (WHERE m.kind = 'payable'), 0) AS payable,
                   COALESCE(sum(m.amount) FILTER (WHERE m.kind = 'payable' AND now
                            AND m.means NOT IN ('payout_approved', 'payout_failed')), 0) AS released,
                   COALESCE(-sum(m.amount) FILTER (WHERE m.kind = 'payable' AND now
                            AND m.means IN ('payout_approved', 'payout_failed')), 0) AS paid_out,
                   COALESCE(sum(m.amount) FILTER (WHERE now AND m.means = 'reward'), 0) AS rewards,
                   COALESCE(sum(m.amount) FILTER (WHERE now AND m.means = 'prize'), 0) AS prizes,
                   COALESCE(sum(m.amount) FILTER (WHERE now AND m.means = 'adjustment'), 0)
                       AS adjustments,
                   COALESCE(sum(m.amount) FILTER (WHERE now AND m.means = 'write_off'), 0)
                       AS written_off,
                   COALESCE(max(x.tax), 0) AS tax
              FROM incentives_settlement t
              JOIN moved m ON m.brand_id = t.brand_id AND m.period <= t.period
             CROSS JOIN LATERAL (SELECT m.period = t.period) AS month (now)
              LEFT JOIN taxed x ON x.brand_id = t.brand_id AND x.period = t.period
                   AND x.creator_id = m.creator_id
             WHERE t.state = 'settled'
             GROUP BY t.id, m.creator_id
        )
        SELECT COALESCE(s.settlement_id, b.settlement_id) AS settlement,
               COALESCE(s.creator_id, b.creator_id) AS creator, s.payable, b.payable AS booked,
               s.held, b.held AS booked_as_held
          FROM book b
          FULL JOIN (
            SELECT s.* FROM incentives_statement s
              JOIN incentives_settlement t ON t.id = s.settlement_id AND t.state = 'settled') AS s
            ON s.settlement_id = b.settlement_id AND s.creator_id = b.creator_id
         WHERE (s.id IS NULL AND (b.held <> 0 OR b.payable <> 0)) OR b.creator_id IS NULL
            OR (s.held, s.payable, s.released, s.paid_out, s.rewards, s.prizes, s.adjustments,
                s.written_off, s.tax_withheld)
               <> (b.held, b.payable, b.released, b.paid_out, b.rewards, b.prizes, b.adjustments,
                   b.written_off, b.tax)
        """,
    ),
    Check(
        "statements_in_lines",
        "Every statement's earnings are the lines of its month's runs",
        """
        SELECT s.id AS statement, s.earned, s.clawed_back, l.earned AS earned_by_lines,
               l.clawed_back AS clawed_back_by_lines
          FROM incentives_statement s
          JOIN incentives_settlement t ON t.id = s.settlement_id AND t.state = 'settled'
          LEFT JOIN (
            SELECT r.brand_id, to_char(r.as_of, 'YYYY-MM') AS period, c.creator_id,
                   sum(c.amount) FILTER (WHERE c.amount > 0) AS earned,
                   -sum(c.amount) FILTER (WHERE c.amount < 0) AS clawed_back
              FROM (SELECT run_id, creator_id, amount FROM incentives_commissionline
                    UNION ALL
                    SELECT run_id, creator_id, amount FROM incentives_monthline) AS c
              JOIN incentives_commissionrun r ON r.id = c.run_id AND r.kind = 'accrual'
             GROUP BY 1, 2, 3) AS l
            ON l.brand_id = t.brand_id AND l.period = t.period AND l.creator_id = s.creator_id
         WHERE s.earned <> COALESCE(l.earned, 0) OR s.clawed_back <> COALESCE(l.clawed_back, 0)
        """,
    ),
    Check(
        "settlement_content",
        "The digest of a settled month is that of its statements",
        f"""
        SELECT t.id AS settlement, t.period
          FROM incentives_settlement t
          LEFT JOIN incentives_statement s ON s.settlement_id = t.id
         WHERE t.state IN ('settled', 'issued')
         GROUP BY t.id, t.period, t.content_hash
        HAVING t.content_hash <> encode(sha256(COALESCE(string_agg(
               {settlement_sql.DIGESTED.format(s="s.")}, '|' ORDER BY s.creator_id)
               FILTER (WHERE s.id IS NOT NULL), '')::bytea), 'hex')
        """,
    ),
    Check(
        "corrections_in_books",
        "Every booking by hand is what a second person approved",
        """
        SELECT COALESCE(c.id::text, j.key) AS correction, c.state, c.amount, j.amount AS booked
          FROM incentives_correction c
          FULL JOIN (
            SELECT j.id, j.key, j.kind, a.creator_id, -p.amount AS amount
              FROM incentives_journal j
              JOIN incentives_posting p ON p.journal_id = j.id AND p.line = 2
              JOIN incentives_ledgeraccount a ON a.id = p.account_id
             WHERE j.source = 'correction') AS j ON j.key = c.id::text
         WHERE c.kind IS DISTINCT FROM 'reversal' AND (
               (c.state IS NOT DISTINCT FROM 'approved') <> (j.id IS NOT NULL)
            OR c.journal_id <> j.id OR c.amount <> j.amount OR c.kind <> j.kind
            OR c.creator_id <> j.creator_id OR c.checker_id = c.maker_id)
        """,
    ),
    Check(
        "payouts_in_books",
        "Every payout is in the books in its state, and nothing else is",
        """
        SELECT COALESCE(p.out_no, j.out_no) AS out_no, p.state, p.amount, j.kinds AS journals
          FROM incentives_payout p
          FULL JOIN (
            SELECT split_part(j.key, ':', 1) AS out_no, min(g.amount) AS lowest,
                   max(g.amount) AS highest, array_agg(j.kind::text ORDER BY j.id) AS kinds,
                   bool_and(j.key = split_part(j.key, ':', 1) || ':' || j.kind) AS named
              FROM incentives_journal j
              JOIN incentives_posting g ON g.journal_id = j.id AND g.line = 1
             WHERE j.source = 'payout'
             GROUP BY 1) AS j ON j.out_no = p.out_no
         WHERE p.id IS NULL OR NOT COALESCE(j.named, true)
            OR j.lowest <> p.amount OR j.highest <> p.amount
            OR COALESCE(j.kinds, '{}') <>
               CASE p.state
                    WHEN 'draft' THEN '{}'::text[]
                    WHEN 'cancelled' THEN '{}'
                    WHEN 'succeeded' THEN '{payout_approved,payout_paid}'
                    WHEN 'failed' THEN '{payout_approved,payout_failed}'
                    WHEN 'expired' THEN '{payout_approved,payout_failed}'
                    ELSE '{payout_approved}' END
        """,
    ),
    Check(
        "payouts_as_approved",
        "What was sent to the bank is what a second person approved",
        # incentives.payouts.content_hash
        """
        SELECT b.number, b.state, count(p.id) AS payouts, sum(p.amount) AS sum
          FROM incentives_payoutbatch b
          LEFT JOIN incentives_payout p ON p.batch_id = b.id
         WHERE b.state IN ('approved', 'exported', 'closed')
         GROUP BY b.id
        HAVING count(p.id) <> b.count OR COALESCE(sum(p.amount), 0) <> b.total
            OR NOT EXISTS (
                SELECT 1 FROM incentives_approval a
                 WHERE a.batch_id = b.id AND a.decision = 'approved' AND a.checker_id <> b.maker_id
                   AND a.content_hash = encode(sha256(convert_to(concat(b.number, E'\\n', string_agg(
                        concat_ws('|', p.out_no, p.creator_id, p.amount, p.currency,
                            encode(sha256(p.holder || '|'::bytea || p.account), 'hex'),
                            NULLIF(p.tax, 0)),
                        E'\\n' ORDER BY p.out_no)), 'UTF8')), 'hex'))
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
            SELECT c.order_id, c.order_line_id, c.creator_id, c.role, max(c.rate_bp) AS rate_bp,
                   max(v.cap_bp) AS cap_bp, sum(c.amount) AS posted
              FROM incentives_commissionline c
              JOIN incentives_planrate r ON r.id = c.rate_id
              JOIN incentives_planversion v ON v.id = r.version_id
             GROUP BY c.order_id, c.order_line_id, c.creator_id, c.role)
        SELECT p.order_line_id AS line, p.creator_id AS creator, p.role, p.posted, t.target
          FROM posted p
          JOIN customers_order o ON o.id = p.order_id
          JOIN customers_orderline l ON l.id = p.order_line_id
          LEFT JOIN incentives_planversion v ON v.brand_id = o.brand_id
               AND v.valid @> o.business_date AND v.state = 'approved'
          LEFT JOIN posted s ON p.role = 'sharer' AND s.role = 'seller'
               AND s.order_line_id = p.order_line_id AND s.creator_id = o.seller_id
         CROSS JOIN LATERAL (
            SELECT CASE
                WHEN o.status = 'closed' OR NOT l.commissionable THEN 0
                WHEN p.role = 'seller' AND o.seller_id IS DISTINCT FROM p.creator_id THEN 0
                WHEN p.role = 'sharer' AND (o.sharer_id IS DISTINCT FROM p.creator_id
                     OR o.seller_id IS NOT DISTINCT FROM p.creator_id) THEN 0
                -- Frozen rates that meet stay under the highest of their caps.
                WHEN s.rate_bp IS NOT NULL THEN floor((l.paid_amount - l.refunded_amount)
                     * LEAST(p.rate_bp, GREATEST(0, GREATEST(p.cap_bp, s.cap_bp, v.cap_bp)
                                                    - s.rate_bp)) / 10000.0)
                ELSE floor((l.paid_amount - l.refunded_amount) * p.rate_bp / 10000.0)
                END AS target
          ) AS t
         WHERE (p.posted <> t.target OR l.order_id <> o.id)
           -- Fixed amounts, pots, overrides and caps of orders: `commission_proof`.
           AND p.role IN ('seller', 'sharer') AND v.order_cap IS NULL
           AND p.order_line_id NOT IN (
                SELECT c.order_line_id FROM incentives_commissionline c
                  JOIN incentives_planrate r ON r.id = c.rate_id AND r.fixed_amount IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM customers_changedorder c WHERE c.order_id = o.id)
        """,
    ),
    Check(
        "lines_follow",
        "The lines of an entitlement follow each other at its frozen rate",
        """
        SELECT * FROM (
            SELECT id AS line, sequence, rate_id, rate_bp, base, target, amount, role,
                   role NOT IN ('seller', 'sharer') OR rate_id IN (
                        SELECT id FROM incentives_planrate WHERE fixed_amount IS NOT NULL)
                   OR EXISTS (SELECT 1 FROM incentives_planversion WHERE order_cap IS NOT NULL)
                       AS other,
                   row_number() OVER w AS place, sum(amount) OVER w AS so_far,
                   first_value(rate_bp) OVER w AS frozen_bp,
                   first_value(rate_id) OVER w AS frozen_id
              FROM incentives_commissionline
            WINDOW w AS (PARTITION BY order_id, order_line_id, creator_id, role ORDER BY sequence)
        ) AS numbered
         WHERE sequence <> place OR target <> so_far OR rate_id <> frozen_id
            OR (NOT other AND target <> base * rate_bp / 10000)
            OR (role <> 'pot' AND rate_bp > frozen_bp)
        """,
    ),
    Check(
        "lines_refer",
        "Every line names an order line of its order, a creator, a rate and a run that exist",
        """
        SELECT 'commission' AS kind, c.id AS line
          FROM incentives_commissionline c
          LEFT JOIN customers_orderline l ON l.id = c.order_line_id AND l.order_id = c.order_id
          LEFT JOIN matrix_creator m ON m.id = c.creator_id
          LEFT JOIN incentives_planrate r ON r.id = c.rate_id
          LEFT JOIN incentives_commissionrun n ON n.id = c.run_id AND n.kind = 'accrual'
         WHERE l.id IS NULL OR m.id IS NULL OR r.id IS NULL OR n.id IS NULL
        UNION ALL
        SELECT 'release', c.id
          FROM incentives_releaseline c
          LEFT JOIN customers_order o ON o.id = c.order_id
          LEFT JOIN matrix_creator m ON m.id = c.creator_id
          LEFT JOIN incentives_commissionrun n ON n.id = c.run_id AND n.kind = 'release'
         WHERE o.id IS NULL OR m.id IS NULL OR n.id IS NULL
        """,
    ),
    Check(
        "nothing_forgotten",
        "Every credited order line was looked at by a run or waits for one",
        """
        WITH asked AS MATERIALIZED (
            -- Roles and kinds of people to whom a plan gives something on any line.
            SELECT DISTINCT v.brand_id, v.valid, v.cap_bp, r.role, k.kind
              FROM incentives_planversion v
             CROSS JOIN (SELECT DISTINCT kind FROM matrix_creator) AS k
              JOIN incentives_planrate r ON r.version_id = v.id AND r.category = ''
                   AND r.tier = '' AND r.creator_kind IN ('', k.kind) AND r.sku = ''
                   AND r.unit_id IS NULL AND r.channel = '' AND r.buyer = ''
             WHERE v.state = 'approved' AND v.self_purchase = 'allowed' AND v.order_cap IS NULL
               AND NOT EXISTS (SELECT 1 FROM incentives_planrate z
                                WHERE z.version_id = v.id AND z.rate_bp IN (0, v.cap_bp))
        ), named AS (
            SELECT id, brand_id, business_date, status, currency, 'seller' AS role,
                   seller_id AS creator_id
              FROM customers_order WHERE seller_id IS NOT NULL
            UNION ALL
            SELECT id, brand_id, business_date, status, currency, 'sharer', sharer_id
              FROM customers_order WHERE sharer_id IS NOT NULL
               AND sharer_id IS DISTINCT FROM seller_id
        ), missing AS MATERIALIZED (
            SELECT o.id AS order_id, l.id AS line_id, o.role, o.creator_id, a.cap_bp
              FROM named o
              JOIN customers_orderline l ON l.order_id = o.id AND l.commissionable
                   AND l.paid_amount - l.refunded_amount > 10000
              JOIN matrix_creator m ON m.id = o.creator_id
              JOIN asked a ON a.brand_id = o.brand_id AND a.role = o.role AND a.kind = m.kind
                   AND a.valid @> o.business_date
              LEFT JOIN incentives_commissionline x ON x.order_id = o.id
                   AND x.order_line_id = l.id AND x.creator_id = o.creator_id
              LEFT JOIN customers_changedorder w ON w.order_id = o.id
             WHERE o.status <> 'closed' AND o.currency = %(currency)s
               AND x.id IS NULL AND w.order_id IS NULL
        )
        SELECT order_id AS order, line_id AS line, role, creator_id AS creator
          FROM missing f
         -- Somebody's frozen rate may leave nothing of the cap.
         WHERE NOT EXISTS (SELECT 1 FROM incentives_commissionline y
                            WHERE y.order_id = f.order_id AND y.order_line_id = f.line_id
                              AND y.rate_bp >= f.cap_bp)
        """,
    ),
    Check(
        "released_within_earned",
        "What was released and waits no longer equals what was earned",
        """
        SELECT e.order_id AS order, e.creator_id AS creator, e.earned,
               COALESCE(r.released, 0) AS released
          FROM (SELECT order_id, creator_id, sum(amount) AS earned
                  FROM incentives_commissionline GROUP BY order_id, creator_id) e
          FULL JOIN (SELECT order_id, creator_id, sum(amount) AS released
                       FROM incentives_releaseline GROUP BY order_id, creator_id) r
            ON r.order_id = e.order_id AND r.creator_id = e.creator_id
         WHERE COALESCE(e.earned, 0) <> COALESCE(r.released, 0)
           AND NOT EXISTS (SELECT 1 FROM incentives_pendingrelease w WHERE w.order_id = e.order_id)
           AND NOT EXISTS (SELECT 1 FROM customers_changedorder c WHERE c.order_id = e.order_id)
           -- While a refund is under way, what is not yet released waits without a date.
           AND NOT (COALESCE(e.earned, 0) > COALESCE(r.released, 0) AND EXISTS (
                SELECT 1 FROM customers_order o
                 WHERE o.id = e.order_id AND o.status = 'refunding'))
        """,
    ),
)

# What the books owe the world outside, and it them. Registered by whoever knows that world.
_OUTSIDE: list[Check] = [
    Check(
        "in_flight_too_long",
        "No payout has been under way for longer than the bank may take",
        """
        SELECT split_part(j.key, ':', 1) AS out_no, j.created_at::text AS since
          FROM incentives_journal j
          LEFT JOIN incentives_journal d ON d.source = 'payout'
               AND d.kind IN ('payout_paid', 'payout_failed')
               AND split_part(d.key, ':', 1) = split_part(j.key, ':', 1)
          -- What is held back waits for a person, not for the bank.
          LEFT JOIN incentives_payout o ON o.out_no = split_part(j.key, ':', 1)
               AND o.state = 'held'
         WHERE j.source = 'payout' AND j.kind = 'payout_approved'
           AND j.created_at < %(in_flight_since)s AND d.id IS NULL AND o.id IS NULL
        """,
    ),
    Check(
        "nothing_waits",
        "No work and no refund that could be dealt with has waited for a quarter of an hour",
        """
        SELECT 'job' AS what, id, created_at::text AS since FROM accounts_job
         WHERE state = 'waiting' AND created_at < %(waiting_since)s
        UNION ALL
        SELECT 'refund', w.id, w.received_at::text
          FROM customers_waitingrefund w
          JOIN customers_order o ON o.brand_id = w.brand_id AND o.source = w.source
               AND o.external_id = w.order_external_id
         WHERE w.applied_at IS NULL AND w.reason = '' AND w.received_at < %(waiting_since)s
        """,
    ),
    Check(
        "control_totals",
        "What partners counted for a day is what came in",
        """
        SELECT t.source, t.day::text AS day, t.orders, COALESCE(o.count, 0) AS our_orders,
               t.order_amount, COALESCE(o.sum, 0) AS our_amount, t.refunds,
               COALESCE(r.count, 0) AS our_refunds, t.refund_amount, COALESCE(r.sum, 0) AS our_refunded
          FROM incentives_controltotal t
          LEFT JOIN (SELECT brand_id, source, business_date AS day, count(*), sum(paid_amount)
                       FROM customers_order GROUP BY 1, 2, 3) o
            ON o.brand_id = t.brand_id AND o.source = t.source AND o.day = t.day
          LEFT JOIN (
            SELECT brand_id, source, (at AT TIME ZONE %(zone)s)::date AS day, count(*), sum(amount)
              FROM (SELECT o.brand_id, o.source, r.refunded_at AS at, r.amount
                      FROM customers_refund r JOIN customers_order o ON o.id = r.order_id
                    UNION ALL
                    SELECT brand_id, source, refunded_at, amount
                      FROM customers_waitingrefund WHERE applied_at IS NULL) AS came
             GROUP BY 1, 2, 3) r
            ON r.brand_id = t.brand_id AND r.source = t.source AND r.day = t.day
         WHERE (t.orders, t.order_amount, t.refunds, t.refund_amount) <>
               (COALESCE(o.count, 0), COALESCE(o.sum, 0), COALESCE(r.count, 0), COALESCE(r.sum, 0))
        """,
    ),
]


def register(check: Check) -> None:
    """Add a check against the world outside: a provider's statement, a partner's totals."""
    if all(known.code != check.code for known in _OUTSIDE):
        _OUTSIDE.append(check)


def every_check() -> tuple[Check, ...]:
    """The checks within the books, and those against the world outside."""
    return (*CHECKS, *_OUTSIDE)


_OF_PLANS = tuple(Check(*each) for each in commission_proof.CHECKS)
CHECKS = (*_SUMS, *_STORED_EQUALS_DERIVED, *_TARGET_EQUALS_POSTED, *_OF_PLANS)
EXAMPLES = 5
# Whatever could be dealt with and is not by then is lost or stuck.
WAITS = dt.timedelta(minutes=15)


def verify(*, checks: tuple[Check, ...] = CHECKS) -> list[Finding]:
    """Run every check and return what each found.

    A check is one statement and so sees one moment; runs commit what belongs together at once, so
    the books prove while a run is going on.
    """
    now = timezone.now()
    params = {
        "currency": settings.CURRENCY,
        "zone": settings.TIME_ZONE,
        "in_flight_since": now - dt.timedelta(hours=settings.INFLIGHT_HOURS),
        "waiting_since": now - WAITS,
    }
    findings = []
    with transaction.atomic():
        # Whole tables are compared: never row by row, even where statistics are not there yet.
        sql.execute(
            "SET LOCAL statement_timeout = '10min'; SET LOCAL jit = off;"
            " SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off"
        )
        for check in checks:
            rows = sql.fetch_all(
                f"SELECT *, count(*) OVER () AS all_of_them FROM ({check.query}) AS differences "
                f"LIMIT {EXAMPLES}",
                params,
            )
            total = rows[0]["all_of_them"] if rows else 0
            for row in rows:
                del row["all_of_them"]
            findings.append(Finding(check.code, check.title, total, rows))
    return findings


def differences(findings: list[Finding]) -> int:
    return sum(finding.differences for finding in findings)
