"""Who is paid in the demo: identities, WeChat wallets, holds, and what the bank says it paid."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import payees, payout_policies
from incentives.choices import PayoutState
from incentives.models import Payee, Payout, PayoutDestination, ProviderEntry
from incentives.payout_choices import (
    ConsentWay,
    DestinationKind,
    EntryState,
    IdentitySource,
)
from kosops.lib.periods import Month
from kosops.lib.secrets import blind_index, encrypt
from matrix.choices import CreatorKind
from matrix.models import Creator

# Of a hundred KOC so many take WeChat, and have not shown who they are.
WECHAT = 30
NOT_IDENTIFIED = 3
SECOND_OVER = 200_000_00
FINANCE_OVER = 500_000_00


@demo_part(order=51)
class Payees(DemoPart):
    """Stands beside `RulesAndMoney`, which has named the bank accounts."""

    name = "payees"
    fills = (Payee, ProviderEntry)

    def prepare(self) -> None:
        demo = self.demo
        self.zhao = Person.objects.get(username="zhao")
        self.seen: set[int] = set()
        payout_policies.save_payout_policy(
            by=self.zhao,
            brand=demo.brand,
            valid_from=demo.first_day,
            second_over=SECOND_OVER,
            finance_over=FINANCE_OVER,
        )
        payout_policies.save_tax_policy(by=self.zhao, brand=demo.brand, valid_from=demo.first_day)
        self._identify()
        self._use_wechat()

    def play(self, until: dt.datetime) -> None:
        if until == self.demo.moments()[-1]:
            self._trouble()
        self._take_statement()

    def figures(self) -> dict[str, int]:
        return {"payees": Payee.objects.filter(creator__brand=self.demo.brand).count()}

    # -- people ------------------------------------------------------------------------

    def _koc(self) -> list[Creator]:
        rows = Creator.objects.filter(brand=self.demo.brand, kind=CreatorKind.KOC)
        return list(rows.filter(payout_destination__isnull=False).order_by("pk"))

    def _identify(self) -> None:
        at = self.demo.at(self.demo.first_day, 11)
        rows = []
        for creator in self._koc():
            born = dt.date(self.rng.randrange(1975, 2005), self.rng.randrange(1, 13), 15)
            known = creator.person_id is not None or self.rng.random() * 100 >= NOT_IDENTIFIED
            rows.append(
                Payee(
                    creator=creator,
                    born=encrypt(born.isoformat()),
                    identity=IdentitySource.ID_CARD if known else "",
                    identified_at=at if known else None,
                    identified_by=self.zhao if known else None,
                )
            )
        Payee.objects.bulk_create(rows, batch_size=1000)

    def _use_wechat(self) -> None:
        rows = []
        for destination in PayoutDestination.objects.filter(creator__in=self._koc()).order_by("pk"):
            if self.rng.random() * 100 >= WECHAT:
                continue
            openid = "oDemo" + "".join(self.rng.choices("abcdefghjkmnpqrstuvwxyz23456789", k=23))
            destination.kind = DestinationKind.WECHAT
            destination.account = encrypt(openid)
            destination.masked = payees.masked(DestinationKind.WECHAT, openid)
            destination.fingerprint = blind_index("payout_account", f"wechat:{openid}")
            rows.append(destination)
        PayoutDestination.objects.bulk_update(
            rows, ["kind", "account", "masked", "fingerprint"], batch_size=1000
        )

    def _trouble(self) -> None:
        """Yesterday: one hold, and one account that was changed and is frozen."""
        day = self.demo.last_day
        people = [creator for creator in self._koc() if creator.person_id is None]
        if len(people) < 2:
            return
        held, changed = people[0], people[1]
        with clock(self.demo.at(day, 17, 5)):
            payees.hold(by=self.zhao, creator=held, reason="实名信息与账户不符，待本人说明")
            payees.set_destination(
                by=self.zhao,
                creator=changed,
                holder=changed.name,
                account=f"622202{self.rng.randrange(10**13):013d}",
                consent=ConsentWay.PAPER,
            )

    # -- the bank ----------------------------------------------------------------------

    def _take_statement(self) -> None:
        """The bank's statement of what was answered; it has forgotten one transfer of the last."""
        rows = []
        paid = Payout.objects.filter(
            batch__brand=self.demo.brand, state=PayoutState.SUCCEEDED
        ).exclude(pk__in=self.seen)
        for payout in paid.select_related("batch").order_by("pk"):
            self.seen.add(payout.pk)
            settled = payout.settled_at.astimezone(self.demo.zone).date()  # type: ignore[union-attr]
            rows.append(
                ProviderEntry(
                    brand=self.demo.brand,
                    channel=payout.batch.channel,
                    provider_no=payout.provider_no or "",
                    out_no=payout.out_no,
                    amount=payout.amount,
                    state=EntryState.SUCCEEDED,
                    day=settled,
                )
            )
        before_last = Month.of(self.demo.last_day).shifted(-1).first_day
        if rows and rows[0].day >= before_last:
            del rows[len(rows) // 2]
        ProviderEntry.objects.bulk_create(rows, batch_size=1000)
