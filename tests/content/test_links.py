"""What pasted share texts and addresses say, as the platforms write them."""

import pytest

from content.links import MAX_TEXT, Link, Problem, read

NOTE = "64f1a2b3c4d5e6f708192a3b"
VIDEO = "7301234567890123456"
NOTE_URL = f"https://www.xiaohongshu.com/explore/{NOTE}"
VIDEO_URL = f"https://www.douyin.com/video/{VIDEO}"


def test_a_note_s_address_says_its_id_and_loses_what_tracks() -> None:
    pasted = f"https://www.xiaohongshu.com/discovery/item/{NOTE}?source=webshare&xsec_token=AB&shareId=9#top"

    assert read(pasted) == Link("xiaohongshu", NOTE_URL, NOTE)


@pytest.mark.parametrize(
    ("address", "url", "post_id"),
    [
        (f"https://www.xiaohongshu.com/explore/{NOTE.upper()}", NOTE_URL, NOTE),
        (f"http://xiaohongshu.com/explore/{NOTE}/", NOTE_URL, NOTE),
        (f"www.xiaohongshu.com/explore/{NOTE}?a=1", NOTE_URL, NOTE),
        (f"https://www.xiaohongshu.com/user/profile/{'5' * 24}/{NOTE}", NOTE_URL, NOTE),
        (f"https://www.douyin.com/video/{VIDEO}?previous_page=app", VIDEO_URL, VIDEO),
        (f"https://www.douyin.com/note/{VIDEO}", f"https://www.douyin.com/note/{VIDEO}", VIDEO),
        (f"https://www.iesdouyin.com/share/video/{VIDEO}/?region=CN&u_code=1", VIDEO_URL, VIDEO),
        (f"https://www.douyin.com/user/MS4wLjAB?modal_id={VIDEO}", VIDEO_URL, VIDEO),
        ("http://xhslink.com/a/AbC12?x=1", "https://xhslink.com/a/AbC12", None),
        ("xhslink.com/m/AbC12", "https://xhslink.com/m/AbC12", None),
        ("http://xhslink.com/AbC12d", "https://xhslink.com/AbC12d", None),
        ("https://v.douyin.com/iRNBho6u", "https://v.douyin.com/iRNBho6u/", None),
        ("https://weixin.qq.com/sph/AhYbX9c", "https://weixin.qq.com/sph/AhYbX9c", None),
        (
            "https://channels.weixin.qq.com/web/pages/feed?eid=export%2FUzFfA9&context_id=7",
            "https://channels.weixin.qq.com/web/pages/feed?eid=export/UzFfA9",
            None,
        ),
    ],
)
def test_addresses_of_posts_have_one_plain_form(address: str, url: str, post_id: str) -> None:
    link = read(address)

    assert isinstance(link, Link)
    assert (link.url, link.post_id, link.title) == (url, post_id, "")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "换季泛红三步稳住 http://xhslink.com/a/AbC12 ，复制本条信息，打开【小红书】App查看精彩内容！",
            "换季泛红三步稳住",
        ),
        ("43 早八通勤妆｜黄皮版 http://xhslink.com/a/AbC12，复制本条信息", "早八通勤妆｜黄皮版"),
        (
            "43 周敏发布了一篇小红书笔记，快来看吧！ 😆 aB3dE5fG7hJ9k 😆 http://xhslink.com/a/AbC12，复制本条信息",
            "",
        ),
        (
            f"38 【屏障霜空瓶记 - 周敏 | 小红书 - 你的生活兴趣社区】 😆 aB3dE5fG7hJ9kLm 😆 {NOTE_URL}?source=webshare",
            "屏障霜空瓶记",
        ),
        (
            "7.43 复制打开抖音，看看【周敏的作品】防晒用量到底多少 # 护肤 # 防晒  https://v.douyin.com/iRNBho6u/ 02/14 a@B.cD fOk:/",
            "防晒用量到底多少 # 护肤 # 防晒",
        ),
        (
            "5.17 Yzg:/ a@B.cd 04/21 三款面膜质地对比 #面膜  https://v.douyin.com/iRNBho6u/ 复制此链接，打开Dou音搜索，直接观看视频！",
            "三款面膜质地对比 #面膜",
        ),
        ("复制打开抖音，看看【周敏的图文作品】# 护肤 ... https://v.douyin.com/iRNBho6u/", "# 护肤"),
        ("新到的香水开箱 https://weixin.qq.com/sph/AhYbX9c", "新到的香水开箱"),
        ("2026 http://xhslink.com/a/AbC12", ""),
        ("😆😆 http://xhslink.com/a/AbC12", ""),
    ],
)
def test_the_title_is_taken_out_of_the_share_text(text: str, title: str) -> None:
    link = read(text)

    assert isinstance(link, Link)
    assert link.title == title


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", Problem.NO_ADDRESS),
        ("复制本条信息，打开小红书", Problem.NO_ADDRESS),
        ("https://", Problem.NO_ADDRESS),
        ("https://weibo.com/12345", Problem.FOREIGN),
        # What only looks like one of the platforms.
        (f"https://xiaohongshu.com.example.com/explore/{NOTE}", Problem.FOREIGN),
        (f"https://evil-xiaohongshu.com/explore/{NOTE}", Problem.FOREIGN),
        (f"https://www.xiaohongshu.com@example.com/explore/{NOTE}", Problem.FOREIGN),
        (f"https://www.xiaohongshu.com:8080/explore/{NOTE}", Problem.FOREIGN),
        ("https://[::1/x", Problem.NO_ADDRESS),
        # A profile, a shop, the start page.
        (f"https://www.xiaohongshu.com/user/profile/{NOTE}", Problem.NO_POST),
        ("https://www.douyin.com/user/MS4wLjAB", Problem.NO_POST),
        ("https://www.xiaohongshu.com/", Problem.NO_POST),
        (f"http://xhslink.com/a/AbC12 {NOTE_URL}", Problem.SEVERAL),
        ("x" * (MAX_TEXT + 1), Problem.TOO_LONG),
    ],
)
def test_a_text_without_exactly_one_post_is_not_guessed(text: str, problem: Problem) -> None:
    assert read(text) == problem


def test_the_same_address_twice_is_one_post_and_a_foreign_one_beside_it_does_not_matter() -> None:
    text = f"{NOTE_URL}?a=1 {NOTE_URL}?b=2 https://example.com/app"

    link = read(text)

    assert isinstance(link, Link)
    assert link.url == NOTE_URL


@pytest.mark.parametrize("sign", list(".,;:!?)') ，。！】》"))
def test_what_follows_the_address_is_not_part_of_it(sign: str) -> None:
    link = read(f"看 http://xhslink.com/a/AbC12{sign}后面")

    assert isinstance(link, Link)
    assert link.url == "https://xhslink.com/a/AbC12"
