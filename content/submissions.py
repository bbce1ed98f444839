"""Links of what was posted, until the post itself is known.

Creators add those of their own accounts and of accounts of a store that they hold; headquarters adds
those of accounts that belong to nobody. A link whose address shows the post's id is recognised by
it; for the others, title and time have to agree with exactly one post of the same person or account.
What nobody recognises waits for HQ.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from content import links
from content.choices import LinkState, Location
from content.links import Link, Problem
from content.matching import SAME_TIME, normal_title
from content.models import Post, PostLink
from content.store_posts import is_store_account
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import held
from matrix.choices import AccountState, Domain, Platform
from matrix.models import Creator, SocialAccount

# A phone may send long after the button was pressed, but its clock is not believed further.
OLDEST_NOTE = dt.timedelta(days=30)
# A link is added soon after its post was published; an older post of that title is another one.
PUBLISHED_BEFORE = dt.timedelta(hours=72)
# How far back HQ looks for the post of a link.
CANDIDATES_WITHIN = dt.timedelta(days=14)
MAX_REASON = 200

LOCATION_NEEDED = _(
    "Say what the location tag of the post shows: posts of a store’s account lead people to this store."
)
PROBLEMS: dict[Problem, Any] = {
    Problem.TOO_LONG: _("The text is too long. Paste only what the app copied."),
    Problem.NO_ADDRESS: _(
        "There is no link in the text. In the app choose Share, then Copy link, and paste it here."
    ),
    Problem.SEVERAL: _("There are links of several posts in the text. Add them one by one."),
    Problem.FOREIGN: _(
        "The link is not from Xiaohongshu, Douyin or WeChat Channels. Paste the link of your post there."
    ),
    Problem.NO_POST: _(
        "The link opens a profile or another page, not a post. Open the post and copy its link."
    ),
}


@dataclass(frozen=True)
class Checked:
    """What a pasted text would be taken for: the link, or why it would be refused."""

    link: Link | None = None
    refusal: DomainError | None = None

    @property
    def platform_name(self) -> str:
        return str(Platform(self.link.platform).label) if self.link else ""


# -- queries -------------------------------------------------------------------


def check(*, creator: Creator, text: str, account: SocialAccount | None = None) -> Checked:
    """What `add_link` would say to this text now; nothing is stored."""
    try:
        link = _read(text)
    except DomainError as refusal:
        return Checked(refusal=refusal)
    try:
        _check_may_add(creator, account, link)
    except DomainError as refusal:
        return Checked(link, refusal)
    return Checked(link)


def links_of(creator: Creator) -> QuerySet[PostLink]:
    """The creator's own links, the latest first."""
    return creator.post_links.select_related("post", "account").order_by("-received_at", "-pk")


def accounts_held(creator: Creator) -> QuerySet[SocialAccount]:
    """Public accounts of units that the creator holds, and may add links of, by name."""
    custodies = held.held_for_others([creator.pk])
    accounts = SocialAccount.objects.filter(
        pk__in=custodies.values("account"), creator=None, domain=Domain.PUBLIC
    )
    return accounts.select_related("unit").order_by("handle", "pk")


