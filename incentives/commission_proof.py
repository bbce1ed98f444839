"""What the proof asks of pots, overrides, fixed amounts, caps and months: (code, title, query).

Written from the rule and not from the runs' statements, as the checks of `proof`.
"""

from __future__ import annotations

_WAITS = "SELECT 1 FROM customers_changedorder c WHERE c.order_id = p.order_id"

CHECKS = (
    (
        "pots_split",
        "The shares of a pot come to the pot's part of the line, or less under an order's cap",
        f"""
        SELECT p.order_line_id AS line, p.posted, p.whole FROM (
            SELECT c.order_id, c.order_line_id, sum(c.amount) AS posted,
                   max(l.paid_amount - l.refunded_amount) * max(c.rate_bp) / 10000 AS whole
              FROM incentives_commissionline c
              JOIN incentives_planrate r ON r.id = c.rate_id AND r.fixed_amount IS NULL
              JOIN customers_orderline l ON l.id = c.order_line_id
             WHERE c.role = 'pot'
             GROUP BY c.order_id, c.order_line_id) AS p
         WHERE (p.posted > p.whole OR p.posted < 0) AND NOT EXISTS ({_WAITS})
        """,
    ),
    (
        "override_limits",
        "At most one manager has an override on a line, of staff, and not on an own sale",
        f"""
        SELECT p.order_line_id AS line, count(*) AS managers FROM (
            SELECT c.order_id, c.order_line_id, c.creator_id
              FROM incentives_commissionline c WHERE c.role = 'manager'
             GROUP BY c.order_id, c.order_line_id, c.creator_id HAVING sum(c.amount) <> 0) AS p
          JOIN matrix_creator m ON m.id = p.creator_id
          JOIN customers_order o ON o.id = p.order_id
         WHERE NOT EXISTS ({_WAITS})
         GROUP BY p.order_line_id
        HAVING count(*) > 1 OR bool_or(m.kind <> 'kos') OR bool_or(o.seller_id = p.creator_id)
            OR bool_or(o.sharer_id = p.creator_id)
        """,
    ),
    (
        "order_caps",
        "What all roles got of an order stays under the plan's cap for an order",
        f"""
        SELECT p.order_id AS order, p.posted, v.order_cap FROM (
            SELECT order_id, sum(amount) AS posted, min(run_id) AS run_id
              FROM incentives_commissionline GROUP BY order_id) AS p
          JOIN customers_order o ON o.id = p.order_id
          JOIN (SELECT brand_id, min(order_cap) AS least FROM incentives_planversion
                 WHERE state = 'approved' GROUP BY brand_id) AS b
            ON b.brand_id = o.brand_id AND p.posted > b.least
          JOIN incentives_commissionrun r ON r.id = p.run_id
          -- The plan under which the order was first credited, else that of its day.
          JOIN incentives_planversion v ON v.id = COALESCE(
               (SELECT (e->>'version')::bigint FROM jsonb_array_elements(r.plan) AS e
                 WHERE daterange((e->>'first')::date, (e->>'until')::date) @> o.business_date),
               (SELECT t.id FROM incentives_planversion t
                 WHERE t.brand_id = o.brand_id AND t.state = 'approved'
                   AND t.valid @> o.business_date))
         WHERE p.posted > v.order_cap AND NOT EXISTS ({_WAITS})
        """,
    ),
    (
        "months_follow",
        "The lines of a month follow each other and add up to its target",
        """
        SELECT * FROM (
            SELECT id AS line, sequence, target, row_number() OVER w AS place,
                   sum(amount) OVER w AS so_far
              FROM incentives_monthline
            WINDOW w AS (PARTITION BY creator_id, month, version_id ORDER BY sequence)) AS numbered
         WHERE sequence <> place OR target <> so_far
        """,
    ),
    (
        "months_in_books",
        "What months added or took stands in the books, person by person",
        """
        SELECT run_id AS run, creator_id AS creator, sum(line) AS lines, sum(book) AS books
          FROM (SELECT l.run_id, l.creator_id, l.amount AS line, 0 AS book
                  FROM incentives_monthline l
                  JOIN incentives_commissionrun r ON r.id = l.run_id AND r.state = 'posted'
                UNION ALL
                SELECT split_part(j.source, ':', 2)::bigint, a.creator_id, 0, -p.amount
                  FROM incentives_journal j
                  JOIN incentives_posting p ON p.journal_id = j.id AND p.line = 2
                  JOIN incentives_ledgeraccount a ON a.id = p.account_id
                 WHERE j.source ~ '^month:[0-9]+$') AS both_sides
         GROUP BY run_id, creator_id HAVING sum(line) <> sum(book)
        """,
    ),
    (
        "month_caps",
        "What a person got in a month by a rate or plan with a limit stays under it",
        """
        WITH entitled AS (
            SELECT c.creator_id, date_trunc('month', o.business_date)::date AS month,
                   r.version_id, c.amount
              FROM incentives_planversion v
              JOIN incentives_planrate r ON r.version_id = v.id
              JOIN incentives_commissionline c ON c.rate_id = r.id
              JOIN customers_order o ON o.id = c.order_id
             WHERE v.person_cap IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM customers_changedorder w WHERE w.order_id = o.id)
            UNION ALL
            SELECT l.creator_id, l.month, l.version_id, l.amount
              FROM incentives_monthline l
              JOIN incentives_planversion v ON v.id = l.version_id AND v.person_cap IS NOT NULL
        )
        SELECT e.creator_id AS creator, e.month::text AS month, sum(e.amount) AS got, v.person_cap
          FROM entitled e JOIN incentives_planversion v ON v.id = e.version_id
         WHERE NOT EXISTS (
            SELECT 1 FROM incentives_changedmonth w
             WHERE w.creator_id = e.creator_id AND w.month = e.month)
         GROUP BY e.creator_id, e.month, e.version_id, v.person_cap
        HAVING sum(e.amount) > v.person_cap
           -- An order that waits for the next run is left out above, its month is not.
           AND NOT EXISTS (
            SELECT 1 FROM customers_changedorder w
              JOIN incentives_commissionline c ON c.order_id = w.order_id
             WHERE c.creator_id = e.creator_id)
        """,
    ),
)
