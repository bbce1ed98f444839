"""Figures of the gallery's invented brand. Nothing else may import this."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from django.templatetags.static import static
from django.utils.functional import lazy

from kosops.ui.parts import Material, Place, PostCard, TaskRow

# The address is known only once the static files are, which is after this module is loaded.
COVER: Any = lazy(static, str)("kosops/img/sample-cover.svg")

NOTES_NOW = [
    420,
    488,
    446,
    360,
    352,
    366,
    436,
    499,
    452,
    413,
    424,
    366,
    412,
    409,
    496,
    530,
    455,
    453,
    420,
    374,
]
NOTES_BEFORE = [
    402,
    416,
    414,
    334,
    312,
    335,
    348,
    416,
    435,
    414,
    315,
    304,
    306,
    409,
    446,
    398,
    442,
    392,
    341,
    356,
]

KPI_ROWS: list[dict[str, Any]] = [
    {
        "label": "Notes published",
        "help": "Notes and videos of the programme's accounts, by day of publishing.",
        "value": "8,412",
        "href": "?metric=notes",
        "change_bp": 1240,
        "note": "vs Oct · 92% of target",
        "spark": NOTES_NOW,
        "spark_before": NOTES_BEFORE,
    },
    {
        "label": "Interactions",
        "help": "Likes, saves and comments; shares are not counted.",
        "value": "1.26M",
        "href": "?metric=interactions",
        "change_bp": 810,
        "note": "vs Oct · 88% of target",
        "spark": [54, 56, 42, 44, 37, 42, 44, 51, 56, 50, 48, 41, 44, 52, 63, 67, 58, 60, 48, 43],
        "spark_before": [
            66,
            58,
            60,
            47,
            43,
            50,
            48,
            42,
            51,
            55,
            49,
            46,
            60,
            57,
            66,
            62,
            50,
            41,
            43,
            45,
        ],
    },
    {
        "label": "WeCom adds",
        "help": "Customers who added a store colleague on WeCom, each counted once.",
        "value": "21,906",
        "href": "?metric=adds",
        "change_bp": -320,
        "note": "vs Oct · 74% of target",
        "spark": [12, 13, 11, 10, 9, 8, 9, 13, 12, 11, 10, 10, 9, 12, 11, 13, 12, 10, 9, 10],
        "spark_before": [
            10,
            12,
            12,
            10,
            9,
            10,
            10,
            12,
            13,
            11,
            9,
            10,
            9,
            10,
            12,
            11,
            13,
            11,
            10,
            8,
        ],
    },
    {
        "label": "Attributed sales",
        "help": "What customers paid for orders that name a seller, less refunds.",
        "value": "¥6.84M",
        "href": "?metric=sales",
        "change_bp": 1570,
        "note": "vs Oct · 97% of target",
        "spark": [31, 31, 30, 28, 27, 30, 33, 35, 34, 30, 29, 29, 31, 35, 33, 37, 40, 38, 33, 31],
        "spark_before": [
            30,
            32,
            29,
            28,
            28,
            29,
            31,
            36,
            33,
            31,
            28,
            28,
            30,
            33,
            36,
            34,
            36,
            35,
            31,
            30,
        ],
    },
    {
        "label": "Commission payable",
        "help": "Commission that is no longer held, less what was clawed back.",
        "value": "¥412,380",
        "href": "?metric=commission",
        "change_bp": 590,
        "good": "",
        "note": "vs Oct · 61% of target",
        "spark": [20, 21, 24, 22, 20, 19, 22, 21, 25, 23, 21, 20, 22, 26, 24, 27, 22, 20, 19, 23],
        "spark_before": [
            21,
            22,
            21,
            20,
            21,
            22,
            21,
            23,
            23,
            22,
            20,
            20,
            24,
            23,
            22,
            21,
            20,
            21,
            22,
            20,
        ],
    },
]

WAITING = [
    ("34", "posts to check before publishing", "Oldest has waited 19 h", "badge-check", "notice"),
    ("¥86,240", "in 4 payout batches to approve", "Cut-off today 18:00", "banknote", "must"),
    ("6", "accounts held by leavers", "Hand over in Shenzhen, Wuhan", "arrow-left-right", "must"),
    ("51", "KOC applicants to screen", "12 match the senior profile", "users", "suggestion"),
    ("9", "creators due for demotion", "Takes effect 1 Dec", "trending-down", "suggestion"),
]

TIER_MONTHS = [
    ("Jun", 620, 212, 28),
    ("Jul", 690, 238, 34),
    ("Aug", 745, 268, 44),
    ("Sep", 805, 298, 55),
    ("Oct", 848, 322, 60),
    ("Nov", 902, 351, 78),
]


def _store(
    place: int,
    moved: int | None,
    name: str,
    line: str,
    kos: int,
    notes: int | None,
    sales: int,
    target: int,
) -> SimpleNamespace:
    return SimpleNamespace(
        place=place,
        moved=moved,
        name=name,
        line=line,
        kos=kos,
        notes=notes,
        interactions=None if notes is None else notes * 198,
        sales=sales * 100,
        target=target,
        trend=[v * (3 + place) % 97 + place * 4 for v in NOTES_NOW],
    )


STORES = [
    _store(1, 1, "Shanghai Jing'an Kerry", "East China · 周敏", 14, 312, 342_800, 104),
    _store(2, 0, "Hangzhou Hubin Yintai", "East China · 徐蕾", 12, 288, 318_450, 99),
    _store(3, 2, "Chengdu Taikoo Li", "Southwest · 陈佳", 11, 274, 301_200, 101),
    _store(4, -2, "Shenzhen MixC World", "South China · 何颖", 13, 266, 287_640, 93),
    _store(5, 1, "Beijing Sanlitun", "North China · 刘洋", 10, None, 262_900, 88),
    _store(6, -1, "Guangzhou Parc Central", "South China · 梁琪", 9, 233, 248_310, 84),
    _store(7, 0, "Nanjing Deji Plaza", "East China · 顾宁", 9, 219, 231_760, 76),
    _store(8, -3, "Wuhan Heartland 66", "Southwest · 邓睿", 7, 148, 142_080, 52),
]

# The same few words in the three languages, to see each in its own typeface and formats.
TONGUES = [
    {
        "code": "en",
        "lang": "en",
        "title": "Waiting for you",
        "kpi": "Attributed sales",
        "note": "vs Oct · 97% of target",
        "rows": ["34 posts to check before publishing", "4 payout batches to approve"],
        "rule": "At least 12 approved notes in 90 days.",
        "button": "Approve 12 payouts",
    },
    {
        "code": "zh-hans",
        "lang": "zh-Hans",
        "title": "等你处理",
        "kpi": "归因销售额",
        "note": "较10月 · 97% 目标达成",
        "rows": ["34 条笔记待发布前审核", "4 个付款批次待审批"],
        "rule": "90 天内至少 12 篇审核通过的笔记。",
        "button": "批准 12 笔付款",
    },
    {
        "code": "ja",
        "lang": "ja",
        "title": "対応待ち",
        "kpi": "成果帰属売上",
        "note": "10月比 · 目標の97%",
        "rows": ["公開前に確認する投稿 34 件", "承認待ちの支払いバッチ 4 件"],
        "rule": "90日以内に承認された投稿が12件以上。",
        "button": "12件の支払いを承認",
    },
]

POSTS = [
    PostCard(
        title="换季泛红，三步稳住",
        lang="zh-Hans",
        platform="Xiaohongshu",
        at=dt.date(2026, 11, 18),
        by="周敏",
        href="#",
        cover=COVER,
        figures=[("Views", 48_210), ("Interactions", 1_284), ("Saves", 402)],
    ),
    PostCard(
        title="Winter barrier cream: how our counter layers it, and what to leave out in the morning",
        platform="Douyin",
        at=dt.date(2026, 11, 20),
        href="#",
        video=True,
        figures=[("Views", None), ("Interactions", None), ("Saves", 3)],
        state="at_risk",
        state_label="Without disclosure",
    ),
    PostCard(title="Removed by the platform", platform="WeChat Channels", at=dt.date(2026, 10, 2)),
]

MATERIALS = [
    Material(
        title="Three steps for red, dry skin in the cold season",
        text="Every November my cheeks turn red. This week I tried lukewarm water, a thin layer of"
        " cream on damp skin, and a third step that many leave out. You can try it in our store.",
        href="#",
        cover=COVER,
        count="6 pictures",
        state="approved",
        state_label="Checked wording",
        note="use by 30 Nov",
        action="Open",
        primary=True,
    ),
    Material(
        title="Hand cream, filmed at the till",
        text="Fifteen seconds, no voice: hands, cream, gift wrapping.",
        href="#",
        video=True,
        count="0:15",
        state="expiring",
        state_label="Ends today",
        action="Open",
    ),
    Material(title="Draft without text", state="draft", state_label="Draft"),
]

TASKS = [
    TaskRow(
        title="Post: winter barrier-cream routine",
        note="Xiaohongshu · Due 18:00 · 40 points",
        action="Start",
        href="#",
        primary=True,
    ),
    TaskRow(
        title="Add the link to yesterday's video",
        note="Douyin · Was due 10:00 · 20 points",
        action="Add link",
        href="#",
        icon="link",
        state="late",
    ),
    TaskRow(
        title="Reply to 5 trial-kit messages",
        note="WeCom · Done 09:12 · 15 points",
        state="done",
    ),
]

RACE = [
    Place(place=1, name="Shanghai Jing'an Kerry", line="East China", value="1,204", href="#"),
    Place(place=2, name="杭州湖滨银泰店", line="East China", value="1,180", lang="zh-Hans"),
    Place(place=3, name="Chengdu Taikoo Li", line="Southwest", value="1,022", me=True, href="#"),
    Place(place=4, name="Shenzhen MixC World", line="South China", value="1,001"),
]

RACE_TIED = [
    Place(place=1, name="周敏", value="640", lang="zh-Hans"),
    Place(place=1, name="徐蕾", value="640", lang="zh-Hans"),
    Place(place=3, name="陈佳", value="590", lang="zh-Hans"),
    Place(place=3, name="He Ying", value="590"),
]

LIST_ROWS = [
    {"name": "周敏", "line": "CY-0412", "store": "Shanghai Jing'an Kerry", "payable": 284_650},
    {"name": "Wu Jing", "line": "CY-0388", "store": "Hangzhou Hubin Yintai", "payable": 117_920},
    {"name": "何雨", "line": "CY-0501", "store": "Beijing Sanlitun", "payable": -2_384},
]
