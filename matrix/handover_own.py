"""What the matrix itself hands over: pairings of others' leads, accounts, the share code."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from kosops.lib.errors import DomainError
from matrix import account_changes, custody, handover_paths, held, registry
from matrix.choices import AccountState, Domain, Ownership, Platform
from matrix.custody_choices import ClosedWhy, HandoverPath, HandoverReason
from matrix.handover_parts import NEEDS_TAKER, Found, Part, Text
from matrix.models import Creator, Handover, HandoverItem, Pairing, SocialAccount
from matrix.takers import Taker

UNSIGNED = Q(path=HandoverPath.TRANSFER, reason="") & (
    Q(custody=None) | Q(custody__giver_at=None) | Q(custody__taker_at=None)
)
CLOSES = {
    HandoverPath.UNBIND: (ClosedWhy.WITHDRAWN, gettext_lazy("Authorisation withdrawn")),
    HandoverPath.LEAVE: (ClosedWhy.WITH_OWNER, gettext_lazy("Stays with its owner")),
}


def private_account_of(creator: Creator | None) -> SocialAccount | None:
    """The private account by which a creator takes over leads: WeCom before others."""
    if creator is None:
        return None
    own = SocialAccount.objects.filter(
        creator=creator, domain=Domain.PRIVATE, state__in=registry.IN_USE
    )
    return min(own, key=lambda one: (one.platform != Platform.WECOM, one.pk), default=None)


class Pairings(Part):
    """Open pairings in which the person's private account takes over the leads of others."""

    code = "pairings"
    label = gettext_lazy("Leads of others")
    help = gettext_lazy("Public accounts of others whose leads this person takes over")
    order = 10

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        by_creator = {case.creator_id: case for case in cases}
        rows = held.takes_over(by_creator).select_related("public_account", "private_account")
        for pairing in rows.order_by("pk"):
            private = pairing.private_account
            case = by_creator[private.creator_id or 0]
            # A private account that the company opened goes to the taker with its pairings.
            along = (
                case.reason == HandoverReason.LEAVES
                and private.ownership == Ownership.COMPANY_OPENED
            )
            yield (
                case,
                Found(
                    key=str(pairing.pk),
                    path=HandoverPath.ALONG if along else HandoverPath.TRANSFER,
                    label=_name(pairing.public_account),
                    pairing_id=pairing.pk,
                ),
            )

    def why_open(self, item: HandoverItem) -> Text:
        return _("Choose who takes over these leads.")

    def choose(self, *, by: Person | None, item: HandoverItem, taker: Taker | None) -> None:
        if taker is not None and private_account_of(taker.creator) is None:
            raise DomainError(
                "taker_without_private",
                gettext_lazy(
                    "The taker has no WeCom account that could take over leads. Choose a colleague"
                    " who has one."
                ),
            )

    def settle(self, *, by: Person | None, item: HandoverItem, on: dt.date) -> None:
        pairing = item.pairing
        if item.path != HandoverPath.TRANSFER or pairing is None or pairing.until is not None:
            return
        stays = item.reason and item.handover.reason == HandoverReason.MOVES
        if not stays:
            _pair_anew(by, pairing, private_account_of(item.taker), on)