def candidates_for(link: PostLink) -> QuerySet[Post]:
    """Posts that the link may mean: of the same owner and platform, without a link so far."""
    whose = {"account": link.account_id} if link.account_id else {"creator": link.creator_id}
    return (
        Post.objects.filter(
            **whose,
            platform=link.platform,
            published_at__gte=link.noted_at - CANDIDATES_WITHIN,
            links=None,
        )
        .select_related("account")
        .order_by("-published_at", "-pk")
    )


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_link(
    *,
    by: Person | None,
    creator: Creator | None,
    text: str,
    client_key: uuid.UUID,
    noted_at: dt.datetime | None = None,
    account: SocialAccount | None = None,
    location: str = Location.UNKNOWN,
) -> PostLink:
    """Keep the link of a published post; it is linked at once if the post is known.

    ``account`` is one of a unit, on which the post stands; without it, it stands on an account of
    ``creator``. Headquarters adds links of units without a creator. ``location`` is what the
    post's location tag shows, which has to be said of accounts of stores.

    The same ``client_key`` again is the same form sent twice: stored once, answered the same.
    Refuses with the code of a `links.Problem`, ``no_account_on_platform``, ``account_not_held``,
    ``other_platform``, ``location_needed``, ``link_yours``, ``link_taken``, ``post_of_another`` and
    ``form_used``.
    """
    now = timezone.now()
    link = _read(text)
    if account:
        store, brand_id = account.unit, account.brand_id
    elif creator:
        store, brand_id = creator.store, creator.brand_id
    else:
        raise ValueError("A link is one of a creator or of an account.")
    # An import of these posts waits here, or is waited for: neither overlooks the other.
    _lock([creator.pk] if creator else [], [account.pk] if account else [])
    if sent := _sent_before(brand_id, creator, client_key, link):
        return sent
    _check_may_add(creator, account, link)
    if account and is_store_account(account) and not location:
        raise DomainError(
            "location_needed",
            LOCATION_NEEDED,
            status=422,
        )
    added = PostLink(
        brand_id=brand_id,
        store=store,
        creator=creator,
        account=account,
        location=location,
        platform=link.platform,
        url=link.url,
        platform_post_id=link.post_id,
        title=link.title,
        title_key=normal_title(link.title),
        client_key=client_key,
        noted_at=min(max(noted_at or now, now - OLDEST_NOTE), now),
        received_at=now,
    )
    try:
        with transaction.atomic():
            added.save()
    except IntegrityError as error:
        # Two at once: the other one's row can be seen now.
        if sent := _sent_before(brand_id, creator, client_key, link):
            return sent
        raise _taken(brand_id, creator, link) from error
    if account:
        link_waiting(accounts=[account.pk])
    elif creator:
        link_waiting(creators=[creator.pk])
    added.refresh_from_db()
    said = {"location": str(location)} if location else {}
    activity.record(
        by=by,
        verb="post_link.added",
        object=added,
        unit=store,
        after={"platform": added.platform, "state": added.state, **said},
        at=now,
    )
    return added


def link_waiting(*, creators: Collection[int] = (), accounts: Collection[int] = ()) -> int:
    """Link what waits of these creators, or of accounts of units, to posts that are known by now.

    Returns how many. Runs inside the transaction of whoever brought the posts and writes no
    activity row of its own.
    """
    _lock(creators, accounts)
    params = {
        "creators": list(creators),
        "accounts": list(accounts),
        "now": timezone.now(),
        "before": PUBLISHED_BEFORE,
        "clock": SAME_TIME,
    }
    given = zip((creators, accounts), _WHOSE, strict=True)
    statements = [
        _LINK.format(found=found.format(whose=whose))
        for pks, whose in given
        if pks
        for found in (_BY_ID, _BY_TITLE)
    ]
    return sum(len(sql.fetch_all(statement, params)) for statement in statements)


@transaction.atomic
def link_to_post(*, by: Person, link: PostLink, post: Post) -> PostLink:
    """Say by hand which post a waiting link means.

    Refuses ``link_decided``, ``not_a_candidate`` and ``post_has_link``.
    """
    link = _locked(link)
    is_theirs = (
        post.account_id == link.account_id
        if link.account_id
        else post.creator_id == link.creator_id
    )
    if not is_theirs or post.platform != link.platform:
        raise DomainError(
            "not_a_candidate",
            _("The post is not one of %(name)s on %(platform)s."),
            name=link.whose,
            platform=link.get_platform_display(),
        )
    if PostLink.objects.filter(post=post).exists():
        raise DomainError("post_has_link", _("This post already has a link."))
    link.state, link.post = LinkState.LINKED, post
    link.decided_by, link.decided_at = by, timezone.now()
    link.save(update_fields=["state", "post", "decided_by", "decided_at"])
    Post.objects.filter(pk=post.pk, url="").update(url=link.url)
    if link.location:
        Post.objects.filter(pk=post.pk, location="").update(location=link.location)
    activity.record(
        by=by,
        verb="post_link.linked",
        object=link,
        unit=link.store,
        before={"state": LinkState.WAITING},
        after={"state": link.state, "post": post.pk},
        at=link.decided_at,
    )
    return link


