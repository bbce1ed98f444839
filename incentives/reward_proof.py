"""What the nightly proof asks about rewards and points: their lines equal the books."""

from __future__ import annotations

from incentives.proof import Check

CHECKS = (
    Check(
        "rewards_in_books",
        "The lines of every run of rewards equal its journals",
        """
        SELECT source, creator_id AS creator, kind, sum(line) AS lines, sum(book) AS books
          FROM (SELECT 'reward_run:' || l.run_id AS source, i.creator_id, l.kind, l.amount AS line,
                       0 AS book
                  FROM incentives_rewardline l JOIN incentives_rewarditem i ON i.id = l.item_id
                  JOIN incentives_rewardrule r ON r.id = i.rule_id AND r.currency NOT IN ('PTS', 'CPN')
                UNION ALL
                SELECT j.source, a.creator_id, split_part(j.key, ':', 1), 0, -p.amount
                  FROM incentives_journal j
                  JOIN incentives_posting p ON p.journal_id = j.id AND p.line = 2
                  JOIN incentives_ledgeraccount a ON a.id = p.account_id
                 WHERE starts_with(j.source, 'reward_run:')) AS both_sides
         GROUP BY source, creator_id, kind HAVING sum(line) <> sum(book)
        """,
    ),
    Check(
        "rewards_in_points",
        "Rewards in points equal the points that they brought",
        """
        SELECT i.id AS reward, i.creator_id AS creator, i.earned, i.released,
               COALESCE(l.earned, 0) AS line_earned, COALESCE(l.released, 0) AS line_released,
               COALESCE(p.points, 0) AS points
          FROM incentives_rewarditem i
          JOIN incentives_rewardrule r ON r.id = i.rule_id AND r.currency = 'PTS'
          LEFT JOIN (SELECT item_id, sum(amount) FILTER (WHERE kind = 'earned') AS earned,
                            sum(amount) FILTER (WHERE kind = 'released') AS released
                       FROM incentives_rewardline GROUP BY item_id) l ON l.item_id = i.id
          LEFT JOIN (SELECT key, creator_id, sum(amount) AS points FROM incentives_pointline
                      WHERE source = 'reward' GROUP BY key, creator_id) p
                 ON p.key = i.id::text AND p.creator_id = i.creator_id
         WHERE (i.earned, i.earned, i.released)
               <> (COALESCE(p.points, 0), COALESCE(l.earned, 0), COALESCE(l.released, 0))
        UNION ALL
        SELECT NULL, p.creator_id, 0, 0, 0, 0, p.amount
          FROM incentives_pointline p
         WHERE p.source = 'reward'
           AND NOT EXISTS (SELECT 1 FROM incentives_rewarditem i
                            WHERE i.id::text = p.key AND i.creator_id = p.creator_id)
        """,
    ),
    Check(
        "rewards_in_coupons",
        "Rewards in coupons equal their lines, and no more was handed out than was earned",
        """
        SELECT i.id AS reward, i.creator_id AS creator, i.earned, i.released,
               COALESCE(l.earned, 0) AS line_earned, COALESCE(l.released, 0) AS line_released,
               COALESCE(p.pieces, 0) AS handed_out
          FROM incentives_rewarditem i
          JOIN incentives_rewardrule r ON r.id = i.rule_id AND r.currency = 'CPN'
          LEFT JOIN (SELECT item_id, sum(amount) FILTER (WHERE kind = 'earned') AS earned,
                            sum(amount) FILTER (WHERE kind = 'released') AS released
                       FROM incentives_rewardline GROUP BY item_id) l ON l.item_id = i.id
          LEFT JOIN (SELECT x.item_id, count(*) AS pieces
                       FROM incentives_redemption x
                       JOIN incentives_reward w ON w.id = x.reward_id
                      WHERE x.item_id IS NOT NULL AND x.state <> 'cancelled'
                        AND (x.state = 'to_do' OR w.delivery = 'code')
                      GROUP BY x.item_id) p ON p.item_id = i.id
         WHERE (i.earned, i.released) <> (COALESCE(l.earned, 0), COALESCE(l.released, 0))
            OR COALESCE(p.pieces, 0) > i.earned
        """,
    ),
    Check(
        "codes_in_stock",
        "What is left of a coupon equals its codes that nobody has",
        """
        SELECT w.id AS reward, w.stock, w.taken, COALESCE(c.free, 0) AS free
          FROM incentives_reward w
          LEFT JOIN (SELECT reward_id, count(*) AS free FROM incentives_couponcode
                      WHERE redemption_id IS NULL GROUP BY reward_id) c ON c.reward_id = w.id
         WHERE w.delivery = 'code' AND w.stock - w.taken <> COALESCE(c.free, 0)
        """,
    ),
    Check(
        "pieces_taken",
        "What is gone of a reward equals the pieces that people have",
        """
        SELECT w.id AS reward, w.taken, COALESCE(x.pieces, 0) AS pieces
          FROM incentives_reward w
          LEFT JOIN (SELECT reward_id, count(*) AS pieces FROM incentives_redemption
                      WHERE state <> 'cancelled' GROUP BY reward_id) x ON x.reward_id = w.id
         WHERE w.delivery <> 'code' AND w.taken <> COALESCE(x.pieces, 0)
        """,
    ),
    Check(
        "points_in_books",
        "What everybody holds in points is what their lines brought less what they spent",
        """
        SELECT creator_id AS creator, sum(owned) AS owned, sum(due) AS due
          FROM (SELECT a.creator_id, -p.amount AS owned, 0 AS due
                  FROM incentives_posting p JOIN incentives_ledgeraccount a ON a.id = p.account_id
                 WHERE a.kind IN ('points', 'points_held')
                UNION ALL
                SELECT creator_id, 0, amount FROM incentives_pointline
                UNION ALL
                SELECT a.creator_id, 0, -p.amount
                  FROM incentives_journal j
                  JOIN incentives_posting p ON p.journal_id = j.id
                  JOIN incentives_ledgeraccount a ON a.id = p.account_id
                 WHERE j.currency = 'PTS' AND a.kind = 'points'
                   AND j.kind IN ('points_spent', 'points_expired')) AS both_sides
         GROUP BY creator_id HAVING sum(owned) <> sum(due)
        """,
    ),
)
