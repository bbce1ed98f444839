"""Share texts and posts for the tests of links."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils import timezone

from content import submissions
from content.matching import normal_title
from content.models import Post, PostLink
from matrix.choices import PLATFORM_DOMAIN
from matrix.models import Creator, SocialAccount

NOTE = "64f1a2b3c4d5e6f708192a3b"
OTHER_NOTE = "64f1a2b3c4d5e6f708192aff"
ADDRESS = f"https://www.xiaohongshu.com/explore/{NOTE}"
TITLE = "换季泛红三步稳住"
SHORT = f"{TITLE} http://xhslink.com/a/AbC12 ，复制本条信息，打开【小红书】App查看精彩内容！"


def account(creator: Creator, platform: str = "xiaohongshu", **fields: object) -> SocialAccount:
    return SocialAccount.objects.create(
        brand=creator.brand,
        unit=creator.store,
        creator=creator,
        platform=platform,
        domain=PLATFORM_DOMAIN[platform],
        ownership="personal",
        owner_proof="checked",
        handle=f"{creator.number}.{platform}",
        **fields,
    )


def post(
    account: SocialAccount, title: str = TITLE, hours_ago: float = 5, **fields: object
) -> Post:
    return Post.objects.create(
        brand=account.brand,
        store=account.unit,
        account=account,
        creator=account.creator,
        platform=account.platform,
        title=title,
        title_key=normal_title(title),
        published_at=timezone.now() - dt.timedelta(hours=hours_ago),
        **fields,
    )


def add(creator: Creator, text: str = ADDRESS, **fields: object) -> PostLink:
    return submissions.add_link(
        by=creator.person,
        creator=creator,
        text=text,
        **{"client_key": uuid.uuid4(), **fields},  # type: ignore[arg-type]
    )
