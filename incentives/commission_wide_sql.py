"""Accrual by plans that ask for more than category, tier and kind: `commission.order_targets` in SQL.

Used for spans that such a plan touches; the others keep to the one statement of `commission_sql`.
Here each step fills a table of the transaction, since one statement of this size would be planned
without knowing how many rows its parts have. The step that ends in lines is shared in kind with the
plain one: target minus posted, one insert, due days beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from incentives.commission import POT, Rate
from incentives.models import CommissionRun, PlanVersion
from incentives.month_sql import MONTHLY_RATES
from incentives.plans import own_part, rates_of
from kosops.lib import sql

# What wins stands first: the place in this order is all that the statements know of precedence.
_RULE = """
    CREATE TEMP TABLE IF NOT EXISTS run_rule (
        version integer, place integer, role text, rate_id bigint, rate_bp integer, fixed bigint,
        per_piece boolean, of_seller boolean, category text, sku text, store text, channel text,
        buyer text, tier text, kind text) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS run_terms (
        number integer, order_cap bigint, own_bp integer, first date, shield_until date,
        shield_days integer, before integer) ON COMMIT DROP;
    TRUNCATE run_rule, run_terms
"""


@dataclass(frozen=True)
class WideRules:
    """The versions of a run with all that they ask for, as rows of temporary tables."""

    rules: list[tuple[Any, ...]]
    terms: list[tuple[Any, ...]]
    words: dict[str, Any]

    @classmethod
    def of(cls, run: CommissionRun, versions: Sequence[PlanVersion]) -> WideRules:
        days = {entry["version"]: entry for entry in run.plan}
        # The version that ended where another begins, whose rates the shield keeps.
        ended = {days[version.pk]["until"]: place for place, version in enumerate(versions)}
        rules: list[tuple[Any, ...]] = []
        terms: list[tuple[Any, ...]] = []
        named: set[Rate] = set()
        for number, version in enumerate(versions):
            own = sorted(rates_of(version), key=lambda rate: rate.precedence, reverse=True)
            named |= set(own)
            rules += [_rule(number, place, rate) for place, rate in enumerate(own)]
            first = days[version.pk]["first"]
            before = ended.get(first) if version.shield_days and first else None
            terms.append(
                (
                    *(number, version.order_cap, own_part(version), first),
                    *(version.shield_days, before),
                )
            )
        words = {
            "named_categories": sorted({rate.category for rate in named} - {""}),
            "named_skus": sorted({rate.sku for rate in named} - {""}),
            "named_channels": sorted({rate.channel for rate in named} - {""}),
            "named_tiers": sorted({rate.tier for rate in named} - {""}),
            "names_stores": any(rate.store for rate in named),
            "names_buyers": any(rate.buyer for rate in named),
            "has_pot": any(rate.role == POT for rate in named),
        }
        return cls(rules, terms, words)

    def write(self) -> None:
        sql.execute(_RULE)
        _fill("run_rule", self.rules)
        _fill("run_terms (number, order_cap, own_bp, first, shield_days, before)", self.terms)
        sql.execute("UPDATE run_terms SET shield_until = first + shield_days")
        sql.execute("ANALYZE run_rule, run_terms")


def _rule(number: int, place: int, rate: Rate) -> tuple[Any, ...]:
    return (
        *(number, place, rate.role, rate.id, rate.rate_bp, rate.fixed, rate.per_piece),
        *(rate.of_seller, rate.category, rate.sku, rate.store, rate.channel, rate.buyer),
        *(rate.tier, rate.kind),
    )


def _fill(table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        places = ", ".join(f"%(c{column})s" for column in range(len(rows[0])))
        for row in rows:
            sql.execute(
                f"INSERT INTO {table} VALUES ({places})",
                {f"c{column}": value for column, value in enumerate(row)},
            )


# Orders that were first credited under another limit for an order than today's plan has for their
# day: the first run kept the plan that it went by.
_KEPT = """
    CREATE TEMP TABLE IF NOT EXISTS wide_kept (
        order_id bigint PRIMARY KEY, order_cap bigint) ON COMMIT DROP;
    TRUNCATE wide_kept;
    INSERT INTO wide_kept
    SELECT f.order_id, kept.order_cap
      FROM (SELECT c.order_id, min(c.run_id) AS run_id
              FROM run_batch b JOIN incentives_commissionline c ON c.order_id = b.order_id
                   AND c.order_id > %(after)s AND c.order_id <= %(upto)s
             GROUP BY c.order_id) AS f
      JOIN customers_order o ON o.id = f.order_id AND o.id > %(after)s AND o.id <= %(upto)s
      JOIN incentives_commissionrun r ON r.id = f.run_id
     CROSS JOIN LATERAL jsonb_array_elements(r.plan) AS entry
      JOIN incentives_planversion kept ON kept.id = (entry->>'version')::bigint
      LEFT JOIN run_version v ON v.valid @> o.business_date
      LEFT JOIN incentives_planversion now ON now.id = v.version_id
     WHERE daterange((entry->>'first')::date, (entry->>'until')::date) @> o.business_date
       AND kept.order_cap IS DISTINCT FROM now.order_cap