@transaction.atomic
def refuse_link(*, by: Person, link: PostLink, reason: str) -> PostLink:
    """Refuse a waiting link; the creator reads the reason and may add the address anew.

    Refuses ``link_decided`` and ``reason_needed``.
    """
    link = _locked(link)
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise DomainError("reason_needed", _("Say why, in words that the person can act on."))
    link.state, link.reason = LinkState.REFUSED, reason
    link.decided_by, link.decided_at = by, timezone.now()
    link.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    activity.record(
        by=by,
        verb="post_link.rejected",
        object=link,
        unit=link.store,
        before={"state": LinkState.WAITING},
        after={"state": link.state, "reason": reason},
        at=link.decided_at,
    )
    return link


# -- private -------------------------------------------------------------------


def _read(text: str) -> Link:
    found = links.read(text)
    if isinstance(found, Problem):
        raise DomainError(found.value, PROBLEMS[found], status=422)
    return found


def _sent_before(
    brand_id: int, creator: Creator | None, client_key: uuid.UUID, link: Link
) -> PostLink | None:
    """The link that this very form brought before. Another address under its key is refused."""
    sent = PostLink.objects.filter(brand=brand_id, creator=creator, client_key=client_key).first()
    if sent and sent.url != link.url:
        raise DomainError(
            "form_used",
            _("This form was already sent with another link. Press the button once more."),
        )
    return sent


def _check_may_add(creator: Creator | None, account: SocialAccount | None, link: Link) -> None:
    if account:
        _check_account(creator, account, link)
        brand_id = account.brand_id
    elif creator:
        _check_registered(creator, link)
        brand_id = creator.brand_id
    if _standing(brand_id, link).exists():
        raise _taken(brand_id, creator, link)
    if link.post_id is None:
        return
    post = Post.objects.filter(
        brand=brand_id, platform=link.platform, platform_post_id=link.post_id
    ).first()
    if post is None:
        return
    if account and post.account_id != account.pk:
        raise DomainError(
            "post_of_another",
            _("This post stands on %(account)s, not on the account that was chosen."),
            account=post.account.shown_handle,
        )
    if not account and creator and post.creator_id != creator.pk:
        raise DomainError(
            "post_of_another",
            _(
                "This post stands on an account that is not registered as yours. If it is yours, tell headquarters."
            ),
        )
    if PostLink.objects.filter(post=post).exists():
        # It was recognised by a short link.
        raise DomainError("link_yours", _("You already added this post."))


def _check_registered(creator: Creator, link: Link) -> None:
    registered = SocialAccount.objects.filter(creator=creator, platform=link.platform).exclude(
        state=AccountState.CLOSED
    )
    if not registered.exists():
        raise DomainError(
            "no_account_on_platform",
            _(
                "No %(platform)s account of yours is registered. Ask headquarters to add it, then send the link again."
            ),
            platform=Platform(link.platform).label,
        )


def _check_account(creator: Creator | None, account: SocialAccount, link: Link) -> None:
    if creator and not accounts_held(creator).filter(pk=account.pk).exists():
        raise DomainError(
            "account_not_held",
            _("You do not hold this account any more. Ask headquarters to record who does."),
        )
    if account.creator_id or account.state == AccountState.CLOSED:
        raise DomainError(
            "account_not_held",
            _("Links are added here for accounts in use that belong to a store or to the brand."),
        )
    if account.platform != link.platform:
        raise DomainError(
            "other_platform",
            _("The link is one of %(platform)s; the account that was chosen is not."),
            platform=Platform(link.platform).label,
        )


