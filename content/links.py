"""What a pasted text says about a post: the platform, its id, a plain address, the title.

Platforms put a share text on the clipboard, such as "… title … http://xhslink.com/a/AbC ，复制本条信息"
or "7.43 复制打开抖音，看看【…】… https://v.douyin.com/xyz/ …"; a browser puts a plain address there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, urlsplit

from content.matching import normal_title

# The longest share texts have some 400 signs.
MAX_TEXT = 2000
MAX_TITLE = 200

XIAOHONGSHU = "xiaohongshu"
DOUYIN = "douyin"
CHANNELS = "channels"

HOSTS: dict[str, str] = {
    "xiaohongshu.com": XIAOHONGSHU,
    "xhslink.com": XIAOHONGSHU,
    "douyin.com": DOUYIN,
    "iesdouyin.com": DOUYIN,
    "v.douyin.com": DOUYIN,
    "m.douyin.com": DOUYIN,
    "channels.weixin.qq.com": CHANNELS,
    "weixin.qq.com": CHANNELS,
}

# The signs that an address may have; a Chinese sign or a blank ends it.
_SIGNS = r"[A-Za-z0-9\-._~:/?#@!$&'()*+;=%]"
_WHOLE = re.compile(rf"https?://{_SIGNS}+", re.IGNORECASE)
_BARE = re.compile(
    rf"(?<![A-Za-z0-9@./_-])(?:www\.)?(?:{'|'.join(map(re.escape, HOSTS))})/{_SIGNS}+",
    re.IGNORECASE,
)
_AFTER_ADDRESS = ".,;:!?)'*"

_NOTE_ID = r"[0-9a-f]{24}"
_VIDEO_ID = r"[0-9]{15,21}"
_XIAOHONGSHU_PATHS = (
    re.compile(rf"/(?:explore|discovery/item)/({_NOTE_ID})/?", re.IGNORECASE),
    # A note that was opened from somebody's profile.
    re.compile(rf"/user/profile/{_NOTE_ID}/({_NOTE_ID})/?", re.IGNORECASE),
)
_DOUYIN_PATH = re.compile(rf"/(?:share/)?(video|note)/({_VIDEO_ID})/?")
_SHORT_PATHS = {
    "xhslink.com": re.compile(r"/((?:[a-z]{1,2}/)?[A-Za-z0-9]{4,40})/?"),
    "v.douyin.com": re.compile(r"/([A-Za-z0-9_-]{4,40})/?"),
    "weixin.qq.com": re.compile(r"/(sph/[A-Za-z0-9_-]{4,60})/?"),
}


class Problem(StrEnum):
    """Why a text names no post."""

    TOO_LONG = "text_too_long"
    NO_ADDRESS = "no_address"
    SEVERAL = "several_addresses"
    FOREIGN = "not_our_platform"
    NO_POST = "not_a_post"


@dataclass(frozen=True)
class Link:
    """The address of one post as it is kept. ``post_id`` is None where the address hides it."""

    platform: str
    url: str
    post_id: str | None = None
    title: str = ""


def read(text: str) -> Link | Problem:
    """The one post that a pasted text names, or what is wrong with the text."""
    if len(text) > MAX_TEXT:
        return Problem.TOO_LONG
    found = _addresses(text)
    if not found:
        return Problem.NO_ADDRESS
    ours = [(place, parts) for place, parts in found if _host(parts) in HOSTS]
    if not ours:
        return Problem.FOREIGN
    links = [(place, link) for place, parts in ours if (link := _link(parts))]
    if len({link.url for _place, link in links}) > 1:
        return Problem.SEVERAL
    if not links:
        return Problem.NO_POST
    place, link = links[0]
    return Link(link.platform, link.url, link.post_id, _title(link.platform, text[:place]))


# -- the address ---------------------------------------------------------------


def _addresses(text: str) -> list[tuple[int, SplitResult]]:
    """(where it begins, its parts) of each address in the text."""
    matches = list(_WHOLE.finditer(text)) or list(_BARE.finditer(text))
    found = []
    for each in matches:
        address = each.group().rstrip(_AFTER_ADDRESS)
        if "://" not in address:
            address = f"https://{address}"
        found.append((each.start(), urlsplit(address)))
    return found


def _host(parts: SplitResult) -> str:
    """The host without ``www.``; nothing where a name or a port tries to look like one."""
    host = parts.netloc.lower()
    return host.removeprefix("www.")


def _link(parts: SplitResult) -> Link | None:
    """The post behind an address of one of the platforms, without what tracks who shared it."""
    host, path = _host(parts), parts.path
    if host in _SHORT_PATHS:
        short = _SHORT_PATHS[host].fullmatch(path)
        # Douyin's own short links end in a stroke.
        end = "/" if host == "v.douyin.com" else ""
        return Link(HOSTS[host], f"https://{host}/{short[1]}{end}") if short else None
    if HOSTS[host] == XIAOHONGSHU:
        for pattern in _XIAOHONGSHU_PATHS:
            if note := pattern.fullmatch(path):
                post_id = note[1].lower()
                return Link(XIAOHONGSHU, f"https://www.xiaohongshu.com/explore/{post_id}", post_id)
        return None
    if HOSTS[host] == DOUYIN:
        return _douyin(parts)
    return _channels(parts)


def _douyin(parts: SplitResult) -> Link | None:
    if work := _DOUYIN_PATH.fullmatch(parts.path):
        return Link(DOUYIN, f"https://www.douyin.com/{work[1]}/{work[2]}", work[2])
    # A video that lies open over a profile or a search.
    for value in parse_qs(parts.query).get("modal_id", []):
        if re.fullmatch(_VIDEO_ID, value):
            return Link(DOUYIN, f"https://www.douyin.com/video/{value}", value)
    return None


def _channels(parts: SplitResult) -> Link | None:
    """The id in these addresses is made anew for each share, so it names no post for us."""
    if parts.path.rstrip("/") != "/web/pages/feed":
        return None
    for name in ("eid", "oid"):
        for value in parse_qs(parts.query).get(name, []):
            if re.fullmatch(r"[A-Za-z0-9_/+=-]{4,200}", value):
                return Link(
                    CHANNELS, f"https://channels.weixin.qq.com/web/pages/feed?{name}={value}"
                )
    return None


# -- the title -----------------------------------------------------------------

# "【Title - Author | 小红书 - 你的生活兴趣社区】", as the web page shares.
_TITLE_OF_WEB = re.compile(r"【(.+?)\s+-\s+[^-|【】]+\|\s*小红书[^】]*】", re.DOTALL)
_SAYS_NOTHING = re.compile(
    r"\S*发布了一篇小红书笔记[，,]?\s*快来看吧[！!]?|\S*发布了一篇小红书笔记"
)
# The code word between two equal emoji, by which the app finds the note.
_CODE_WORD = re.compile(r"([\U0001f000-\U0001faff])\s*[A-Za-z0-9]{6,30}\s*\1")
_OPEN_DOUYIN = re.compile(
    r"(?:长按)?复制(?:此条消息|此链接|打开)?[，,]?\s*(?:打开)?\s*抖音[^，,：:【]*[，,：:]?\s*看看"
)
_WORK_OF = re.compile(r"【[^】]*的(?:图文)?作品】")
# What Douyin puts around the words: "7.43", "a@B.cD", "Yzg:/", "02/14", "06:/".
_DOUYIN_MARK = re.compile(
    r"^(?:\d{1,2}\.\d{2}|[A-Za-z0-9]+@[A-Za-z.]+|[A-Za-z]{2,4}:/|:?\d{1,2}[ap]m|\d{2}/\d{2}|:\d\w*|\d+:/)$"
)


def _title(platform: str, before: str) -> str:
    """The title in what stands before the address; empty where the text says none."""
    if platform == XIAOHONGSHU:
        words = _title_on_xiaohongshu(before)
    elif platform == DOUYIN:
        words = _title_on_douyin(before)
    else:
        words = before
    title = " ".join(words.split()).strip(" 　,，:：|｜-").removesuffix("...").rstrip("… ")
    # A number or an emoji alone is no title.
    return title[:MAX_TITLE] if re.search(r"[^\W\d_]", title) and normal_title(title) else ""


def _title_on_xiaohongshu(before: str) -> str:
    if found := _TITLE_OF_WEB.search(before):
        return found[1]
    words = _SAYS_NOTHING.sub(" ", _CODE_WORD.sub(" ", before))
    # The app numbers what it shares: "43 …".
    return re.sub(r"^\s*\d{1,3}\s+", "", words)


def _title_on_douyin(before: str) -> str:
    words = _WORK_OF.sub(" ", _OPEN_DOUYIN.sub(" ", before))
    return " ".join(word for word in words.split() if not _DOUYIN_MARK.match(word))