"""

# Whether the span holds anything that the plain statement does not know.
_TOUCHES = """
    SELECT EXISTS (
        SELECT 1 FROM run_batch b
          JOIN customers_order o ON o.id = b.order_id AND o.id > %(after)s AND o.id <= %(upto)s
          JOIN run_version v ON v.wide AND v.valid @> o.business_date
    ) OR EXISTS (
        SELECT 1 FROM run_posted f JOIN incentives_planrate r ON r.id = f.rate_id
          JOIN run_version v ON v.wide AND v.version_id = r.version_id
    ) OR EXISTS (SELECT 1 FROM wide_kept) AS wide
"""

_TABLES = """
    CREATE TEMP TABLE IF NOT EXISTS wide_order (
        order_id bigint, store_id bigint, store text, day date, channel text, buyer text,
        closed boolean, refunding boolean, version integer, cap_bp integer, order_cap bigint,
        hold_days integer, own_bp integer, before integer, seller_id bigint, sharer_id bigint,
        manager_id bigint, own_id bigint, held_from date) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS wide_staff (
        store_id bigint, day date, creator_id bigint, weight integer, all_weight bigint)
        ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS wide_claim (
        order_id bigint, line_id bigint, role text, place smallint, creator_id bigint, tier text,
        kind text, version integer, before integer, base bigint, paid bigint, pieces integer,
        category text, sku text, store text, channel text, buyer text, part_bp integer)
        ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS wide_answer (
        version integer, role text, category text, sku text, store text, channel text, buyer text,
        tier text, kind text, rate_id bigint, rate_bp integer, fixed bigint, per_piece boolean,
        of_seller boolean) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS wide_priced (
        order_id bigint, line_id bigint, role text, creator_id bigint, base bigint, rate_id bigint,
        rate_bp integer, wanted bigint, of_seller boolean, frozen_cap integer) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS wide_part (
        order_id bigint, line_id bigint, role text, place smallint, creator_id bigint,
        rate_id bigint, rate_bp integer, base bigint, amount bigint) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS wide_owed (
        order_id bigint, line_id bigint, role text, creator_id bigint, rate_id bigint,
        rate_bp integer, base bigint, target bigint) ON COMMIT DROP;
    TRUNCATE wide_order, wide_staff, wide_claim, wide_answer, wide_priced, wide_part, wide_owed
"""

# The manager led the store in which the seller had a place on the day; the pot is that of the
# order's store.
_ORDERS = """
    INSERT INTO wide_order
    SELECT o.id, o.store_id, u.path, o.business_date, o.channel,
           CASE WHEN NOT %(names_buyers)s OR o.buyer_key IS NULL THEN ''
                WHEN EXISTS (
                    SELECT 1 FROM customers_order p
                     WHERE p.brand_id = o.brand_id AND p.buyer_key = o.buyer_key
                       AND p.status <> 'closed' AND p.paid_at <= o.paid_at
                       AND (p.paid_at, p.id) < (o.paid_at, o.id)) THEN 'repeat'
                ELSE 'new' END,
           o.status = 'closed', o.status = 'refunding', v.number, COALESCE(v.cap_bp, 0),
           CASE WHEN k.order_id IS NULL THEN t.order_cap ELSE k.order_cap END, v.hold_days,
           COALESCE(t.own_bp, 10000),
           CASE WHEN o.business_date < t.shield_until THEN t.before END,
           o.seller_id, CASE WHEN o.sharer_id IS DISTINCT FROM o.seller_id THEN o.sharer_id END,
           CASE WHEN lead.creator_id IS DISTINCT FROM o.sharer_id
                 AND lead.creator_id <> o.seller_id THEN lead.creator_id END,
           (SELECT w.creator_id FROM incentives_ownbuyer w
             WHERE w.brand_id = o.brand_id AND w.buyer_key = o.buyer_key),
           COALESCE((o.finished_at AT TIME ZONE %(zone)s)::date, o.business_date)
      FROM run_batch b
      JOIN customers_order o ON o.id = b.order_id AND o.currency = %(currency)s
           AND o.id > %(after)s AND o.id <= %(upto)s
      JOIN accounts_unit u ON u.id = o.store_id
      LEFT JOIN run_version v ON v.valid @> o.business_date
      LEFT JOIN run_terms t ON t.number = v.number
      LEFT JOIN wide_kept k ON k.order_id = o.id
      LEFT JOIN incentives_staffplace own ON own.creator_id = o.seller_id
           AND own.valid @> o.business_date
      LEFT JOIN incentives_staffplace lead ON lead.store_id = own.store_id AND lead.leads
           AND lead.valid @> o.business_date
