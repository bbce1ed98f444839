"""What the nightly proof asks about payouts and tax; each query yields a row per difference."""

from __future__ import annotations

from incentives.proof import Check

CHECKS = (
    Check(
        "tax_in_books",
        "The tax of every payout is in the books in its state, and nothing else is",
        """
        SELECT COALESCE(p.out_no, j.out_no) AS out_no, p.state, p.tax, j.kinds AS journals
          FROM (SELECT * FROM incentives_payout WHERE tax > 0) p
          FULL JOIN (
            SELECT split_part(j.key, ':', 1) AS out_no, min(abs(g.amount)) AS lowest,
                   max(abs(g.amount)) AS highest, bool_and(a.kind = CASE
                        WHEN j.kind = 'payout_approved' AND g.line = 1
                          OR j.kind = 'payout_failed' AND g.line = 2 THEN 'payable'
                        ELSE 'tax' END) AS right_accounts,
                   array_agg(DISTINCT j.kind::text ORDER BY j.kind::text) AS kinds,
                   count(DISTINCT j.id) AS journals
              FROM incentives_journal j
              JOIN incentives_posting g ON g.journal_id = j.id
              JOIN incentives_ledgeraccount a ON a.id = g.account_id
             WHERE j.source = 'payout_tax'
             GROUP BY 1) AS j ON j.out_no = p.out_no
         WHERE p.id IS NULL OR NOT COALESCE(j.right_accounts, true)
            OR j.lowest <> p.tax OR j.highest <> p.tax
            OR COALESCE(j.kinds, '{}') <>
               CASE WHEN p.state IN ('draft', 'cancelled') THEN '{}'::text[]
                    WHEN p.state IN ('failed', 'expired') THEN '{payout_approved,payout_failed}'
                    ELSE '{payout_approved}' END
        """,
    ),
    Check(
        "approvals_complete",
        "Every approved batch was approved by as many people as its rules asked",
        """
        SELECT b.number, b.checkers_needed, count(a.id) AS approvals
          FROM incentives_payoutbatch b
          LEFT JOIN incentives_approval a ON a.batch_id = b.id AND a.decision = 'approved'
               AND a.content_hash = b.content_hash
         WHERE b.state IN ('approved', 'exported', 'closed')
         GROUP BY b.id HAVING count(a.id) < b.checkers_needed
        """,
    ),
    Check(
        "statement_agrees",
        "Every transfer on a statement of the bank is a paid payout of the same amount",
        """
        SELECT e.provider_no, e.out_no, e.amount AS theirs, p.amount AS ours, p.state
          FROM incentives_providerentry e
          LEFT JOIN incentives_payout p ON p.out_no = e.out_no
               OR e.out_no = '' AND p.provider_no = e.provider_no
         WHERE e.state = 'succeeded'
           AND (p.id IS NULL OR p.amount <> e.amount OR p.state <> 'succeeded')
           AND NOT EXISTS (SELECT 1 FROM incentives_providerentry later
                            WHERE later.brand_id = e.brand_id AND later.out_no = e.out_no
                              AND e.out_no <> '' AND later.id > e.id)
        """,
    ),
    Check(
        "in_flight_too_long",
        "Nothing is on its way for more than a day",
        """
        SELECT p.out_no, p.state, p.amount, b.exported_at
          FROM incentives_payout p JOIN incentives_payoutbatch b ON b.id = p.batch_id
         WHERE p.state IN ('sending', 'wait_payee', 'unknown')
           AND b.exported_at < now() - interval '24 hours'
        """,
    ),
)
