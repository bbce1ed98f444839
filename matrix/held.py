"""What people hold: accounts, custody of others' accounts, pairings that take over others' leads."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, Q, QuerySet

from matrix.choices import AccountState, Platform
from matrix.models import Creator, Custody, Pairing, SocialAccount


def accounts_of(people: Collection[int]) -> QuerySet[SocialAccount]:
    """Accounts of these creators that are not closed."""
    return SocialAccount.objects.filter(creator__in=people).exclude(state=AccountState.CLOSED)


def held_for_others(people: Collection[int]) -> QuerySet[Custody]:
    """Open custodies of accounts that are not the holder's own."""
    return (
        Custody.objects.filter(creator__in=people, until=None)
        .exclude(account__creator=F("creator"))
        .exclude(account__state=AccountState.CLOSED)
    )


def takes_over(people: Collection[int]) -> QuerySet[Pairing]:
    """Open pairings by which their private accounts take over the leads of others' accounts."""
    return Pairing.objects.filter(private_account__creator__in=people, until=None).exclude(
        public_account__creator=F("private_account__creator")
    )


def wecom_accounts(people: Collection[int]) -> QuerySet[SocialAccount]:
    return accounts_of(people).filter(platform=Platform.WECOM)


def holds_anything(creator: Creator) -> bool:
    """Whether somebody has to take something over before the creator can leave."""
    one = [creator.pk]
    return any(rows.exists() for rows in (accounts_of(one), held_for_others(one), takes_over(one)))


def holders(people: Collection[int]) -> set[int]:
    """Who of these creators holds anything; asked in three queries whatever their number."""
    return {
        *accounts_of(people).filter(~Q(creator=None)).values_list("creator", flat=True),
        *held_for_others(people).values_list("creator", flat=True),
        *takes_over(people).values_list("private_account__creator", flat=True),
    }