"""

# Who shares the pot of a store on a day, once for all of its orders.
_STAFF = """
    INSERT INTO wide_staff
    SELECT d.store_id, d.day, p.creator_id, p.weight,
           sum(p.weight) OVER (PARTITION BY d.store_id, d.day)
      FROM (SELECT DISTINCT store_id, day FROM wide_order WHERE %(has_pot)s) AS d
      JOIN incentives_staffplace p ON p.store_id = d.store_id AND p.valid @> d.day AND p.weight > 0
"""

# One row for each line and role, before anybody knows whether there is a rate. Words that no rate
# names are left out, so that few different questions remain.
_CLAIMS = """
    INSERT INTO wide_claim
    SELECT n.order_id, l.id, who.role, who.place, who.creator_id,
           CASE WHEN c.tier = ANY (%(named_tiers)s::text[]) THEN c.tier ELSE '' END,
           COALESCE(c.kind, ''), n.version, CASE WHEN who.place <= 2 THEN n.before END,
           CASE WHEN n.closed OR NOT l.commissionable THEN 0
                ELSE l.paid_amount - l.refunded_amount END,
           l.paid_amount, l.quantity,
           CASE WHEN l.category = ANY (%(named_categories)s::text[]) THEN l.category ELSE '' END,
           CASE WHEN l.sku = ANY (%(named_skus)s::text[]) THEN l.sku ELSE '' END,
           CASE WHEN %(names_stores)s THEN n.store ELSE '' END,
           CASE WHEN n.channel = ANY (%(named_channels)s::text[]) THEN n.channel ELSE '' END,
           n.buyer, CASE WHEN who.creator_id = n.own_id THEN n.own_bp ELSE 10000 END
      FROM wide_order n
      JOIN customers_orderline l ON l.order_id = n.order_id
           AND l.order_id > %(after)s AND l.order_id <= %(upto)s
     CROSS JOIN LATERAL (VALUES ('seller', 1, n.seller_id), ('sharer', 2, n.sharer_id),
                                ('pot', 3, NULL), ('manager', 4, n.manager_id))
           AS who (role, place, creator_id)
      LEFT JOIN matrix_creator c ON c.id = who.creator_id
     WHERE who.creator_id IS NOT NULL
        OR (who.role = 'pot' AND (n.store_id, n.day) IN (SELECT store_id, day FROM wide_staff))
"""

# The shield is for people who were named on an order in as many days before the plan.
_SHIELD = """
    UPDATE wide_claim w SET before = NULL
     WHERE before IS NOT NULL AND (creator_id, role, version) NOT IN (
        SELECT s.creator_id, s.role, s.version
          FROM (SELECT DISTINCT creator_id, role, version FROM wide_claim
                 WHERE before IS NOT NULL) AS s
          JOIN run_terms t ON t.number = s.version
         WHERE EXISTS (
            SELECT 1 FROM customers_order o
             WHERE o.seller_id = s.creator_id AND s.role = 'seller' AND o.status <> 'closed'
               AND o.brand_id = %(brand)s
               AND o.business_date >= t.first - t.shield_days AND o.business_date < t.first)
            OR EXISTS (
            SELECT 1 FROM customers_order o
             WHERE o.sharer_id = s.creator_id AND s.role = 'sharer' AND o.status <> 'closed'
               AND o.brand_id = %(brand)s
               AND o.business_date >= t.first - t.shield_days AND o.business_date < t.first))
