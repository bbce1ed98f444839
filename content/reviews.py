"""Reviews of posts by a second person (K21): what waits, what was found, what was corrected.

Which posts wait, triggers decide when they come in (`review_rules.is_asked`). Until a post is
cleared it earns no reward and gets no traffic; what it earned before is held, not lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from content import review_rules
from content.choices import ReviewOutcome, ReviewState
from content.models import Post, PostReview
from content.review_rules import Item
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import platforms
from matrix.choices import AccountPurpose

MAX_NOTE = 300


# -- queries -------------------------------------------------------------------


def waiting(posts: QuerySet[Post]) -> QuerySet[Post]:
    """Those of ``posts`` that wait for a review, those published first at the front."""
    return posts.filter(review=ReviewState.WAITS).order_by("published_at", "pk")


def checklist_of(post: Post) -> tuple[Item, ...]:
    """What is looked at in this post today. Fetch its account and brand."""
    return review_rules.checklist(
        platforms.trade_of(post.brand),
        recruiting=post.account.purpose == AccountPurpose.RECRUITING,
    )


def history(post: Post) -> QuerySet[PostReview]:
    """The reviews of a post, the latest first."""
    return post.reviews.select_related("by").order_by("-pk")


def problems_of(posts: Iterable[Post]) -> dict[int, PostReview]:
    """What the last review of each post with a problem found, by post."""
    found = [post.pk for post in posts if post.review == ReviewState.PROBLEM]
    if not found:
        return {}
    latest = PostReview.objects.filter(post__in=found, outcome=ReviewOutcome.PROBLEM)
    rows = latest.order_by("post", "-pk").distinct("post")
    return {row.post_id: row for row in rows}


def involved(post: Post) -> set[int | None]:
    """The people who may not review it: its author, the owner and the holder of the account."""
    rows = sql.fetch_all(_INVOLVED, {"post": post.pk})
    return {person for row in rows for person in row.values()}


def may_review(person: Person, post: Post) -> bool:
    return review_rules.may_review(person.pk, involved(post))


# -- commands ------------------------------------------------------------------


@transaction.atomic
def review(*, by: Person, post: Post, findings: Collection[str], note: str = "") -> PostReview:
    """Say what was found; with nothing found the post is cleared.

    Also after a review: who finds more later says so. Refuses ``no_review_asked``, ``own_post`` and
    ``not_on_the_list``.
    """
    post = _locked(post)
    if post.review == ReviewState.NOT_ASKED:
        raise DomainError("no_review_asked", _("No review is asked for this post."))
    if not may_review(by, post):
        raise DomainError(
            "own_post",
            _(
                "Somebody else has to review what you posted, or what stands on an account you hold."
            ),
        )
    asked = checklist_of(post)
    if not set(findings) <= set(asked):
        raise DomainError("not_on_the_list", _("Choose from the list of what is looked at."))
    found = [item.value for item in asked if item in findings]
    outcome = ReviewOutcome.PROBLEM if found else ReviewOutcome.CLEAR
    return _keep(by, post, outcome, asked=asked, findings=found, note=note.strip()[:MAX_NOTE])


@transaction.atomic
def corrected(*, by: Person, post: Post) -> PostReview:
    """The author says that the post is corrected; it waits for a review again.

    Refuses ``not_your_post`` and ``nothing_to_correct``.
    """
    post = _locked(post)
    if post.creator is None or post.creator.person_id != by.pk:
        raise DomainError("not_your_post", _("Only who posted it says so."))
    if post.review != ReviewState.PROBLEM:
        raise DomainError("nothing_to_correct", _("No problem of this post is open."))
    return _keep(by, post, ReviewOutcome.CORRECTED)


# -- private -------------------------------------------------------------------


def _locked(post: Post) -> Post:
    rows = Post.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("account", "brand", "store", "creator").get(pk=post.pk)


def _keep(
    by: Person,
    post: Post,
    outcome: ReviewOutcome,
    *,
    asked: Iterable[Item] = (),
    findings: Iterable[str] = (),
    note: str = "",
) -> PostReview:
    kept = PostReview.objects.create(
        post=post,
        by=by,
        at=timezone.now(),
        outcome=outcome,
        asked=[item.value for item in asked],
        findings=list(findings),
        note=note,
    )
    facts: dict[str, Any] = {"outcome": str(outcome)}
    facts |= {"findings": kept.findings} if kept.findings else {}
    facts |= {"note": note} if note else {}
    activity.record(
        by=by,
        verb="post.corrected" if outcome == ReviewOutcome.CORRECTED else "post.reviewed",
        object=post,
        unit=post.store,
        before={"review": post.review},
        after=facts,
        at=kept.at,
    )
    post.refresh_from_db(fields=["review"])
    kept.post = post
    return kept


_INVOLVED = """
    SELECT author.person_id AS author, owner.person_id AS owner, held.person_id AS keeper,
           holder.person_id AS holder
      FROM content_post post
      JOIN matrix_socialaccount account ON account.id = post.account_id
      LEFT JOIN matrix_creator author ON author.id = post.creator_id
      LEFT JOIN matrix_creator owner ON owner.id = account.creator_id
      LEFT JOIN matrix_custody held ON held.account_id = account.id AND held.until IS NULL
      LEFT JOIN matrix_creator holder ON holder.id = held.creator_id
     WHERE post.id = %(post)s
"""