class Accounts(Part):
    """Accounts of the person, and those of others that they hold."""

    code = "accounts"
    label = gettext_lazy("Accounts")
    help = gettext_lazy("What the company opened goes to a taker; both sign for it")
    order = 20

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        by_creator = {case.creator_id: case for case in cases}
        for account in held.accounts_of(by_creator).order_by("pk"):
            case = by_creator[account.creator_id or 0]
            yield (
                case,
                _found(account, handover_paths.ways(case.reason, account.ownership, own=True)),
            )
        for each in held.held_for_others(by_creator).select_related("account").order_by("pk"):
            case = by_creator[each.creator_id or 0]
            ways = handover_paths.ways(case.reason, each.account.ownership, own=False)
            yield case, _found(each.account, ways)

    def open(self) -> Q:
        return NEEDS_TAKER | UNSIGNED

    def why_open(self, item: HandoverItem) -> Text:
        if not item.taker_name:
            return _("Choose who takes it over.")
        if item.custody is None or item.custody.giver_at is None:
            return _("The giver has not signed yet.")
        return _("The taker has not signed yet.")

    def ways(self, item: HandoverItem) -> Sequence[HandoverPath]:
        account, case = item.account, item.handover
        if account is None:
            return ()
        own = account.creator_id == case.creator_id
        return handover_paths.ways(case.reason, account.ownership, own=own)

    def choose(self, *, by: Person | None, item: HandoverItem, taker: Taker | None) -> None:
        """Begin the taker's custody from the last day on; both sign it. A taker before ends."""
        before, account = item.custody, item.account
        if account is None:
            return
        if before is not None and before.until is None and before.is_signed:
            raise DomainError(
                "already_handed_over",
                gettext_lazy("%(name)s has signed for it already."),
                name=before.holder_name,
            )
        if taker is None:
            if before is not None and before.until is None:
                custody.end(by=by, account=account, until=before.since)
            item.custody = None
            return
        last = custody.open_custody(account)
        since = item.handover.last_day
        item.custody = custody.begin(
            by=by,
            account=account,
            creator=taker.creator,
            person=taker.person,
            since=max(since, last.since) if last else since,
        )

    def rank(self, item: HandoverItem) -> int:
        """Public accounts first: closing a private one would end the pairing that follows them."""
        return 0 if item.account is not None and item.account.domain == Domain.PUBLIC else 1

    def settle(self, *, by: Person | None, item: HandoverItem, on: dt.date) -> None:
        account = item.account
        if account is None or account.state == AccountState.CLOSED:
            return
        account.refresh_from_db()
        own = account.creator_id == item.handover.creator_id
        if item.path in CLOSES:
            why, words = CLOSES[HandoverPath(item.path)]
            _close(by, account, why, str(words), on)
        elif item.path == HandoverPath.TRANSFER and item.reason:
            if own:
                _close(by, account, ClosedWhy.UNUSED, item.reason, on)
            else:
                custody.end(by=by, account=account, until=_from(account, on))
        elif item.path == HandoverPath.TRANSFER and own:
            self._give(by, item, account, on)

    def _give(
        self, by: Person | None, item: HandoverItem, account: SocialAccount, on: dt.date
    ) -> None:
        """The account becomes the taker's, or the store's; its pairing follows."""
        account_changes.give_account(
            by=by, account=account, to=item.taker, unit=item.handover.store
        )
        pairing = (
            Pairing.objects.filter(public_account=account, until=None)
            .select_related("private_account")
            .first()
        )
        if pairing is None or pairing.private_account.creator_id != item.handover.creator_id:
            return
        goes_too = HandoverItem.objects.filter(
            handover=item.handover,
            part=self.code,
            account=pairing.private_account_id,
            taker=item.taker_id,
            path=HandoverPath.TRANSFER,
            reason="",
        )
        if item.taker_id is None or not goes_too.exists():
            _pair_anew(by, pairing, private_account_of(item.taker), on)


class ShareCode(Part):
    """The share code of a leaver: orders before keep their commission, later ones earn nothing."""

    code = "share_code"
    label = gettext_lazy("Share code")
    help = gettext_lazy(
        "Orders paid up to the last day keep their commission, also when it is paid out later"
    )
    order = 30

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        for case in cases:
            if case.reason == HandoverReason.LEAVES and case.creator.share_code:
                yield case, Found(key="code", path=HandoverPath.END, label=case.creator.share_code)

    def why_open(self, item: HandoverItem) -> Text:
        return ""


# -- private -------------------------------------------------------------------


def _name(account: SocialAccount) -> str:
    shown = account.shown_handle
    return f"{account.get_platform_display()} · {shown}"


def _found(account: SocialAccount, ways: Sequence[HandoverPath]) -> Found:
    return Found(
        key=str(account.pk),
        path=ways[0],
        label=account.shown_handle,
        account_id=account.pk,
    )


def _from(account: SocialAccount, on: dt.date) -> dt.date:
    last = custody.open_custody(account)
    return max(on, last.since) if last else on


def _close(by: Person | None, account: SocialAccount, why: str, reason: str, on: dt.date) -> None:
    account_changes.change_account_state(
        by=by, account=account, state=AccountState.CLOSED, why=why, reason=reason, on=on
    )


def _pair_anew(
    by: Person | None, pairing: Pairing, private: SocialAccount | None, on: dt.date
) -> None:
    """End a pairing with the last day; ``private`` takes over from the next, where it can.

    A taker who has a paired account on the platform already keeps that one; the account then shows
    as not paired.
    """
    until = max(on, pairing.since)
    registry.end_pairing(by=by, pairing=pairing, until=until)
    public: Any = SocialAccount.objects.get(pk=pairing.public_account_id)
    if private is None or public.state not in registry.IN_USE:
        return
    if (
        public.creator_id
        and Pairing.objects.filter(
            until=None,
            public_account__creator=public.creator_id,
            public_account__platform=public.platform,
        ).exists()
    ):
        return
    registry.pair_accounts(by=by, public=public, private=private, since=until + dt.timedelta(1))