"""

# Every different question is answered once.
_ANSWERS = """
    INSERT INTO wide_answer
    SELECT DISTINCT ON (q.version, q.role, q.category, q.sku, q.store, q.channel, q.buyer, q.tier,
                        q.kind)
           q.*, r.rate_id, r.rate_bp, r.fixed, r.per_piece, r.of_seller
      FROM (SELECT version, role, category, sku, store, channel, buyer, tier, kind
              FROM wide_claim WHERE version IS NOT NULL
            UNION
            SELECT before, role, category, sku, store, channel, buyer, tier, kind
              FROM wide_claim WHERE before IS NOT NULL) AS q
      JOIN run_rule r ON r.version = q.version AND r.role = q.role
           AND r.category IN ('', q.category) AND r.sku IN ('', q.sku)
           AND starts_with(q.store, r.store) AND r.channel IN ('', q.channel)
           AND r.buyer IN ('', q.buyer) AND r.tier IN ('', q.tier) AND r.kind IN ('', q.kind)
     ORDER BY q.version, q.role, q.category, q.sku, q.store, q.channel, q.buyer, q.tier, q.kind,
              r.place
"""

_SAME = """{a}.role = w.role AND {a}.category = w.category AND {a}.sku = w.sku
           AND {a}.store = w.store AND {a}.channel = w.channel AND {a}.buyer = w.buyer
           AND {a}.tier = w.tier AND {a}.kind = w.kind"""

# A frozen rate first, then that of the shield, then today's. A fixed amount is worked out here.
_PRICED = f"""
    INSERT INTO wide_priced
    SELECT order_id, line_id, role, creator_id, base, rate_id,
           CASE WHEN fixed IS NOT NULL THEN 0
                WHEN frozen_bp IS NOT NULL THEN frozen_bp
                ELSE (rate_bp::bigint * part_bp / 10000)::integer END,
           CASE WHEN fixed IS NULL THEN NULL
                WHEN paid = 0 THEN 0
                ELSE div(div(fixed::numeric * base * CASE WHEN per_piece THEN GREATEST(pieces, 0)
                             ELSE 1 END, paid) * part_bp, 10000)::bigint END,
           of_seller, frozen_cap
      FROM (SELECT w.order_id, w.line_id, w.role, w.creator_id, w.base, w.paid, w.pieces, w.part_bp,
                   f.rate_bp AS frozen_bp, f.cap_bp AS frozen_cap,
                   COALESCE(f.rate_id, chosen.rate_id) AS rate_id,
                   CASE WHEN f.rate_id IS NULL THEN chosen.rate_bp ELSE f.rate_bp END AS rate_bp,
                   CASE WHEN f.rate_id IS NULL THEN chosen.fixed ELSE r.fixed_amount END AS fixed,
                   CASE WHEN f.rate_id IS NULL THEN chosen.per_piece ELSE r.per_piece END
                       AS per_piece,
                   CASE WHEN f.rate_id IS NULL THEN chosen.of_seller ELSE r.base = 'seller' END
                       AS of_seller
              FROM wide_claim w
              LEFT JOIN wide_frozen f ON f.order_line_id = w.line_id AND f.role = w.role
                   AND f.creator_id IS NOT DISTINCT FROM w.creator_id
              LEFT JOIN incentives_planrate r ON r.id = f.rate_id
              LEFT JOIN wide_answer a ON a.version = w.version AND {_SAME.format(a="a")}
              LEFT JOIN wide_answer p ON p.version = w.before AND {_SAME.format(a="p")}
             CROSS JOIN LATERAL (
                SELECT p.rate_id IS NOT NULL AND (
                    a.rate_id IS NULL
                    OR (a.fixed IS NULL AND p.fixed IS NULL AND a.rate_bp < p.rate_bp)
                    OR (a.fixed < p.fixed AND a.per_piece = p.per_piece)) AS kept) AS shield
             CROSS JOIN LATERAL (
                SELECT CASE WHEN shield.kept THEN p.rate_id ELSE a.rate_id END AS rate_id,
                       CASE WHEN shield.kept THEN p.rate_bp ELSE a.rate_bp END AS rate_bp,
                       CASE WHEN shield.kept THEN p.fixed ELSE a.fixed END AS fixed,
                       CASE WHEN shield.kept THEN p.per_piece ELSE a.per_piece END AS per_piece,
                       CASE WHEN shield.kept THEN p.of_seller ELSE a.of_seller END AS of_seller
             ) AS chosen) AS found
     WHERE rate_id IS NOT NULL
