"""Posts of accounts of stores, and whether they show the store (K15).

An account of a store belongs to no person and is not the number of an employee
(`matrix.grid.Identity.STORE`). Who comes from its post should find this store, so its location tag
has to name it; a post that does not is listed until it does.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import UnitKind
from accounts.models import Person
from content.choices import Location, PostState
from content.models import Post
from kosops.lib.errors import DomainError
from matrix.choices import AccountRole
from matrix.models import SocialAccount

# What is older is not corrected any more, so nobody is asked to.
ASKED_FOR = dt.timedelta(days=30)

OF_STORE = Q(creator=None, store__kind=UnitKind.STORE) & ~Q(
    account__role=AccountRole.EMPLOYEE_NUMBER
)


# -- queries -------------------------------------------------------------------


def is_store_account(account: SocialAccount) -> bool:
    """Whether it belongs to a store rather than to a person. Fetch the unit with it."""
    return (
        account.creator_id is None
        and account.role != AccountRole.EMPLOYEE_NUMBER
        and account.unit.kind == UnitKind.STORE
    )


def lacks_store(post: Post) -> bool:
    """Whether the post should name its store and does not. Fetch account and store with it."""
    return (
        post.creator_id is None
        and post.location != Location.STORE
        and post.state == PostState.ONLINE
        and post.account.role != AccountRole.EMPLOYEE_NUMBER
        and post.store.kind == UnitKind.STORE
    )


def without_store(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of ``rows`` that should name their store and do not."""
    return rows.filter(OF_STORE, ~Q(location=Location.STORE), state=PostState.ONLINE)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def set_location(*, by: Person, post: Post, location: str) -> Post:
    """Say what the location tag of a post shows; unknown again takes it back.

    Refuses ``no_such_location``.
    """
    if location not in Location.values:
        raise DomainError("no_such_location", _("Choose what the location tag shows."))
    post = Post.objects.select_for_update(of=("self",)).select_related("store").get(pk=post.pk)
    before, post.location = post.location, location
    if before == location:
        return post
    post.save(update_fields=["location"])
    activity.record(
        by=by,
        verb="post.changed",
        object=post,
        unit=post.store,
        before={"location": before or None},
        after={"location": location or None},
    )
    return post
