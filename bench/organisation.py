"""The organisation of a large brand as files and as rows: 1,000 stores, 30,000 people.

The files are what HR, the member centre and the operations team would send, and go in through the
import jobs. The rows are the same size, written by bare SQL where only pages are measured.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts import jobs
from accounts.choices import Role
from accounts.models import Grant, Person
from accounts.units import add_unit
from integrations import importing
from integrations.models import ImportBatch
from kosops.lib import sql

REGIONS, STORES, KOS, KOC, ACCOUNTS, POSTS = 12, 1_000, 5_000, 25_000, 40_000, 1_000_000
TODAY = timezone.localdate()


def brand_with_operator() -> tuple[Any, Person]:
    brand = add_unit(by=None, kind="brand", code="CY", name="Chengye Beauty")
    lin = Person.objects.create_user("lin", name="Lin")
    Grant.objects.create(person=lin, role=Role.OPERATOR, unit=brand, since=dt.date(2020, 1, 1))
    return brand, lin


# -- as files ------------------------------------------------------------------


def files(scale: float, *, grown: bool = False) -> dict[str, bytes]:
    """Import format and file. ``grown`` is the same a month later: every account has followers
    more, and one creator in ten another store.
    """
    stores, kos, koc = (max(1, round(size * scale)) for size in (STORES, KOS, KOC))
    rng = random.Random(7)
    homes = [rng.randrange(stores) for _ in range(kos + koc)]
    if grown:
        homes = [home if i % 10 else (home + 1) % stores for i, home in enumerate(homes)]
    return {
        "stores": _store_file(stores),
        "creators": _creator_file(kos, koc, homes),
        "social_accounts": _account_file(kos, koc, round(ACCOUNTS * scale), grown=grown),
    }


def _store_file(stores: int) -> bytes:
    return _file(
        ["门店编码", "门店名称", "门店类型", "大区编码", "大区", "城市", "是否营业"],
        (
            [f"S{n:05d}", f"Store {n}", "直营", f"R{n % REGIONS:02d}", f"Region {n % REGIONS}",
             f"City {n % 80}", "是"]
            for n in range(stores)
        ),
    )  # fmt: skip


def _creator_file(kos: int, koc: int, homes: list[int]) -> bytes:
    return _file(
        ["工号", "姓名", "类型", "门店编码", "状态", "入职日期", "分享码"],
        (
            [f"P{n:06d}", f"Person {n}", "KOS" if n < kos else "KOC", f"S{homes[n]:05d}",
             "active", (TODAY - dt.timedelta(30 + n % 700)).isoformat(), f"C{n:06d}"]
            for n in range(kos + koc)
        ),
    )  # fmt: skip


def _account_file(kos: int, koc: int, accounts: int, *, grown: bool) -> bytes:
    """Everybody has one public account, staff WeCom too, and some a second public one."""
    platforms = ["小红书"] * (kos + koc) + ["企微"] * kos
    platforms += ["抖音"] * max(0, accounts - len(platforms))
    holders = [*range(kos + koc), *range(kos), *range(max(0, accounts - 2 * kos - koc))]
    return _file(
        ["平台", "账号名称", "账号ID", "工号", "账号归属", "粉丝数", "开通时间"],
        (
            [platform, f"Name {holder} {n % 7}", f"u{n:07d}", f"P{holder:06d}",
             "公司开通" if holder < kos else "个人", str(n % 5000 + grown * 3),
             (TODAY - dt.timedelta(20 + n % 600)).isoformat()]
            for n, (platform, holder) in enumerate(zip(platforms, holders, strict=True))
        ),
    )  # fmt: skip


def _file(header: list[str], rows: Iterable[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def bring_in(person: Person, brand: Any, code: str, content: bytes) -> ImportBatch:
    """Upload, map by guess, check and confirm, the two jobs run here."""
    batch = importing.start_import(
        by=person,
        brand=brand,
        format_code=code,
        source="bench",
        uploaded_file=ContentFile(content, f"{code}.csv"),
    )
    job = importing.map_and_check(by=person, batch=batch, mapping=batch.mapping, options={})
    jobs.run(job.pk)
    batch.refresh_from_db()
    jobs.run(importing.confirm_import(by=person, batch=batch).pk)
    batch.refresh_from_db()
    if batch.counts["faulty"] or batch.counts["ambiguous"] or not batch.ended_at:
        raise RuntimeError(f"{code}: {batch.state} {batch.counts}")
    return batch


# -- as rows -------------------------------------------------------------------

ROWS = """
SET session_replication_role = replica;

INSERT INTO accounts_unit (id, parent_id, kind, store_kind, code, name, city, brand_id, path, active,
                           created_at)
SELECT %(base)s + n, %(brand)s, 'region', '', 'R' || n, 'Region ' || n, '', %(brand)s,
       '/' || %(brand)s || '/' || %(base)s + n || '/', true, now()
  FROM generate_series(1, %(regions)s) n;
