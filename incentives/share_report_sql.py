"""Statements of the share report: which days changed, and the sums of days."""

# Orders that were changed, and what runs posted since; a buyer's earlier order that came late makes
# later ones no first any more.
CHANGED_DAYS = """
    SELECT o.business_date AS day FROM customers_order o
     WHERE o.brand_id = %(brand)s AND o.updated_at >= %(since)s
    UNION
    SELECT s.business_date FROM customers_order o
      JOIN customers_order s ON s.brand_id = o.brand_id AND s.buyer_key = o.buyer_key
                            AND s.paid_at > o.paid_at AND s.sharer_id IS NOT NULL
     WHERE o.brand_id = %(brand)s AND o.updated_at >= %(since)s
    UNION
    SELECT o.business_date FROM incentives_commissionline l
      JOIN customers_order o ON o.id = l.order_id
     WHERE l.role = 'sharer' AND l.run_id IN (
            SELECT r.id FROM incentives_commissionrun r
             WHERE r.brand_id = %(brand)s AND COALESCE(r.posted_at, now()) >= %(since)s)
"""

ALL_DAYS = """
    SELECT DISTINCT business_date AS day FROM customers_order
     WHERE brand_id = %(brand)s AND sharer_id IS NOT NULL
    UNION
    SELECT DISTINCT day FROM incentives_shareday WHERE brand_id = %(brand)s
"""

FORGET = """
    DELETE FROM {table} WHERE brand_id = %(brand)s AND day = ANY(%(days)s)
"""

_SHARED = """o.brand_id = %(brand)s AND o.sharer_id IS NOT NULL AND o.status <> 'closed'
       AND o.currency = %(currency)s AND o.business_date = ANY(%(days)s)"""

PEOPLE = f"""
    INSERT INTO incentives_shareday
           (brand_id, day, store_id, creator_id, orders, paid, returned, commission, firsts, repeats)
    SELECT o.brand_id, o.business_date, o.store_id, o.sharer_id, count(*),
           sum(o.paid_amount), sum(o.refunded_amount), COALESCE(sum(c.amount), 0),
           count(*) FILTER (WHERE NOT b.before), count(*) FILTER (WHERE b.before)
      FROM customers_order o
      LEFT JOIN LATERAL (
            SELECT sum(l.amount) AS amount FROM incentives_commissionline l
             WHERE l.order_id = o.id AND l.role = 'sharer') c ON TRUE
      LEFT JOIN LATERAL (
            SELECT EXISTS (
                SELECT 1 FROM customers_order e
                 WHERE e.brand_id = o.brand_id AND e.buyer_key = o.buyer_key
                   AND e.status <> 'closed' AND (e.paid_at, e.id) < (o.paid_at, o.id)) AS before
            ) b ON o.buyer_key IS NOT NULL
     WHERE {_SHARED}
     GROUP BY 1, 2, 3, 4
"""

NAMES = f"""
    INSERT INTO incentives_sharedarticle (brand_id, sku, title)
    SELECT DISTINCT ON (l.sku) o.brand_id, l.sku, l.title
      FROM customers_order o JOIN customers_orderline l ON l.order_id = o.id
     WHERE {_SHARED} AND l.sku <> ''
     ORDER BY l.sku, o.business_date DESC, l.id DESC
    ON CONFLICT (brand_id, sku) DO UPDATE SET title = EXCLUDED.title
      WHERE incentives_sharedarticle.title <> EXCLUDED.title
"""

ARTICLES = f"""
    INSERT INTO incentives_sharearticleday
           (brand_id, day, store_id, article_id, orders, pieces, paid, returned, commission)
    SELECT o.brand_id, o.business_date, o.store_id, a.id, count(DISTINCT o.id), sum(l.quantity),
           sum(l.paid_amount), sum(l.refunded_amount), COALESCE(sum(c.amount), 0)
      FROM customers_order o
      JOIN customers_orderline l ON l.order_id = o.id
      JOIN incentives_sharedarticle a ON a.brand_id = o.brand_id AND a.sku = l.sku
      LEFT JOIN LATERAL (
            SELECT sum(x.amount) AS amount FROM incentives_commissionline x
             WHERE x.order_id = o.id AND x.order_line_id = l.id AND x.role = 'sharer') c ON TRUE
     WHERE {_SHARED}
     GROUP BY 1, 2, 3, 4
"""