"""

# The pot is frozen for all who share it, the others each for themself.
_FROZEN = """
    CREATE TEMP TABLE IF NOT EXISTS wide_frozen (
        order_line_id bigint, creator_id bigint, role text, rate_id bigint, rate_bp integer,
        cap_bp integer) ON COMMIT DROP;
    TRUNCATE wide_frozen;
    INSERT INTO wide_frozen
    SELECT order_line_id, CASE WHEN role <> 'pot' THEN creator_id END, role, min(rate_id),
           max(rate_bp), min(cap_bp)
      FROM run_posted GROUP BY 1, 2, 3
"""


def _within(role: str, left: str) -> str:
    """What a role gets of ``left`` basis points of the line: rate, amount and part taken up."""
    percent = f"GREATEST(0, LEAST({role}_bp, {left}))"
    wanted = (
        f"COALESCE({role}_wanted, seller_amount * {role}_bp / 10000)"
        if role == "manager"
        else f"{role}_wanted"
    )
    plain = f"{role}_wanted IS NULL" + (" AND NOT manager_of_seller" if role == "manager" else "")
    amount = f"LEAST({wanted}, base * GREATEST(0, {left}) / 10000)"
    return f"""
        CASE WHEN {role}_rate IS NULL THEN 0 WHEN {plain} THEN {percent} ELSE {role}_bp END
            AS {role}_rate_bp,
        CASE WHEN {role}_rate IS NULL THEN 0 WHEN {plain} THEN base * {percent} / 10000
             ELSE {amount} END AS {role}_amount,
        CASE WHEN {role}_rate IS NULL THEN 0 WHEN {plain} THEN {percent}
             WHEN base = 0 THEN 0 ELSE ({amount} * 10000 + base - 1) / base END AS {role}_used
    """


def _column(role: str) -> str:
    picked = {
        "rate": "rate_id",
        "who": "creator_id",
        "bp": "rate_bp",
        "wanted": "wanted",
        "frozen": "frozen_cap",
    }
    return ", ".join(
        f"max(w.{column}) FILTER (WHERE w.role = '{role}') AS {role}_{name}"
        for name, column in picked.items()
    )


# One role after the other under the cap, as `commission.line_parts`. Each step is worked out once:
# folded into the next, the first would be worked out over and over.
_PARTS = f"""
    INSERT INTO wide_part
    WITH line AS (
        SELECT w.order_id, w.line_id, max(w.base) AS base, n.cap_bp,
               {_column("seller")}, {_column("sharer")}, {_column("pot")}, {_column("manager")},
               COALESCE(bool_or(w.of_seller) FILTER (WHERE w.role = 'manager'), false)
                   AS manager_of_seller
          FROM wide_priced w JOIN wide_order n ON n.order_id = w.order_id
         GROUP BY w.order_id, w.line_id, n.cap_bp
    ), first AS MATERIALIZED (
        SELECT *, {
    _within(
        "seller",
        '''(CASE WHEN seller_frozen IS NOT NULL AND seller_wanted IS NULL THEN seller_bp
                 WHEN seller_frozen IS NOT NULL THEN GREATEST(cap_bp, seller_frozen)
                 WHEN sharer_frozen IS NULL THEN cap_bp
                 WHEN sharer_wanted IS NULL THEN cap_bp - sharer_bp
                 WHEN base = 0 THEN cap_bp
                 ELSE cap_bp - (sharer_wanted * 10000 + base - 1) / base END)''',
    )
}
          FROM line
    ), second AS MATERIALIZED (
        SELECT *, {
    _within(
        "sharer",
        '''(CASE WHEN sharer_frozen IS NULL THEN cap_bp
                 ELSE GREATEST(cap_bp, seller_frozen, sharer_frozen) END - seller_used)''',
    )
}
          FROM first
    ), third AS MATERIALIZED (
        SELECT *, {
    _within(
        "pot",
        '''(CASE WHEN pot_frozen IS NULL THEN cap_bp
                 ELSE GREATEST(cap_bp, seller_frozen, sharer_frozen, pot_frozen) END
            - seller_used - sharer_used)''',
    )
}
          FROM second
    ), fourth AS MATERIALIZED (
        SELECT *, {
    _within(
        "manager",
        '''(CASE WHEN manager_frozen IS NULL THEN cap_bp
                 ELSE GREATEST(cap_bp, seller_frozen, sharer_frozen, pot_frozen, manager_frozen) END
            - seller_used - sharer_used - pot_used)''',
    )
}
          FROM third
    )
    SELECT f.order_id, f.line_id, part.role, part.place, part.creator_id, part.rate_id,
           part.rate_bp, part.base, part.amount
      FROM fourth f
     CROSS JOIN LATERAL (VALUES
        ('seller', 1, seller_who, seller_rate, seller_rate_bp, base, seller_amount),
        ('sharer', 2, sharer_who, sharer_rate, sharer_rate_bp, base, sharer_amount),
        ('pot', 3, NULL, pot_rate, pot_rate_bp, base, pot_amount),
        ('manager', 4, manager_who, manager_rate, manager_rate_bp,
         CASE WHEN manager_of_seller THEN seller_amount ELSE base END, manager_amount))
        AS part (role, place, creator_id, rate_id, rate_bp, base, amount)
     WHERE part.rate_id IS NOT NULL
