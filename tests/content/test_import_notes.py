"""Notes and works from the creator centres, as the platforms export them and as people spoil them."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.units import add_unit
from content import import_notes
from content.models import MetricSnapshot, Post
from integrations import importing, settling
from integrations.formats import format_of
from integrations.models import ImportIssue
from kosops.lib.errors import DomainError
from matrix.models import SocialAccount
from matrix.registry import add_account, add_creator
from tests.content import links
from tests.integrations.passing import bring_in, check, confirm, faults, figures
from tests.integrations.people import *  # noqa: F403
from tests.integrations.trying import csv_file, xlsx_file

NOTE_NAMES = [
    "笔记标题", "首次发布时间", "体裁", "曝光", "观看量", "封面点击率", "点赞", "评论", "收藏", "涨粉",
    "分享", "人均观看时长", "弹幕",
]  # fmt: skip
MORNING = ["早安护肤｜3步", "2026年07月24日12时00分00秒", "图文", 15000, 4200, 0.1275, 830, 96, 210, -3,
           41, 14.73, 0]  # fmt: skip
EVENING = ["晚间护肤", "2026年07月25日20时30分00秒", "视频", "1.4万", "541.2K", "8.75%", "1,234", "-",
           "数据较少", None, "未知", "18秒", "-"]  # fmt: skip
WORKS = (
    "作品名称,发布时间,体裁,审核状态,播放量,完播率,5s完播率,封面点击率,2s跳出率,平均播放时长,点赞量,"
    "分享量,评论量,收藏量,主页访问量,粉丝增量\n"
    "周末试色,2026-07-18 14:11:20,1min-视频,公开,12000,12.5%,0.31,0.0875,0.4,9.53,310,12,44,90,8,5\n"
    "门店探访,2026-07-19 09:00:00,图文,私密,422.9万,,,,,18秒,4294967297,1,2,3,4,-1\n"
)


@pytest.fixture(autouse=True)
def formats_offered():
    import_notes.register_formats()


@pytest.fixture
def zhou(lin, brand):
    store = add_unit(by=lin, kind="store", code="SH0001", name="Jing'an", parent=brand)
    return add_creator(by=lin, store=store, kind="kos", number="K001", name="周敏")


@pytest.fixture
def account(lin, zhou):
    return add_account(
        by=lin, platform="xiaohongshu", handle="周敏的好物", ownership="personal", creator=zhou
    )


@pytest.fixture
def douyin(lin, zhou):
    return add_account(
        by=lin, platform="douyin", handle="周敏试色", ownership="personal", creator=zhou
    )


def notes(*rows):
    return xlsx_file(["最多导出排序后前1000条笔记"], NOTE_NAMES, *rows, name="笔记列表明细表.xlsx")


def import_of(lin, brand, account, file, **options):
    code = "xiaohongshu_notes" if account.platform == "xiaohongshu" else "douyin_works"
    return bring_in(
        lin, brand, code, file, source="export", options={"account": str(account.pk), **options}
    )


# -- Xiaohongshu ---------------------------------------------------------------------


def test_a_note_list_becomes_posts_with_a_reading_each(lin, brand, zhou, account):
    batch = import_of(lin, brand, account, notes(MORNING, EVENING))
    assert figures(batch) == {"new": 2}
    morning, evening = Post.objects.order_by("published_at")
    assert morning.title == "早安护肤｜3步"
    assert morning.published_at == dt.datetime(2026, 7, 24, 4, 0, tzinfo=dt.UTC)
    assert (morning.creator, morning.store, morning.account) == (zhou, zhou.store, account)
    assert (morning.genre, evening.genre) == ("image_text", "video")
    assert morning.relationship == "own_staff"
    assert (morning.impressions, morning.views, morning.likes, morning.followers_gained) == (
        15000,
        4200,
        830,
        -3,
    )
    reading = morning.snapshots.get()
    assert (reading.click_rate_bp, reading.watch_seconds_x100) == (1275, 1473)
    assert (reading.captured_at, reading.source) == (batch.created_at, "export")
    assert reading.raw["弹幕"] == 0


def test_links_that_wait_find_their_posts_in_the_list(lin, brand, zhou, account):
    link = links.add(zhou, "早安护肤 | 3步！ http://xhslink.com/a/AbC12 ，复制本条信息")
    other = links.add(zhou, "周末护肤 http://xhslink.com/a/XyZ98")
    published = timezone.localtime() - dt.timedelta(hours=5)
    row = [MORNING[0], f"{published:%Y年%m月%d日%H时%M分%S秒}", *MORNING[2:]]

    import_of(lin, brand, account, notes(row, EVENING))

    link.refresh_from_db()
    other.refresh_from_db()
    assert (link.state, other.state) == ("linked", "waiting")
    assert (link.post.title, link.post.url) == (MORNING[0], "https://xhslink.com/a/AbC12")


def test_unknown_figures_are_empty_and_never_zero(lin, brand, account):
    import_of(lin, brand, account, notes(EVENING))
    post = Post.objects.get()
    assert (post.impressions, post.views, post.likes) == (14_000, 541_200, 1_234)
    assert (post.comments, post.saves, post.shares, post.followers_gained) == (None,) * 4
    reading = post.snapshots.get()
    assert (reading.click_rate_bp, reading.watch_seconds_x100) == (875, 1800)


def test_the_same_rows_in_another_file_change_nothing(lin, brand, account):
    import_of(lin, brand, account, notes(MORNING, EVENING))
    batch = check(
        lin, brand, "xiaohongshu_notes", notes(EVENING, MORNING), source="export",
        options={"account": str(account.pk)},
    )  # fmt: skip
    assert figures(batch) == {"unchanged": 2}


def test_a_later_export_adds_a_reading_and_a_blank_leaves_what_was_known(lin, brand, account):
    import_of(lin, brand, account, notes(MORNING))
    later = [*MORNING]
    later[0], later[6], later[7] = "早安护肤  3步!", 1002, "-"
    later[1] = "2026/07/24 12:03"
    batch = import_of(lin, brand, account, notes(later))
    assert figures(batch) == {"changed": 1}
    post = Post.objects.get()
    assert (post.likes, post.comments, post.snapshots.count()) == (1002, 96, 2)
    assert list(post.snapshots.order_by("captured_at").values_list("comments", flat=True)) == [
        96,
        None,
    ]


def test_a_figure_that_falls_is_a_reading_like_any_other_and_is_counted(lin, brand, account):
    import_of(lin, brand, account, notes(MORNING))
    fallen = [*MORNING]
    fallen[7] = 90
    batch = import_of(lin, brand, account, notes(fallen))
    assert batch.counts["reasons"] == {"figures_fell": 1}
    assert Post.objects.get().comments == 90


def test_an_older_export_does_not_take_back_newer_figures(lin, brand, account):
    import_of(lin, brand, account, notes(MORNING))
    older = [*MORNING]
    older[6] = 500
    import_of(lin, brand, account, notes(older), captured_at="2026-07-25 09:00")
    post = Post.objects.get()
    assert (post.likes, post.snapshots.count()) == (830, 2)
    assert post.snapshots.order_by("captured_at").first().likes == 500


def test_an_edited_title_is_a_question_to_a_person(lin, brand, account):
    import_of(lin, brand, account, notes(MORNING))
    edited = [*MORNING]
    edited[0], edited[6] = "换了标题", 900
    batch = check(
        lin, brand, "xiaohongshu_notes", notes(edited), source="export",
        options={"account": str(account.pk)},
    )  # fmt: skip
    issue = ImportIssue.objects.get(batch=batch)
    post = Post.objects.get()
    assert [one["value"] for one in issue.candidates] == [str(post.pk), "new"]
    assert "早安护肤" in issue.candidates[0]["label"]
    settling.choose_candidate(by=lin, issue=issue, choice=str(post.pk))
    batch.refresh_from_db()
    confirm(lin, batch)
    post.refresh_from_db()
    assert (post.title, post.likes, Post.objects.count()) == ("换了标题", 900, 1)


def test_a_person_can_say_that_it_is_another_post(lin, brand, account):
    import_of(lin, brand, account, notes(MORNING))
    other = [*MORNING]
    other[0] = "同一分钟的另一篇"
    batch = import_of(lin, brand, account, notes(other, EVENING))
    assert figures(batch) == {"new": 1, "ambiguous": 1}
    settling.choose_candidate(by=lin, issue=ImportIssue.objects.get(batch=batch), choice="new")
    assert Post.objects.count() == 3
    batch.refresh_from_db()
    assert figures(batch) == {"new": 2}


def test_the_same_post_twice_in_one_file(lin, brand, account):
    contradicting = [*MORNING]
    contradicting[6] = 999
    batch = import_of(lin, brand, account, notes(MORNING, MORNING, contradicting))
    assert figures(batch) == {"new": 1, "skipped": 1, "faulty": 1}
    assert faults(batch) == [(5, "", "repeated_row")]
    assert batch.counts["reasons"] == {"repeated": 1}


def test_an_empty_title_is_allowed_and_matched_by_time(lin, brand, account):
    untitled = [None, *MORNING[1:]]
    import_of(lin, brand, account, notes(untitled))
    again = [*untitled]
    again[6] = 831
    assert figures(import_of(lin, brand, account, notes(again))) == {"changed": 1}


def test_faulty_notes_are_named_by_line_and_column(lin, brand, account):
    def row(place, cell):
        return [*MORNING[:place], cell, *MORNING[place + 1 :]]

    rows = [
        row(1, None),
        row(1, 46227.5),
        row(1, "2090年01月01日00时00分00秒"),
        row(4, "很多"),
        row(5, 12.75),
        row(6, -5),
        row(8, "#N/A"),
        row(11, "很久"),
        ["合计", None, None, 1, 2],
    ]
    batch = check(
        lin, brand, "xiaohongshu_notes", notes(*rows), source="export",
        options={"account": str(account.pk)},
    )  # fmt: skip
    assert faults(batch) == [
        (3, "published_at", "required"),
        (4, "published_at", "serial_date"),
        (5, "published_at", "published_in_future"),
        (6, "views", "not_a_count"),
        (7, "click_rate", "rate_out_of_range"),
        (8, "likes", "negative_count"),
        (9, "saves", "error_in_cell"),
        (10, "watch_time", "not_a_duration"),
        (11, "", "totals_row"),
    ]


def test_names_and_titles_with_invisible_signs_are_read(lin, brand, account):
    text = "\u200b笔记标题 ,首次发布时间\u202c,点 赞\n\u2067早安\u2069\u200b护肤,1784865600,7\n"
    batch = import_of(lin, brand, account, csv_file(text))
    assert figures(batch) == {"new": 1}
    post = Post.objects.get()
    assert (post.title, post.likes) == ("早安护肤", 7)
    assert post.published_at == dt.datetime(2026, 7, 24, 4, 0, tzinfo=dt.UTC)


# -- Douyin ----------------------------------------------------------------------------


def test_a_list_of_works_becomes_posts(lin, brand, douyin):
    assert figures(import_of(lin, brand, douyin, csv_file(WORKS, encoding="gbk"))) == {"new": 2}
    trial, visit = Post.objects.order_by("published_at")
    assert (trial.platform, trial.genre, trial.state, trial.views) == (
        "douyin",
        "video",
        "online",
        12_000,
    )
    assert (visit.genre, visit.state, visit.views, visit.likes) == (
        "image_text",
        "hidden",
        4_229_000,
        4_294_967_297,
    )
    reading = trial.snapshots.get()
    assert (reading.completion_rate_bp, reading.click_rate_bp, reading.watch_seconds_x100) == (
        1250,
        875,
        953,
    )
    assert trial.impressions is None


def test_the_other_names_of_the_counts_are_known(lin, brand, douyin):
    text = WORKS.replace("点赞量", "点赞").replace("分享量", "分享").replace("收藏量", "收藏")
    import_of(lin, brand, douyin, csv_file(text))
    assert list(Post.objects.order_by("published_at").values_list("likes", flat=True)) == [
        310,
        4_294_967_297,
    ]


def test_an_unknown_status_is_no_guess(lin, brand, douyin):
    batch = check(
        lin, brand, "douyin_works", csv_file(WORKS.replace("公开", "神秘")), source="export",
        options={"account": str(douyin.pk)},
    )  # fmt: skip
    assert faults(batch) == [(2, "state", "not_a_choice")]


# -- whose account ------------------------------------------------------------------------


def test_the_account_must_be_said_and_be_of_the_platform(lin, brand, account, douyin):
    batch = importing.start_import(
        by=lin, brand=brand, format_code="xiaohongshu_notes", source="export",
        uploaded_file=notes(MORNING),
    )  # fmt: skip
    for answer in ("", str(douyin.pk), "999999", "x"):
        with pytest.raises(DomainError) as refused:
            importing.map_columns(
                by=lin, batch=batch, mapping=batch.mapping, options={"account": answer}
            )
        assert (refused.value.code, refused.value.params["field"]) == ("bad_option", "account")


def test_accounts_of_other_brands_are_not_found(lin, brand, account, stranger, other_brand):
    option = format_of("xiaohongshu_notes").options[0]
    assert [one.value for one in option.find(brand, lin, "周敏")] == [str(account.pk)]
    assert option.find(brand, stranger, "周敏") == []
    assert option.find(other_brand, stranger, "周敏") == []
    assert option.named(brand, stranger, str(account.pk)) is None


def test_an_account_that_went_away_stops_the_import(lin, brand, account):
    batch = check(
        lin, brand, "xiaohongshu_notes", notes(MORNING), source="export",
        options={"account": str(account.pk)},
    )  # fmt: skip
    SocialAccount.objects.all().delete()
    batch = confirm(lin, batch)
    assert (batch.state, batch.error["code"]) == ("failed", "account_gone")
    assert not MetricSnapshot.objects.exists()


def test_a_column_of_locations_fills_what_nobody_said(lin, brand, zhou):
    store = zhou.store
    counter = add_account(
        by=lin, platform="xiaohongshu", handle="店", ownership="company_opened", unit=store
    )

    def list_of(*places):
        head = [*NOTE_NAMES, "定位"]
        rows = [[*row, place] for row, place in zip((MORNING, EVENING), places, strict=True)]
        return xlsx_file(head, *rows, name="笔记列表明细表.xlsx")

    def places():
        return list(Post.objects.order_by("published_at").values_list("location", flat=True))

    import_of(lin, brand, counter, notes(MORNING, EVENING))
    assert places() == ["", ""]

    assert figures(import_of(lin, brand, counter, list_of("sh0001", ""))) == {
        "changed": 1,
        "unchanged": 1,
    }
    assert places() == ["store", ""]
    import_of(lin, brand, counter, list_of("无", "南京西路"))
    assert places() == ["store", "other"]
