"""Which public accounts need somebody to act, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kosops.ui import formats
from matrix import posting
from matrix.choices import AccountState, CreatorState, Domain
from matrix.models import Pairing, SocialAccount


class Need(TextChoices):
    """Reasons to act on a public account, most pressing first."""

    BANNED = "banned", _("Banned")
    LEAVER = "leaver", _("Held by someone who left")
    UNPAIRED = "unpaired", _("Not paired")
    SILENT = "silent", _("Silent for 14 days")


ANY = "any"
NEEDS = Q(banned=True) | Q(leaver=True) | Q(unpaired=True) | Q(silent=True)


def public_accounts(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Public accounts that are not closed: those that count in the matrix."""
    return accounts.filter(domain=Domain.PUBLIC).exclude(state=AccountState.CLOSED)


def with_needs(accounts: QuerySet[Any], now: dt.datetime) -> QuerySet[Any]:
    """Annotate public accounts with one boolean for each `Need`.

    An account is silent when its last post is older than 14 days, or when it was opened before
    that and never posted. A banned one cannot post, so it is not called silent as well.
    """
    since = posting.silent_since(now)
    open_pairing = Pairing.objects.filter(public_account=OuterRef("pk"), until=None)
    opened_before = Q(opened_on__lt=timezone.localdate(since)) | Q(
        opened_on=None, created_at__lt=since
    )
    return posting.mark_posted(accounts, since).annotate(
        banned=Q(state=AccountState.BANNED),
        leaver=Q(creator__state=CreatorState.LEFT, creator__isnull=False),
        unpaired=~Exists(open_pairing),
        silent=~Q(state=AccountState.BANNED) & opened_before & Q(posted=False),
    )


def needing(accounts: QuerySet[Any], need: str) -> QuerySet[Any]:
    """Of accounts `with_needs` those with this need, or with `ANY`."""
    return accounts.filter(NEEDS if need == ANY else Q(**{need: True}))


def needs_of(account: SocialAccount) -> list[Need]:
    """The needs of one account that was fetched `with_needs`."""
    return [need for need in Need if getattr(account, need.value)]


def in_words(needs: Iterable[Need]) -> str:
    return " · ".join(str(need.label) for need in needs)


def counted_in_words(counts: Mapping[str, int]) -> str:
    """How many accounts have each need, as in “Not paired 12 · Silent for 14 days 3”."""
    return " · ".join(
        f"{need.label} {formats.number(counts[need])}" for need in Need if counts.get(need)
    )