INSERT INTO accounts_unit (id, parent_id, kind, store_kind, code, name, city, brand_id, path, active,
                           created_at)
SELECT %(base)s + 100 + n, region, 'store', 'physical', 'S' || n, 'Store ' || n, 'City ' || n %% 80,
       %(brand)s, '/' || %(brand)s || '/' || region || '/' || %(base)s + 100 + n || '/', true, now()
  FROM generate_series(1, %(stores)s) n,
       LATERAL (SELECT %(base)s + 1 + CASE WHEN n <= %(spread)s THEN n %% %(regions)s ELSE 1 END)
            AS of_store(region);

INSERT INTO matrix_creator (id, brand_id, store_id, kind, koc_kind, talent_type, number, share_code,
                            name, state, tier, identity, joined_on, left_on, created_at)
SELECT %(base)s + n, %(brand)s,
       %(base)s + 101 + CASE WHEN n %% %(part)s = 0 THEN 0 ELSE n %% %(stores)s END,
       CASE WHEN n <= %(kos)s THEN 'kos' ELSE 'koc' END, '', '', 'P' || n, '', 'Person ' || n,
       CASE WHEN n %% 41 = 0 THEN 'left' WHEN n %% 53 = 0 THEN 'paused' ELSE 'active' END, '',
       'checked', CURRENT_DATE - 30 - n %% 700,
       CASE WHEN n %% 41 = 0 THEN CURRENT_DATE - n %% 30 END, now()
  FROM generate_series(1, %(kos)s + %(koc)s) n;

INSERT INTO matrix_socialaccount (id, brand_id, unit_id, creator_id, platform, domain, private_layer,
                                  ownership, owner_proof, handle, platform_uid, state, followers,
                                  opened_on, created_at)
SELECT %(base)s + n, %(brand)s, c.store_id, c.id,
       CASE WHEN n <= %(people)s THEN 'xiaohongshu' WHEN n <= %(people)s + %(kos)s THEN 'wecom'
            ELSE 'douyin' END,
       CASE WHEN n > %(people)s AND n <= %(people)s + %(kos)s THEN 'private' ELSE 'public' END, '',
       CASE WHEN c.kind = 'kos' THEN 'company_opened' ELSE 'personal' END, 'checked', 'Name ' || n,
       'u' || n, CASE WHEN n %% 211 = 0 THEN 'banned' ELSE 'active' END, n %% 5000,
       CURRENT_DATE - 20 - n %% 600, now()
  FROM generate_series(1, %(accounts)s) n
  JOIN matrix_creator c ON c.id = %(base)s + CASE WHEN n <= %(people)s THEN n
       WHEN n <= %(people)s + %(kos)s THEN n - %(people)s ELSE n - %(people)s - %(kos)s END;

INSERT INTO matrix_pairing (public_account_id, private_account_id, since)
SELECT %(base)s + n, %(base)s + %(people)s + 1 + n %% %(kos)s, CURRENT_DATE - 10
  FROM generate_series(1, %(people)s) n WHERE n %% 8 > 0;

INSERT INTO content_post (brand_id, store_id, account_id, creator_id, platform, platform_post_id,
                          title, title_key, url, genre, state, published_at, is_commercial,
                          relationship, disclosure, likes, saves, comments, views, created_at)
SELECT %(brand)s, c.store_id, c.id, c.id, 'xiaohongshu', 'note' || n, 'A note about a serum ' || n,
       'note' || n, '', 'image_text', 'online', now() - random() * interval '540 days', false, 'none',
       '', n %% 90, n %% 20, n %% 9, n %% 4000, now()
  FROM (SELECT n, 1 + floor(%(people)s * power(random(), 1.5))::int AS author
          FROM generate_series(1, %(posts)s) n) drawn
  JOIN matrix_creator c ON c.id = %(base)s + author;

RESET session_replication_role;
"""


def rows(brand: Any, scale: float) -> None:
    """Write the organisation with its posts; ids begin far above those of the brand.

    A part of it is one of people, accounts and posts. The region that pages open has its 84 stores
    all the same, the store that they open its 30 people, and the other stores somebody each, so
    that a page prints as many rows and has something to print in them.
    """
    part = max(1, round(STORES * scale))
    kos, koc = (max(5, round(size * scale)) for size in (KOS, KOC))
    params = {
        "brand": brand.pk,
        "base": 10_000,
        "regions": REGIONS,
        "stores": max(REGIONS + STORES // REGIONS, part),
        "spread": max(REGIONS, part),
        "part": part,
        "kos": kos,
        "koc": koc,
        "people": kos + koc,
        "accounts": round(ACCOUNTS * scale),
        "posts": round(POSTS * scale),
    }
    sql.execute("SELECT setseed(0.5)")
    sql.execute(ROWS, params)
