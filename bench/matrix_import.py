"""Bring the organisation of a large brand in through the import jobs, beside bare SQL.

``matrix_import``    12 regions, 1,000 stores, 30,000 people, 40,000 accounts from three CSV files: each
                     is uploaded, mapped, checked and confirmed. The reference copies the same files
                     into staging tables and inserts from there, with the same constraints, but checks
                     no row, asks nobody and keeps no history.
``matrix_reimport``  the same files a month later: every account has other followers, one creator in
                     ten another store. The reference updates from staging.
"""

from __future__ import annotations

import io
from typing import Any

from django.db import connection, transaction

from accounts.models import Person
from bench import organisation
from bench.harness import Result, benchmark, copy_of_database, seconds_of, settle
from kosops.lib import sql

STAGES = {
    "stores": "code, name, kind, region, region_name, city, active",
    "creators": "number, name, kind, store, state, joined_on, share_code",
    "social_accounts": "platform, handle, uid, number, ownership, followers, opened_on",
}
INSERTS = (
    """
    INSERT INTO accounts_unit (parent_id, kind, store_kind, code, name, city, brand_id, path, active,
                               created_at)
    SELECT %(brand)s, 'region', '', region, min(region_name), '', %(brand)s, '', true, now()
      FROM stage_stores GROUP BY region
    """,
    """
    INSERT INTO accounts_unit (parent_id, kind, store_kind, code, name, city, brand_id, path, active,
                               created_at)
    SELECT r.id, 'store', 'physical', s.code, s.name, s.city, %(brand)s, '', true, now()
      FROM stage_stores s JOIN accounts_unit r ON r.code = s.region AND r.kind = 'region'
    """,
    """
    UPDATE accounts_unit u SET path = p.path || u.id || '/' FROM accounts_unit p
     WHERE p.id = u.parent_id AND u.kind = 'region'
    """,
    """
    UPDATE accounts_unit u SET path = p.path || u.id || '/' FROM accounts_unit p
     WHERE p.id = u.parent_id AND u.kind = 'store'
    """,
    """
    INSERT INTO matrix_creator (brand_id, store_id, kind, koc_kind, talent_type, number, share_code,
                                name, state, tier, identity, joined_on, created_at)
    SELECT %(brand)s, u.id, lower(c.kind), '', '', c.number, c.share_code, c.name, c.state, '',
           'staff_record', c.joined_on::date, now()
      FROM stage_creators c JOIN accounts_unit u ON u.code = c.store
    """,
    """
    INSERT INTO matrix_socialaccount (brand_id, unit_id, creator_id, platform, domain, private_layer,
                                      ownership, owner_proof, handle, platform_uid, state, followers,
                                      opened_on, created_at)
    SELECT %(brand)s, c.store_id, c.id,
           CASE a.platform WHEN '小红书' THEN 'xiaohongshu' WHEN '抖音' THEN 'douyin' ELSE 'wecom' END,
           CASE a.platform WHEN '企微' THEN 'private' ELSE 'public' END, '',
           CASE a.ownership WHEN '个人' THEN 'personal' ELSE 'company_opened' END, 'staff_record',
           a.handle, a.uid, 'active', a.followers::bigint, a.opened_on::date, now()
      FROM stage_social_accounts a JOIN matrix_creator c ON c.number = a.number
    """,
)
UPDATES = (
    """
    UPDATE matrix_creator k SET store_id = u.id
      FROM stage_creators c JOIN accounts_unit u ON u.code = c.store
     WHERE k.number = c.number AND k.store_id <> u.id
    """,
    """
    UPDATE matrix_socialaccount m SET followers = a.followers::bigint, unit_id = c.store_id
      FROM stage_social_accounts a JOIN matrix_creator c ON c.number = a.number
     WHERE m.platform_uid = a.uid
       AND (m.followers, m.unit_id) IS DISTINCT FROM (a.followers::bigint, c.store_id)
    """,
)
SUMS = """
SELECT (SELECT count(*) FROM accounts_unit) AS units,
       (SELECT count(*) FROM matrix_creator) AS creators,
       (SELECT sum(followers) FROM matrix_socialaccount) AS followers,
       (SELECT count(*) FROM matrix_socialaccount a JOIN accounts_unit u ON u.id = a.unit_id
         WHERE u.code >= 'S005') AS placed
"""


@benchmark("matrix_import")
def matrix_import(scale: float) -> list[Result]:
    brand, lin = organisation.brand_with_operator()
    first, later = organisation.files(scale), organisation.files(scale, grown=True)
    size = sum(content.count(b"\n") - 1 for content in first.values())
    with copy_of_database():
        bare = seconds_of(lambda: load(brand, first, INSERTS))
        expected = sql.fetch_one(SUMS)
        settle()
        bare_again = seconds_of(lambda: load(brand, later, UPDATES))
        expected_later = sql.fetch_one(SUMS)
    ours = seconds_of(lambda: bring_in(lin, brand, first))
    same(expected)
    settle()
    again = seconds_of(lambda: bring_in(lin, brand, {k: later[k] for k in list(later)[1:]}))
    same(expected_later)
    return [
        Result("matrix_import", size, ours, bare),
        Result("matrix_reimport", size, again, bare_again),
    ]


def bring_in(lin: Person, brand: Any, files: dict[str, bytes]) -> None:
    for code, content in files.items():
        organisation.bring_in(lin, brand, code, content)


def load(brand: Any, files: dict[str, bytes], statements: tuple[str, ...]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for code, columns in STAGES.items():
            typed = ", ".join(f"{name} text" for name in columns.split(", "))
            cursor.execute(f"CREATE TEMP TABLE stage_{code} ({typed}) ON COMMIT DROP")
            cursor.cursor.copy_expert(
                f"COPY stage_{code} FROM STDIN WITH (FORMAT csv, HEADER)", io.BytesIO(files[code])
            )
            cursor.execute(f"ANALYZE stage_{code}")
        for statement in statements:
            sql.execute(statement, {"brand": brand.pk})
            # Within one transaction nobody else tells the planner about new rows.
            sql.execute("ANALYZE accounts_unit, matrix_creator")


def same(expected: dict[str, Any]) -> None:
    if (found := sql.fetch_one(SUMS)) != expected:
        raise RuntimeError(f"the reference comes to {expected}, the product to {found}")