"""

# Line by line and role by role, as long as the order's cap leaves something.
_ORDER_CAP = """
    UPDATE wide_part p SET amount = GREATEST(0, LEAST(p.amount, s.order_cap - s.before))
      FROM (SELECT w.line_id, w.role, n.order_cap,
                   COALESCE(sum(w.amount) OVER (PARTITION BY w.order_id ORDER BY w.line_id, w.place
                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
              FROM wide_part w JOIN wide_order n ON n.order_id = w.order_id
             WHERE n.order_cap IS NOT NULL) AS s
     WHERE p.line_id = s.line_id AND p.role = s.role AND p.amount > s.order_cap - s.before
"""

# The pot by largest remainder, ties by the person's number here (`kosops.lib.money.split`).
_OWED = """
    INSERT INTO wide_owed
    SELECT order_id, line_id, role, creator_id, rate_id, rate_bp, base, amount
      FROM wide_part WHERE role <> 'pot'
    UNION ALL
    SELECT order_id, line_id, 'pot', creator_id, rate_id, rate_bp, base,
           (whole + (turn <= amount - sum(whole) OVER (PARTITION BY line_id))::int)::bigint
      FROM (SELECT p.order_id, p.line_id, s.creator_id, p.rate_id, p.rate_bp, p.base, p.amount,
                   div(p.amount::numeric * s.weight, sum(s.weight) OVER line) AS whole,
                   row_number() OVER (PARTITION BY p.line_id ORDER BY
                        mod(p.amount::numeric * s.weight, s.all_weight) DESC, s.creator_id) AS turn
              FROM wide_part p JOIN wide_order n ON n.order_id = p.order_id
              JOIN wide_staff s ON s.store_id = n.store_id AND s.day = n.day
             WHERE p.role = 'pot'
            WINDOW line AS (PARTITION BY p.line_id)) AS cut
    UNION ALL
    -- Beneficiaries who are no longer named are owed nothing.
    SELECT f.order_id, f.order_line_id, f.role, f.creator_id, f.rate_id, f.rate_bp, 0, 0
      FROM run_posted f JOIN wide_order n ON n.order_id = f.order_id
     WHERE f.role <> 'pot' AND NOT EXISTS (
        SELECT 1 FROM wide_part p
         WHERE p.line_id = f.order_line_id AND p.role = f.role AND p.creator_id = f.creator_id)
"""

_NO_LONGER_IN_THE_POT = """
    INSERT INTO wide_owed
    SELECT f.order_id, f.order_line_id, f.role, f.creator_id, f.rate_id, f.rate_bp, 0, 0
      FROM run_posted f JOIN wide_order n ON n.order_id = f.order_id
     WHERE f.role = 'pot' AND NOT EXISTS (
        SELECT 1 FROM wide_owed p
         WHERE p.line_id = f.order_line_id AND p.role = 'pot' AND p.creator_id = f.creator_id)
"""

# Months in which a person's lines changed, or stand in a month that counts as a whole.
_MONTHS = f"""
    INSERT INTO incentives_changedmonth (creator_id, brand_id, month)
    SELECT DISTINCT w.creator_id, %(brand)s::bigint, date_trunc('month', n.day)::date
      FROM wide_owed w JOIN wide_order n ON n.order_id = w.order_id
     WHERE w.rate_id IN ({MONTHLY_RATES})
     ORDER BY 1, 3
        ON CONFLICT (creator_id, month) DO NOTHING
"""

# A line that earns its rate in full and comes to nothing today is credited all the same where the
# rate has steps: it may be what reaches the next one.
_WRITE = """
    WITH change AS MATERIALIZED (
        SELECT w.*, f.sequence, COALESCE(f.posted, 0) AS posted
          FROM wide_owed w
          LEFT JOIN run_posted f ON f.order_line_id = w.line_id AND f.creator_id = w.creator_id
               AND f.role = w.role
         WHERE w.target <> COALESCE(f.posted, 0)
            OR (f.sequence IS NULL AND w.base > 0 AND w.target = w.base * w.rate_bp / 10000
                AND EXISTS (
                    SELECT 1 FROM incentives_planrate r
                      JOIN incentives_planband b ON b.rate_id = r.id
                      JOIN wide_order n ON n.order_id = w.order_id
                     WHERE r.id = w.rate_id AND r.rate_bp = w.rate_bp
                       AND (n.own_id IS DISTINCT FROM w.creator_id OR n.own_bp = 10000)))
    ), added AS (
        INSERT INTO incentives_commissionline (run_id, order_id, order_line_id, creator_id, role,
            rate_id, rate_bp, sequence, base, target, amount)
        SELECT %(run)s, order_id, line_id, creator_id, role, rate_id, rate_bp,
               COALESCE(sequence, 0) + 1, base, target, target - posted
          FROM change ORDER BY order_id, line_id
    ), credited AS (
        SELECT n.order_id, n.refunding,
               n.refunding AND EXISTS (
                    SELECT 1 FROM incentives_releaseline r WHERE r.order_id = n.order_id)
                   AS only_back,
               GREATEST(%(as_of)s, n.held_from + COALESCE(n.hold_days, (
                    SELECT max(v.hold_days) FROM run_posted f
                      JOIN incentives_planrate r ON r.id = f.rate_id
                      JOIN incentives_planversion v ON v.id = r.version_id
                     WHERE f.order_id = n.order_id))) AS due_on
          FROM wide_order n
         WHERE n.order_id IN (SELECT order_id FROM change UNION ALL SELECT order_id FROM run_posted)
    ), waits AS (
        INSERT INTO incentives_pendingrelease (order_id, brand_id, due_on, only_back)
        SELECT order_id, %(brand)s, due_on, only_back
          FROM credited WHERE only_back OR NOT refunding
    )
    SELECT count(*) AS lines FROM change
"""


def touches(place: dict[str, Any]) -> bool:
    """Whether the batch needs this way of working; `run_batch` and `run_posted` are filled."""
    sql.execute(_KEPT, place)
    return bool(sql.fetch_one(_TOUCHES, place)["wide"])


def accrue(place: dict[str, Any], rules: WideRules) -> int:
    """Write what the commission of the batch changed by; how many lines."""
    facts = {
        **place,
        **rules.words,
        "currency": settings.CURRENCY,
        "zone": settings.TIME_ZONE,
    }
    rules.write()
    sql.execute(_TABLES)
    sql.execute(_FROZEN)
    sql.execute(_ORDERS, facts)
    sql.execute("ANALYZE wide_order, wide_frozen")
    sql.execute(_STAFF, facts)
    sql.execute("ANALYZE wide_staff")
    sql.execute(_CLAIMS, facts)
    sql.execute("ANALYZE wide_claim")
    sql.execute(_SHIELD, facts)
    sql.execute(_ANSWERS)
    sql.execute("ANALYZE wide_answer")
    sql.execute(_PRICED)
    sql.execute("ANALYZE wide_priced")
    sql.execute(_PARTS)
    sql.execute("ANALYZE wide_part")
    sql.execute(_ORDER_CAP)
    sql.execute(_OWED)
    sql.execute(_NO_LONGER_IN_THE_POT)
    sql.execute("ANALYZE wide_owed")
    sql.execute(_MONTHS, facts)
    return int(sql.fetch_one(_WRITE, facts)["lines"])