def _standing(brand_id: int, link: Link) -> QuerySet[PostLink]:
    """Links to the same post that were not refused."""
    same = PostLink.objects.filter(brand=brand_id).exclude(state=LinkState.REFUSED)
    by_url = same.filter(url=link.url)
    if link.post_id is None:
        return by_url
    return by_url | same.filter(platform=link.platform, platform_post_id=link.post_id)


def _taken(brand_id: int, creator: Creator | None, link: Link) -> DomainError:
    if _standing(brand_id, link).filter(creator=creator).exists():
        return DomainError("link_yours", _("You already added this post."))
    return DomainError(
        "link_taken",
        _("Somebody else already added this post. If it is yours, tell headquarters."),
    )


def _lock(creators: Collection[int], accounts: Collection[int] = ()) -> None:
    # Weaker than what an import holds on the creators of its new posts: it does not wait for that.
    for model, pks in ((Creator, creators), (SocialAccount, accounts)):
        if pks:
            locked = model._default_manager.filter(pk__in=list(pks)).order_by("pk")
            list(locked.select_for_update(no_key=True).values_list("pk"))


def _locked(link: PostLink) -> PostLink:
    _lock(
        [link.creator_id] if link.creator_id else [],
        [link.account_id] if link.account_id else [],
    )
    link = (
        PostLink.objects.select_for_update(of=("self",))
        .select_related("creator", "account", "store")
        .get(pk=link.pk)
    )
    if link.state != LinkState.WAITING:
        raise DomainError(
            "link_decided",
            _("This link is already “%(state)s”."),
            state=link.get_state_display(),
        )
    return link


# Whose posts a link may mean: of the creator, or of the account of a unit.
_WHOSE = (
    """post.creator_id = link.creator_id AND link.account_id IS NULL
       AND link.creator_id = ANY(%(creators)s)""",
    "post.account_id = link.account_id AND link.account_id = ANY(%(accounts)s)",
)
# A post has one link. By its id a post is certain; of several links the first one counts.
_BY_ID = """
    SELECT DISTINCT ON (post.id) link.id AS link_id, post.id AS post_id
      FROM content_postlink AS link
      JOIN content_post AS post ON {whose}
       AND post.platform = link.platform AND post.platform_post_id = link.platform_post_id
     WHERE link.state = 'waiting'
       AND NOT EXISTS (SELECT FROM content_postlink AS other WHERE other.post_id = post.id)
     ORDER BY post.id, link.noted_at, link.id
"""
# By title and time both must be the only one: a wrong pair would pay for a wrong post.
_BY_TITLE = """
    SELECT link_id, post_id
      FROM (SELECT link.id AS link_id, post.id AS post_id,
                   count(*) OVER (PARTITION BY link.id) AS posts,
                   count(*) OVER (PARTITION BY post.id) AS links
              FROM content_postlink AS link
              JOIN content_post AS post ON {whose}
               AND post.platform = link.platform AND post.title_key = link.title_key
               AND (post.platform_post_id IS NULL OR link.platform_post_id IS NULL)
               AND post.published_at >= link.noted_at - %(before)s
               AND post.published_at <= link.noted_at + %(clock)s
             WHERE link.state = 'waiting'
               AND link.title_key <> ''
               AND NOT EXISTS (SELECT FROM content_postlink AS other WHERE other.post_id = post.id)
           ) AS pair
     WHERE posts = 1 AND links = 1
"""
# What is known of the place of a post stays; a link only fills what nobody said.
_LINK = """
    WITH linked AS (
        UPDATE content_postlink AS link
           SET state = 'linked', post_id = found.post_id, decided_at = %(now)s
          FROM ({found}) AS found
         WHERE link.id = found.link_id
     RETURNING link.id, link.post_id, link.url, link.location
    ), opened AS (
        UPDATE content_post AS post
           SET url = CASE WHEN post.url = '' THEN linked.url ELSE post.url END,
               location = CASE WHEN post.location = '' THEN linked.location
                               ELSE post.location END
          FROM linked
         WHERE post.id = linked.post_id
           AND (post.url = '' OR post.location = '' AND linked.location <> '')
    )
    SELECT id FROM linked
"""
